"""Two arms side by side on the same questions: each pair of answers is asked both ways round, so that an order shows.

``PAIRS=tuned:copy`` names two arms; ``tuned/open`` keeps to one mode, ``tuned@NAME`` to one checkpoint (a model's name, or
NAME@HASH as completions.checkpoint has it). Without more the newest answers of an arm count, of the modes that both have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import md5
from pathlib import Path
from typing import Any

from factory.errors import UsageError
from judge.asking import Ask, Item, Pair
from judge.designs import Judged, QuestionKey, key_of
from judge.instrument import Instrument
from judge.items import Selection, open_views, read_items
from judge.parsing import CANNOT_JUDGE
from judge.rubric import PAIR

PAIRED = "pairs"
"""The design's name."""
ORDERS = ("left", "right")
_SIDE = re.compile(r"(?P<arm>[A-Za-z][\w.]*)(?:/(?P<mode>closed|open))?(?:@(?P<checkpoint>[\w.@-]+))?")
_NEWEST = """
select sample_id, mode, completion_id from completions
where arm = $arm and ($mode is null or mode = $mode)
  and ($checkpoint is null or checkpoint = $checkpoint or model = $checkpoint)
qualify checkpoint = first_value(checkpoint) over (partition by mode order by created_at desc, checkpoint)
"""
_DONE = """
select left_id, right_id, first_shown, replicate, bool_or(status = 'scored' or reason = $final), count(*)
from pairs_shard where judge = $judge and rubric_hash = $digest group by all
"""


@dataclass(frozen=True, slots=True)
class Side:
    """One arm as PAIRS names it."""

    arm: str
    mode: str | None
    checkpoint: str | None


def sides_of(text: str) -> tuple[Side, Side]:
    """Raises UsageError."""
    parts = text.split(":")
    named = [_SIDE.fullmatch(part) for part in parts]
    if len(parts) != 2 or None in named or parts[0] == parts[1]:
        raise UsageError(
            f"PAIRS={text}: name two arms that differ, such as tuned:base, tuned/open:copy or tuned@A:tuned@B."
        )
    left, right = (Side(side["arm"], side["mode"], side["checkpoint"]) for side in named if side is not None)
    return left, right


def pairs_of(data: Path, selection: Selection, text: str, most: int) -> list[Pair]:
    """The pairs of both arms' answers to the same questions, in a seeded order. Raises UsageError when there are none."""
    left, right = sides_of(text)
    with open_views(data) as connection:
        ids = [
            {
                (sample, mode): completion
                for sample, mode, completion in connection.execute(
                    _NEWEST, {"arm": side.arm, "mode": side.mode, "checkpoint": side.checkpoint}
                ).fetchall()
            }
            for side in (left, right)
        ]
    joined = _joined(*ids)
    wanted = {completion for pair in joined for completion in pair}
    items = {item.item_id: item for item in read_items(data, selection, [], most) if item.item_id in wanted}
    pairs = [Pair(items[a], items[b], "left") for a, b in joined if a in items and b in items]
    if not pairs:
        raise UsageError(
            f"PAIRS={text}: there are no two answers to one question; `chidian complete` makes or brings them."
        )
    return sorted(pairs, key=lambda pair: md5(f"{pair.left.item_id}{selection.seed}".encode()).hexdigest())  # noqa: S324 - an order


def _joined(left: dict[tuple[str, str], str], right: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    """Answers of one mode beside each other; where the arms share no mode, whatever each has of the sample."""
    same = [(left[key], right[key]) for key in sorted(left.keys() & right.keys())]
    if same:
        return same
    theirs = {sample: completion for (sample, _), completion in sorted(right.items())}
    ours = {sample: completion for (sample, _), completion in sorted(left.items())}
    return [(ours[sample], theirs[sample]) for sample in sorted(ours.keys() & theirs.keys())]


def pair_asks(pairs: list[Pair], instrument: Instrument, judged: Judged) -> Iterator[Ask]:
    """Both orders of every pair, one after the other; without those that are decided."""
    for pair in pairs:
        for order in ORDERS:
            ask = Ask(_item(pair, order), PAIRED, PAIR, (PAIR,), 0, 0, instrument, replace(pair, first_shown=order))
            question = key_of(ask)
            if question not in judged.done:
                yield replace(ask, failures=(judged.failures or {}).get(question, 0))


def _item(pair: Pair, order: str) -> Item:
    """One item for both answers: its evidence is what either needs, and its mark hangs on both texts and their order."""
    lines = tuple(dict.fromkeys((*pair.left.evidence, *pair.right.evidence)))
    return replace(
        pair.left,
        item_id=_name(pair.left.item_id, pair.right.item_id, order),
        kind="pair",
        answer=f"{order}\n{pair.left.answer}\n{pair.right.answer}",
        evidence=lines,
        arm=None,
        restaurants=max(pair.left.restaurants, pair.right.restaurants, len(lines)),
    )


def _name(left: str, right: str, order: str) -> str:
    return f"{left}|{right}|{order}"


def paired_before(data: Path, judge: str, instrument: Instrument) -> Judged:
    """Which comparisons this judge has decided under these very questions."""
    done: set[QuestionKey] = set()
    failures: dict[QuestionKey, int] = {}
    bound: dict[str, Any] = {"judge": judge, "final": CANNOT_JUDGE, "digest": instrument.digest(PAIR)}
    with open_views(data) as connection:
        rows = connection.execute(_DONE, bound).fetchall()
    for left, right, order, replicate, is_done, attempts in rows:
        question = (_name(left, right, order), PAIRED, PAIR, int(replicate))
        if is_done:
            done.add(question)
        else:
            failures[question] = int(attempts)
    return Judged(frozenset(done), failures)
