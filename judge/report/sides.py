"""Two origins of answers side by side: checkpoints, prompts, arms or factory runs, on the same questions, point by point.

A side is named by an arm (``tuned``), an arm and mode (``tuned/closed``), a checkpoint or model, or a factory run. Answers are
joined on the sample whose question they answer; two runs, whose samples are their own, on place and wish.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from factory.errors import UsageError
from judge.report.data import NEWEST, Measure
from judge.report.first_screen import leading
from judge.report.rightness import DEPENDABLE, MEASURES, Difference, Ranked, checked
from judge.report.words import Words, group_words
from judge.statistics.calls import ANSWER, DATA
from judge.statistics.comparison import Paired, paired
from judge.statistics.families import holm
from judge.statistics.margins import FAVOUR_FAILS
from judge.statistics.pairings import HELD_OUT
from judge.statistics.swaying import Favour

TOTAL = "total"
PRIMARY = (DEPENDABLE, TOTAL)
MOST_SIDES = 4
POINTS = 20
"""Questions shown point by point: those that differ most."""
_COMPLETIONS = f"""
with side as (
  select *, row_number() over (partition by sample_id order by created_at desc, completion_id) as turn from {{source}}
  where $name in (arm, arm || '/' || mode, arm || ' ' || mode, checkpoint, model, run_id)
)
select c.sample_id, c.completion_id, s.place_id, c.question, c.split, a.total, a.dimensions
from side c join samples s using (sample_id)
left join scores a on a.item_id = c.completion_id and a.rubric = '{ANSWER}' and a.design = 'standard' and a.judge = $judge
where c.turn = 1 and ($run is null or s.run_id = $run) order by 1
"""  # noqa: S608 - a constant
_SAMPLES = f"""
select concat_ws('|', s.place_id, s.cuisine, s.taste, s.budget_min_cny, s.budget_max_cny, s.radius_m, s.party_size, s.occasion,
  s.diet, s.meal_time), s.sample_id, s.place_id, s.question, s.split, a.total, a.dimensions
