-- exact: pairs of accepted samples with one text hash, wherever they stand, at least one of them fresh.
create or replace temp table exact as
with met as (
  select distinct least(f.number, m.rowid) as one, greatest(f.number, m.rowid) as other
  from samples_shard m join fresh f on f.text_hash = m.text_hash and f.number <> m.rowid
), accepted as (
  select s.rowid as number from samples_shard s join states t on t.sample_id = s.sample_id
  where s.rowid in (select one from met union all select other from met) and t.state = 'accepted'
)
select one, other from met where one in (from accepted) and other in (from accepted);
