-- rubrics: one set of questions that a judge was asked with, named by its content. Owner: judge. Readers: verdicts, pairs, people.
-- prompt: data, answer, legacy (both in one call) or pair; text: the system message; in_force: the set of the newest judging.
create or replace view rubrics as
with sets as (
  select judge, prompt, rubric_hash, any_value(name) as name, any_value(language) as language, any_value(low) as low,
    any_value(high) as high, any_value(dimensions) as dimensions, any_value(text) as text, min(created_at) as first_asked_at,
    max(created_at) as in_force_since
  from rubrics_shard group by judge, prompt, rubric_hash
)
select judge, prompt, rubric_hash, name, language, low, high, dimensions, text,
  row_number() over (partition by judge, prompt order by in_force_since desc, rubric_hash) = 1 as in_force, first_asked_at, in_force_since
from sets;
