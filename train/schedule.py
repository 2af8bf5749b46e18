"""Which samples stand in which row of which step, for the whole run: a pure function of lengths, recipe, seed and length.

Knowing all of it beforehand makes resuming a matter of one number, the step, whatever the epoch; and lets each row carry
the trained tokens of its whole step, over all processes, so that the loss is a token mean without any exchange.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice

from factory.errors import UsageError
from train.recipe import Recipe
from train.rows import Encoded

Step = tuple[tuple[int, ...], ...]
"""The rows of one optimizer step, each the indices of its samples. Row i is done by process i modulo their number."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """All steps of a run."""

    steps: tuple[Step, ...]

    @property
    def rows_per_step(self) -> int:
        """The same in all steps: rows are the unit that processes share and that accumulation counts."""
        return len(self.steps[0])

    @property
    def samples_per_step(self) -> float:
        """The mean."""
        return sum(len(row) for step in self.steps for row in step) / len(self.steps)


def schedule(
    samples: Sequence[Encoded], recipe: Recipe, *, seed: int, epochs: int, tokens: int | None, processes: int
) -> Schedule:
    """Steps for so many epochs or, where ``tokens`` is given, for about so many trained tokens. Raises UsageError.

    Steps run on over the edges of epochs, so that none is smaller than the others and no sample is left out; the last
    samples of the last epoch, fewer than a step, are not trained.
    """
    if recipe.samples_per_step % processes:
        raise UsageError(
            f"{processes} processes cannot share the {recipe.samples_per_step} samples of a step: "
            f"start a number that divides {recipe.samples_per_step}."
        )
    epochs_rows = _epochs(samples, recipe, seed, processes)
    per_step = processes if recipe.packing == "budget" else recipe.samples_per_step
    rows = chain.from_iterable(epochs_rows if tokens else islice(epochs_rows, epochs))
    steps = _grouped(rows, per_step)
    if tokens:
        steps = _within(steps, samples, tokens)
    if recipe.packing == "step":
        steps = (_joined(step, processes) for step in steps)
    all_steps = tuple(steps)
    if not all_steps:
        raise UsageError(f"{len(samples)} rows do not fill one step of RECIPE={recipe.name}: select more.")
    return Schedule(all_steps)


def trained_tokens(step: Step, samples: Sequence[Encoded]) -> int:
    """Tokens of a step that carry loss."""
    return sum(samples[i].trained for row in step for i in row)


def _epochs(samples: Sequence[Encoded], recipe: Recipe, seed: int, processes: int) -> Iterator[list[tuple[int, ...]]]:
    """The rows of each epoch in their order, without end."""
    lengths = [len(sample.ids) for sample in samples]
    for epoch in count():
        dice = random.Random(f"{seed}/{epoch}")
        order = list(range(len(samples)))
        dice.shuffle(order)
        if recipe.packing == "budget":
            rows = fill(lengths, order, recipe.row_tokens // processes)
            dice.shuffle(rows)
            yield rows
        else:
            yield [(i,) for i in order]


def fill(lengths: Sequence[int], order: Sequence[int], capacity: int) -> list[tuple[int, ...]]:
    """Best-fit-decreasing: each sample, longest first, into the fullest row that still has room.

    ``order`` breaks ties, so that epochs differ. O(n log n) for the sort; the fullest fitting row is then the lowest set
    bit, from the sample's length up, of an integer whose bit ``r`` says that a row with room ``r`` is open.
    """
    rows: list[list[int]] = []
    open_rows: defaultdict[int, list[int]] = defaultdict(list)
    rooms = 0
    for i in sorted(order, key=lambda i: -lengths[i]):
        length = lengths[i]
        fitting = rooms >> length
        if fitting:
            room = length + (fitting & -fitting).bit_length() - 1
            row = open_rows[room].pop()
            if not open_rows[room]:
                rooms ^= 1 << room
            rows[row].append(i)
        else:
            room, row = max(capacity, length), len(rows)
            rows.append([i])
        open_rows[room - length].append(row)
        rooms |= 1 << (room - length)
    return [tuple(row) for row in rows]


def _grouped(rows: Iterator[tuple[int, ...]], size: int) -> Iterator[Step]:
    while len(step := tuple(islice(rows, size))) == size:
        yield step


def _within(steps: Iterator[Step], samples: Sequence[Encoded], tokens: int) -> Iterator[Step]:
    """At least one step; the last is the one that comes nearest to the budget."""
    spent = 0
    for step in steps:
        more = trained_tokens(step, samples)
        if spent and spent + more / 2 > tokens:
            return
        spent += more
        yield step


def _joined(step: Step, processes: int) -> Step:
    """One row a process from rows of one sample."""
    singles = [row[0] for row in step]
    return tuple(tuple(singles[number::processes]) for number in range(processes))
