-- completions: one student answer. Owner: train. Readers: judge, report.
create or replace view completions as
select completion_id, sample_id, run_id, split, mode, arm, model, checkpoint, question, answer, messages, finish_reason,
  evidence_hash, created_at
from completions_shard;
