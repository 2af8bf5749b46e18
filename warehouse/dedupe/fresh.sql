-- fresh: the accepted samples that were not compared before. A table of its own, so that what is joined with all samples is always
-- the small side: hashed, while the large one streams past, however many there are. Owner: warehouse/duplicates.py.
create or replace temp table fresh as
select s.rowid as number, s.place_id, s.text_hash, s.near_bands
from states t join samples_shard s on s.sample_id = t.sample_id where t.state = 'accepted' and not t.compared;
