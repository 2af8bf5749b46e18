-- usage: one run, model and purpose. Owner: factory. Readers: card, report, people. A NULL cost means a price is unknown.
create or replace view usage as
select run_id, model, purpose, count(*) as calls, count(*) filter (replayed) as replayed, sum(input_tokens) as input_tokens,
  sum(output_tokens) as output_tokens, case when bool_or(cost_cny is null) then null else sum(cost_cny) end as cost_cny,
  sum(refusals) as refusals, avg(latency_s) as mean_latency_s
from calls_shard group by run_id, model, purpose;
