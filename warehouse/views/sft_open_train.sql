-- sft_open_train: one open training row, all runs pooled: no repeats. Owner: warehouse. Readers: train.
create or replace view sft_open_train as
select sample_id, split, instruction, question, answer, messages, run_id, place_id from sft_open_rows where split = 'train' and pooled;
