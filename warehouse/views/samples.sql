-- samples: one accepted sample. Owner: factory. Readers: train, judge, export, people.
-- What DuckDB's own dedupe drops is none (checks/no_*_duplicate.sql say when admission had let it through).
-- Evidence, trajectory, tokens and cost are the order's; tokens and cost are shared evenly among the order's verified
-- candidates (accepted and surplus), so that sums over samples never count a call twice.
create or replace view samples as
with verified as (
  select order_id, count(*) as n from samples_shard group by order_id
)
select
  s.sample_id, s.run_id, s.order_id, s.instruction, s.question, s.answer, s.place_id, o.place, o.city, o.adcode, o.lng, o.lat,
  o.datum, s.cuisine, s.taste, s.budget_min_cny, s.budget_max_cny, s.radius_m, s.party_size, s.occasion, s.diet, s.meal_time,
  s.feasible, s.recommendations, o.evidence, o.trajectory, o.evidence_hash, o.fetched_at, o.map_provider, o.licence,
  o.attribution, o.teacher, o.prompt_version,
  o.input_tokens // v.n as input_tokens, o.output_tokens // v.n as output_tokens, o.cost_cny / v.n as cost_cny,
  s.created_at, s.split, s.needs, s.style, s.verifier, o.prompt_hash, o.vocabulary_hash, o.request_hash, s.unread_share, s.cut
from states t
join samples_shard s on s.sample_id = t.sample_id
join orders_shard o on o.order_id = s.order_id
join verified v on v.order_id = s.order_id
where t.state = 'accepted' and s.sample_id not in (select sample_id from duplicates);
