-- all_verdicts: one judge call's scores for one rubric, whatever set of questions it was asked with: the newest scored one of a
-- question, else its newest failure. Owner: judge. Readers: verdicts, people (what an earlier rubric gave).
-- item_id: sample: sample_id · completion: completion_id · injected: sample_id~kind~dose · control: sample_id~kind~0.
-- design standard: one rubric a call; legacy: one call gives both rubrics (two rows, one request_id; tokens and cost stand on
-- the data row). scores: on the rubric's scale, a dimension each; total: 0 to 10, NULL when unscored or a dimension is cannot_judge.
create or replace view all_verdicts as
select item_id, item_kind, run_id, arm, design, rubric, replicate, judge, scores, total, status, reason, evidence_hash,
  input_tokens, output_tokens, cost_cny, request_id, created_at, sample_id, rationale,
  case when item_kind in ('injected', 'control') then split_part(item_id, '~', 2) end as edit,
  case when item_kind in ('injected', 'control') then split_part(item_id, '~', 3)::integer end as dose,
  count(*) over (partition by item_id, design, rubric, replicate, judge, rubric_hash) as attempts, rubric_hash
from verdicts_shard
qualify row_number() over (
  partition by item_id, design, rubric, replicate, judge, rubric_hash order by (status = 'scored') desc, created_at desc,
    request_id
) = 1;
