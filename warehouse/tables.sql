-- Tables under the views: what commits named, as it stands in the shards. Owner: warehouse/loading.py. Readers: views.
create table if not exists loaded (run_id varchar, unit varchar, created_at timestamp, primary key (run_id, unit));
create table if not exists states (sample_id varchar, run_id varchar, unit varchar, position integer, state varchar);
create table if not exists run_plans (
  run_id varchar, target bigint, map_provider varchar, teacher varchar, prompt_version varchar, fingerprint varchar,
  places bigint, updated_at varchar
);
-- What a run was planned with, by hash of content (factory/plan/identity.py); NULL in plans of before.
alter table run_plans add column if not exists prompt_hash varchar;
alter table run_plans add column if not exists request_hash varchar;
alter table run_plans add column if not exists temperature double;
alter table run_plans add column if not exists top_p double;
alter table run_plans add column if not exists vocabulary_hash varchar;
alter table run_plans add column if not exists verifier varchar;
alter table run_plans add column if not exists seed bigint;
create table if not exists opened (run_id varchar, order_id varchar, slots integer);
-- paid: the calls that the ledger (calls.sqlite) holds, by run, model, purpose and status. Money in CNY, as the run's panel counts it:
-- spent is what an answer cost, and the worst case of a call that may have been served (unresolved); reserved, of one in flight.
-- unpriced: calls whose money is not known, and so is no part of either sum.
create table if not exists paid (
  run_id varchar, model varchar, purpose varchar, status varchar, calls bigint, input_tokens bigint, output_tokens bigint,
  spent_cny double, reserved_cny double, unpriced bigint, refusals bigint, latency_s double
);
-- twin: the sample that a dropped one repeats. admitted_at: when its state was committed. compared: whether warehouse/duplicates.py
-- has held an accepted sample against all others.
alter table states add column if not exists twin varchar;
alter table states add column if not exists admitted_at timestamp;
alter table states add column if not exists compared boolean default false;
-- duplicates: accepted samples that DuckDB's own dedupe drops, with the earlier one that each repeats. Empty while admission agrees.
-- Only within a run: what another run holds takes nothing from its target.
create table if not exists duplicates (sample_id varchar, twin varchar, kind varchar);
-- run_pairs: accepted samples of two runs that are duplicates of each other. repeats: those of them that a pool of the runs leaves
-- out, with the sample that stays in it (warehouse/duplicates.py).
create table if not exists run_pairs (one varchar, other varchar, kind varchar);
create table if not exists repeats (sample_id varchar, twin varchar, kind varchar);
-- layout: which program's tables these are (warehouse/catalogue.py); a file of another layout is made anew from the shards.
create table if not exists layout (version integer);
