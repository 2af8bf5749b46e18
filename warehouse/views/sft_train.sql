-- sft_train: one closed training row. Owner: warehouse. Readers: train.
create or replace view sft_train as
select sample_id, split, instruction, question, answer, messages, run_id, place_id from sft_rows where split = 'train';
