"""From records to shard rows: pure functions, one a kind. Between committing.py and schema.py."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from factory.commit.admission import Decision
from factory.commit.neardup import FINGERPRINT_VERSION, Fingerprint
from factory.commit.schema import CLAIM, CLAUSE, POI, RECOMMENDATION, STUDENT_SYSTEM
from factory.records import (
    Attempt,
    CallRecord,
    Candidate,
    Message,
    OrderOutcome,
    Split,
    Verification,
    Wish,
)


@dataclass(frozen=True, slots=True)
class Making:
    """How a run's rows are made, as each of them says it: labels, hashes of content, the verifier's version."""

    teacher: str
    prompt_version: str
    prompt_hash: str
    vocabulary_hash: str
    request_hash: str
    verifier: str


def sample_row(
    outcome: OrderOutcome,
    candidate: Candidate,
    verification: Verification,
    fingerprint: Fingerprint,
    verifier: str,
    now: datetime,
) -> dict[str, Any]:
    """One verified candidate; whether it is admitted is the commit's word."""
    order, index = outcome.order, candidate.wish_index
    return {
        "sample_id": candidate.candidate_id,
        "run_id": order.run_id,
        "order_id": order.order_id,
        "instruction": candidate.instruction,
        "question": candidate.question,
        "answer": candidate.answer,
        "place_id": order.place.place_id,
        **_wish_columns(order.wishes[index]),
        "feasible": candidate.feasible,
        "recommendations": list(map(_RECOMMENDATION, verification.recommendations)),
        "claims": list(map(_CLAIM, verification.claims)),
        "clauses": list(map(_CLAUSE, verification.clauses)),
        "cut": list(_cut(outcome, candidate)),
        "unread_share": _unread_share(verification),
        "split": order.splits[index],
        "text_hash": fingerprint.text_hash,
        # The sets that admission compared, so that DuckDB's own pass compares the same.
        "grams": sorted(fingerprint.grams),
        "near_bands": list(fingerprint.bands),
        "gram_bits": fingerprint.gram_bits,
        "fingerprint_version": FINGERPRINT_VERSION,
        "verifier": verifier,
        "created_at": now,
    }


def reject_row(
    outcome: OrderOutcome, index: int, stage: str, reason: str, detail: str, candidate: Candidate | None, now: datetime
) -> dict[str, Any]:
    """One candidate slot that gave no sample; ``candidate`` is None where none was written."""
    order = outcome.order
    split: Split = order.splits[index]
    return {
        "run_id": order.run_id,
        "order_id": order.order_id,
        "candidate_id": f"{order.order_id}-{index}",
        "stage": stage,
        "reason": reason,
        "detail": detail,
        "question": candidate.question if candidate else None,
        "answer": candidate.answer if candidate else None,
        "messages": _chat(candidate.question, candidate.answer) if candidate else None,
        "place_id": order.place.place_id,
        "split": split,
        "created_at": now,
    }


def duplicate_row(outcome: OrderOutcome, candidate: Candidate, decision: Decision, now: datetime) -> dict[str, Any]:
    """A verified candidate that repeats a sample: with its fingerprint, so that DuckDB can see that it does."""
    detail = f"repeats {decision.twin}"
    row = reject_row(outcome, candidate.wish_index, "admission", decision.state, detail, candidate, now)
    fingerprint = decision.text.fingerprint
    prints = {
        "text_hash": fingerprint.text_hash,
        "grams": sorted(fingerprint.grams),
        "fingerprint_version": FINGERPRINT_VERSION,
    }
    return row | {"twin": decision.twin, **prints}


