-- left_out: one sample that a pool of all runs leaves out. Owner: warehouse. Readers: train, export, people.
-- reason: exact or near, when it repeats a sample of another run (twin); held_back, when another run holds its wish or place back.
create or replace view left_out as
select s.sample_id, s.run_id, s.split, coalesce(r.kind, 'held_back') as reason, r.twin, t.run_id as twin_run_id
from sft_rows s
left join repeats r on r.sample_id = s.sample_id
left join samples_shard t on t.sample_id = r.twin
where not s.pooled;
