"""Training rows from a SQL view, and their division into training and validation. Reads views only, read-only."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import duckdb

from factory.commit.working_folder import missing_warehouse
from factory.errors import UsageError
from warehouse.catalogue import open_reader

COLUMNS = ("sample_id", "split", "messages")
MODES = {"closed": ("sft_train", "sft_validation"), "open": ("sft_open_train", "sft_open_validation")}
TRAINED_SHARE = 872 / 1_090
"""Of the original's random split."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation: the turns before the answer, and the answer."""

    sample_id: str
    split: str
    turns: tuple[Turn, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids; ``answer_start`` is the index of the first trained token."""

    sample_id: str
    ids: tuple[int, ...]
    answer_start: int

    @property
    def trained(self) -> int:
        """Number of tokens that carry loss."""
        return len(self.ids) - self.answer_start


@dataclass(frozen=True, slots=True)
class Division:
    """Rows to train on, and rows to validate on by the name of their split."""

    train: list[Row]
    validation: dict[str, list[Row]]
    held_out: int
    """Rows to train on that the mode's validation view holds: where there are any, seen and unseen mean nothing"""


def of_run(view: str, run: str | None) -> str:
    """The view, which pools all runs, or one factory run's own rows of it (none left out), to select from."""
    if not run:
        return view
    rows, _, side = view.rpartition("_")
    held = "=" if side == "train" else "<>"
    return f"(from {rows}_rows where run_id = '{run.replace(chr(39), chr(39) * 2)}' and split {held} 'train')"


def left_out(data: Path, run: str | None) -> int:
    """Samples that the pooled views leave out, since another run has them too, or holds them back."""
    if run:
        return 0
    with open_reader(data) as connection:
        connection.execute("set python_enable_replacements = false")  # a missing view is no variable of ours
        try:
            [(count,)] = connection.execute("select count(*) from left_out").fetchall()
        except duckdb.ProgrammingError as error:
            raise UsageError(
                f"The rows cannot be read ({str(error).splitlines()[0]}): bring the file up to date with `make warehouse`."
            ) from error
    return int(count)


def read_division(data: Path, mode: str, sql: str | None, split: str, seed: int, run: str | None = None) -> Division:
    """The rows to train on and to hold out, of all factory runs or of one. Raises UsageError.

    ``sql`` replaces the rows to train on; a random split divides all rows.
    """
    train = read_rows(data, sql or f"from {of_run(MODES[mode][0], run)} order by sample_id")
    held_out = read_rows(data, f"from {of_run(MODES[mode][1], run)} order by sample_id")
    names = sorted({row.split for row in held_out})
    validation = {name: [row for row in held_out if row.split == name] for name in names}
    if split == "random":
        train, rest = divide(train if sql else train + held_out, seed)
        validation = {"random": rest}
    held_ids = {row.sample_id for row in held_out}
    return Division(train, validation, sum(row.sample_id in held_ids for row in train))


def divide(rows: Sequence[Row], seed: int) -> tuple[list[Row], list[Row]]:
    """The original's split: four fifths at random, whatever their place (1,090 rows: 872 and 218)."""
    shuffled = sorted(rows, key=lambda row: row.sample_id)
    random.Random(seed).shuffle(shuffled)
    border = round(len(shuffled) * TRAINED_SHARE)
    return shuffled[:border], shuffled[border:]


def read_rows(data: Path, question: str) -> list[Row]:
    """Rows of a view or of any query with its columns. Raises UsageError with what to do, DiskTrouble."""
    path = data / "warehouse.duckdb"
    if not path.exists():
        raise UsageError(missing_warehouse(data))
    with open_reader(data) as connection:
        try:
            cursor = connection.execute(question)
            names = [column[0] for column in cursor.description or ()]
            missing = [name for name in COLUMNS if name not in names]
            if missing:
                raise UsageError(f"SQL gives no column {', '.join(missing)}: select from a view such as sft_train.")
            picked = [tuple(row[names.index(name)] for name in COLUMNS) for row in cursor.fetchall()]
        except (duckdb.ProgrammingError, duckdb.DataError) as error:
            raise UsageError(f"The rows cannot be read: {str(error).splitlines()[0]}") from error
    return [_row(*columns) for columns in picked]


def _row(sample: Any, split: Any, messages: Any) -> Row:
    try:
        *before, answer = messages
        turns = tuple(Turn(message["role"], message["content"]) for message in before)
        ends_well = answer["role"] == "assistant" and bool(turns)
        text = str(answer["content"])
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise UsageError(
            f"Column messages of row {sample} is no list of structs (role, content), as in the view sft_train."
        ) from error
    if not ends_well:
        raise UsageError(f"The messages of row {sample} do not end with an answer of the assistant to a question.")
    return Row(str(sample), str(split), turns, text)


def fingerprint(rows: Sequence[Row]) -> str:
    """32 hex digits over the rows in order: a resumed run must see the same."""
    digest = blake2b(digest_size=16)
    for row in rows:
        turns = "\x1f".join(f"{turn.role}\x1d{turn.content}" for turn in row.turns)
        digest.update(f"{row.sample_id}\x1f{turns}\x1f{row.answer}\x1e".encode())
    return digest.hexdigest()
