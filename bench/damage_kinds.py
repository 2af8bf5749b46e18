"""What can be damaged in a DATA and how: the kinds of file, the ways, and which way makes sense for which kind (damage.py)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

KINDS: Final[dict[str, str]] = {
    "samples shard": "shards/sandbox-*/samples/*.parquet",
    "rejects shard": "shards/sandbox-*/rejects/*.parquet",
    "orders shard": "shards/sandbox-*/orders/*.parquet",
    "attempts shard": "shards/sandbox-*/attempts/*.parquet",
    "calls shard": "shards/sandbox-*/calls/*.parquet",
    "verdicts shard": "shards/judge-*/verdicts/*.parquet",
    "rubrics shard": "shards/judge-*/rubrics/*.parquet",
    "completions shard": "shards/completions-*/completions/*.parquet",
    "measures shard": "shards/completions-*/measures/*.parquet",
    "commit": "commits/sandbox-*/*.json",
    "judge's commit": "commits/judge-*/*.json",
    "completions commit": "commits/completions-*/*.json",
    "plan": "plan/sandbox-*.json",
    "world": "plan/world.json",
    "cells": "plan/cells.json",
    "account book": "calls.sqlite",
    "account book's log": "calls.sqlite-wal",
    "map's answers": "map.sqlite",
    "map's log": "map.sqlite-wal",
    "index": "admission.sqlite",
    "warehouse": "warehouse.duckdb",
    "warehouse's log": "warehouse.duckdb.wal",
    "export": "export/*",
    "exports' list": "exports.json",
    "checkpoint": "models/going/checkpoint-*/*",
    "unfinished training": "models/going/*.json*",
    "trained model": "models/tiny/*",
    "report": "reports/judge-*/*",
    "run's lock": ".lock",
    "warehouse's lock": ".warehouse.lock",
}
BITS: Final = {"bit": 1, "8 bits": 8, "64 bits": 64}
SHAPES: Final = ("[]", "{}", "null")
WAYS: Final = (*BITS, "half", "empty", "one byte less", "gone", "folder", "noise", *SHAPES, "two swapped")
SHAPED: Final = frozenset(
    {
        "commit", "judge's commit", "completions commit", "plan", "world", "cells", "exports' list", "export", "checkpoint",
        "unfinished training", "trained model", "report",
    }
)  # fmt: skip
TRAINED: Final = frozenset({"checkpoint", "unfinished training", "trained model"})
ANSWERED: Final = frozenset({"completions shard", "measures shard", "completions commit"})
JUDGED: Final = frozenset({"verdicts shard", "rubrics shard", "judge's commit"})
REPORTED: Final = frozenset({"report"})


def makes_sense(kind: str, way: str) -> bool:
    """Whether a way is one for a kind: a lock holds nothing that could be altered, JSON words are for JSON's readers."""
    if way in SHAPES:
        return kind in SHAPED
    if way == "two swapped":
        return kind.endswith(("shard", "commit", "checkpoint"))
    if kind.endswith("lock"):
        return way in {"gone", "folder", "noise"}
    return True


def harm(path: Path, way: str, dice: random.Random, siblings: Sequence[Path]) -> None:
    """Change one file in one way."""
    body = bytearray(path.read_bytes())
    match way:
        case "bit" | "8 bits" | "64 bits":
            for _ in range(BITS[way] if body else 0):
                body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
            _put(path, body)
        case "half":
            _put(path, body[: len(body) // 2])
        case "empty":
            _put(path, b"")
        case "one byte less":
            _put(path, body[:-1])
        case "noise":
            _put(path, dice.randbytes(5_000))
        case "two swapped":
            other = dice.choice([sibling for sibling in siblings if sibling != path] or [path])
            theirs = other.read_bytes()
            _put(other, body)
            _put(path, theirs)
        case "gone" | "folder":
            path.unlink()
            if way == "folder":
                path.mkdir()
        case _:
            _put(path, way.encode())


def _put(path: Path, body: bytes | bytearray) -> None:
    """A new file in the place of the old one, which other folders may share."""
    path.unlink()
    path.write_bytes(body)
