"""Which questions are asked about an item: standard replicates, the original's single call, a second judge on a subset.

Pure: items come as a stream in a seeded order, questions go out as a stream; nothing waits for the end of either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from judge.asking import Ask, Item
from judge.instrument import LEGACY, SHIPPED, Instrument
from judge.rubric import ANSWER, DATA, ROLES

STANDARD, LEGACY_DESIGN = "standard", "legacy"
LEGACY_ITEMS = 150
"""Samples that are also judged in the original's single call; enough for a halo of 0.2 (reference: at least 150)."""
SECOND_ITEMS = 300
"""Samples that the second judge sees, once a rubric."""
KIND_RUBRICS: dict[str, tuple[str, ...]] = {
    "sample": ROLES,
    "completion": (ANSWER,),
    "injected": (DATA,),
    "control": (DATA,),
}
"""Samples get both, so that one text has a cross-call pair beside its same-call pair; edits need the rubric that names facts."""

Question = tuple[str, str, str, int]
"""(item, design, rubric, replicate): with the judge it names one verdict."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one judge answered before: questions that are done, and how often each of the others failed."""

    done: frozenset[Question] = frozenset()
    failures: Mapping[Question, int] | None = None


@dataclass(frozen=True, slots=True)
class Design:
    """One judge's share of the work."""

    replicates: int
    legacy_items: int = LEGACY_ITEMS
    samples: int | None = None
    """None: every item of every kind; a number: that many samples and nothing else (the second judge)."""
    instrument: Instrument = SHIPPED


def questions(items: Iterable[Item], design: Design, judged: Judged) -> Iterator[Ask]:
    """The questions without a verdict, item by item."""
    samples = 0
    for item in items:
        if item.kind == "sample":
            samples += 1
        elif design.samples is not None:
            continue
        if design.samples is not None and samples > design.samples:
            continue
        for ask in _all(item, design, legacy=item.kind == "sample" and samples <= design.legacy_items):
            question = key_of(ask)
            if question not in judged.done:
                yield replace(ask, failures=(judged.failures or {}).get(question, 0))


def key_of(ask: Ask) -> Question:
    """Legacy calls answer for both rubrics at once; the first stands for them."""
    return (ask.item.item_id, ask.design, ask.rubrics[0], ask.replicate)


def _all(item: Item, design: Design, *, legacy: bool) -> Iterator[Ask]:
    replicates = design.replicates if item.kind in {"sample", "completion"} else 1
    for replicate in range(replicates):
        for rubric in KIND_RUBRICS[item.kind]:
            yield Ask(item, STANDARD, rubric, (rubric,), replicate, instrument=design.instrument)
    if legacy:
        yield Ask(item, LEGACY_DESIGN, LEGACY, ROLES, 0, instrument=design.instrument)
