-- rejects_by_reason: one run, stage and reason. Owner: factory. Readers: card, report, people.
create or replace view rejects_by_reason as
select run_id, stage, reason, count(*) as rejects, min(detail) as example
from rejects group by run_id, stage, reason order by run_id, rejects desc, stage, reason;
