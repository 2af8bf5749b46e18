-- coverage: one place of one run: how much of its map was seen. Owner: factory. Readers: card, report.
-- pois: distinct ones over all its orders; pages: those that its orders read, one that several read each time.
create or replace view coverage as
with seen as (
  select o.run_id, o.place_id, count(distinct e.poi.poi_id) as pois
  from orders_shard o, unnest(o.evidence) as e(poi) group by o.run_id, o.place_id
)
select o.run_id, o.place_id, any_value(o.place) as place, any_value(o.city) as city, coalesce(any_value(s.pois), 0) as pois,
  sum(o.pages)::bigint as pages, bool_or(o.truncated) as truncated
from orders_shard o left join seen s on s.run_id = o.run_id and s.place_id = o.place_id
group by o.run_id, o.place_id;
