-- near: proposed pairs whose Jaccard index of n-grams reaches the threshold, in the integers of factory/commit/neardup.py:
-- 100 common >= P (total - common), that is (100 + P) common >= P total. Two sets share at most as many n-grams as their bits share,
-- and as many more as fell on a taken bit in the smaller case: that bound spares nearly all pairs the comparison of lists.
create or replace temp table near as
with sides as (
  select rowid as number, gram_bits::bit as bits, len(grams) as size from samples_shard
  where rowid in (select one from proposed union all select other from proposed)
), possible as materialized (
  select p.one, p.other from proposed p join sides x on x.number = p.one join sides y on y.number = p.other
  where (100 + getvariable('near_percent')) * (
    bit_count(x.bits & y.bits) + least(x.size - bit_count(x.bits), y.size - bit_count(y.bits))
  ) >= getvariable('near_percent') * (x.size + y.size)
), grams as (
  select rowid as number, grams from samples_shard
  where rowid in (select one from possible union all select other from possible)
), measured as (
  select p.one, p.other, len(list_intersect(x.grams, y.grams)) as common, len(x.grams) + len(y.grams) as total
  from possible p join grams x on x.number = p.one join grams y on y.number = p.other
)
select one, other from measured where 100 * common >= getvariable('near_percent') * (total - common);
