-- measures: one deterministic measure of one completion. Owner: train. Readers: judge, report.
create or replace view measures as
select completion_id, kind, value, detail from measures_shard;
