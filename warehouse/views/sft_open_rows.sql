-- sft_open_rows: one training row with evidence in the prompt. Owner: warehouse. Readers: the two views below it.
-- The question, then at most 8 pois: all recommended ones, then distractors by hash; the order of all is by hash, so that a
-- place in the list tells nothing. Facts that the map did not give are left out. Why so: docs/decisions/0007. The same lines
-- are written by train/chat.py.
create or replace view sft_open_rows as
with shown as (
  select s.sample_id, e.poi as poi,
    list_contains(list_transform(s.recommendations, lambda r: r.poi_id), e.poi.poi_id) as recommended,
    hash(s.sample_id || e.poi.poi_id) as dice
  from samples s, unnest(s.evidence) as e(poi)
), ranked as (
  select sample_id, poi, dice, row_number() over (partition by sample_id order by recommended desc, dice) as place from shown
), listed as (
  select sample_id, string_agg(
    poi.name || coalesce('｜' || poi.cuisine, '') || coalesce('｜地址' || poi.address, '')
      || coalesce('｜评分' || printf('%.1f', poi.rating), '') || coalesce('｜人均' || printf('%g', poi.cost_cny) || '元', '')
      || coalesce('｜距离' || poi.distance_m || '米', '') || coalesce('｜营业' || poi.open_hours, '')
      || case when len(poi.specialities) > 0 then '｜招牌' || array_to_string(poi.specialities, '、') else '' end,
    chr(10) order by dice) as block
  from ranked where place <= 8 group by sample_id
)
select r.sample_id, r.run_id, r.place_id, r.split, r.instruction, r.question, r.answer,
  [{'role': 'system', 'content': '你是一个美食推荐专家，请根据用户的问题给出回答。'},
   {'role': 'user', 'content': r.question || chr(10) || chr(10) || '附近的餐厅：' || chr(10) || l.block},
   {'role': 'assistant', 'content': r.answer}] as messages, r.pooled
from sft_rows r join listed l on l.sample_id = r.sample_id;
