"""One order while its agent works on it: what the tools showed, what was submitted, what the verifier found.

Sits between the tools (tools.py) and the pool: tools read and write it on the event loop; it does no I/O but through
the map service. Its result is an OrderOutcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any

import orjson

from factory.agents.repairing import Returned
from factory.agents.second_reader import SecondReader, questions_of
from factory.geo import whole_metres
from factory.maps.service import PoiPage, Surroundings
from factory.records import (
    Attempt,
    CallRecord,
    Candidate,
    Evidence,
    Failure,
    Finding,
    Order,
    Place,
    Poi,
    SearchRecord,
    SlotOutcome,
    Verification,
    Wish,
)
from factory.verifier.extracted import Case, Extract, settle
from factory.verifier.severing import once_cut

MOST_SHOWN = 25
"""Pois that one search shows the agent."""


@dataclass(slots=True)
class _Slot:
    """One wish's latest submission and how it was judged."""

    candidate: Candidate
    verification: Verification
    settled: bool = False
    """it was returned once, is still not understood, and is asked for no more"""
    asking: bool = False
    """the second reader was to be asked of it, so that less sure readings were left to it"""
    shown: int = 0
    """restaurants and searches that stood behind the judgement"""
    extracts: tuple[Extract, ...] = ()
    """what the second reader made of its unread clauses"""


