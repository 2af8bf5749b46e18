-- claims: one claim of one accepted sample. Owner: factory (the verifier). Readers: judge, report.
create or replace view claims as
select s.sample_id, c.claim.poi_id as poi_id, c.claim.kind as kind, c.claim.stated as stated, c.claim.truth as truth,
  c.claim.status as status
from states t
join samples_shard s on s.sample_id = t.sample_id,
unnest(s.claims) as c(claim)
where t.state = 'accepted';
