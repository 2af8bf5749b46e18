-- A pool of all runs trains on no row that is held out or repeated in another run.
with pool as (
  select r.sample_id, r.split, s.run_id, s.place_id, s.cuisine, s.taste, s.budget_min_cny, s.budget_max_cny
  from (select sample_id, split from sft_train union all select sample_id, split from sft_validation) r
  join samples s on s.sample_id = r.sample_id
)
select x.sample_id, y.sample_id as other, p.kind from run_pairs p join pool x on x.sample_id = p.one join pool y on y.sample_id = p.other
union all
select t.sample_id, h.sample_id, h.split from pool t join samples h on h.place_id = t.place_id
where t.split = 'train' and (
  h.split = 'unseen' or (
    h.split = 'seen' and h.cuisine = t.cuisine and h.taste is not distinct from t.taste
    and h.budget_min_cny is not distinct from t.budget_min_cny and h.budget_max_cny is not distinct from t.budget_max_cny
  )
);
