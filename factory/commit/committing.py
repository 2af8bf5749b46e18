"""From a unit's outcomes to its commit: admit in order, write the shards, make them count, enter the index.

The order of these steps is the crash safety: before the commit nothing counts, after it nothing can be lost, and the
index catches up from commits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from factory.commit.admission import Admission, CandidateText, Decision, committed_texts
from factory.commit.commit import Commit, CommitKind
from factory.commit.neardup import fingerprint
from factory.commit.rows import Making, attempt_row, call_row, duplicate_row, now_utc, order_row, reject_row, sample_row
from factory.commit.schema import table
from factory.commit.store import Store
from factory.errors import PROVIDER_REASONS, RunStopped
from factory.records import Candidate, Failure, OrderOutcome, SlotOutcome, Verification
from factory.run.coordinator import Committed
from factory.run.executor import Unit

GIVEN_BACK = "given_back"
"""Among a commit's counts: of its failed slots, those that do not count against CANDIDATES."""


@dataclass(frozen=True, slots=True)
class _Verified:
    """One slot that came through, with the order that it is of."""

    outcome: OrderOutcome
    candidate: Candidate
    verification: Verification

    def text(self) -> CandidateText:
        """As admission sees it."""
        prints = fingerprint(self.candidate.question, self.candidate.answer)
        return CandidateText(self.candidate.candidate_id, self.outcome.order.place.place_id, prints)


class RunCommitter:
    """One run's commits; blocking, called from one thread at a time."""

    def __init__(self, store: Store, admission: Admission, run_id: str, target: int, making: Making) -> None:
        self._store = store
        self._admission = admission
        self._run = run_id
        self._target = target
        self._making = making
        self.accepted = 0
        self.next_order = 0
        """index of the first order after all that are committed"""
        self.missing: tuple[int, ...] = ()
        """orders before it whose commit is gone"""
        self.surplus = 0
        self.given_back = 0
        """slots of earlier commands that failed for the provider's reasons"""
        self._promotions = 0
        self._settled: set[str] = set()
        """samples of lost units that a promotion has admitted or dropped: made again, they are surplus to their unit, as before"""

    def open(self) -> None:
        """Read what is committed, sweep what is not, bring the index up to date."""
        held: set[int] = set()
        units = set(self._store.units(self._run))
        for commit in self._store.commits(self._run):
            self.accepted += len(commit.admitted)
            self.surplus += commit.surplus_change
            self.given_back += dict(commit.counts).get(GIVEN_BACK, 0)
            if commit.kind is CommitKind.PROMOTION:
                self._promotions = max(self._promotions, int(commit.unit[1:]))
                if not set(commit.from_units) <= units:
                    self._settled |= set(commit.admitted + commit.dropped)
            elif commit.first_order is not None:
                held.update(range(commit.first_order, commit.first_order + commit.orders))
        self.next_order = max(held, default=-1) + 1
        self.missing = tuple(sorted(set(range(self.next_order)) - held))
        self._store.sweep(self._run)
        self._admission.catch_up(self._store)

    def commit(self, unit: Unit, outcomes: tuple[OrderOutcome, ...]) -> Committed:
        """Admit, write, commit, index."""
        now = now_utc()
        verified = list(_verified(outcomes))
        decisions = self._decide([slot.text() for slot in verified])
        samples, rejects = _rows(outcomes, verified, decisions, self._making.verifier, now)
        tables = {
            "samples": table("samples", samples),
            "rejects": table("rejects", rejects),
            "orders": table("orders", [order_row(outcome, self._making, now) for outcome in outcomes]),
            "calls": table("calls", [call_row(self._run, call) for outcome in outcomes for call in outcome.calls]),
            "attempts": table(
                "attempts", [attempt_row(outcome, attempt, now) for outcome in outcomes for attempt in outcome.attempts]
            ),
        }
        accepted = [decision.text for decision in decisions if decision.state == "accepted"]
        surplus = tuple(decision.text.sample_id for decision in decisions if decision.state == "surplus")
        counts = Counter(_state(row) for row in rejects) + Counter(accepted=len(accepted), surplus=len(surplus))
        counts[GIVEN_BACK] = sum(row["reason"] in PROVIDER_REASONS and row["stage"] == "order" for row in rejects)
        commit = Commit(
            run_id=self._run,
            unit=unit.unit_id,
            kind=CommitKind.ORDERS,
            created_at=now,
            files=self._store.put(self._run, unit.unit_id, tables),
            admitted=tuple(text.sample_id for text in accepted),
            surplus=surplus,
            counts=tuple(counts.items()),
            first_order=unit.orders[0].index,
            orders=len(unit.orders),
        )
        self._make_count(
            commit, accepted + [decision.text for decision in decisions if decision.text.sample_id in self._settled]
        )
        return Committed(self.accepted, len(accepted) + len(surplus), Counter(row["reason"] for row in rejects))

    def _decide(self, texts: list[CandidateText]) -> list[Decision]:
        """Admission's word, but for samples on which a promotion has decided already: to their unit they are surplus, as before."""
        fresh = [text for text in texts if text.sample_id not in self._settled]
        decided = iter(self._admission.decide(fresh, max(0, self._target - self.accepted)))
        return [Decision(text, "surplus") if text.sample_id in self._settled else next(decided) for text in texts]

    def promotable(self, target: int) -> int:
        """How many samples ``promote_surplus`` would admit; writes nothing."""
        decisions, _ = self._decide_surplus(target)
        return sum(decision.state == "accepted" for decision in decisions)

    def promote_surplus(self, target: int) -> int:
        """Admit what was paid for and not needed before, oldest first, up to ``target``; returns the accepted count."""
        decisions, units = self._decide_surplus(target)
        accepted = [decision.text for decision in decisions if decision.state == "accepted"]
        dropped = [decision for decision in decisions if decision.state.endswith("duplicate")]
        if not accepted and not dropped:
            return self.accepted
        counts = {"accepted": len(accepted), "duplicate": len(dropped), "surplus": -len(accepted) - len(dropped)}
        commit = Commit(
            run_id=self._run,
            unit=f"P{self._promotions + 1:06d}",
            kind=CommitKind.PROMOTION,
            created_at=now_utc(),
            admitted=tuple(text.sample_id for text in accepted),
            dropped=tuple(decision.text.sample_id for decision in dropped),
            twins=tuple(decision.twin for decision in dropped),
            counts=tuple(counts.items()),
            from_units=tuple(units),
        )
        self._make_count(commit, accepted)
        self._promotions += 1
        return self.accepted

    def _make_count(self, commit: Commit, accepted: list[CandidateText]) -> None:
        """The commit, then the index. Raises RunStopped when another run committed this unit."""
        if not self._store.commit_if_absent(commit):
            raise RunStopped(
                f"{commit.unit} of {self._run} was committed by another run: start again, it goes on from there."
            )
        self._admission.apply(commit.unit, accepted)
        self.accepted += len(commit.admitted)
        self.surplus += commit.surplus_change

    def _decide_surplus(self, target: int) -> tuple[list[Decision], list[str]]:
        """What becomes of the waiting surplus, oldest first, and the units that it lies in."""
        room = target - self.accepted
        if room <= 0 or not self.surplus or self.missing:  # what is missing comes back first
            return [], []
        settled = {
            sample
            for commit in self._store.commits(self._run)
            if commit.kind is CommitKind.PROMOTION
            for sample in commit.admitted + commit.dropped
        }
        texts, units = self._surplus_texts(settled)
        return self._admission.decide(texts, room), units

    def _surplus_texts(self, settled: set[str]) -> tuple[list[CandidateText], list[str]]:
        texts: list[CandidateText] = []
        units: list[str] = []
        for commit in self._store.commits(self._run):
            waiting = set(commit.surplus) - settled
            if waiting:
                units.append(commit.unit)
                texts += committed_texts(self._store, [commit], waiting)
        return texts, units

    def close(self) -> None:
        """Close the index."""
        self._admission.close()


