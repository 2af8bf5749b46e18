-- measure_summary: one measure of one checkpoint, arm, mode and split. Owner: train. Readers: people (make sql).
-- Answers about one place share its restaurants, so the standard error is clustered by place; NULL with one place.
create or replace view measure_summary as
with answers as (
  select c.checkpoint, c.model, c.arm, c.mode, c.split, m.kind, s.place_id, m.value
  from measures_shard m join completions_shard c using (completion_id) join samples_shard s using (sample_id)
  where m.value is not null
), means as (
  select checkpoint, arm, mode, split, kind, avg(value) as mean from answers group by all
), by_place as (
  select a.checkpoint, a.model, a.arm, a.mode, a.split, a.kind, a.place_id, count(*) as n, sum(a.value) as total,
    sum(a.value - m.mean) as apart
  from answers a join means m using (checkpoint, arm, mode, split, kind) group by all
)
select checkpoint, model, arm, mode, split, kind, sum(n)::bigint as answers, count(*) as places, sum(total) / sum(n) as mean,
  case when count(*) > 1 then sqrt(sum(apart * apart) * count(*) / (count(*) - 1)) / sum(n) end as standard_error
from by_place group by checkpoint, model, arm, mode, split, kind;
