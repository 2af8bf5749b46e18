"""Claims that a second reader extracted from clauses that stayed unread: what may be believed of them, and how code decides. Pure.

The reader never sees evidence and never decides. What it wrote is typed (told.py), decided against the evidence with the
verifier's own tolerances (told_*.py), and believed only where its quotes leave nothing of the clause out (quotes.py). A clause
of which any part fails that stays unread.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from factory.records import Candidate, Claim, ClaimStatus, Clause, Evidence, Finding, Place, Poi, Verification, Wish
from factory.verifier.account import read_answer
from factory.verifier.acts_dishes import KNOWN_DISHES
from factory.verifier.cutting import names_alone, nothing_of, states_nothing, tells_of_shops
from factory.verifier.deciding import worst
from factory.verifier.fit import misses_of
from factory.verifier.known import known_of, split_branch
from factory.verifier.lexer import ROLES, Token, lex
from factory.verifier.quotes import doubt
from factory.verifier.quotes import place as placed
from factory.verifier.reading import located
from factory.verifier.scene import Scene
from factory.verifier.script import fold
from factory.verifier.surety import is_sure_claim
from factory.verifier.told import ASK, CONDITION, NOTHING, UNVERIFIABLE, read_told
from factory.verifier.told_back import Quoted
from factory.verifier.told_misses import misses_of_all, misses_told, says_nothing_fits, told_by_value
from factory.verifier.told_names import GOOD, Ground, named_in
from factory.verifier.told_sets import decide
from factory.verifier.told_texts import literal
from factory.verifier.told_turns import is_question
from factory.verifier.wishes import miss_words
from factory.verifier.words import reader_finding


@dataclass(frozen=True, slots=True)
class Case:
    """What an answer is checked against: one wish of an order, or a row's own."""

    wish: Wish
    place: Place
    evidence: Evidence
    structured: bool = True
    asking: bool = False
    """a second reader is asked, so that less sure readings are left to it"""

    def check(self, candidate: Candidate) -> Verification:
        """verify() of another answer to the same question."""
        from factory.verifier import verify  # noqa: PLC0415 - checks.py imports half the room

        return verify(
            candidate,
            wish=self.wish,
            place=self.place,
            evidence=self.evidence,
            structured=self.structured,
            asking=self.asking,
        )


@dataclass(frozen=True, slots=True)
class Extract:
    """What the reader made of one clause: ``number`` in the account, and its claims as it wrote them."""

    number: int
    claims: tuple[Mapping[str, Any], ...]


def unread(result: Verification) -> tuple[int, ...]:
    """Numbers of the clauses that stay unread and for which the answer is returned."""
    told = {finding.clause for finding in result.findings if finding.outcome == "not_understood"}
    return tuple(n for n, clause in enumerate(result.clauses) if clause.account == "unread" and clause.text in told)


def asked(result: Verification) -> tuple[int, ...]:
    """Of these, those that a reader is asked about. What could be cut is asked, too: 牛腩做的 may be wrong; 嗯 says too little."""
    rows = ((n, result.clauses[n]) for n in unread(result))
    return tuple(n for n, row in rows if not row.detachable or len(row.text) > _SHORTEST or row.text in _ANSWERS)


_SHORTEST: Final = 2
_ANSWERS: Final = frozenset({*"是否有无开可能", "不能", "可以", "合适", "符合", "没有"})  # in a cell


def names_in(result: Verification) -> dict[str, str]:
    """Listed restaurants by poi id, in their order, as the answer writes them."""
    return {claim.poi_id: claim.stated for claim in result.claims if claim.kind == "name" and claim.poi_id}


def names_spoken(result: Verification, candidate: Candidate, case: Case) -> dict[str, str]:
    """By poi id, in their order, the full name of every restaurant that an answer names: all that a reader learns of the evidence."""
    return {poi.poi_id: poi.name for poi in _Bench(result, candidate, case).mentioned}