def _verified(outcomes: tuple[OrderOutcome, ...]) -> Iterator[_Verified]:
    for outcome in outcomes:
        for slot in outcome.slots:
            if slot.candidate is not None and slot.verification is not None and slot.accepted:
                yield _Verified(outcome, slot.candidate, slot.verification)


def _rows(
    outcomes: tuple[OrderOutcome, ...],
    verified: list[_Verified],
    decisions: list[Decision],
    verifier: str,
    now: datetime,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the samples shard (accepted and surplus) and of the rejects shard (everything else)."""
    samples: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    for slot, decision in zip(verified, decisions, strict=True):
        if decision.state in {"accepted", "surplus"}:
            prints = decision.text.fingerprint
            samples.append(sample_row(slot.outcome, slot.candidate, slot.verification, prints, verifier, now))
        else:
            rejects.append(duplicate_row(slot.outcome, slot.candidate, decision, now))
    for outcome in outcomes:
        rejects += [_refused(outcome, slot, now) for slot in outcome.slots if not slot.accepted]
    return samples, [row | {"verifier": verifier} for row in rejects]


def _refused(outcome: OrderOutcome, slot: SlotOutcome, now: datetime) -> dict[str, Any]:
    if slot.verification is not None:
        findings = slot.verification.findings
        stage, reason = findings[0].stage, findings[0].reason
        detail = "；".join(finding.detail for finding in findings)
    else:
        failure = slot.failure or Failure("missing_sample", "")
        stage, reason, detail = "order", failure.reason, failure.detail
    return reject_row(outcome, slot.wish_index, stage, reason, detail, slot.candidate, now)


def _state(row: dict[str, Any]) -> str:
    """The ledger's word for a reject row."""
    return {"admission": "duplicate", "order": "failed"}.get(row["stage"], "rejected")
