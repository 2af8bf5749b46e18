-- sft_rows: one training row, closed (question to answer). Owner: warehouse. Readers: the two views below it, train and export (RUN=).
-- pooled: whether it stands where runs are pooled: no repeat of another run's row (the view repeats), and no row to train on
-- whose place, or whose wish at that place, any run holds back (runs of before splits hung on places and wishes alone).
create or replace view sft_rows as
with held_places as (
  select distinct place_id from samples where split = 'unseen'
), held_wishes as (
  select distinct place_id, cuisine, taste, budget_min_cny, budget_max_cny from samples where split = 'seen'
)
select s.sample_id, s.run_id, s.place_id, s.split, s.instruction, s.question, s.answer,
  [{'role': 'system', 'content': '你是一个美食推荐专家，请根据用户的问题给出回答。'},
   {'role': 'user', 'content': s.question}, {'role': 'assistant', 'content': s.answer}] as messages,
  r.sample_id is null and (s.split <> 'train' or (p.place_id is null and w.place_id is null)) as pooled
from samples s
left join repeats r on r.sample_id = s.sample_id
left join held_places p on p.place_id = s.place_id
left join held_wishes w on w.place_id = s.place_id and w.cuisine = s.cuisine and w.taste is not distinct from s.taste
  and w.budget_min_cny is not distinct from s.budget_min_cny and w.budget_max_cny is not distinct from s.budget_max_cny;
