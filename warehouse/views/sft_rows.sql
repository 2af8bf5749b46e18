-- sft_rows: one training row, closed (question to answer). Owner: warehouse. Readers: the two views below it.
create or replace view sft_rows as
select sample_id, run_id, place_id, split, instruction, question, answer,
  [{'role': 'system', 'content': '你是一个美食推荐专家，请根据用户的问题给出回答。'},
   {'role': 'user', 'content': question}, {'role': 'assistant', 'content': answer}] as messages
from samples;
