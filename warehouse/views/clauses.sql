-- clauses: one clause of an accepted sample's question or answer. Owner: factory (the verifier). Readers: judge, report, people.
-- account: claim, wish, talk, or unread: nobody checked what an unread clause says.
create or replace view clauses as
select s.sample_id, c.clause.part as part, c.clause.scope as scope, c.clause.text as text, c.clause.account as account
from states t
join samples_shard s on s.sample_id = t.sample_id,
unnest(s.clauses) as c(clause)
where t.state = 'accepted';
