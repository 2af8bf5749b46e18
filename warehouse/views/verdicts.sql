-- verdicts: those of all_verdicts that answer the questions in force: a rubric that was edited starts a set of its own, and the
-- earlier set stays in all_verdicts. Owner: judge. Readers: report.
create or replace view verdicts as
select v.item_id, v.item_kind, v.run_id, v.arm, v.design, v.rubric, v.replicate, v.judge, v.scores, v.total, v.status, v.reason,
  v.evidence_hash, v.input_tokens, v.output_tokens, v.cost_cny, v.request_id, v.created_at, v.sample_id, v.rationale, v.edit,
  v.dose, v.attempts, v.rubric_hash
from all_verdicts v
left join rubrics r on r.judge = v.judge and r.prompt = case v.design when 'legacy' then 'legacy' else v.rubric end
  and r.rubric_hash = v.rubric_hash
where v.rubric_hash is null or r.in_force;
