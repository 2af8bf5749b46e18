-- A place is unseen with all its samples or with none.
select place_id from samples group by place_id
having count(*) filter (split = 'unseen') not in (0, count(*));
