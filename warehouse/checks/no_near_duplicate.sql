-- DuckDB's own near dedupe: bands propose pairs within a place, the Jaccard index of character 4-grams decides
-- (the same integers as factory/neardup.py: 100 |A ∩ B| >= 72 |A ∪ B|).
with accepted as (
  select s.sample_id, s.place_id, s.bands, s.normal_question as q, s.normal_answer as a
  from states t join samples_shard s on s.sample_id = t.sample_id where t.state = 'accepted'
), banded as (
  select sample_id, place_id, unnest(bands) as band from accepted
), proposed as (
  select distinct one.sample_id as first_id, other.sample_id as second_id
  from banded one join banded other on one.place_id = other.place_id and one.band = other.band and one.sample_id < other.sample_id
), shingled as (
  select sample_id, list_distinct(list_concat(
    list_transform(range(1, greatest(1, length(q) - 3) + 1), lambda i: substring(q, i, 4)),
    list_transform(range(1, greatest(1, length(a) - 3) + 1), lambda i: substring(a, i, 4)))) as grams
  from accepted where sample_id in (select first_id from proposed union select second_id from proposed)
), measured as (
  select p.first_id, p.second_id, len(list_intersect(x.grams, y.grams)) as common, len(x.grams) + len(y.grams) as total
  from proposed p join shingled x on x.sample_id = p.first_id join shingled y on y.sample_id = p.second_id
)
select first_id, second_id, common, total from measured where 100 * common >= 72 * (total - common);
