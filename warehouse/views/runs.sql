-- runs: one run. Owner: factory. Readers: card, report, people. Money as in ledger. What it was planned with stands by hash of
-- content: two runs with one prompt_hash had one prompt, whatever its file was called.
create or replace view runs as
select p.run_id, p.target, coalesce(l.accepted, 0) as accepted, p.map_provider, p.teacher, p.prompt_version, p.places,
  p.fingerprint, l.spent_cny, l.reserved_cny, l.spent_cny / nullif(l.accepted, 0) as cny_per_accepted,
  min(c.created_at) as first_commit_at, max(c.created_at) as last_commit_at,
  p.map_provider = 'sandbox' or p.teacher like 'sandbox/%' as simulated,
  p.prompt_hash, p.request_hash, p.temperature, p.top_p, p.vocabulary_hash, p.verifier, p.seed,
  f.first_try_rate, f.returns, f.repair_cny, f.repair_share, f.repair_token_share
from run_plans p left join ledger l on l.run_id = p.run_id left join loaded c on c.run_id = p.run_id
left join first_tries f on f.run_id = p.run_id
group by all;
