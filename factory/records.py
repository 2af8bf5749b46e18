"""The nouns of the factory as frozen records; everything that travels between its steps is one of these.

Sits upstream of every other module: it imports nothing of ours. Units stand in the names; ``None`` means "the service
did not say", never zero. Coordinates are (lng, lat) in degrees and always travel with their datum.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Datum = Literal["GCJ-02", "WGS-84"]
Split = Literal["train", "seen", "unseen"]
ClaimStatus = Literal["verified", "inferable", "unsupported", "contradicted"]
Outcome = Literal["contradicted", "unsupported", "not_understood", "wish", "form"]
"""What a finding says: the evidence speaks against it, says nothing of it, the clause was not read, the wish, the form."""

Status = Literal["open", "resting", "closed"]
"""Whether a shop serves at all: ``resting`` is shut for now (暂停营业, 装修), ``closed`` for good."""
CuisineSource = Literal["code", "keytag", "rectag", "name", "type", "tag", "brand"]
"""What a cuisine word was read from: AMap's type code, its key words, the name, the type's text, an OSM tag, or a brand."""

NO_FINAL_ANSWER = "no_final_answer"
"""The reason of an order whose agent never submitted anything that could be read."""
INSTRUCTION = "根据用户位置和偏好，推荐符合要求的餐厅"
"""The constant Instruction of every sample (reference recipe of the original project)."""


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A place as a list names it, before a map service has located it."""

    name: str
    city: str
    kind: str = ""
    lng: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A named anchor that a user stands at."""

    place_id: str
    name: str
    city: str
    adcode: str | None
    lng: float
    lat: float
    datum: Datum


@dataclass(frozen=True, slots=True)
class Poi:
    """One restaurant as the map service returned it. ``distance_m`` is the service's own, from the search's centre.

    ``open_hours``: what the map gave as the hours of the day of the search, or its only text about hours;
    ``open_week``: its text for the whole week. Both as written: verifier/hours.py reads them.
    """

    poi_id: str
    name: str
    address: str | None
    lng: float
    lat: float
    type: str | None = None
    typecode: str | None = None
    cuisine: str | None = None
    rating: float | None = None
    cost_cny: float | None = None
    distance_m: int | None = None
    open_hours: str | None = None
    tel: str | None = None
    specialities: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    open_week: str | None = None
    status: Status | None = None
    cuisine_source: CuisineSource | None = None

    def __hash__(self) -> int:
        """Of the id alone: sets and caches ask for it a hundred times an answer, and few restaurants share one."""
        return hash(self.poi_id)


@dataclass(frozen=True, slots=True)
class Wish:
    """One user's need. ``budget_*`` is per person, ``None`` is open. ``needs`` are tags a poi must have."""

    cuisine: str
    taste: str | None
    budget_min_cny: int | None
    budget_max_cny: int | None
    radius_m: int
    party_size: int | None = None
    occasion: str | None = None
    diet: str | None = None
    meal_time: str | None = None
    style: str = "plain"
    needs: tuple[str, ...] = ()
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """One unit of planned work: a place and k wishes. A pure function of the plan and ``index``."""

    order_id: str
    run_id: str
    index: int
    place: Place
    wishes: tuple[Wish, ...]
    splits: tuple[Split, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class SearchRecord:
    """What one logical search of an order covered: proof material for "nothing fits".

    ``exhausted`` is true when the service said there is nothing further for this (cuisine, radius);
    ``covered_m`` is the distance up to which the listing is complete (results come by distance).
    """

    cuisine: str | None
    radius_m: int
    pages: int
    exhausted: bool
    covered_m: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """The pois that an order's tools showed its agent, and where they came from. Stored once per order."""

    pois: tuple[Poi, ...]
    searches: tuple[SearchRecord, ...]
    provider: str
    datum: Datum
    licence: str
    attribution: str
    facts: frozenset[str]
    fetched_at: datetime
    evidence_hash: str = ""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One structured recommendation of an answer; facts are copied from the evidence, ``reason`` is the agent's."""

    poi_id: str
    name: str
    address: str | None
    rating: float | None
    cost_cny: float | None
    distance_m: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One Instruction/Question/Answer before checking. ``recommendations``: (poi_id, reason) as the agent gave them."""

    candidate_id: str
    order_id: str
    wish_index: int
    question: str
    answer: str
    recommendations: tuple[tuple[str, str], ...]
    feasible: bool
    instruction: str = INSTRUCTION


@dataclass(slots=True, init=False, unsafe_hash=True)
class Claim:
    """One checkable statement of an answer, bound to a restaurant (``poi_id`` None: no such one, a set, the wish).

    ``kind``: name, address, rating, price, distance, hours, open_at, cuisine, dish, feature, phone, comparison, superlative,
    quantifier, count, order, total, fit, absence, wish. ``clause``: its number in the account, -1 where there is none.
    Never written to; not frozen, as an answer has dozens (decision 36).
    """

    poi_id: str | None
    kind: str
    stated: str
    truth: str | None
    status: ClaimStatus
    clause: int

    def __init__(
        self, poi_id: str | None, kind: str, stated: str, truth: str | None, status: ClaimStatus, clause: int = -1
    ) -> None:
        self.poi_id, self.kind, self.stated = poi_id, kind, stated
        self.truth, self.status, self.clause = truth, status, clause


@dataclass(slots=True, init=False, unsafe_hash=True)
class Clause:
    """One clause of a text, accounted for.

    ``part``: question, opening, item, closing; ``scope``: whom it speaks of by default (a poi id, listed);
    ``account``: claim, wish, talk, unread; ``start``, ``end``: its span in the text; ``detachable``: it is unread and holds
    no typed span, negation or reference, so that it can be cut without changing the rest. Never written to, as a claim.
    """

    part: str
    scope: str
    text: str
    account: str
    start: int
    end: int
    detachable: bool

    def __init__(self, part: str, scope: str, text: str, account: str, start: int, end: int, detachable: bool) -> None:  # noqa: FBT001 - a field
        self.part, self.scope, self.text, self.account = part, scope, text, account
        self.start, self.end, self.detachable = start, end, detachable


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a candidate fails. ``stage``: structure, grounding, wish; ``detail`` is for the agent to read.

    ``clause``: the whole clause that it is about, empty where it is about the answer as a whole.
    """

    stage: str
    reason: str
    detail: str
    outcome: Outcome = "form"
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """The verifier's whole result for one candidate; accepted means no finding. ``verifier``: its version."""

    claims: tuple[Claim, ...]
    findings: tuple[Finding, ...]
    recommendations: tuple[Recommendation, ...]
    clauses: tuple[Clause, ...] = ()
    verifier: str = ""

    @property
    def accepted(self) -> bool:
        """True when nothing is wrong."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call of an assistant message; ``arguments`` is an object's JSON text, or what the model wrote in its place.

    ``echo``: what the provider wants back with the call, as JSON; it teaches nothing and stands in no shard.
    """

    id: str
    name: str
    arguments: str
    echo: str = ""
    readable: bool = True
    """whether ``arguments`` is an object"""


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message in the OpenAI sense (``role``: system, user, assistant, tool)."""

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    echo: str = ""
    """what the provider wants back with its own message (reasoning), as JSON; it stands in no shard"""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One LLM call as it is accounted for (a row of ``shards/RUN/calls``). Unknown cost is None, not zero."""

    key: str
    order_id: str
    step: int
    purpose: str
    model: str
    status: str
    replayed: bool
    input_tokens: int | None
    output_tokens: int | None
    cost_cny: float | None
    refusals: int
    latency_s: float | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no candidate: ``reason`` is a word that SQL can group by, ``detail`` a sentence."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class SlotOutcome:
    """What became of one wish: a candidate and what the verifier found in it, or why none came."""

    wish_index: int
    candidate: Candidate | None = None
    verification: Verification | None = None
    failure: Failure | None = None

    @property
    def accepted(self) -> bool:
        """Whether a candidate came and nothing is wrong with it."""
        return self.verification is not None and self.verification.accepted


@dataclass(frozen=True, slots=True)
class Attempt:
    """One submission of a sample: ``number`` counts from 1 for its wish; a repair is the next one. ``cut``: clauses left out."""

    number: int
    candidate: Candidate
    findings: tuple[Finding, ...]
    accepted: bool
    cut: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What became of one order; ``slots`` are its wishes in their order, one each.

    ``state`` is ``done`` or ``failed`` (then ``failure`` says why, and every slot's).
    """

    order: Order
    state: str
    failure: Failure | None
    evidence: Evidence | None
    trajectory: tuple[Message, ...]
    slots: tuple[SlotOutcome, ...]
    calls: tuple[CallRecord, ...]
    pages: int
    truncated: bool
    attempts: tuple[Attempt, ...] = ()
    """every submission, in the order in which they came"""

    @property
    def any_accepted(self) -> bool:
        """Whether a slot came through."""
        return any(slot.accepted for slot in self.slots)
