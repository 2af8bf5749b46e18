-- Tables under the views: what commits named, as it stands in the shards. Owner: warehouse/catalogue.py. Readers: views.
create table if not exists loaded (run_id varchar, unit varchar, created_at timestamp, primary key (run_id, unit));
create table if not exists states (sample_id varchar, run_id varchar, unit varchar, position integer, state varchar);
create table if not exists run_plans (
  run_id varchar, target bigint, map_provider varchar, teacher varchar, prompt_version varchar, fingerprint varchar,
  places bigint, updated_at varchar
);
create table if not exists opened (run_id varchar, order_id varchar, slots integer);
