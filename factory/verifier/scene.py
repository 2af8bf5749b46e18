"""What a reading knows while it goes: the evidence, the wish, the listed restaurants, and whom and what the text speaks of. No I/O.

``Scene`` stays the same through an answer; ``State`` changes clause by clause. Acts (acts_*.py) read and write it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from typing import Final

from factory.records import ClaimStatus, Evidence, Place, Poi, Wish
from factory.verifier.deciding import Verdict, worst
from factory.verifier.fit import Miss, misses_of
from factory.verifier.grammar import Piece
from factory.verifier.known import Known
from factory.verifier.lexer import ROLES, Token

PAGE = 25
"""Pois that one search returns at most: a row with fewer of a cuisine has seen all of them, one with as many may not have."""


class UnreadError(Exception):
    """A frame matched but what it speaks of cannot be told: the clause stays unread."""


@dataclass(slots=True)
class Scene:
    """``listed``: the answer's restaurants in order; ``says_nothing``: it says that nothing fits."""

    known: Known
    evidence: Evidence
    wish: Wish
    place: Place
    listed: tuple[Poi, ...] = ()
    items: int = 0
    """restaurants in the list, unknown ones too"""
    prose: bool = False
    """without a list: whom the text names is all that is known of whom it lists"""
    says_nothing: bool = False
    says_fit: bool = False
    """it says of what it lists that it fits"""
    mentioned: list[Poi] = made(default_factory=list)
    """every restaurant in the order in which the text names it, each time"""
    absent: set[tuple[str, str]] = made(default_factory=set)
    """(poi id, field) of every gap that the text itself tells: then the best of the others may be called the best"""
    tags: set[str] = made(default_factory=set)
    """tags of open data that the text has spoken of: 可入 alone goes on about them"""
    said: dict[str, set[str]] = made(default_factory=dict)
    """per poi id, the conditions of the wish that the text truly speaks of as its miss or its fit"""
    _misses: dict[str, tuple[Miss, ...]] = made(default_factory=dict)

    def misses(self, poi: Poi) -> tuple[Miss, ...]:
        """What keeps a restaurant from fitting the wish, asked once."""
        found = self._misses.get(poi.poi_id)
        if found is None:
            found = self._misses[poi.poi_id] = misses_of(poi, self.wish)
        return found

    def of_cuisine(self, cuisine: str, radius_m: float) -> list[Poi]:
        """The evidence's restaurants of a cuisine within a radius."""
        near = [poi for poi in self.evidence.pois if poi.distance_m is not None and poi.distance_m <= radius_m]
        return [poi for poi in near if poi.cuisine == cuisine] if cuisine else near

    def covers(self, cuisine: str, radius_m: float | None) -> bool:
        """Whether the searches have seen everything of the cuisine within the radius; None: as far as one calls near."""
        if radius_m is None:
            few = sum(poi.cuisine == cuisine for poi in self.evidence.pois) < PAGE
            return few and any(
                search.cuisine in {cuisine, None} and search.exhausted for search in self.evidence.searches
            )
        return any(
            search.cuisine in {cuisine, None}
            and search.radius_m >= radius_m
            and (search.exhausted or search.covered_m >= radius_m)
            for search in self.evidence.searches
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A question: what it would state as a statement, and what is asked for of whom (哪家最近)."""

    verdicts: tuple[Verdict, ...] = ()
    best: tuple[str, bool, tuple[tuple[Poi, ...], ...]] | None = None
    """(field, whether the highest, the sets that may be meant)"""
    picks: bool = False
    """the answer is a restaurant"""


@dataclass(slots=True, init=False)
class State:
    """Whom a clause speaks of (``subject``; None: nobody named), in which part, and what the sentence has set so far."""

    scene: Scene
    part: str
    item: Poi | None
    subject: tuple[Poi, ...] | None
    everyone: bool
    sole_among: tuple[Poi, ...] | None
    field: str | None
    reference: tuple[Poi, ...] | None
    bound: str | None
    criteria: list[tuple[str, bool]]
    party: int | None
    known_only: bool
    dishes: tuple[str, ...]
    scope: tuple[tuple[Poi, ...], ...]
    """the sets that the sentence's opening may mean: 两公里内的川菜里"""
    days: tuple[str, ...]
    """words for days under which the sentence stands"""
    excluded: tuple[Poi, ...]
    loose_choice: bool
    described: bool
    """the subject was picked out by a superlative, not by name"""
    sorted_by: tuple[str, bool] | None
    extreme: tuple[str, bool] | None
    lost: bool
    """an unread clause may have brought in somebody else: nobody is spoken of until the next name"""
    item_number: int
    group: tuple[Callable[[Poi], bool], ...]
    """conditions of the set that was counted last"""
    unsure: bool
    """whom the clause speaks of was guessed"""
    carried: bool
    """the subject was named in an earlier sentence of running text"""
    fresh: bool
    """the clause itself named the subject"""
    named: bool
    """a sentence within an item began with another name: it may go on about that one"""
    question: Question | None
    """what the clause before asked"""
    pick: int
    """which of the readings of an ambiguous set is tried"""
    ways: int
    """how many readings there are"""
    blamed: frozenset[str]
    """frames of this clause that claimed what is wrong"""
    plain: bool
    """no words of talk stand beside what the clause states"""
    clear: bool
    """nothing but values and whom they are of stands in a clause that claims what is wrong"""
    verdicts: list[Verdict]
    echoes: list[Verdict]

    def __init__(self, scene: Scene, part: str, item: Poi | None = None, like: State | None = None) -> None:
        if like is not None:  # a copy has no use for a beginning
            self.take(like)
            return
        self.scene = scene
        self.part = part
        self.item = item
        self.subject = None
        self.everyone = False
        self.sole_among = None
        self.field = None
        self.reference = None
        self.bound = None
        self.criteria: list[tuple[str, bool]] = []
        self.party = None
        self.known_only = False
        self.dishes = ()
        self.scope = ()
        self.days = ()
        self.excluded = ()
        self.loose_choice = False
        self.described = False
        self.sorted_by = None
        self.extreme = None
        self.lost = False
        self.item_number = 0
        self.group = ()
        self.unsure = False
        self.carried = False
        self.fresh = False
        self.named = False
        self.question = None
        self.pick = 0
        self.ways = 1
        self.blamed = frozenset()
        self.plain = True
        self.clear = False
        self.verdicts: list[Verdict] = []
        self.echoes: list[Verdict] = []

    def copy(self) -> State:
        """A state to try a reading on."""
        made = State(self.scene, self.part, like=self)
        made.criteria, made.verdicts, made.echoes = list(self.criteria), list(self.verdicts), list(self.echoes)
        return made

    def take(self, other: State) -> None:
        """Go on from a reading that was tried."""
        self.scene, self.part, self.item, self.subject = other.scene, other.part, other.item, other.subject
        self.everyone, self.sole_among, self.field = other.everyone, other.sole_among, other.field
        self.reference, self.bound, self.criteria = other.reference, other.bound, other.criteria
        self.party, self.known_only, self.dishes = other.party, other.known_only, other.dishes
        self.scope, self.days, self.excluded = other.scope, other.days, other.excluded
        self.loose_choice, self.described, self.sorted_by = other.loose_choice, other.described, other.sorted_by
        self.extreme, self.lost, self.item_number = other.extreme, other.lost, other.item_number
        self.group, self.unsure, self.carried, self.fresh = other.group, other.unsure, other.carried, other.fresh
        self.named, self.question, self.pick, self.ways = other.named, other.question, other.pick, other.ways
        self.blamed, self.plain, self.clear, self.verdicts = other.blamed, other.plain, other.clear, other.verdicts
        self.echoes = other.echoes

    def who(self) -> tuple[Poi, ...]:
        """The restaurants that a value speaks of. Raises UnreadError when nobody can be meant."""
        if self.subject and not (self.everyone and len(self.subject) == 1 and self.item is None and not self.fresh):
            far = self.carried and not self.fresh and self.item is None
            self.unsure = self.unsure or (far and len(set(self.scene.mentioned)) > 1)
            return self.subject
        if self.lost or (self.subject and self.everyone):
            return self._guessed()
        if self.item is not None:
            return (self.item,)
        listed = tuple(poi for poi in self.scene.listed if poi not in self.excluded)
        if len(listed) > 1 and not self.everyone and self.scene.prose and self.scene.mentioned:
            return self._guessed()
        if not listed or (len(listed) > 1 and not self.everyone):
            raise UnreadError
        self.unsure = self.unsure or (self.scene.prose and len(listed) > 1)  # whom prose names is no list
        return listed

    def _guessed(self) -> tuple[Poi, ...]:
        """Whom a clause may speak of where nothing tells: what it states may then hold, or stay unread, but never be wrong."""
        self.unsure = True
        late = tuple(dict.fromkeys(reversed(self.scene.mentioned)))
        singles: list[tuple[Poi, ...]] = [(poi,) for poi in ((self.item,) if self.item else ()) + late[:1]]
        if not self.everyone:
            return self.choose(singles)
        sets = [self.subject or (), self.scene.listed, late[:2], late[:3], late]
        return self.choose([row for row in sets if row] + singles)

    def choose(self, options: Sequence[tuple[Poi, ...]]) -> tuple[Poi, ...]:
        """One of the sets that an expression may mean; the clause is read once for each (account.py)."""
        unique = list(dict.fromkeys(options))
        if not unique:
            raise UnreadError
        self.ways = max(self.ways, len(unique))
        return unique[min(self.pick, len(unique) - 1)]

    def one(self) -> Poi:
        """The one restaurant that is spoken of."""
        pois = self.who()
        if len(pois) != 1:
            raise UnreadError
        return pois[0]

    def say(
        self, kind: str, stated: str, rows: Sequence[tuple[Poi, ClaimStatus, str | None]], missed: str | None = None
    ) -> None:
        """A claim about one restaurant, or of each of a set: then its status is the worst of theirs.

        ``missed``: the condition of the wish that a true statement of this kind speaks of.
        """
        if (
            len(rows) > 1
            and not self.everyone
            and not self.fresh
            and self.item is None
            and any(status not in {"verified", "inferable"} for _, status, _ in rows)
        ):
            raise UnreadError  # a plain value behind several names is of one of them
        if self.unsure and any(status not in {"verified", "inferable"} for _, status, _ in rows):
            raise UnreadError
        if missed is not None:
            for poi, status, _ in rows:
                if status in {"verified", "inferable"}:
                    self.scene.said.setdefault(poi.poi_id, set()).add(missed)
        condition = _TELLS.get(kind)
        if (
            len(rows) > 1 and self.scene.prose and condition is not None
        ):  # in prose a value that misses, truly told, tells the miss
            for poi, status, _ in rows:
                if status in {"verified", "inferable"}:
                    self.scene.said.setdefault(poi.poi_id, set()).add(condition)
        if len(rows) == 1:
            poi, status, truth = rows[0]
            self.verdicts.append(Verdict(kind, poi.poi_id, stated, truth, status))
            return
        status = worst(status for _, status, _ in rows)
        if status == "unsupported" and (not self.fresh or any(poi not in self.scene.listed for poi, _, _ in rows)):
            raise UnreadError  # 两公里内的川菜都没到200元: whether those without a price are meant, nobody can tell
        wrong = [row for row in rows if row[1] == status][:3]
        truth = "，".join(f"{poi.name}{text or '没有数据'}" for poi, _, text in wrong)
        self.verdicts.append(Verdict("quantifier", None, stated, truth, status))

    def world(self, kind: str, stated: str, truth: str | None, status: ClaimStatus) -> None:
        """A claim about no single restaurant."""
        self.verdicts.append(Verdict(kind, None, stated, truth, status))

    def echo(self, stated: str, truth: str | None, *, agrees: bool) -> None:
        """What the text repeats of the wish."""
        self.echoes.append(Verdict("wish", None, stated, truth, "verified" if agrees else "contradicted"))


_TELLS: Final = {"price": "budget", "distance": "radius", "hours": "hours"}


@dataclass(slots=True, init=False, unsafe_hash=True)
class Said:
    """A frame at work on a clause: its tokens, by slot."""

    piece: Piece
    tokens: tuple[Token, ...]
    words: Callable[[int, int], str]
    """the raw text between two offsets of the folded line"""

    def __init__(self, piece: Piece, tokens: tuple[Token, ...], words: Callable[[int, int], str]) -> None:
        self.piece = piece
        self.tokens = tokens
        self.words = words

    @property
    def text(self) -> str:
        """The words that the frame took, as they stand in the answer."""
        return self.raw(self.tokens[self.piece.start : self.piece.end])

    def raw(self, tokens: Sequence[Token]) -> str:
        """The words of these tokens; a table's heading stands before its cell."""
        inside = [token for token in tokens if token.start >= 0]
        label = "".join([token.text for token in tokens if token.start < 0]) if len(inside) < len(tokens) else ""
        span = (min([token.start for token in inside]), max([token.end for token in inside])) if inside else None
        return label + self.words(*span) if span else label

    def all(self, slot: str) -> tuple[Token, ...]:
        """The tokens of a slot."""
        span = self.piece.slots.get(slot)
        return self.tokens[span[0] : span[1]] if span else ()

    def has(self, slot: str) -> bool:
        """Whether the slot was filled."""
        return slot in self.piece.slots

    def of(self, name: str) -> tuple[Token, ...]:
        """All tokens of a class within the frame."""
        return tuple(token for token in self.tokens[self.piece.start : self.piece.end] if name in ROLES[token.char])

    def within(self, slot: str, name: str) -> tuple[Token, ...]:
        """The tokens of a class within a slot."""
        return tuple(token for token in self.all(slot) if name in ROLES[token.char])


FIELD_OF = {"PRICED": "price", "RATING": "rating", "REPUT": "rating", "PRICE": "price", "DIST": "distance"}


def field_of(tokens: Sequence[Token]) -> str | None:
    """The field that a slot's tokens name."""
    for token in tokens:
        for name, found in FIELD_OF.items():
            if name in ROLES[token.char]:
                return found
    return None


_SCALES: dict[str, tuple[str, bool]] = {
    "NEAR": ("distance", False),
    "FAR": ("distance", True),
    "CHEAP": ("price", False),
    "DEAR": ("price", True),
    "LATE": ("close", True),
    "EARLY": ("open", False),
    "GOOD": ("rating", True),
    "HIGH": ("", True),
    "LOW": ("", False),
    "EXCEED": ("", True),
    "UNDER": ("", False),
    "MANY": ("", True),
    "FEW": ("", False),
    "BY": ("", True),
}


UNIT_FIELDS = {"M": "price", "L": "distance", "S": "rating"}


def unit_field(tokens: Sequence[Token]) -> str | None:
    """The field that an amount's unit names: 高0.1分 is about ratings."""
    return next((field for token in tokens for role, field in UNIT_FIELDS.items() if role in ROLES[token.char]), None)


def scale_of(tokens: Sequence[Token], named: str | None, state: State) -> tuple[str, bool]:
    """(field, whether upwards) of an adjective; 高 and 低 take the field that is named or was last spoken of."""
    for token in tokens:
        for name, (own, up) in _SCALES.items():
            if name in ROLES[token.char]:
                upward = token.text not in {"少", "低", "少了", "低了"} if name == "BY" else up
                if own and named and own != named and name != "GOOD":
                    raise UnreadError
                found = own or named or state.field
                if name == "GOOD" and named:
                    found = named
                if found is None and name in {"HIGH", "LOW"}:
                    state.unsure = True
                    return ("rating" if name == "HIGH" else "price"), upward
                if found is None:
                    raise UnreadError
                return found, upward
    raise UnreadError
