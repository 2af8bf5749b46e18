-- Invented restaurants have SBX ids and nothing else has.
select s.sample_id, e.poi.poi_id as poi_id, s.map_provider
from samples s, unnest(s.evidence) as e(poi)
where (s.map_provider = 'sandbox') <> (e.poi.poi_id like 'SBX%');
