-- first_tries: one run. Owner: factory. Readers: card, report, people.
-- first_try_rate: of the candidates that were submitted, those accepted as first written. returns: submissions that were returned.
-- repair_cny: what the calls after a first submission cost; NULL when a price is unknown. repair_share: of all that the run spent.
-- repair_token_share: the same of its tokens, which a free teacher has, too.
create or replace view first_tries as
with tries as (
  select run_id, count(*) filter (attempt = 1) as candidates, count(*) filter (attempt = 1 and accepted) as first_accepted,
    count(*) filter (not accepted) as returns
  from attempts_shard group by run_id
), money as (
  select run_id, case when count(*) = count(cost_cny) then coalesce(sum(cost_cny) filter (purpose = 'repair'), 0) end as repair_cny,
    case when count(*) = count(cost_cny) then sum(cost_cny) end as cny,
    coalesce(sum(input_tokens + output_tokens) filter (purpose = 'repair'), 0)
      / nullif(sum(input_tokens + output_tokens), 0) as repair_token_share
  from calls_shard where not replayed group by run_id
)
select t.run_id, t.candidates, t.first_accepted, t.first_accepted / nullif(t.candidates, 0) as first_try_rate, t.returns,
  m.repair_cny, m.repair_cny / nullif(m.cny, 0) as repair_share, m.repair_token_share
from tries t left join money m on m.run_id = t.run_id;
