-- attempts: one submission of a sample. Owner: factory. Readers: card, report, people.
-- attempt counts from 1 for its candidate; a repair is the next one. findings: outcome (contradicted, unsupported, not_understood,
-- wish, form), reason, the clause that it is about, and the detail that the agent was told. cut: clauses that were left out.
create or replace view attempts as
select run_id, order_id, candidate_id, attempt, question, answer, accepted, findings, cut, created_at
from attempts_shard;