def order_row(outcome: OrderOutcome, making: Making, now: datetime) -> dict[str, Any]:
    """An order with its evidence and trajectory, once."""
    order, evidence = outcome.order, outcome.evidence
    costs = [call.cost_cny for call in outcome.calls]
    return {
        "order_id": order.order_id,
        "run_id": order.run_id,
        "order_index": order.index,
        "place_id": order.place.place_id,
        "place": order.place.name,
        "city": order.place.city,
        "adcode": order.place.adcode,
        "lng": order.place.lng,
        "lat": order.place.lat,
        "datum": order.place.datum,
        "slots": len(order.wishes),
        "state": outcome.state,
        "failure": outcome.failure.detail if outcome.failure else None,
        "evidence": list(map(_POI, evidence.pois)) if evidence else [],
        "searches": [
            {
                "cuisine": search.cuisine,
                "radius_m": search.radius_m,
                "pages": search.pages,
                "exhausted": search.exhausted,
                "covered_m": search.covered_m,
            }
            for search in (evidence.searches if evidence else ())
        ],
        "facts": sorted(evidence.facts) if evidence else [],
        "trajectory": [_message(message) for message in outcome.trajectory],
        "evidence_hash": evidence.evidence_hash if evidence else None,
        "fetched_at": evidence.fetched_at if evidence else None,
        "map_provider": evidence.provider if evidence else None,
        "licence": evidence.licence if evidence else None,
        "attribution": evidence.attribution if evidence else None,
        "teacher": making.teacher,
        "prompt_version": making.prompt_version,
        "prompt_hash": making.prompt_hash,
        "vocabulary_hash": making.vocabulary_hash,
        "request_hash": making.request_hash,
        "pages": outcome.pages,
        "truncated": outcome.truncated,
        "input_tokens": sum(call.input_tokens or 0 for call in outcome.calls),
        "output_tokens": sum(call.output_tokens or 0 for call in outcome.calls),
        # One unknown price makes the order's cost unknown, not smaller.
        "cost_cny": None if None in costs else sum(cost for cost in costs if cost is not None),
        "created_at": now,
    }


def attempt_row(outcome: OrderOutcome, attempt: Attempt, now: datetime) -> dict[str, Any]:
    """One submission with what the verifier found in it."""
    return {
        "run_id": outcome.order.run_id,
        "order_id": outcome.order.order_id,
        "candidate_id": attempt.candidate.candidate_id,
        "attempt": attempt.number,
        "question": attempt.candidate.question,
        "answer": attempt.candidate.answer,
        "accepted": attempt.accepted,
        "findings": [
            {"outcome": finding.outcome, "reason": finding.reason, "clause": finding.clause, "detail": finding.detail}
            for finding in attempt.findings
        ],
        "cut": list(attempt.cut),
        "created_at": now,
    }


def _cut(outcome: OrderOutcome, candidate: Candidate) -> tuple[str, ...]:
    """Clauses that were left out of the answer that was accepted."""
    mine = [
        attempt
        for attempt in outcome.attempts
        if attempt.candidate.candidate_id == candidate.candidate_id and attempt.accepted
    ]
    return mine[-1].cut if mine else ()


def _unread_share(verification: Verification) -> float | None:
    """The part of the answer's clauses that nobody read; None where the clauses are not accounted for."""
    clauses = verification.clauses
    return sum(clause.account == "unread" for clause in clauses) / len(clauses) if clauses else None


_CALL = tuple(field.name for field in fields(CallRecord))
_RECOMMENDATION, _POI, _CLAIM, _CLAUSE = (
    attrgetter(*(field.name for field in struct)) for struct in (RECOMMENDATION, POI, CLAIM, CLAUSE)
)
"""A nested record's values in its struct's order: Arrow takes a tuple in half the time that it takes for a mapping."""


def call_row(run_id: str, call: CallRecord) -> dict[str, Any]:
    """One LLM call."""
    return {"run_id": run_id} | {name: getattr(call, name) for name in _CALL}


def _wish_columns(wish: Wish) -> dict[str, Any]:
    names = (
        "cuisine",
        "taste",
        "budget_min_cny",
        "budget_max_cny",
        "radius_m",
        "party_size",
        "occasion",
        "diet",
        "meal_time",
        "style",
    )
    return {name: getattr(wish, name) for name in names} | {"needs": list(wish.needs)}


def _message(message: Message) -> dict[str, Any]:
    return {
        "role": message.role,
        "content": message.content,
        "tool_calls": [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.tool_calls],
        "tool_call_id": message.tool_call_id,
        "name": message.name,
    }


def _chat(question: str, answer: str) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": STUDENT_SYSTEM},
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]


def now_utc() -> datetime:
    """The clock of rows."""
    return datetime.now(UTC)
