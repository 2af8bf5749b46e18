-- DuckDB's own exact dedupe over all accepted samples finds nothing that admission let through.
select * from duplicates where kind = 'exact';
