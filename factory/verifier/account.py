"""An answer read: every clause accounted for as claim, wish, talk or unread, with the claims that it makes. Pure and total.

Ties the steps together: folded text (script.py) → parts (layout.py) → tokens (lexer.py) → frames (grammar.py) → acts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from factory.records import Clause, Evidence, Place, Poi, Wish
from factory.verifier.acting import read_clause
from factory.verifier.acts_dishes import KNOWN_DISHES
from factory.verifier.acts_features import TAGGED_DIETS
from factory.verifier.clauses import (
    FIELDS,
    bare,
    doubtful,
    heading,
    holds,
    leads,
    personal,
    raw_words,
    stranger_in,
    surely_unprovable,
    typed,
)
from factory.verifier.days import day_by_day
from factory.verifier.deciding import Verdict
from factory.verifier.following import days_in, end_sentence, goes_on, lose, mentions
from factory.verifier.known import Entry, Known, known_of
from factory.verifier.layout import Line, Part, split_parts
from factory.verifier.lexer import INERT, ROLES, SEP_CHAR, Token, lex
from factory.verifier.outcome import Account, Listed
from factory.verifier.questions import (
    LOADED,
    answered,
    asked_best,
    bare_question,
    is_question,
    is_yes_or_no,
    misses_told,
    picks_one,
    spoken,
    untold,
)
from factory.verifier.scene import Question, Scene, State
from factory.verifier.script import fold
from factory.verifier.surety import Doubt, is_plain_praise, is_sure, withheld

_AMOUNTS: Final = frozenset({"NUM", "M", "L", "S", "OTH"})
_SENTENCE_ENDS: Final = "。;!?\n"


def read_answer(
    answer: str, evidence: Evidence, wish: Wish, place: Place, wanted: frozenset[str], doubt: Doubt = "never"
) -> Account:
    """Read an answer against evidence whose distances are recomputed. ``wanted``: poi ids of the structure, to choose among namesakes.

    ``doubt``: when a clause that was read less surely is unread rather than wrong.
    """
    known = known_of(evidence.pois, place, KNOWN_DISHES)
    parts = split_parts(answer, known)
    reader = _Reader(answer, Scene(known, evidence, wish, place), parts)
    reader.bind(wanted)
    return withheld(reader.run(), doubt)


class _Reader:
    """One reading under way."""

    def __init__(self, answer: str, scene: Scene, parts: list[Part]) -> None:
        self.answer, self.scene, self.parts = answer, scene, parts
        self.clauses: list[Clause] = []
        self.verdicts: list[tuple[int, Verdict]] = []
        self.strangers: list[tuple[int, str]] = []
        self.listed: list[Listed] = []
        self.bound: dict[int, Poi | None] = {}
        self.guessed: set[int] = set()
        self.nothing_at: int | None = None
        self.words: Callable[[int, int], str] = lambda _start, _end: ""

    def bind(self, wanted: frozenset[str]) -> None:
        """Decide which restaurant each item names; a brand alone takes the one branch that its text is true of."""
        for number, part in enumerate(self.parts):
            if part.kind != "item":
                continue
            pois = part.entry.pois if part.entry else ()
            chosen = [poi for poi in pois if poi.poi_id in wanted] or list(pois)
            poi = chosen[0] if chosen else None
            if len(chosen) > 1:
                poi = self._truest(part, chosen)
            self.bound[number] = poi
            self.listed.append(Listed(part.head, poi))
        listed = tuple(dict.fromkeys(one.poi for one in self.listed if one.poi is not None))
        if not self.listed:
            listed, self.scene.prose = self._in_prose(), True
        self.scene.listed, self.scene.items = listed, len(self.listed)

    def _in_prose(self) -> tuple[Poi, ...]:
        """Without a list, the restaurants that the text names, in order."""
        found: list[Poi] = []
        for part in self.parts:
            for line, start in part.lines:
                tokens = lex(line.text[start:], self.scene.known)
                found += [t.value.pois[0] for t in tokens if "N" in ROLES[t.char] and len(t.value.pois) == 1]
        unique = tuple(dict.fromkeys(found))
        self.listed = [Listed(poi.name, poi) for poi in unique]
        return unique

    def _truest(self, part: Part, pois: Sequence[Poi]) -> Poi:
        """Of several branches the first with the fewest wrong statements."""
        best, fewest = pois[0], 10_000
        for poi in pois[:6]:
            probe = _Reader(
                self.answer, Scene(self.scene.known, self.scene.evidence, self.scene.wish, self.scene.place, (poi,)), []
            )
            for line, start in part.lines:
                probe.read_line(line, start, State(probe.scene, "item", poi))
            wrong = sum(verdict.status in {"contradicted", "unsupported"} for _, verdict in probe.verdicts)
            if wrong < fewest:
                best, fewest = poi, wrong
        return best

    def run(self) -> Account:
        """Read all parts."""
        number = 0
        for index, part in enumerate(self.parts):
            state = State(self.scene, part.kind)
            if part.kind == "item":
                number += 1
                poi = self.bound[index]
                state.item, state.item_number = poi or Poi("", part.head, None, 0.0, 0.0), number
                self.scene.mentioned += [poi] if poi else []
                self._head(part, poi)
            for line, start in part.lines:
                self.read_line(line, start, state)
        if number == 0:
            self._names_in_prose()
        return Account(
            tuple(self.clauses),
            tuple(self.verdicts),
            tuple(self.listed),
            tuple(self.strangers),
            self.scene.says_nothing,
            self.scene.says_fit,
            tuple(self.scene.mentioned),
            {poi_id: frozenset(kinds) for poi_id, kinds in self.scene.said.items()},
            frozenset(self.guessed),
            self.nothing_at,
        )

    def _names_in_prose(self) -> None:
        """Whom an answer without a list names: a claim of the clause that names it first."""
        for one in self.listed:
            clause = next((n for n, row in enumerate(self.clauses) if one.head in row.text), 0)
            if one.poi is not None and self.clauses:
                self.verdicts.append((clause, Verdict("name", one.poi.poi_id, one.head, one.poi.name, "verified")))

    def _head(self, part: Part, poi: Poi | None) -> None:
        place = len(self.clauses)
        scope = poi.poi_id if poi else "unknown"
        self.clauses.append(Clause("item", scope, part.head, "claim", 0, 0, detachable=False))
        if poi is None:
            self.verdicts.append((place, Verdict("name", None, part.head, None, "unsupported")))
        else:
            self.verdicts.append((place, Verdict("name", poi.poi_id, part.head, poi.name, "verified")))

    def read_line(self, line: Line, start: int, state: State) -> None:
        """All clauses of a line; a table cell is read behind its column's heading."""
        label = heading(fold(line.label), self.scene.known, left_out=_IN_HEADINGS) if line.label else []
        line = line.behind(start)
        if label and not line.text.strip("-—/"):
            return  # an empty cell states nothing
        self.words = partial(raw_words, self.answer, line)
        tokens, asked = spoken(lex(line.text, self.scene.known))
        tokens = day_by_day(tokens)
        if label and is_yes_or_no(line.text) and not untold(line.text, label):
            self._yes_or_no(line, tokens, state)
            return
        clause: list[Token] = list(label)
        sign = ""
        for token in [*tokens, None]:
            if token is not None and token.char != SEP_CHAR and not (token.text == ":" and leads(clause)):
                clause.append(token)
                continue
            if token is not None and token.text == "(" and len(clause) == 1 and ROLES[clause[0].char] & FIELDS:
                continue  # 评分(4.5) is one statement
            clause = bare(clause)
            if [one for one in clause if one.char != INERT]:
                if sign == "+" and ROLES[clause[0].char] & _AMOUNTS:
                    self._account(clause, line, state, clause)  # 63元(+13): more than what, the heading says or nobody
                elif is_question(clause, token, asked=asked or line.asks):
                    self._question(clause, line, state)
                else:
                    self._clause(clause, line, state)
            clause, sign = [], token.text if token is not None else ""
            if token is None or token.text in _SENTENCE_ENDS:
                end_sentence(state)

    def _yes_or_no(self, line: Line, tokens: list[Token], state: State) -> None:
        """A cell that says yes or no to its column's heading."""
        asked = _WHETHER.sub("", fold(line.label).replace("在不在", "在"))
        title = heading(f"标了{asked}" if asked in TAGGED_DIETS else asked, self.scene.known)
        trial = state.copy()
        trial.verdicts, trial.echoes, trial.sole_among = [], [], None
        left = read_clause(title, trial, self.words)
        state.question = Question(tuple(trial.verdicts) if not left else (), None, picks=False)
        self._clause(tokens, line, state)
        misses_told(state.verdicts, self.scene)

    def _question(self, tokens: list[Token], line: Line, state: State) -> None:
        """A question states nothing; what it would state is kept for the yes or no that may follow."""
        trial = state.copy()
        trial.verdicts, trial.echoes, trial.sole_among = [], [], None
        left = read_clause(bare_question(tokens), trial, self.words)
        wanted = asked_best(tokens, trial)
        state.verdicts, state.echoes = [], []
        state.question = Question(tuple(trial.verdicts) if not left else (), wanted, picks=picks_one(tokens))
        state.days = days_in(tokens) or state.days
        if not left and trial.subject is not None and len(trial.subject) == 1:
            state.subject, state.lost = trial.subject, False
        elif state.subject is None or not goes_on(tokens):
            lose(state, tokens)
        self.scene.mentioned += mentions(tokens, self.scene)
        self._account(tokens, line, state, [token for token in left if ROLES[token.char] & LOADED])

    def _clause(self, tokens: list[Token], line: Line, state: State) -> None:
        state.verdicts, state.echoes, state.sole_among, state.clear = [], [], None, False
        question, state.question = state.question, None
        criteria = len(state.criteria)
        answer = None if question is None else answered(question, tokens, self.scene)
        if answer is not None:
            state.verdicts = list(answer)
            self._account(tokens, line, state, [] if answer else list(tokens))
            return
        left = self._labelled(tokens, state)
        if not left and doubtful(tokens, state):
            left, state.verdicts, state.echoes = list(tokens), [], []
        if state.verdicts and len(state.criteria) == criteria:
            state.criteria = []
        left = [] if left and personal(tokens, state) else left
        if left and surely_unprovable(tokens, left, state):
            pois = state.subject or ((state.item,) if state.item else ())
            text = self._span(tokens, line)[2]
            state.verdicts.append(
                Verdict("feature", pois[0].poi_id if len(pois) == 1 else None, text, None, "unsupported")
            )
            left, state.clear = [], is_plain_praise(tokens)
        if left:
            lose(state, tokens)
        elif state.subject:
            state.lost, state.carried = False, state.carried and not state.fresh
            self.scene.mentioned += state.subject if state.described else ()
        self.scene.mentioned += mentions(tokens, self.scene)
        state.days = days_in(tokens) or state.days
        self._account(tokens, line, state, left)

    def _span(self, tokens: Sequence[Token], line: Line) -> tuple[int, int, str]:
        """Where a clause stands in the answer, and its own words."""
        inside = [token for token in tokens if token.start >= 0]
        start = line.offset + line.at[inside[0].start] if inside else line.offset
        end = line.offset + line.at[inside[-1].end - 1] + 1 if inside else start
        return start, end, self.answer[start:end]

    def _account(self, tokens: list[Token], line: Line, state: State, left: list[Token]) -> None:
        """Put a clause into the account, with what it claims."""
        number = len(self.clauses)
        start, end, text = self._span(tokens, line)
        stranger = stranger_in(left, tokens) if left else None
        if stranger is not None:
            self.strangers.append((number, stranger))
        account = "unread" if left else "claim" if state.verdicts else "wish" if state.echoes else "talk"
        detachable = bool(left) and not any(typed(token) for token in tokens)
        nobody = state.item is not None and not state.item.poi_id
        scope = "listed" if state.item is None else "unknown" if nobody else state.item.poi_id
        if nobody:  # nothing said of a restaurant that nobody knows can hold
            state.verdicts = [replace(one, poi_id=None, truth=None, status="unsupported") for one in state.verdicts]
        if self.scene.says_nothing and self.nothing_at is None:
            self.nothing_at = number
        if account != "unread" and not nobody and not is_sure(tokens, state):
            self.guessed.add(number)
        self.clauses.append(Clause(state.part, scope, text, account, start, end, detachable))
        self.verdicts += [(number, verdict) for verdict in (*state.verdicts, *state.echoes)]

    def _labelled(self, tokens: list[Token], state: State) -> list[Token]:
        """Read a clause; a table's cell that its heading does not help to read is read alone."""
        cell = [token for token in tokens if token.start >= 0]
        if len(cell) == len(tokens) or not cell:
            return read_clause(tokens, state, self.words)
        whole, alone = state.copy(), state.copy()
        left = read_clause(tokens, whole, self.words)
        if not holds((left, whole)):
            typed = any(ROLES[token.char] & {"M", "L", "S", "NUM", "PCT", "DAY"} for token in tokens if token.start < 0)
            rest = read_clause(cell, alone, self.words)
            if not typed and holds((rest, alone)) and alone.verdicts:
                state.take(alone)
                return rest
        state.take(whole)
        return left


_IN_HEADINGS: Final = frozenset({"T", "TR", "AFTER", "BEFORE"})
"""What a column's heading says of the meal, and no cell states: 夜宵(21:30以后)."""
_WHETHER: Final = re.compile(r"是否|能否|能不能|可否|有无|有没有|是不是")


__all__ = ["Account", "Entry", "Known", "Listed", "read_answer"]
