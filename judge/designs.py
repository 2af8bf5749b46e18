"""Which questions are asked about an item: standard replicates, the original's single call, a second judge on a subset.

Pure: items come as a stream in a seeded order, questions go out as a stream; nothing waits for the end of either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from judge.asking import Ask, Item
from judge.harmless import HARMLESS
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
    "control": ROLES,
}
"""Samples get both, so that one text has a cross-call pair beside its same-call pair; edits need the rubric that names facts."""
ANSWER_EDITS = 20
"""Of every kind of planted error, this many that stand alone are asked by the answers' rubric, too: a judge may see faults by one
rubric and not by the other."""

QuestionKey = tuple[str, str, str, int]
"""(item, design, rubric, replicate): with the judge it names one verdict."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one judge answered before: questions that are done, and how often each of the others failed."""

    done: frozenset[QuestionKey] = frozenset()
    failures: Mapping[QuestionKey, int] | None = None


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
    samples, single = 0, Counter[str]()
    for item in items:
        if item.kind == "sample":
            samples += 1
        elif design.samples is not None:
            continue
        if design.samples is not None and samples > design.samples:
            continue
        rubrics = KIND_RUBRICS[item.kind]
        if (edit := _single_error(item)) is not None:
            single[edit] += 1
            rubrics = ROLES if single[edit] <= ANSWER_EDITS else rubrics
        for ask in _all(item, rubrics, design, legacy=item.kind == "sample" and samples <= design.legacy_items):
            question = key_of(ask)
            if question not in judged.done:
                yield replace(ask, failures=(judged.failures or {}).get(question, 0))


def key_of(ask: Ask) -> QuestionKey:
    """Legacy calls answer for both rubrics at once; the first stands for them."""
    return (ask.item.item_id, ask.design, ask.rubrics[0], ask.replicate)


def _single_error(item: Item) -> str | None:
    """The kind of error that was planted once in this item, or None."""
    _, _, made = item.item_id.partition("~")
    edit, _, dose = made.partition("~")
    return edit if item.kind == "injected" and dose == "1" and edit not in HARMLESS else None


def _all(item: Item, rubrics: Sequence[str], design: Design, *, legacy: bool) -> Iterator[Ask]:
    replicates = design.replicates if item.kind in {"sample", "completion"} else 1
    for replicate in range(replicates):
        for rubric in rubrics:
            yield Ask(item, STANDARD, rubric, (rubric,), replicate, instrument=design.instrument)
    if legacy:
        yield Ask(item, LEGACY_DESIGN, LEGACY, ROLES, 0, instrument=design.instrument)
