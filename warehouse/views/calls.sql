-- calls: one LLM call of a committed order. Owner: factory. Readers: report (timeline, cost). A NULL cost means the price is unknown.
create or replace view calls as
select run_id, order_id, step, purpose, model, status, replayed, input_tokens, output_tokens, cost_cny, refusals, latency_s,
  started_at
from calls_shard;