def carried(extracts: Sequence[Extract], before: Verification, after: Verification) -> list[Extract]:
    """Extracts of an answer for the same answer with clauses cut out: each goes to its clause, found by text and order."""
    rows: list[Extract] = []
    at = 0
    for extract in sorted(extracts, key=lambda one: one.number):
        text = before.clauses[extract.number].text
        places = [n for n, row in enumerate(after.clauses) if n >= at and row.text == text and row.account == "unread"]
        if places:
            rows.append(Extract(places[0], extract.claims))
            at = places[0] + 1
    return rows


@dataclass(frozen=True, slots=True)
class Decided:
    """One clause's claims with how each was decided; ``doubt`` says why they are not believed, empty where they are."""

    quoted: tuple[Quoted, ...]
    doubt: str

    @property
    def sure(self) -> bool:
        """Whether the evidence tells of every claim, for or against it."""
        return all(one.ruling is not None and one.ruling.status != "unsupported" for one in self.quoted)


def settle(result: Verification, extracts: Sequence[Extract], candidate: Candidate, case: Case) -> Verification:
    """The verification with the reader's claims decided; clauses whose extraction may not be believed stay as they were."""
    bench = _Bench(result, candidate, case)
    clauses, claims, findings = list(result.clauses), list(result.claims), list(result.findings)
    settled: dict[int, Decided] = {}
    bench.learn_gaps(extracts)
    for extract in extracts:
        clause = clauses[extract.number]
        decided = bench.decided(extract)
        if clause.account != "unread":
            continue
        if decided.doubt:
            detachable = clause.detachable
            if decided.doubt == NOTHING:
                detachable = bench.states_nothing(clause) or (
                    detachable and not tells_of_shops(nothing_of(clause.text))
                )
                detachable = detachable and extract.number not in bench.guessed()
            elif _states(extract) and not decided.doubt.startswith(_NOT_OF_IT):
                detachable = False  # a reader found a statement in it: it is no chatter that may go
            clauses[extract.number] = replace(clause, detachable=detachable)
            continue
        if clause.detachable and not decided.sure:
            clauses[extract.number] = replace(clause, detachable=False)
            continue  # it states something that the evidence does not tell: it is no chatter that may go
        settled[extract.number] = decided
        fresh = [_claim(one, extract.number) for one in decided.quoted]
        account = "wish" if all(claim.kind == "wish" for claim in fresh) else "claim"
        clauses[extract.number] = replace(clause, account=account, detachable=False)
        claims += fresh
        findings += [
            reader_finding(claim, clause) for claim in fresh if claim.status in {"contradicted", "unsupported"}
        ]
    if not settled:
        return replace(result, clauses=tuple(clauses))
    left = {clause.text for clause in clauses if clause.account == "unread"}
    findings = [one for one in findings if one.outcome != "not_understood" or one.clause in left]
    findings += bench.of_the_wish(settled, findings)
    return replace(result, clauses=tuple(clauses), claims=tuple(claims), findings=tuple(dict.fromkeys(findings)))


_COMPARING: Final = re.compile("更|最")
_NOT_OF_IT: Final = ("not typed", "not the clause's words")
_STATES_NO_FACT: Final = frozenset(
    {"nothing", "pick", CONDITION, ASK, "wish", "unsaid", "note", "fits", "vague", "miss"}
)


def _states(extract: Extract) -> bool:
    """Whether a reader found a statement in a clause that a map could decide, whatever became of it."""
    return any(
        claim.get("kind") not in _STATES_NO_FACT and (claim.get("kind") != UNVERIFIABLE or claim.get("of"))
        for claim in extract.claims
    )


def why_not(result: Verification, extract: Extract, candidate: Candidate, case: Case) -> str:
    """Why a clause's extraction is not believed; empty where it is. For those who measure readers."""
    return _Bench(result, candidate, case).decided(extract).doubt


