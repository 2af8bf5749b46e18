"""Answers with errors planted on purpose, which a judge must see: where a fault can stand, and the answer that holds it.

Pure and seeded by the item. A fault takes a statement that the verifier found true (claims view) and states something else,
from the item's own evidence where it can; dose d holds the faults of dose d - 1, each in another restaurant. Nothing in the
text tells of the edit: form, voice and layout stay.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from judge.asking import Item, facts_of
from judge.faults import FAULTS, REWRITTEN, TELLTALE, UNFIT, WHOLE_ITEM, Allowed, Spot, Stated

DOSES = (1, 2, 3)
ANYTHING = Allowed()
_LISTED = re.compile(r"^(\s*)(\d+)([.、．)]\s*)(.+)$")


def faulty(item: Item, claims: Sequence[Stated], kind: str, dose: int, asked: Allowed = ANYTHING) -> str | None:
    """The answer with ``dose`` faults of a kind; None where it cannot carry the largest dose (all doses or none)."""
    dice = random.Random(f"{item.item_id} {kind}")
    shops = [facts_of(line) for line in item.evidence]
    lines = item.answer.splitlines()
    edits: list[tuple[Spot, str]] = []
    groups = _restaurants(lines, claims, kind, shops, dice)
    # Dishes count one by one: where too few restaurants are told with dishes, a second dish of one of them is a fault more.
    further = [group[place : place + 1] for place in range(1, max(DOSES)) for group in groups] if kind == "dish" else []
    for spots in [group[:1] if kind == "dish" else group for group in groups] + further:
        edit = _edit(spots, edits, kind, shops, item, asked, dice)
        if edit is not None:
            edits.append(edit)
    if len(edits) < max(DOSES):
        return None
    for spot, words in edits[:dose]:
        lines[spot.line] = lines[spot.line].replace(spot.words, words, 1)
        if kind == "name":
            # The closing may speak of it again.
            lines = [line.replace(spot.words, words) for line in lines]
    return "\n".join(lines)


def _edit(
    spots: Sequence[Spot],
    edits: Sequence[tuple[Spot, str]],
    kind: str,
    shops: Sequence[Mapping[str, str]],
    item: Item,
    asked: Allowed,
    dice: random.Random,
) -> tuple[Spot, str] | None:
    """The first place of one restaurant where something else can be said than was said anywhere."""
    for spot in spots:
        tries = (FAULTS[kind](spot, shops, item, asked, dice) for _ in range(20))
        used = {spot.words, *(words for _, words in edits)}
        words = next((attempt for attempt in tries if attempt is not None and attempt not in used), None)
        # An unfit restaurant stands in one place of the list only.
        if words is not None and not (kind == UNFIT and any(_head(words) == _head(other) for _, other in edits)):
            return spot, words
    return None


def _head(text: str) -> str:
    return text.partition("：")[0].strip("*【】 ")


def _restaurants(
    lines: list[str], claims: Sequence[Stated], kind: str, shops: Sequence[Mapping[str, str]], dice: random.Random
) -> list[list[Spot]]:
    """Places for a fault by restaurant, both in a random order. Two faults in one restaurant could count as one."""
    facts = {shop["店名"]: shop for shop in shops if "店名" in shop}
    homes = {
        name: number
        for number, line in enumerate(lines)
        if (listed := _LISTED.match(line))
        and (name := max((n for n in facts if n in listed[4][: len(n) + 3]), key=len, default=None))
    }
    of: defaultdict[str, list[Stated]] = defaultdict(list)
    for claim in claims:
        if claim.restaurant in homes:
            of[claim.restaurant].append(claim)
    groups = [_spots(lines[homes[name]], homes[name], of[name], facts[name], kind) for name in sorted(of)]
    for group in groups:
        dice.shuffle(group)
    dice.shuffle(groups)
    return groups


def _spots(line: str, number: int, claims: Sequence[Stated], facts: Mapping[str, str], kind: str) -> list[Spot]:
    """Where one restaurant's line can hold a fault of this kind."""
    told = line.replace(facts["店名"], "")
    if kind in TELLTALE and TELLTALE[kind].search(told):
        return []
    spots = []
    for claim in claims:
        words = _LISTED.sub(r"\4", line) if kind in REWRITTEN else claim.words
        if claim.kind == ("name" if kind in WHOLE_ITEM else kind) and line.count(words) == 1:
            spots.append(Spot(number, words, facts, tuple(claims)))
    return spots