@dataclass(slots=True)
class OrderRun:
    """Mutable state of one order; lives from its agent's first call to its outcome."""

    order: Order
    maps: Surroundings
    repairs_left: int
    reader: SecondReader | None = None
    keep_unread: bool = False
    reader_asked: bool = False
    reader_calls: tuple[CallRecord, ...] = ()
    pois: dict[str, Poi] = field(default_factory=dict)
    searches: dict[tuple[str | None, int], SearchRecord] = field(default_factory=dict)
    read_pages: dict[tuple[str | None, int], dict[int, PoiPage]] = field(default_factory=dict)
    pages: int = 0
    capped: bool = False
    fetched_at: datetime | None = None
    slots: dict[int, _Slot] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    finished: bool = False
    _evidence: Evidence | None = None
    """what ``evidence()`` gave, until the next search"""

    async def search(self, radius_m: int, cuisine: str | None, page: int) -> PoiPage:
        """Ask the map and remember what it showed, as evidence and as proof of coverage."""
        order = self.order
        answered = await self.maps.around(
            order.place, radius_m=radius_m, cuisine=cuisine, page=page, priority=order.index
        )
        self.pages += 1
        self._evidence = None
        self.capped = self.capped or answered.capped
        self.fetched_at = min(self.fetched_at or answered.fetched_at, answered.fetched_at)
        shown = tuple(_located(poi, self.order.place) for poi in answered.pois[:MOST_SHOWN])
        self.pois.update((poi.poi_id, poi) for poi in shown)
        self._cover(radius_m, cuisine, answered)
        return replace(answered, pois=shown)

    def _cover(self, radius_m: int, cuisine: str | None, fetched: PoiPage) -> None:
        """Pages prove coverage only from the first on without a gap; those of one step may arrive in any order."""
        pages = self.read_pages.setdefault((cuisine, radius_m), {})
        pages[fetched.page] = fetched
        last = 0
        while last + 1 in pages:
            last += 1
        if last:
            read = [pages[number] for number in range(1, last + 1)]
            whole = not any(poi_page.unreadable for poi_page in read)
            self.searches[cuisine, radius_m] = SearchRecord(
                cuisine=cuisine,
                radius_m=radius_m,
                pages=last,
                exhausted=whole and read[-1].is_last and not read[-1].capped,
                # What follows a row that cannot be read is listed, but the listing is whole only up to that row.
                covered_m=min(poi_page.covered_m for poi_page in read if poi_page.unreadable)
                if not whole
                else read[-1].covered_m,
            )

    def evidence(self) -> Evidence:
        """Everything shown so far, in id order, with its content hash."""
        if self._evidence is None:
            self._evidence = self._gather()
        return self._evidence

    def _gather(self) -> Evidence:
        pois = tuple(self.pois[poi_id] for poi_id in sorted(self.pois))
        searches = tuple(self.searches[key] for key in sorted(self.searches, key=lambda key: (key[0] or "", key[1])))
        return Evidence(
            pois=pois,
            searches=searches,
            provider=self.maps.provider,
            datum=self.maps.datum,
            licence=self.maps.licence,
            attribution=self.maps.attribution,
            facts=self.maps.facts,
            fetched_at=self.fetched_at or datetime.now(UTC),
            evidence_hash=evidence_hash(pois),
        )

    async def submit(self, samples: Sequence[Any]) -> tuple[list[int], list[tuple[int, tuple[Finding, ...]]]]:
        """Check submitted samples. Returns the accepted wish indexes and the rejected ones with findings.

        An accepted wish is settled: a later submission for it is ignored, so that a repair cannot spoil it. So is one that
        was returned once and is still not understood: it is kept or refused, as UNREAD says, and asked for no more.
        """
        fresh: dict[int, _Slot] = {}
        for raw in samples:
            candidate = self._candidate(raw)
            if candidate is None or self._settled(candidate.wish_index):
                continue
            asking = self.reader is not None and not self.reader_asked
            case = self._case(candidate.wish_index, asking=asking)
            fresh[candidate.wish_index] = _Slot(candidate, case.check(candidate), asking=asking)
        await self._read_again(fresh)
        for index, slot in fresh.items():
            self._judged(index, slot)
        accepted = [index for index, slot in sorted(self.slots.items()) if slot.verification.accepted]
        rejected = [
            (index, self.slots[index].verification.findings if index in self.slots else (_missing(index),))
            for index in range(len(self.order.wishes))
            if not self._settled(index)
        ]
        self.finished = not rejected or self.repairs_left == 0
        self.repairs_left = max(0, self.repairs_left - 1)
        return accepted, rejected

    def _case(self, index: int, *, asking: bool) -> Case:
        return Case(self.order.wishes[index], self.order.place, self.evidence(), asking=asking)

    async def _read_again(self, fresh: dict[int, _Slot]) -> None:
        """The second reader, once an order, for the clauses of this submission that stayed unread."""
        if self.reader is None or self.reader_asked:
            return
        questions = [
            question
            for index, slot in fresh.items()
            for question in questions_of(
                index, slot.verification, slot.candidate, self._case(index, asking=slot.asking)
            )
        ]
        if not questions:
            return
        self.reader_asked = True
        reading = await self.reader.read(self.order, questions)
        self.reader_calls += (reading.call,) if reading.call is not None else ()
        for index, slot in fresh.items():
            slot.extracts = tuple(
                Extract(number, claims) for (wish, number), claims in reading.claims.items() if wish == index
            )
            slot.verification = settle(
                slot.verification, slot.extracts, slot.candidate, self._case(index, asking=slot.asking)
            )

    def _judged(self, index: int, slot: _Slot) -> None:
        """Keep a submission and how it was judged: the latest in its slot, each of them as an attempt."""
        before = sum(attempt.candidate.wish_index == index for attempt in self.attempts)
        judged, cut_out = self._without_unread(index, slot)
        puzzling = not judged.verification.accepted and all(
            finding.outcome == "not_understood" for finding in judged.verification.findings
        )
        if puzzling and before:
            judged.settled = True
            if self.keep_unread:
                judged.verification = replace(judged.verification, findings=())
        judged.shown = self._shown()
        self.slots[index] = judged
        verification = judged.verification
        self.attempts.append(
            Attempt(before + 1, judged.candidate, verification.findings, verification.accepted, cut_out)
        )

    def _without_unread(self, index: int, slot: _Slot) -> tuple[_Slot, tuple[str, ...]]:
        """The answer without its unread clauses, where it passes so, else as it came: those that state nothing, then all.

        Who keeps what is not understood loses only what states nothing.
        """
        case = self._case(index, asking=slot.asking)
        short = once_cut(slot.candidate, slot.verification, case, slot.extracts, chatter_alone=self.keep_unread)
        if short is None:
            return slot, ()
        return _Slot(replace(slot.candidate, answer=short.text), short.result), short.cut

    def outcomes(self, otherwise: Failure) -> tuple[SlotOutcome, ...]:
        """What became of each wish; ``otherwise``: why nothing came where nothing was submitted."""
        return tuple(
            SlotOutcome(index, slot.candidate, self._in_the_end(index, slot))
            if (slot := self.slots.get(index))
            else SlotOutcome(index, failure=otherwise)
            for index in range(len(self.order.wishes))
        )

    def _in_the_end(self, index: int, slot: _Slot) -> Verification:
        """An accepted sample as all the evidence has it that it is kept with: a later search may have found what it denied."""
        if not slot.verification.accepted or slot.shown == self._shown():
            return slot.verification
        again = self._case(index, asking=slot.asking).check(slot.candidate)
        may_be_unread = (
            self.reader is not None or self.keep_unread
        )  # then it was accepted with clauses that this check cannot read
        is_good = all(may_be_unread and finding.outcome == "not_understood" for finding in again.findings)
        return slot.verification if is_good else again

    def _shown(self) -> int:
        return len(self.pois) + len(self.searches)

    def returned(self) -> Returned:
        """The wishes that have no accepted sample yet, and what was shown so far."""
        open_ = {index: wish for index, wish in enumerate(self.order.wishes) if not self._settled(index)}
        return Returned(open_, self.pois)

    def _settled(self, index: int) -> bool:
        slot = self.slots.get(index)
        return slot is not None and (slot.settled or slot.verification.accepted)

    def _candidate(self, raw: Any) -> Candidate | None:
        """Read one submitted sample; one that names no wish of this order is nobody's and is dropped."""
        if not isinstance(raw, dict):
            return None
        index = raw.get("wish")
        if not isinstance(index, int) or not 0 <= index < len(self.order.wishes):
            return None
        recommendations = raw.get("recommendations")
        pairs = tuple(
            (str(item.get("poi_id", "")), str(item.get("reason", "")))
            for item in (recommendations if isinstance(recommendations, list) else [])
            if isinstance(item, dict)
        )
        return Candidate(
            candidate_id=f"{self.order.order_id}-{index}",
            order_id=self.order.order_id,
            wish_index=index,
            question=str(raw.get("question") or "").strip(),
            answer=str(raw.get("answer") or "").strip(),
            recommendations=pairs,
            feasible=raw.get("feasible") is True,
        )


