-- near: proposed pairs whose Jaccard index of n-grams reaches the threshold, in the integers of factory/neardup.py.
create or replace temp table near as
with grams as (
  select rowid as number, grams from samples_shard
  where rowid in (select one from proposed union select other from proposed)
), measured as (
  select p.one, p.other, len(list_intersect(x.grams, y.grams)) as common, len(x.grams) + len(y.grams) as total
  from proposed p join grams x on x.number = p.one join grams y on y.number = p.other
)
select one, other from measured where 100 * common >= getvariable('near_percent') * (total - common);
