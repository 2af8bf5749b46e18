-- verdicts: one judge call's scores for one rubric: the newest scored one of a question, else its newest failure. Owner: judge. Readers: report.
-- item_id: sample: sample_id · completion: completion_id · injected: sample_id~kind~dose · control: sample_id~kind~0.
-- design standard: one rubric a call; legacy: one call gives both rubrics (two rows, one request_id; tokens and cost stand on
-- the data row). scores: 1 to 5 a dimension; total: 0 to 10, NULL when unscored or when a dimension is cannot_judge.
create or replace view verdicts as
select item_id, item_kind, run_id, arm, design, rubric, replicate, judge, scores, total, status, reason, evidence_hash,
  input_tokens, output_tokens, cost_cny, request_id, created_at, sample_id, rationale,
  case when item_kind in ('injected', 'control') then split_part(item_id, '~', 2) end as edit,
  case when item_kind in ('injected', 'control') then split_part(item_id, '~', 3)::integer end as dose,
  count(*) over (partition by item_id, design, rubric, replicate, judge) as attempts
from verdicts_shard
qualify row_number() over (
  partition by item_id, design, rubric, replicate, judge order by (status = 'scored') desc, created_at desc
) = 1;
