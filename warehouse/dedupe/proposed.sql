-- proposed: pairs of accepted samples of one place, in one bucket of places, at least one of them not compared before, that share
-- a MinHash band. Owner: warehouse/duplicates.py, which sets the variables buckets and bucket.
create or replace temp table proposed as
with members as (
  select s.rowid as number, s.place_id, s.near_bands, t.compared
  from states t join samples_shard s on s.sample_id = t.sample_id
  where t.state = 'accepted' and hash(s.place_id) % getvariable('buckets') = getvariable('bucket')
), fresh_places as (
  select distinct place_id from members where not compared
), banded as (
  select number, place_id, compared, unnest(near_bands) as band from members where place_id in (from fresh_places)
)
select distinct least(f.number, m.number) as one, greatest(f.number, m.number) as other
from banded f join banded m on f.place_id = m.place_id and f.band = m.band and f.number <> m.number
where not f.compared;
