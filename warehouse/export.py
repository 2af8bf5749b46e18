"""``make export``: accepted samples as JSONL in a trainer's layout, one file a split, with a dataset card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from factory.commit.schema import STUDENT_SYSTEM
from factory.errors import DiskTrouble, UsageError
from warehouse.card import card
from warehouse.catalogue import open_reader

Row = dict[str, Any]


def _iqa(row: Row) -> Row:
    return {"Instruction": row["instruction"], "Question": row["question"], "Answer": row["answer"]}


def _alpaca(row: Row) -> Row:
    return {
        "instruction": row["instruction"],
        "input": row["question"],
        "output": row["answer"],
        "system": STUDENT_SYSTEM,
    }


def _sharegpt(row: Row) -> Row:
    turns = [{"from": "human", "value": row["question"]}, {"from": "gpt", "value": row["answer"]}]
    return {"conversations": turns, "system": STUDENT_SYSTEM}


def _messages(row: Row) -> Row:
    turns = (("system", STUDENT_SYSTEM), ("user", row["question"]), ("assistant", row["answer"]))
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


LAYOUTS: dict[str, Callable[[Row], Row]] = {
    "iqa": _iqa,
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
    "messages": _messages,
}
_COLUMNS = "sample_id, split, instruction, question, answer, place, city, map_provider, licence, attribution"


def export(data: Path, layout: str, out: Path, run: str | None) -> int:
    """Write the files; returns the number of samples. Raises UsageError, DiskTrouble."""
    if layout not in LAYOUTS:
        raise UsageError(f"LAYOUT must be one of {', '.join(LAYOUTS)}, not {layout!r}.")
    with open_reader(data) as connection:
        cursor = connection.execute(
            f"select {_COLUMNS} from samples where ? is null or run_id = ? order by sample_id",
            [run, run],
        )
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        text = card(connection, layout, run)
    if not rows:
        raise UsageError(
            "There are no samples to export" + (f" of run {run}" if run else "") + ": run `make synth` first."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        for split in sorted({row["split"] for row in rows}):
            with (out / f"{split}.jsonl").open("wb") as file:
                for row in rows:
                    if row["split"] == split:
                        source = {name: row[name] for name in ("sample_id", "map_provider", "licence", "attribution")}
                        file.write(orjson.dumps(LAYOUTS[layout](row) | {"source": source}) + b"\n")
        (out / "README.md").write_text(text, encoding="utf-8")
    except OSError as error:
        raise DiskTrouble(f"{out} cannot be written ({error.strerror}): give another OUT=folder.") from error
    return len(rows)
