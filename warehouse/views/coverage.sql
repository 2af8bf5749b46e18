-- coverage: one place of one run: how much of its map was seen. Owner: factory. Readers: card, report.
create or replace view coverage as
select o.run_id, o.place_id, any_value(o.place) as place, any_value(o.city) as city,
  count(distinct e.poi.poi_id) as pois, sum(distinct o.pages) as pages, bool_or(o.truncated) as truncated
from orders_shard o left join lateral (select unnest(o.evidence) as poi) e on true
group by o.run_id, o.place_id;
