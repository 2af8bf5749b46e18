-- proposed: pairs of accepted samples of one place, in one bucket of places, at least one of them fresh, that share a MinHash band.
-- Owner: warehouse/duplicates.py, which sets the variables buckets and bucket.
create or replace temp table proposed as
with dealt as (
  select number, place_id, near_bands from fresh where hash(place_id) % getvariable('buckets') = getvariable('bucket')
), fresh_bands as materialized (
  select number, place_id, unnest(near_bands) as band from dealt
), bands as (
  select rowid as number, place_id, unnest(near_bands) as band from samples_shard
  where place_id in (select place_id from dealt)
), met as (
  select distinct least(f.number, m.number) as one, greatest(f.number, m.number) as other
  from bands m join fresh_bands f on f.place_id = m.place_id and f.band = m.band and f.number <> m.number
), accepted as (
  select s.rowid as number from samples_shard s join states t on t.sample_id = s.sample_id
  where s.rowid in (select one from met union all select other from met) and t.state = 'accepted'
)
select one, other from met where one in (from accepted) and other in (from accepted);