from samples s
left join scores a on a.item_id = s.sample_id and a.rubric = '{DATA}' and a.design = 'standard' and a.judge = $judge
where s.run_id = $name order by 1, 2
"""  # noqa: S608 - a constant
_MEASURES = """
select c.completion_id, c.sample_id, c.arm, c.mode, c.split, s.place_id, s.feasible, m.kind, m.value, coalesce(m.detail, '')
from measures m join completions c using (completion_id) join samples s using (sample_id)
where m.value is not null and c.completion_id in (select unnest($ids)) order by all
"""


@dataclass(frozen=True, slots=True)
class SideItem:
    """One answer of a side. ``values``: what code measured, the judge's total, and its dimensions by name."""

    item_id: str
    place_id: str
    question: str
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Point:
    """One question on both sides."""

    question: str
    left_id: str
    right_id: str
    left: float | None
    right: float | None
    left_score: float | None
    right_score: float | None


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Left minus right. ``warning``: why the judged rows must not be trusted here, where that is known."""

    left: str
    right: str
    left_words: Words
    right_words: Words
    rows: tuple[Difference, ...]
    points: tuple[Point, ...]
    warning: Words | None = None


def read_sides(connection: duckdb.DuckDBPyConnection, left: str, right: str, run: str | None, judge: str) -> SideBySide:
    """Raises UsageError for a side that nothing answers to."""
    sides = [_read(connection, name, run, judge) for name in (left, right)]
    both = sorted(sides[0].keys() & sides[1].keys())
    pairs = [(sides[0][key], sides[1][key]) for key in both]
    return SideBySide(left, right, side_words(left), side_words(right), _rows(left, right, pairs), _points(pairs))


def compared(ranked: Sequence[Ranked]) -> list[tuple[str, str]]:
    """By default: the student beside every other origin of answers, the best ones first."""
    student = leading(ranked)
    others = [origin.group for origin in ranked if student and origin.group != student.group]
    return [(student.group, other) for other in others[:MOST_SIDES]] if student else []


def warned(side: SideBySide, favours: Sequence[Favour]) -> SideBySide:
    """With a warning where the judge prefers one of both even where code finds them equally right."""
    sides = {side.left.replace("/", " "), side.right.replace("/", " ")}
    for favour in favours:
        if (
            {favour.preferred, favour.other} == sides
            and favour.effect.low is not None
            and favour.effect.low > FAVOUR_FAILS
        ):
            zh, en = side_words(favour.preferred.replace(" ", "/", 1))
            return replace(
                side,
                warning=(
                    f"当心：程序认为同样正确的题上，评审仍给{zh}多 {favour.effect.mean:.2f} 分，评审的差别不可信。",
                    (
                        f"Beware: where code finds both equally right the judge gives {en} {favour.effect.mean:.2f} points more; "
                        "do not believe the judged differences."
                    ),
                ),
            )
    return side


def side_words(name: str) -> Words:
    """An arm and mode in words; a checkpoint or a run as it is called."""
    arm, slash, mode = name.partition("/")
    return group_words(f"{arm} {mode}") if slash and mode in {"closed", "open"} else (name, name)


def _read(connection: duckdb.DuckDBPyConnection, name: str, run: str | None, judge: str) -> dict[str, SideItem]:
    bound = {"name": name, "judge": judge}
    for source in (NEWEST, "completions"):  # an older checkpoint is asked for by its own name
        rows = connection.execute(_COMPLETIONS.format(source=source), {**bound, "run": run}).fetchall()
        if rows:
            measured = _measured(connection, [row[1] for row in rows])
            return {row[0]: _item(row, measured.get(row[1], {})) for row in rows if row[4] in HELD_OUT}
    rows = connection.execute(_SAMPLES, bound).fetchall()
    if not rows:
        raise UsageError(
            f"COMPARE: nothing is called {name}: give an arm (tuned), an arm and mode (tuned/closed), a checkpoint or a run."
        )
    return {row[0]: _item(row, {}) for row in rows}


def _measured(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> dict[str, Mapping[str, float]]:
    rows = connection.execute(_MEASURES, {"ids": list(ids)}).fetchall()
    return {answer.completion_id: answer.values for answer in checked(Measure(*row) for row in rows)}


def _item(row: tuple[Any, ...], measured: Mapping[str, float]) -> SideItem:
    _, item_id, place_id, question, _, total, dimensions = row
    values = {kind: measured[kind] for kind in MEASURES if kind in measured}
    if total is not None:
        values[TOTAL] = float(total)
    values |= {name: float(value) for name, value in (dimensions or {}).items() if value is not None}
    return SideItem(item_id, place_id, question, values)


def _rows(left: str, right: str, pairs: Sequence[tuple[SideItem, SideItem]]) -> tuple[Difference, ...]:
    kinds = list(dict.fromkeys(kind for ours, _ in pairs for kind in ours.values))
    order = [DEPENDABLE, TOTAL, *(kind for kind in kinds if kind not in PRIMARY)]
    made = [(kind, pair) for kind in order if (pair := _paired(pairs, kind)) is not None]
    adjusted = holm([None if kind in PRIMARY else pair.p for kind, pair in made])
    primaries = holm([pair.p if kind in PRIMARY else None for kind, pair in made])
    return tuple(
        Difference(left, right, kind, pair, kind in PRIMARY, primary if kind in PRIMARY else secondary)
        for (kind, pair), primary, secondary in zip(made, primaries, adjusted, strict=True)
    )


def _paired(pairs: Sequence[tuple[SideItem, SideItem]], kind: str) -> Paired | None:
    kept = [(ours, other) for ours, other in pairs if kind in ours.values and kind in other.values]
    return paired(
        [other.values[kind] for _, other in kept],
        [ours.values[kind] for ours, _ in kept],
        [ours.place_id for ours, _ in kept],
    )


def _points(pairs: Sequence[tuple[SideItem, SideItem]]) -> tuple[Point, ...]:
    def apart(pair: tuple[SideItem, SideItem]) -> tuple[float, float, str]:
        ours, other = pair
        gaps = [abs(ours.values.get(kind, 0.0) - other.values.get(kind, 0.0)) for kind in PRIMARY]
        return -gaps[0], -gaps[1], ours.item_id

    return tuple(
        Point(
            ours.question,
            ours.item_id,
            other.item_id,
            ours.values.get(DEPENDABLE),
            other.values.get(DEPENDABLE),
            ours.values.get(TOTAL),
            other.values.get(TOTAL),
        )
        for ours, other in sorted(pairs, key=apart)[:POINTS]
    )