def _located(poi: Poi, place: Place) -> Poi:
    """With the distance that its coordinates give, whatever the map said."""
    metres = whole_metres(place.lng, place.lat, poi.lng, poi.lat)
    return poi if poi.distance_m == metres else replace(poi, distance_m=metres)


def _missing(index: int) -> Finding:
    return Finding("structure", "missing_sample", f"第{index}个需求没有给出样本，请补上。")


_POI_VALUES = attrgetter(*(field.name for field in fields(Poi)))


def evidence_hash(pois: Sequence[Poi]) -> str:
    """32 hex digits over the pois' content: equal evidence has an equal hash, whoever fetched it when."""
    packed = orjson.dumps(list(map(_POI_VALUES, pois)))
    return blake2b(packed, digest_size=16).hexdigest()


def wish_json(index: int, wish: Wish) -> dict[str, Any]:
    """A wish as the preference tool shows it."""
    return {
        "index": index,
        "cuisine": wish.cuisine,
        "taste": wish.taste,
        "budget_min": wish.budget_min_cny,
        "budget_max": wish.budget_max_cny,
        "radius_m": wish.radius_m,
        "party_size": wish.party_size,
        "occasion": wish.occasion,
        "diet": wish.diet,
        "meal_time": wish.meal_time,
        "needs": list(wish.needs),
        "style": wish.style,
    }


def poi_json(poi: Poi) -> dict[str, Any]:
    """A poi as the search tool shows it: unknown facts are left out, so that nobody reads a gap as a zero."""
    facts = {
        "poi_id": poi.poi_id,
        "name": poi.name,
        "cuisine": poi.cuisine,
        "cuisine_source": poi.cuisine_source if poi.cuisine_source != "code" else None,
        "address": poi.address,
        "rating": poi.rating,
        "cost_cny": poi.cost_cny,
        "distance_m": poi.distance_m,
        "open_today": poi.open_hours if poi.open_hours != poi.open_week else None,
        "open_week": poi.open_week,
        "status": poi.status,
        "tel": poi.tel,
        "specialities": list(poi.specialities) or None,
        "tags": dict(poi.tags) or None,
    }
    return {name: value for name, value in facts.items() if value is not None}
