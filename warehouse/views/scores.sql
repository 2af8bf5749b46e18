-- scores: one item, rubric, judge and design: means over scored replicates. Owner: judge. Readers: people (make sql), ablation.
-- dimensions: mean of each dimension on 1 to 5 over the replicates that gave it; total: 0 to 10.
create or replace view scores as
with calls as (
  select item_id, item_kind, sample_id, run_id, arm, design, rubric, judge, edit, dose, avg(total) as total,
    count(total) as scored, count(*) as replicates, stddev_samp(total) as total_sd
  from verdicts group by all
), marks as (
  select v.item_id, v.design, v.rubric, v.judge, e.entry.key as dimension, avg(e.entry.value) as value
  from verdicts v, unnest(map_entries(v.scores)) as e(entry) group by all
), dimensions as (
  select item_id, design, rubric, judge, map_from_entries(list((dimension, value) order by dimension)) as dimensions
  from marks group by all
)
select c.item_id, c.item_kind, c.run_id, c.arm, c.design, c.rubric, c.judge, c.total, d.dimensions, c.scored, c.replicates,
  c.total_sd, c.sample_id, c.edit, c.dose
from calls c left join dimensions d using (item_id, design, rubric, judge);
