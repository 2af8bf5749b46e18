-- sides: the samples of the proposed pairs with their n-grams' bits, so that no pair has to look for them in the whole.
create or replace temp table sides as
select rowid as number, gram_bits::bit as bits, len(grams) as size from samples_shard
where rowid in (select one from proposed union all select other from proposed);
