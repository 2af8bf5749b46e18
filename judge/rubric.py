"""A rubric as a file: what is asked about an item, dimension by dimension, with the words that anchor each score.

The shipped ones lie in ``rubrics/``; a user's own takes the place of one of them (RUBRIC_DATA, RUBRIC_ANSWER). Its content is
its identity: verdicts carry the hash of it, and a rubric that is edited is asked anew.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from factory.errors import UsageError

DATA, ANSWER, PAIR = "data", "answer", "pair"
ROLES = (DATA, ANSWER)
"""What a rubric with scores can be about: a training sample, or a model's answer. A pair is compared, not scored."""
LANGUAGES = ("zh", "en")
SHIPPED = {DATA: "data_v2.toml", ANSWER: "answer_v2.toml", PAIR: "pair_v1.toml"}
FULL = 10.0
"""Totals reach from 0 to this on every scale."""
MOST_DIMENSIONS = 12
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dimension:
    """``anchors``: what each score stands for, lowest first; ``caps``: the most that the total can be at each score, or ().

    ``counted``: the highest score stands for no error, the next for one, and so on; the judge writes its count beside the score.
    """

    name: str
    aliases: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    caps: tuple[float, ...] = ()
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Rubric:
    """One rubric. ``low`` to ``high``: the whole numbers that may be given."""

    name: str
    about: str
    language: str
    low: int
    high: int
    intro: str
    rules: tuple[str, ...]
    dimensions: tuple[Dimension, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the dimensions, in order."""
        return tuple(dimension.name for dimension in self.dimensions)

    @property
    def digest(self) -> str:
        """12 hex digits over everything that a judge reads or that makes the total."""
        return blake2b(repr(self).encode(), digest_size=6).hexdigest()

    def total(self, scores: Mapping[str, float]) -> float:
        """Mean of all dimensions on 0 to 10, and no more than what its facts allow."""
        span = self.high - self.low
        mean = FULL * sum((scores[name] - self.low) / span for name in self.names) / len(self.names)
        caps = [
            dimension.caps[round(scores[dimension.name]) - self.low] for dimension in self.dimensions if dimension.caps
        ]
        return min([mean, *caps])


def plain(names: Sequence[str]) -> Rubric:
    """A rubric without words on the 1 to 5 scale; shipped dimensions keep their other names, and nothing caps the total."""
    aliases = {dimension.name: dimension.aliases for role in ROLES for dimension in shipped(role).dimensions}
    made = tuple(Dimension(name, aliases.get(name, ())) for name in names)
    return Rubric("plain", DATA, "zh", 1, 5, "", (), made)


@cache
def shipped(role: str) -> Rubric:
    """The rubric that this version brings for a role."""
    text = resources.files("judge.rubrics").joinpath(SHIPPED[role]).read_text(encoding="utf-8")
    return parse(text, SHIPPED[role])


def read_rubric(path: Path, role: str) -> Rubric:
    """A user's file. Raises UsageError that names the field to mend."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The rubric {path} cannot be read ({error}).") from error
    rubric = parse(text, str(path))
    if rubric.about != role:
        raise UsageError(
            f"{path} is a rubric about {rubric.about!r}, not about {role!r}: name it in the other setting."
        )
    return rubric


def parse(text: str, where: str) -> Rubric:
    """Raises UsageError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The rubric {where} is no TOML: {error}.") from error
    if table.get("about") == PAIR:
        return _of_pairs(table, where)
    low, high = _field(table, "low", int, where), _field(table, "high", int, where)
    if not 0 <= low < high <= 100 or high - low > 10:
        raise UsageError(
            f"The rubric {where} has low = {low} and high = {high}: give whole numbers, at most 11 of them."
        )
    made = tuple(_dimension(entry, low, high, where) for entry in _field(table, "dimension", list, where))
    if not 0 < len(made) <= MOST_DIMENSIONS:
        raise UsageError(f"The rubric {where} has {len(made)} dimensions: give 1 to {MOST_DIMENSIONS}.")
    if len({dimension.name for dimension in made}) < len(made):
        raise UsageError(f"The rubric {where} names a dimension twice.")
    return Rubric(
        name=_field(table, "name", str, where),
        about=_choice(table, "about", ROLES, where),
        language=_choice(table, "language", LANGUAGES, where),
        low=low,
        high=high,
        intro=_field(table, "intro", str, where).strip(),
        rules=tuple(map(str, table.get("rules", ()))),
        dimensions=made,
    )


def _of_pairs(table: Mapping[str, Any], where: str) -> Rubric:
    """Two answers are compared as wholes: no scale, no dimensions."""
    if table.get("dimension") or "low" in table or "high" in table:
        raise UsageError(f"The rubric {where} is about pairs, which have no dimensions and no scale: leave those out.")
    return Rubric(
        _field(table, "name", str, where),
        PAIR,
        _choice(table, "language", LANGUAGES, where),
        0,
        0,
        _field(table, "intro", str, where).strip(),
        tuple(map(str, table.get("rules", ()))),
        (),
    )


def _dimension(table: Any, low: int, high: int, where: str) -> Dimension:
    if not isinstance(table, dict):
        raise UsageError(f"The rubric {where} has a dimension that is no table: write [[dimension]] above each.")
    name = _field(table, "name", str, where).strip()
    anchors = tuple(map(str, _field(table, "anchors", list, where)))
    caps = tuple(map(float, table.get("caps", ())))
    if not name or len(anchors) != high - low + 1:
        raise UsageError(f"The rubric {where}, dimension {name!r}, needs {high - low + 1} anchors, lowest score first.")
    if caps and len(caps) != len(anchors):
        raise UsageError(f"The rubric {where}, dimension {name!r}, needs as many caps as anchors, or none.")
    counted = table.get("counted", False)
    if not isinstance(counted, bool):
        raise UsageError(f"The rubric {where}, dimension {name!r}, has counted = {counted!r}: write true or false.")
    return Dimension(name, tuple(map(str, table.get("aliases", ()))), anchors, caps, counted)


def _field(table: Mapping[str, Any], name: str, kind: type[T], where: str) -> T:
    value = table.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise UsageError(f"The rubric {where} needs {name} = a {kind.__name__}.")
    return value


def _choice(table: Mapping[str, Any], name: str, allowed: Sequence[str], where: str) -> str:
    value = _field(table, name, str, where)
    if value not in allowed:
        raise UsageError(f"The rubric {where} has {name} = {value!r}: one of {', '.join(allowed)}.")
    return value
