-- DuckDB's own near dedupe over all accepted samples finds nothing that admission let through.
select * from duplicates where kind = 'near';