_OF_THE_GUEST: Final = frozenset({"wish", CONDITION, ASK})  # what may be said of a question, beside nothing


_CLOSED: Final = re.compile("停业|装修|歇业|暂停|休业|去不了|不营业")
_ANSWER_CLAUSES: Final = 4
_BARE: Final = 4  # 可以, 能进: an answer that says no more than yes


class _Bench:
    """One answer's clauses under decision."""

    def __init__(self, result: Verification, candidate: Candidate, case: Case) -> None:
        self.result, self.candidate, self.case = result, candidate, case
        evidence = located(case.evidence, case.place)
        by_id = {poi.poi_id: poi for poi in evidence.pois}
        names = names_in(result)
        listed = tuple(by_id[poi_id] for poi_id in names if poi_id in by_id)
        known = known_of(evidence.pois, case.place, KNOWN_DISHES)
        self.scene = Scene(known, evidence, case.wish, case.place, listed, len(listed))
        self.names = {by_id[poi_id]: name for poi_id, name in names.items() if poi_id in by_id}
        tokens = lex(fold(candidate.answer), known)
        self.flat = flat = fold(candidate.answer)
        named = (token.value.pois for token in tokens if ROLES[token.char] & {"N", "BRANCH"})
        spoken = (poi for pois in named for poi in _of_name(pois, listed, flat))
        absent = [claim for claim in result.claims if claim.kind == "absence" and claim.status in GOOD]
        of_all = any(claim.poi_id is None for claim in absent)
        self.gaps = frozenset(by_id if of_all else (claim.poi_id for claim in absent if claim.poi_id))
        self.mentioned = tuple(dict.fromkeys((*spoken, *listed)))
        self.question = fold(candidate.question)
        self._guessed: frozenset[int] | None = None

    def guessed(self) -> frozenset[int]:
        """Clauses that the grammar reads, and calls wrong by a less sure reading: who calls such a one nothing is not believed."""
        if self._guessed is None:
            wanted = frozenset(poi_id for poi_id, _ in self.candidate.recommendations)
            scene = self.scene
            account = read_answer(self.candidate.answer, scene.evidence, scene.wish, scene.place, wanted)
            self._guessed = account.guessed
        return self._guessed

    def ground(self, clause: Clause) -> Ground:
        """What a clause's claims are decided on."""
        item = next((poi for poi in self.scene.listed if poi.poi_id == clause.scope), None)
        tokens = lex(fold(clause.text), self.scene.known)
        named = named_in(tokens, self.scene, self.mentioned)
        closed = _CLOSED.search(self.flat) is not None
        after = self._after(clause)
        return Ground(self.scene, item, named, self.mentioned, self.gaps, self.question, after, closed, self.ask)

    def _after(self, clause: Clause) -> str:
        return self.candidate.answer[clause.end : clause.end + 1]

    def learn_gaps(self, extracts: Sequence[Extract]) -> None:
        """Of whom the reader's own claims say, rightly, that the map has not got something: an extreme may leave them out."""
        for extract in extracts:
            absent = [told for raw in extract.claims if (told := read_told(raw)) is not None and told.kind == "absent"]
            rulings = [decide(told, self.ground(self.result.clauses[extract.number])) for told in absent]
            self.gaps |= {poi.poi_id for row in rulings if row is not None and row.status in GOOD for poi in row.of}

    def decided(self, extract: Extract) -> Decided:
        """Type, decide and doubt the claims of one clause."""
        clause = self.result.clauses[extract.number]
        ground = self.ground(clause)
        quoted: list[Quoted] = []
        for raw in self._claims(extract, clause, ground):
            told = read_told(raw if raw.get("quote") else {**raw, "quote": clause.text})
            where = None if told is None else placed(clause.text, told)
            if told is None or where is None:
                return Decided((), "not typed" if told is None else f"not the clause's words: {told.quote}")
            ruling = None if told.kind == UNVERIFIABLE else decide(told, ground)
            if ruling is None and told.kind not in {UNVERIFIABLE, NOTHING}:
                return Decided((), f"not decided: {told.kind}")
            quoted.append(Quoted(told, *where, ruling))
        asks = ground.after in {"?", "？"}
        for one in quoted:
            told, ruling = one.told, one.ruling
            if ruling is None and told.kind == UNVERIFIABLE and _COMPARING.search(told.quote):
                return Decided((), "less sure: unverifiable")  # 菜更有数: of what the map lists, perhaps
            if ruling is None or ruling.status in GOOD:
                continue
            if not is_sure_claim(told, ruling.poi_id, ruling.status, asked=asks):
                return Decided((), f"less sure: {told.kind}")
        spoken = {poi.poi_id for one in quoted if one.ruling is not None for poi in one.ruling.of}
        states = any(one.told.kind != NOTHING for one in quoted)
        if states and asks and not self._names_answering(extract.number) <= spoken:
            return Decided((), "its answer names others")
        return Decided(tuple(quoted), doubt(clause.text, quoted, ground))

    def _claims(self, extract: Extract, clause: Clause, ground: Ground) -> Sequence[Mapping[str, Any]]:
        """A clause's claims; beside others nothing says nothing, and where nothing but a name is said, the name is."""
        something = [_literal(raw, ground) for raw in extract.claims if raw.get("kind") != NOTHING]
        if not extract.claims:
            return something
        if something and not all(str(raw.get("kind")) in _OF_THE_GUEST for raw in something):
            return something
        if is_question(fold(clause.text), ground.after) and not self._answered_unread(extract.number):
            return [{"kind": ASK, "quote": clause.text}]
        if something:
            return something
        if ground.named and names_alone(self._bare(clause), self.case.wish, len(self.scene.listed)):
            return [{"kind": "pick", "quote": clause.text, "of": [poi.name for poi in ground.named]}]
        return extract.claims

    def _answered_unread(self, number: int) -> bool:
        """Whether an answer to a question is a bare name or a bare word: what it states, only the question tells."""
        for row in self.result.clauses[number + 1 :]:
            if is_question(fold(row.text), self._after(row)):
                return False
            tokens = lex(fold(row.text), self.scene.known)
            if row.account == "talk" and (len(row.text) < _BARE or any("N" in ROLES[one.char] for one in tokens)):
                return True
        return False

    def _names_answering(self, number: int) -> set[str]:
        """Whom the bare names that answer a question mean, by poi id: a claim on the question must speak of each."""
        names: set[str] = set()
        for row in self.result.clauses[number + 1 : number + _ANSWER_CLAUSES]:
            if is_question(fold(row.text), self._after(row)):
                break
            tokens = [] if row.account != "talk" else lex(fold(row.text), self.scene.known)
            names |= {poi.poi_id for poi in named_in(tokens, self.scene, self.mentioned)}
        return names

    def states_nothing(self, clause: Clause) -> bool:
        """Whether a clause of which the reader says that it states nothing may be cut."""
        return states_nothing(
            self._bare(clause), self.case.wish, len(self.scene.listed), fold(clause.text), self.question
        )

    def _bare(self, clause: Clause) -> list[Token]:
        return lex(nothing_of(clause.text), self.scene.known)

    def ask(self, sentence: str, poi: Poi) -> ClaimStatus | None:
        """A sentence of code's own about one restaurant, read by the grammar; None when even this cannot be read."""
        row = f"1. {self.names.get(poi, poi.name)}：{sentence}。"
        case = replace(self.case, asking=False)
        result = case.check(replace(self.candidate, answer=f"以下餐厅供参考：\n{row}", recommendations=()))
        mine = [number for number, clause in enumerate(result.clauses) if clause.text and clause.text in sentence]
        if not mine or any(result.clauses[number].account != "claim" for number in mine):
            return None
        statuses = [claim.status for claim in result.claims if claim.clause in mine and claim.kind != "name"]
        return worst(statuses) if statuses else None

    def of_the_wish(self, settled: Mapping[int, Decided], findings: Sequence[Finding]) -> list[Finding]:
        """What is left unsaid of the wish, now that less is unread: asked of the answer without those clauses."""
        text = self.candidate.answer
        misses: dict[str, set[str]] = {}
        for number in sorted(settled, key=lambda one: self.result.clauses[one].start, reverse=True):
            clause = self.result.clauses[number]
            rulings = [(one.told, one.ruling) for one in settled[number].quoted if one.ruling is not None]
            empty = any(says_nothing_fits(told, ruling, self.case.wish) for told, ruling in rulings)
            here: dict[str, set[str]] = {}
            for told, ruling in rulings:
                for kind in misses_of_all(told, ruling):
                    for poi in self.scene.listed:
                        misses.setdefault(poi.poi_id, set()).add(kind)
                for poi_id, kind in misses_told(told, ruling, structured=self.case.structured):
                    here.setdefault(poi_id, set()).add(kind)
                    misses.setdefault(poi_id, set()).add(kind)
            words = "没有完全符合要求的餐厅" if empty else self._miss_words(here, clause) or "供参考"
            text = text[: clause.start] + words + text[clause.end :]
        again = self.case.check(replace(self.candidate, answer=text))
        fresh = [one for one in again.findings if one.outcome == "wish" and not one.clause and one not in findings]
        fresh = [one for one in fresh if not self._told_of(one, misses)]
        if self.case.structured:
            return fresh
        return [one for one in fresh if not told_by_value(one, self.scene, self.flat)]

    def _miss_words(self, told: Mapping[str, set[str]], clause: Clause) -> str:
        """The misses that a clause tells, in the verifier's own words."""
        rows = [
            ("" if poi.poi_id == clause.scope else self.names[poi]) + miss_words(miss, poi, self.case.wish)
            for poi in self.scene.listed
            for miss in misses_of(poi, self.case.wish)
            if miss.kind in told.get(poi.poi_id, ())
        ]
        return "，".join(rows)

    def _told_of(self, finding: Finding, misses: Mapping[str, set[str]]) -> bool:
        """Whether a claim of the reader's tells the miss that a finding asks for."""
        if not finding.reason.startswith("misses_"):
            return False
        poi = next((one for one in self.scene.listed if finding.detail.startswith(f"{one.name}不符合需求")), None)
        held = set() if poi is None else {miss.kind for miss in misses_of(poi, self.case.wish)}
        return poi is not None and bool(held & misses.get(poi.poi_id, set()))


