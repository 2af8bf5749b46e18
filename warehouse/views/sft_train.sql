-- sft_train: one closed training row, all runs pooled: no repeats. Owner: warehouse. Readers: train.
create or replace view sft_train as
select sample_id, split, instruction, question, answer, messages, run_id, place_id from sft_rows where split = 'train' and pooled;
