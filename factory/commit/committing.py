"""From a unit's outcomes to its commit: admit in order, write the shards, make them count, enter the index.

The order of these steps is the crash safety: before the commit nothing counts, after it nothing can be lost, and the
index catches up from commits.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from factory.agents.agent import PROMPT_VERSION
from factory.commit.admission import Admission, Decision, Text, committed_texts
from factory.commit.neardup import fingerprint
from factory.commit.rows import call_row, duplicate_row, now_utc, order_row, reject_row, sample_row
from factory.commit.schema import table
from factory.commit.store import Store
from factory.errors import RunStopped
from factory.records import Candidate, OrderOutcome, Verification
from factory.run.coordinator import Committed
from factory.run.executor import Unit

Verified = tuple[OrderOutcome, Candidate, Verification]


class RunCommitter:
    """One run's commits; blocking, called from one thread at a time."""

    def __init__(self, store: Store, admission: Admission, run_id: str, target: int, teacher: str) -> None:
        self._store = store
        self._admission = admission
        self._run = run_id
        self._target = target
        self._teacher = teacher
        self.accepted = 0
        self.next_order = 0
        """index of the first order that is not committed"""
        self.surplus = 0
        self._promotions = 0

    def open(self) -> None:
        """Read what is committed, sweep what is not, bring the index up to date."""
        for record in self._store.commits(self._run):
            self.accepted += len(record["admitted"])
            self.surplus += len(record["surplus"]) - (
                len(record["admitted"]) + record["counts"].get("duplicate", 0)
            ) * (record["unit"][0] == "P")
            if record["unit"][0] == "U":
                self.next_order = record["first_order"] + record["orders"]
            else:
                self._promotions += 1
        self._store.sweep(self._run)
        self._admission.catch_up(self._store)

    def commit(self, unit: Unit, outcomes: tuple[OrderOutcome, ...]) -> Committed:
        """Admit, write, commit, index."""
        now = now_utc()
        verified = [(outcome, *pair) for outcome in outcomes for pair in outcome.verified]
        texts = [_text(outcome, candidate) for outcome, candidate, _ in verified]
        decisions = self._admission.decide(texts, max(0, self._target - self.accepted))
        samples, rejects = _rows(outcomes, verified, decisions, now)
        tables = {
            "samples": table("samples", samples),
            "rejects": table("rejects", rejects),
            "orders": table("orders", [order_row(outcome, self._teacher, PROMPT_VERSION, now) for outcome in outcomes]),
            "calls": table("calls", [call_row(self._run, call) for outcome in outcomes for call in outcome.calls]),
        }
        accepted = [one.text for one in decisions if one.state == "accepted"]
        surplus = [one.text.sample_id for one in decisions if one.state == "surplus"]
        counts = Counter(_state(row) for row in rejects) + Counter(accepted=len(accepted), surplus=len(surplus))
        self._put_commit(unit, tables, accepted, surplus, counts, now)
        self.accepted += len(accepted)
        self.surplus += len(surplus)
        self.next_order += len(unit.orders)
        return Committed(self.accepted, len(accepted) + len(surplus), Counter(row["reason"] for row in rejects))

    def _put_commit(
        self,
        unit: Unit,
        tables: dict[str, Any],
        accepted: list[Text],
        surplus: list[str],
        counts: Counter[str],
        now: datetime,
    ) -> None:
        unit_id = unit.unit_id
        files = self._store.put(self._run, unit_id, tables)
        record = {
            "run_id": self._run,
            "first_order": unit.orders[0].index,
            "orders": len(unit.orders),
            "files": files,
            "admitted": [text.sample_id for text in accepted],
            "surplus": surplus,
            "counts": dict(counts),
            "created_at": now.isoformat(),
        }
        self._make_count(unit_id, record, accepted)

    def promotable(self, target: int) -> int:
        """How many samples ``promote_surplus`` would admit; writes nothing."""
        decisions, _ = self._decide_surplus(target)
        return sum(one.state == "accepted" for one in decisions)

    def promote_surplus(self, target: int) -> int:
        """Admit what was paid for and not needed before, oldest first, up to ``target``; returns the accepted count."""
        decisions, units = self._decide_surplus(target)
        accepted = [one.text for one in decisions if one.state == "accepted"]
        dropped = [one for one in decisions if one.state.endswith("duplicate")]
        if not accepted and not dropped:
            return self.accepted
        unit_id = f"P{self._promotions + 1:06d}"
        record = {
            "run_id": self._run,
            "files": {},
            "from_units": units,
            "admitted": [text.sample_id for text in accepted],
            "surplus": [],
            "dropped": [one.text.sample_id for one in dropped],
            "twins": [one.twin for one in dropped],
            "counts": {"accepted": len(accepted), "duplicate": len(dropped), "surplus": -len(accepted) - len(dropped)},
            "created_at": now_utc().isoformat(),
        }
        self._make_count(unit_id, record, accepted)
        self._promotions += 1
        self.accepted += len(accepted)
        self.surplus -= len(accepted) + len(dropped)
        return self.accepted

    def _make_count(self, unit_id: str, record: dict[str, Any], accepted: list[Text]) -> None:
        """The commit, then the index. Raises RunStopped when another run committed this unit."""
        if not self._store.commit_if_absent(self._run, unit_id, record):
            raise RunStopped(
                f"{unit_id} of {self._run} was committed by another run: start again, it goes on from there."
            )
        self._admission.apply(self._run, unit_id, accepted)

    def _decide_surplus(self, target: int) -> tuple[list[Decision], list[str]]:
        """What becomes of the waiting surplus, oldest first, and the units that it lies in."""
        room = target - self.accepted
        if room <= 0 or not self.surplus:
            return [], []
        settled = {
            sample
            for one in self._store.commits(self._run)
            if one["unit"][0] == "P"
            for sample in one["admitted"] + one["dropped"]
        }
        texts, units = self._surplus_texts(settled)
        return self._admission.decide(texts, room), units

    def _surplus_texts(self, settled: set[str]) -> tuple[list[Text], list[str]]:
        texts: list[Text] = []
        units: list[str] = []
        for record in self._store.commits(self._run):
            waiting = set(record["surplus"]) - settled
            if not waiting:
                continue
            units.append(record["unit"])
            texts += committed_texts(self._store, [record["files"]["samples"]], waiting)
        return texts, units

    def close(self) -> None:
        """Close the index."""
        self._admission.close()


