-- Every recommended restaurant stands in its order's evidence.
select s.sample_id, r.one.poi_id as poi_id
from samples s, unnest(s.recommendations) as r(one)
where not list_contains(list_transform(s.evidence, lambda e: e.poi_id), r.one.poi_id);
