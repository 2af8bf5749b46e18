"""Unread clauses cut out of an answer, where the rest stands without them: what states nothing, then whatever it is. Pure; for order_run.py.

A model writes a few clauses an answer that nobody can check (肠粉爽滑清淡); returned for them, it wrote the whole answer anew in safer
words, for a fifth of the money. What stands between commas goes by itself: the rest is verified again, so that nothing is sold that was
not understood, and what went is marked on the row. docs/decisions/0041.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from factory.records import Candidate, Clause, Verification
from factory.verifier.extracted import Case, Extract, carried, settle
from factory.verifier.naming import NameIn, names_of

MOST_GONE: Final = 1 / 2
"""Of an answer's clauses, chatter with it: what is sold is most of what was written."""
LEAST_LEFT: Final = 2
"""Clauses that an item keeps beside its name."""
_LEANS: Final = re.compile(
    "所以|因此|因而|于是|但|不过|只是|可(?!以)|然而|却|而|也|还|又|就|才|便|再|另|其[中他余它]|[它她他这那该]|同[样时]|否则|不然|甚至|反|倒|[均都仅更只则即且并或]|"
    "尤其|特别是|[比例]如|要么|前者|后者|此外|除此|结果|随后|然后|接着|加上|以及|不然|够|正好|刚好|恰好|难怪|毕竟|总之|[和跟与]|有[的些]|是.*(?:原因|理由|缘故)|不[用必]再|资料|查到的资料|没[提写列标]|看不出|无法|[^，,]{0,6}也"
)
"""How a clause begins that goes on from the one before it."""
_JOINS_ON: Final = re.compile("但是?|不过|只不过|只是|可是|而且|并且|而|且|同时|此外|另外|也|还|又|所以|因此")
"""Of these, what a statement can do without."""
_WAITS: Final = re.compile(
    "(?:虽|尽管|如果|要是|若|假如|倘若|只要|既然|因为|由于|不但|不仅|不只|除了?|与其|无论|不管|不论|就算|即使|哪怕|一来|论|按|照|从|对|至于|说到|比起|相比|万一|等|想|爱|怕|嫌|图|要想|馋|不想|愿意|介意|不?在意|不介意|[看注]重|追求|求)|"
    ".*(?:的话|时|来说|而言|来看|之外|以外|的|后|前|着|如果|时候|要么|是|有)$|.*(?:其[他余它]|另外|剩下)[^，,]{0,5}$"
)
"""A clause that waits for the next one."""
_BINDS: Final = re.compile(
    "想(?!.*就)|虽|尽管|如果|要是|若|假如|倘若|只要|既然|因为|由于|不但|不仅|不只|除|与其|无论|不管|不论|就算|即使|哪怕|.*(?:的话|来说|而言|之外|以外|(?<!没)有)$"
)
"""A statement that waits, too: 从车站走过去801米 and 评分是最高的 stand by themselves."""
_CARE: Final = re.compile("过敏|忌口|冲突|不能吃|不吃(?![辣香葱蒜姜])|清真|素食|不含")
"""What a guest may not eat is never left out."""


