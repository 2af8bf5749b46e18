-- returns_by_reason: one run, outcome and reason of what the verifier returned. Owner: factory. Readers: card, report, people.
-- first: those of first submissions.
create or replace view returns_by_reason as
select a.run_id, f.finding.outcome as outcome, f.finding.reason as reason, count(*) as returns,
  count(*) filter (a.attempt = 1) as first, min(f.finding.detail) as example
from attempts_shard a, unnest(a.findings) as f(finding)
group by a.run_id, f.finding.outcome, f.finding.reason order by a.run_id, returns desc, outcome, reason;
