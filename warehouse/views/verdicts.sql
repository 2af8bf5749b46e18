-- verdicts: one judge call. Owner: judge. Readers: report.
create or replace view verdicts as
select item_id, item_kind, run_id, arm, design, rubric, replicate, judge, scores, total, status, reason, evidence_hash,
  input_tokens, output_tokens, cost_cny, request_id, created_at
from verdicts_shard;
