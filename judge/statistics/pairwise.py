"""Two answers to one question shown together: who wins, once both orders are asked, and how much the order itself decides.

An item counts 1 when the left answer wins in both orders, 0 when it loses in both, and a half when the orders contradict each
other or the judge calls a tie (Zheng et al. 2023); replicates are averaged. Share with the interval of bounded.py, clustered by
place. Position: share of decided calls that went to the answer shown first, a half where order does not matter. Length:
share of decided items that went to the longer answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from judge.statistics.bounded import bounded_mean
from judge.statistics.clustered_mean import MeanWithInterval

LEFT, RIGHT, TIE = "left", "right", "tie"


@dataclass(frozen=True, slots=True)
class PairRow:
    """One pairwise call. ``outcome``: left, right or tie, None when unscored; lengths in characters."""

    left: str
    right: str
    left_id: str
    right_id: str
    first_shown: str
    replicate: int
    outcome: str | None
    reason: str | None
    place_id: str
    left_length: int
    right_length: int


@dataclass(frozen=True, slots=True)
class Preference:
    """Of one pair of origins. ``steady``: share of items on which both orders say the same."""

    left: str
    right: str
    share: MeanWithInterval
    wins: int
    ties: int
    losses: int
    steady: MeanWithInterval | None
    first: MeanWithInterval | None
    longer: MeanWithInterval | None
    unscored: int


def preferences(rows: Sequence[PairRow]) -> tuple[Preference, ...]:
    """By pair of origins; a pair without any decided item is left out."""
    origins: defaultdict[tuple[str, str], list[PairRow]] = defaultdict(list)
    for row in rows:
        origins[row.left, row.right].append(row)
    made = (_preference(left, right, ones) for (left, right), ones in sorted(origins.items()))
    return tuple(preference for preference in made if preference is not None)


def _preference(left: str, right: str, rows: Sequence[PairRow]) -> Preference | None:
    items: defaultdict[tuple[str, str], list[PairRow]] = defaultdict(list)
    for row in rows:
        if row.outcome is not None:
            items[row.left_id, row.right_id].append(row)
    scores = [(_item_score(ones), ones[0]) for _, ones in sorted(items.items())]
    share = bounded_mean([score for score, _ in scores], [row.place_id for _, row in scores])
    if share is None:
        return None
    both = [(ones[0], _steady(ones)) for _, ones in sorted(items.items()) if _both_orders(ones)]
    longer = [
        (float((score > 0.5) == (row.left_length > row.right_length)), row.place_id)
        for score, row in scores
        if score != 0.5 and row.left_length != row.right_length
    ]
    return Preference(
        left,
        right,
        share,
        sum(score > 0.5 for score, _ in scores),
        sum(score == 0.5 for score, _ in scores),
        sum(score < 0.5 for score, _ in scores),
        bounded_mean([float(same) for _, same in both], [row.place_id for row, _ in both]),
        first_shown(rows),
        bounded_mean([won for won, _ in longer], [place for _, place in longer]),
        sum(row.outcome is None for row in rows),
    )


def _item_score(rows: Sequence[PairRow]) -> float:
    """Mean over replicates of: 1 both orders for the left, 0 both for the right, else a half; one order alone is half a word."""
    turns: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for row in rows:
        turns[row.replicate][row.first_shown] = {LEFT: 1.0, RIGHT: 0.0}.get(row.outcome or "", 0.5)
    scores = []
    for orders in turns.values():
        wins = set(orders.values())
        scores.append(wins.pop() if len(orders) == 2 and len(wins) == 1 else 0.5)
    return sum(scores) / len(scores)


def _both_orders(rows: Sequence[PairRow]) -> bool:
    return len({row.first_shown for row in rows}) == 2


def _steady(rows: Sequence[PairRow]) -> bool:
    return len({row.outcome for row in rows}) == 1


def first_shown(rows: Sequence[PairRow]) -> MeanWithInterval | None:
    """Share of decided calls won by the answer shown first, over items that were asked in both orders."""
    items: defaultdict[tuple[str, str, int], list[PairRow]] = defaultdict(list)
    for row in rows:
        if row.outcome is not None:
            items[row.left_id, row.right_id, row.replicate].append(row)
    decided = [
        (float(row.outcome == (LEFT if row.first_shown == row.left_id else RIGHT)), row.place_id)
        for ones in items.values()
        if _both_orders(ones)
        for row in ones
        if row.outcome in {LEFT, RIGHT}
    ]
    return bounded_mean([won for won, _ in decided], [place for _, place in decided])