def _literal(raw: Mapping[str, Any], ground: Ground) -> Mapping[str, Any]:
    """What a reader calls unverifiable and is a keyword of the map's, as the label that it is."""
    if raw.get("kind") != UNVERIFIABLE:
        return raw
    quote = str(raw.get("quote") or "")
    pois = (ground.item,) if ground.item is not None else ground.named or ground.mentioned
    own = [poi for poi in pois if literal(quote, poi)]
    if not own:
        return raw
    return {"kind": "present", "quote": quote, "tag": "keywords", "of": [own[0].name]}


def _of_name(pois: Sequence[Poi], listed: Sequence[Poi], answer: str) -> Sequence[Poi]:
    """Whom a name means; of namesakes those that are listed, else those whose branch the answer names."""
    if len(pois) == 1:
        return pois
    branches = {poi: (split_branch(fold(poi.name))[1] or "").removesuffix("店") for poi in pois}
    return [poi for poi in pois if poi in listed] or [
        poi for poi, branch in branches.items() if branch and branch in answer
    ]


def _claim(one: Quoted, number: int) -> Claim:
    if one.ruling is None:
        return Claim(None, "feature", one.told.quote, None, "unsupported", number)
    ruling = one.ruling
    return Claim(ruling.poi_id, ruling.kind, one.told.quote, ruling.truth, ruling.status, number)
