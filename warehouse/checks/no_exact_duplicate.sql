-- DuckDB's own exact dedupe over all accepted rows finds nothing that admission let through.
select s.text_hash, list(s.sample_id) as samples
from states t join samples_shard s on s.sample_id = t.sample_id
where t.state = 'accepted' group by s.text_hash having count(*) > 1;
