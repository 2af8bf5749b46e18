-- What admission called a duplicate is one in DuckDB's eyes too: its twin is an accepted sample with the same text hash, or of the
-- same place and near it. (A twin that `forget` removed, and rows older than twins, are passed over.)
with called as (
  select candidate_id as sample_id, twin, reason, place_id, text_hash, grams, fingerprint_version from rejects_shard where stage = 'admission'
  union all
  select t.sample_id, t.twin, 'dropped' as reason, s.place_id, s.text_hash, s.grams,
    s.fingerprint_version
  from states t join samples_shard s on s.sample_id = t.sample_id where t.state = 'dropped'
), measured as (
  select c.sample_id, c.twin, c.reason, t.state, c.text_hash = s.text_hash as same_text, c.place_id = s.place_id as same_place,
    len(list_intersect(c.grams, s.grams)) as common, len(c.grams) + len(s.grams) as total
  from called c join samples_shard s on s.sample_id = c.twin join states t on t.sample_id = c.twin
  where c.fingerprint_version = s.fingerprint_version
)
select * from measured
where state <> 'accepted' or not case reason
  when 'exact_duplicate' then same_text
  else same_text or (same_place and 100 * common >= getvariable('near_percent') * (total - common))
end;
