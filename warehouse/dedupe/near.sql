-- near: possible pairs, from the variable first on and before until, whose Jaccard index of n-grams reaches the threshold, in the
-- integers of factory/commit/neardup.py: 100 common >= P (total - common), that is (100 + P) common >= P total.
insert into pairs
with chosen as (
  select one, other from possible where rowid >= getvariable('first') and rowid < getvariable('until')
), grams as (
  select rowid as number, grams from samples_shard
  where rowid in (select one from chosen union all select other from chosen)
), measured as (
  select p.one, p.other, len(list_intersect(x.grams, y.grams)) as common, len(x.grams) + len(y.grams) as total
  from chosen p join grams x on x.number = p.one join grams y on y.number = p.other
)
select one, other, 'near' from measured where 100 * common >= getvariable('near_percent') * (total - common);
