-- ledger: one run, counted in candidate slots (k x opened orders). Owner: factory. Readers: report, people.
-- Money as in usage; a run that has paid nothing spent 0.
-- planned = accepted + surplus + rejected + duplicate + failed + pending; checks/ledger_identity.sql holds it to that.
create or replace view ledger as
with state_counts as (
  select run_id, count(*) filter (state = 'accepted') as accepted, count(*) filter (state = 'surplus') as surplus,
    count(*) filter (state = 'dropped') as dropped
  from states group by run_id
), reject_counts as (
  select run_id, count(*) filter (stage = 'admission') as duplicate, count(*) filter (stage = 'order') as failed,
    count(*) filter (stage not in ('admission', 'order')) as rejected
  from rejects_shard group by run_id
), opened_slots as (
  select run_id, sum(slots) as planned from opened group by run_id
), committed_slots as (
  select run_id, sum(slots) as slots from orders_shard group by run_id
), money as (
  select run_id, case when sum(unpriced) = 0 then sum(spent_cny) end as spent_cny, sum(reserved_cny) as reserved_cny
  from paid group by run_id
)
select
  p.run_id, p.target, coalesce(o.planned, 0)::bigint as planned, coalesce(s.accepted, 0) as accepted,
  coalesce(s.surplus, 0) as surplus, coalesce(r.rejected, 0) as rejected,
  coalesce(r.duplicate, 0) + coalesce(s.dropped, 0) as duplicate, coalesce(r.failed, 0) as failed,
  (coalesce(o.planned, 0) - coalesce(c.slots, 0))::bigint as pending,
  case when m.run_id is null then 0 else m.spent_cny end as spent_cny, coalesce(m.reserved_cny, 0) as reserved_cny
from run_plans p
left join state_counts s on s.run_id = p.run_id
left join reject_counts r on r.run_id = p.run_id
left join opened_slots o on o.run_id = p.run_id
left join committed_slots c on c.run_id = p.run_id
left join money m on m.run_id = p.run_id;