JOINS: Final = tuple("，,、；;\u3000")
STOPS: Final = tuple("。！？!?～~…")
_QUOTES: Final = frozenset('“”「」『』"')
_RULE: Final = re.compile(r"^[|:\-\s]+$")
_UNTOLD: Final = "—"
_ASKS: Final = ("？", "?")
_BARS: Final = tuple("｜|")
_BRACKETS: Final = ("（", "(")
_OPENS: Final = (*_BRACKETS, *_BARS)
_CLOSES: Final = ("）", ")", *_BARS)
_COLONS: Final = ("：", ":", "—")
_EMPTY_ITEM: Final = re.compile(r"^\s*\d+[.、].*[：:]\s*[。，]?\s*$", re.MULTILINE)
_EMPTY_LINES: Final = re.compile(r"\n[^\S\n]*\n(?:[^\S\n]*\n)+")
_BARE_LINE: Final = re.compile(r"^[^\w\n|｜—-]+\n?", re.MULTILINE)
"""Signs of which the words are gone."""
_LAST_BAR: Final = re.compile(r"(?<=[^\s|｜])[^\S\n]*｜[^\S\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Shortened:
    """An answer that passes without some of its clauses."""

    text: str
    result: Verification
    cut: tuple[str, ...]


def once_cut(
    candidate: Candidate,
    result: Verification,
    case: Case,
    extracts: Sequence[Extract] = (),
    *,
    chatter_alone: bool = False,
) -> Shortened | None:
    """A candidate's answer as a run sells it: without its unread clauses, where it passes so.

    ``None`` where it does not, need not, or where anything else stands against it: what is wrong is told, and not cut away beside
    an unread clause. ``extracts``: what a second reader made of the clauses of ``result``.
    """
    if result.accepted or not _is_unread_alone(result):
        return None

    def check(answer: str) -> Verification:
        other = replace(candidate, answer=answer)
        plain = case.check(other)
        return settle(plain, carried(extracts, result, plain), other, case)

    return shortened(candidate.answer, result, check, names_of(case), chatter_alone=chatter_alone)


def shortened(
    answer: str,
    result: Verification,
    check: Callable[[str], Verification],
    name_in: NameIn,
    *,
    chatter_alone: bool = False,
) -> Shortened | None:
    """The answer without unread clauses, where it passes so; ``None`` where it does not.

    Those that state nothing go first, then all of them but for the name that one introduces, then all of them, then the sentences
    that hold them; what becomes unread by it goes the same way once. ``check`` verifies a text; ``chatter_alone``: only what states
    nothing may go.
    """

    def named(answer: str, result: Verification) -> tuple[str, tuple[str, ...]]:
        return severed(answer, result, name_in)

    for way in (cut,) if chatter_alone else (cut, named, severed, without_sentences):
        text, gone = way(answer, result)
        fresh = check(text) if gone else result
        if gone and not fresh.accepted and way is not cut and _is_unread_alone(fresh):
            text, more = (named if way is named else severed)(text, fresh)
            gone, fresh = (*gone, *more), check(text) if more else fresh
        if gone and fresh.accepted and len(gone) <= MOST_GONE * len(_in_text(result)):
            return Shortened(text, fresh, gone)
    return None


def _is_unread_alone(result: Verification) -> bool:
    return all(finding.outcome == "not_understood" for finding in result.findings)


def cut(answer: str, result: Verification) -> tuple[str, tuple[str, ...]]:
    """(the answer without its detachable unread clauses, those clauses); the answer itself where an item would be left empty."""
    clauses = _in_text(result)
    chatter = [row for row in clauses if row.account == "unread" and row.detachable]
    gone = [row for row in _hanging(answer, clauses, chatter) if _is_apart(answer, row)]
    return _without_all(answer, clauses, gone)


def severed(answer: str, result: Verification, name_in: NameIn | None = None) -> tuple[str, tuple[str, ...]]:
    """(the answer without its unread clauses, those clauses); the answer itself, and none, where it does not stand without them.

    With ``name_in``, a clause that introduces whom the next one speaks of leaves the name: 人均最高的就数青禾，评分4.1 as 青禾，评分4.1.
    """
    clauses = _in_text(result)
    names = _introduced(answer, clauses, name_in) if name_in is not None else {}
    return _severed(answer, clauses, _hanging(answer, clauses, _unread(clauses), names), names)


def _introduced(answer: str, clauses: Sequence[Clause], name_in: NameIn) -> dict[int, str]:
    """By where it begins, the name in each unread clause whose sentence goes on with a statement that names nobody itself."""
    names: dict[int, str] = {}
    for clause, later in pairwise(clauses):
        stays = later.account == "claim" and _same_sentence(answer, clause, later) and name_in(later.text) is None
        if clause.account == "unread" and stays and (span := name_in(clause.text)) is not None:
            names[clause.start] = clause.text[slice(*span)]
    return names


def without_sentences(answer: str, result: Verification) -> tuple[str, tuple[str, ...]]:
    """As severed, with the whole sentence of each unread clause: what introduces a name goes with what is said of it."""
    clauses = _in_text(result)
    places = {place for place, clause in enumerate(clauses) if clause.account == "unread"}
    before = -1
    while len(places) != before:
        before = len(places)
        for place in range(len(clauses) - 1):
            joined = _same_sentence(answer, clauses[place], clauses[place + 1])
            if place in places and (joined or _leans(answer, clauses[place], clauses[place + 1])):
                places.add(place + 1)
            if joined and place + 1 in places:
                places.add(place)
    return _severed(answer, clauses, [clauses[place] for place in sorted(places)])


def _severed(
    answer: str, clauses: Sequence[Clause], gone: Sequence[Clause], names: Mapping[int, str] = MappingProxyType({})
) -> tuple[str, tuple[str, ...]]:
    if len(gone) > MOST_GONE * len(clauses) or not _keeps_enough(
        clauses, [row for row in gone if row.start not in names]
    ):
        return answer, ()
    return _without_all(answer, clauses, gone, names) if all(_is_apart(answer, row) for row in gone) else (answer, ())


def _unread(clauses: Sequence[Clause]) -> list[Clause]:
    return [clause for clause in clauses if clause.account == "unread"]


def _in_text(result: Verification) -> list[Clause]:
    return [clause for clause in result.clauses if clause.end > clause.start]


def _without_all(
    answer: str, clauses: Sequence[Clause], gone: Sequence[Clause], names: Mapping[int, str] = MappingProxyType({})
) -> tuple[str, tuple[str, ...]]:
    """(the answer without these clauses, what went: each clause, with the word that joined the next statement to it).

    ``names``: by where it begins, what a clause leaves.
    """
    text = answer
    went: list[str] = []
    joined = 0
    for place in range(len(clauses) - 1, -1, -1):
        clause = clauses[place]
        if clause in gone:
            start, end = _quoted(answer, clause)
            left = names.get(clause.start)
            text = _without(text, start, end) if left is None else text[:start] + left + text[end:]
            went.append(answer[clause.start : clauses[place + 1].start + joined] if joined else clause.text)
        joined = 0
        if clause not in gone and place and clauses[place - 1] in gone:
            joined = _joining(clause) if "\n" not in answer[clauses[place - 1].end : clause.start] else 0
            text = text[: clause.start] + text[clause.start + joined :]
    if not gone or _EMPTY_ITEM.search(text):
        return answer, ()
    for torn, mended in ((_BARE_LINE, _whole_line), (_LAST_BAR, ""), (_EMPTY_LINES, "\n\n")):
        text = torn.sub(mended, text)
    return text.strip("\n").rstrip(), tuple(reversed(went))


def _whole_line(found: re.Match[str]) -> str:
    """A line of signs alone goes; those before words stay."""
    return "" if found[0].endswith("\n") or found.end() == len(found.string) else found[0]


def _quoted(answer: str, clause: Clause) -> tuple[int, int]:
    """A clause's span with the marks that stand at it: “健康饮食”这一项 and 【预算】一家太低 begin behind the first."""
    start, end = clause.start, clause.end
    start -= start > 0 and (answer[start - 1] in _QUOTES or (answer[start - 1] == "【" and "】" in clause.text))
    end += end < len(answer) and answer[end] in _QUOTES
    return start, end


def _without(text: str, start: int, end: int) -> str:
    """A clause goes with the comma after it (a semicolon stays), the last of a sentence with the one before, a whole one with its stop.

    A table's cell leaves a dash.
    """
    before, after = text[:start], text[end:]
    if before.rstrip(" ").endswith("|") and after.lstrip(" ").startswith("|"):
        return before + _UNTOLD + after  # a table's cell
    if before.endswith(_OPENS) and after.startswith(_CLOSES):
        return before[:-1] + (after if after.startswith(_BARS) else after[1:])
    if before.endswith(JOINS) and after.startswith(("；", ";")):
        return before[:-1] + after
    if after.startswith(JOINS):
        return before + after[1:]
    if before.endswith(JOINS):
        return before[:-1] + ("。" + after[1:] if after.startswith(_ASKS) else after)
    if after.startswith("—"):
        return before + after.lstrip("—")
    if before.endswith("—"):
        before = before.rstrip("—")
    bare = before.rstrip(" ")
    if bare and _is_sign(bare[-1]) and (not after or after.startswith((*STOPS, "\n"))):
        before = bare[:-1]
    return before + (after.lstrip("…")[after[0] != "…" :] if after.startswith((*STOPS, *_COLONS)) else after)


def _hanging(
    answer: str, clauses: Sequence[Clause], gone: Sequence[Clause], names: Mapping[int, str] = MappingProxyType({})
) -> list[Clause]:
    """These clauses, and every neighbour that hangs on one: a condition whose advice goes, what goes on from it (也…, 所以…).

    What goes on from a name that is left stands on it.
    """
    places = {place for place, clause in enumerate(clauses) if clause in gone}
    before = -1
    while len(places) != before:
        before = len(places)
        for place in sorted(places):
            if place + 1 < len(clauses) and clauses[place].start not in names:
                places |= {place + 1} if _leans(answer, clauses[place], clauses[place + 1]) else set()
                places |= _in_brackets(answer, clauses, place)
            if place and _waits(answer, clauses[place - 1], clauses[place], ends=_ends(answer, clauses, places, place)):
                places.add(place - 1)
    return [clauses[place] for place in sorted(places)]


def _in_brackets(answer: str, clauses: Sequence[Clause], place: int) -> set[int]:
    """The clauses of the brackets behind a clause: 备选（还没开）."""
    after = answer[clauses[place].end :].lstrip(" ")
    if not after.startswith(_BRACKETS):
        return set()
    found = re.search("[）)]", after)
    end = len(answer) - len(after) + (found.start() if found else 0)
    return {later for later in range(place + 1, len(clauses)) if clauses[later].end <= end}


def _keeps_enough(clauses: Sequence[Clause], gone: Sequence[Clause]) -> bool:
    """Whether no item that loses a clause is left with too few."""
    losing = {clause.scope for clause in gone if clause.part == "item"}
    kept = Counter(clause.scope for clause in clauses if clause.part == "item" and clause not in gone)
    return all(kept[scope] >= LEAST_LEFT for scope in losing)


def _is_apart(answer: str, clause: Clause) -> bool:
    """Whether a clause stands between commas or stops."""
    if answer[clause.start : clause.end] != clause.text or "\n" in clause.text:
        return False
    if _CARE.search(clause.text) and not clause.detachable:
        return False
    start, end = _quoted(answer, clause)
    before, after = answer[:start].rstrip(" "), answer[end:].lstrip(" ")
    if (before[-2:-1].isdigit() and before[-1] == ":") or re.match(r":\d", after):
        return False  # within a time
    if before.endswith("|") and after.startswith("|"):
        return not _is_heading(answer, end)
    opens = (
        not before or before[-1] == "\n" or before.endswith((*JOINS, *STOPS, *_COLONS, *_OPENS)) or _is_sign(before[-1])
    )
    closes = (
        not after
        or after[0] == "\n"
        or after.startswith((*JOINS, *STOPS, *_COLONS, *_CLOSES, *_BRACKETS))
        or _is_sign(after[0])
    )
    # A question goes with its answer, unless it asks nothing of a restaurant.
    asks = (
        after.startswith(_ASKS) and not before.endswith(JOINS) and (not clause.detachable or before.endswith(_COLONS))
    )
    return opens and closes and not asks and not before.endswith("、") and not after.startswith("、")


def _is_heading(answer: str, end: int) -> bool:
    """Whether a table's cell stands over a column."""
    rows = answer[end:].splitlines()
    return len(rows) > 1 and _RULE.match(rows[1]) is not None


def _is_sign(char: str) -> bool:
    """An emoji, say, or what is joined to one."""
    return unicodedata.category(char) in {"So", "Sk"} or char in "\ufe0f\u200d"


def _leans(answer: str, clause: Clause, later: Clause) -> bool:
    """Whether the next clause goes on from this one, and does not stand without the word that says so."""
    if "\n" in answer[clause.end : later.start] or _LEANS.match(later.text) is None:
        return False
    return not _joining(later)


def _joining(clause: Clause) -> int:
    """How many characters join a statement to the one before it and say nothing without it: 但人均86元, 也最近."""
    joined = _JOINS_ON.match(clause.text) if clause.account == "claim" else None
    return joined.end() if joined is not None and _LEANS.match(clause.text[joined.end() :]) is None else 0


def _ends(answer: str, clauses: Sequence[Clause], places: AbstractSet[int], place: int) -> bool:
    """Whether nothing that stays follows a clause in its sentence."""
    while place + 1 < len(clauses) and _same_sentence(answer, clauses[place], clauses[place + 1]):
        place += 1
        if place not in places:
            return False
    return True


def _same_sentence(answer: str, earlier: Clause, later: Clause) -> bool:
    between = answer[earlier.end : later.start]
    return not any(stop in between for stop in (*STOPS, "\n", "；", ";"))


def _waits(answer: str, earlier: Clause, clause: Clause, *, ends: bool) -> bool:
    """Whether the clause before waits for this one: by its words, or since it states nothing, or a colon, and no more of its sentence stays."""
    if not _same_sentence(answer, earlier, clause):
        return False
    colon = any(sign in answer[earlier.end : clause.start] for sign in _COLONS)
    if earlier.account == "claim":
        return _BINDS.match(earlier.text) is not None or (ends and colon)
    return ends or _WAITS.match(earlier.text) is not None
