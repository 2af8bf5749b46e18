-- order_yield: one committed order: what its slots came to. Owner: factory. Readers: comparing.py (`chidian runs`), people.
-- passed: slots whose candidate passed the verifier and repeats nothing of its run (accepted or surplus). repaired: whether an
-- answer went back to the agent; NULL where no call is kept.
create or replace view order_yield as
with sample_counts as (
  select s.order_id, count(*) filter (t.state in ('accepted', 'surplus')) as passed,
    count(*) filter (t.state = 'accepted' and s.sample_id not in (select sample_id from duplicates)) as accepted
  from samples_shard s join states t on t.sample_id = s.sample_id group by s.order_id
), call_counts as (
  select order_id, bool_or(purpose = 'repair') as repaired from calls_shard group by order_id
)
select o.run_id, o.order_id, o.place_id, o.slots, coalesce(s.passed, 0) as passed, coalesce(s.accepted, 0) as accepted,
  o.cost_cny, c.repaired
from orders_shard o
left join sample_counts s on s.order_id = o.order_id
left join call_counts c on c.order_id = o.order_id;
