-- usage: one run, model and purpose, as the ledger holds it. Owner: factory. Readers: card, report, people.
-- calls: those that may cost money: answered, unreadable ones too, and unresolved ones (sent, and nobody knows whether they were
-- served), which count at their worst case. A NULL cost means a price is unknown. replayed: answers of committed orders that were
-- kept from before, and cost nothing again.
create or replace view usage as
with replays as (
  select run_id, model, purpose, count(*) as replayed from calls_shard where replayed group by run_id, model, purpose
), booked as (
  select run_id, model, purpose,
    coalesce(sum(calls) filter (status in ('kept', 'unreadable', 'unresolved')), 0)::bigint as calls,
    coalesce(sum(calls) filter (status = 'unreadable'), 0)::bigint as unreadable,
    coalesce(sum(calls) filter (status = 'unresolved'), 0)::bigint as unresolved,
    coalesce(sum(input_tokens), 0)::bigint as input_tokens, coalesce(sum(output_tokens), 0)::bigint as output_tokens,
    case when sum(unpriced) = 0 then sum(spent_cny) end as cost_cny, sum(reserved_cny) as reserved_cny,
    coalesce(sum(refusals), 0)::bigint as refusals,
    sum(latency_s) / nullif(sum(calls) filter (status in ('kept', 'unreadable')), 0) as mean_latency_s
  from paid group by run_id, model, purpose
)
select
  b.run_id, b.model, b.purpose, b.calls, coalesce(r.replayed, 0) as replayed, b.unreadable, b.unresolved, b.input_tokens,
  b.output_tokens, b.cost_cny, b.reserved_cny, b.refusals, b.mean_latency_s
from booked b
left join replays r on r.run_id = b.run_id and r.model = b.model and r.purpose = b.purpose
where b.run_id in (select run_id from run_plans);
