-- scores: one item, rubric, judge and design: mean total over scored replicates. Owner: judge. Readers: report, train.
create or replace view scores as
select item_id, item_kind, run_id, arm, design, rubric, judge, avg(total) filter (status = 'scored') as total,
  count(*) filter (status = 'scored') as scored, count(*) as replicates
from verdicts_shard group by item_id, item_kind, run_id, arm, design, rubric, judge;
