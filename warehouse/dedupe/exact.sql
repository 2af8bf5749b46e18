-- exact: pairs of accepted samples with one text hash, wherever they stand, at least one of them not compared before.
create or replace temp table exact as
with members as (
  select s.rowid as number, s.text_hash, t.compared
  from states t join samples_shard s on s.sample_id = t.sample_id where t.state = 'accepted'
)
select distinct least(f.number, m.number) as one, greatest(f.number, m.number) as other
from members f join members m on f.text_hash = m.text_hash and f.number <> m.number
where not f.compared;
