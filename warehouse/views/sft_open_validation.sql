-- sft_open_validation: one open held-out row, all runs pooled: no repeats. Owner: warehouse. Readers: train.
create or replace view sft_open_validation as
select sample_id, split, instruction, question, answer, messages, run_id, place_id from sft_open_rows where split <> 'train' and pooled;
