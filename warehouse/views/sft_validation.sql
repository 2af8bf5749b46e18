-- sft_validation: one closed held-out row (seen and unseen), all runs pooled: no repeats. Owner: warehouse. Readers: train.
create or replace view sft_validation as
select sample_id, split, instruction, question, answer, messages, run_id, place_id from sft_rows where split <> 'train' and pooled;
