-- A sample counts once.
select sample_id, count(*) as times from states group by sample_id having count(*) > 1;