def _text(outcome: OrderOutcome, candidate: Candidate) -> Text:
    found = fingerprint(candidate.question, candidate.answer)
    return Text(candidate.candidate_id, outcome.order.place.place_id, found)


def _rows(
    outcomes: tuple[OrderOutcome, ...], verified: list[Verified], decisions: list[Decision], now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the samples shard (accepted and surplus) and of the rejects shard (everything else)."""
    samples: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    for (outcome, candidate, verification), decision in zip(verified, decisions, strict=True):
        if decision.state in {"accepted", "surplus"}:
            samples.append(sample_row(outcome, candidate, verification, decision.text.fingerprint, now))
        else:
            rejects.append(duplicate_row(outcome, candidate, decision, now))
    for outcome in outcomes:
        for candidate, verification in outcome.rejected:
            finding = verification.findings[0]
            detail = "；".join(one.detail for one in verification.findings)
            rejects.append(
                reject_row(outcome, candidate.wish_index, finding.stage, finding.reason, detail, candidate, now)
            )
        for index, reason, detail in outcome.missing:
            rejects.append(reject_row(outcome, index, "order", reason, detail, None, now))
    return samples, rejects


def _state(row: dict[str, Any]) -> str:
    """The ledger's word for a reject row."""
    return {"admission": "duplicate", "order": "failed"}.get(row["stage"], "rejected")
