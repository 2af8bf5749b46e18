-- rejects: one candidate slot that gave no sample. Owner: factory. Readers: train (ablation), report, people.
-- stage: structure, grounding, wish (the verifier), admission (duplicates), order (no candidate came).
create or replace view rejects as
select r.run_id, r.order_id, r.candidate_id, r.stage, r.reason, r.detail, i.instruction, r.question, r.answer, r.messages,
  r.place_id, r.split, r.created_at
from rejects_shard r
cross join (select '根据用户位置和偏好，推荐符合要求的餐厅' as instruction) i
union all by name
select s.run_id, s.order_id, s.sample_id as candidate_id, 'admission' as stage, 'near_duplicate' as reason,
  'repeats an accepted sample; found when surplus was admitted' as detail, s.instruction, s.question, s.answer,
  [{'role': 'system', 'content': '你是一个美食推荐专家，请根据用户的问题给出回答。'},
   {'role': 'user', 'content': s.question}, {'role': 'assistant', 'content': s.answer}] as messages,
  s.place_id, s.split, s.created_at
from states t join samples_shard s on s.sample_id = t.sample_id
where t.state = 'dropped';
