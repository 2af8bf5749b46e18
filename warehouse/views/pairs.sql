-- pairs: one pairwise judge call under the questions in force: the newest decided one of a question, else its newest failure.
-- Owner: judge. Readers: report. left and right: two completions of one question; first_shown: left or right, each pair is asked
-- both ways round; outcome: left, right or tie, NULL when undecided; chars: lengths of the answers.
create or replace view pairs as
with newest as (
  select * from pairs_shard
  qualify row_number() over (
    partition by left_id, right_id, first_shown, rubric, replicate, judge, rubric_hash
    order by (status = 'scored') desc, created_at desc, request_id
  ) = 1
)
select p.left_id, p.right_id, p.first_shown, p.rubric, p.replicate, p.judge, p.outcome, p.status, p.reason, p.left_arm,
  p.right_arm, l.mode as left_mode, r.mode as right_mode, p.sample_id, p.run_id, p.rationale, p.left_chars, p.right_chars, p.rubric_hash, p.evidence_hash,
  p.input_tokens, p.output_tokens, p.cost_cny, p.request_id, p.created_at
from newest p join rubrics f on f.judge = p.judge and f.prompt = p.rubric and f.rubric_hash = p.rubric_hash and f.in_force
left join completions l on l.completion_id = p.left_id left join completions r on r.completion_id = p.right_id;
