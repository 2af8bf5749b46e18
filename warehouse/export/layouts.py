"""How one training row is written for a trainer: a record and its Arrow schema per layout, and what proof may stand beside it.

Pure. Every layout holds the prompt that ``make train`` trains and ``make chat`` asks (system line, then the user's words);
``iqa``'s constant Instruction is a column of its own, ``task``: trainers that find ``instruction`` beside ``question`` drop
one of them, or both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from factory.commit.schema import CLAIM, PLAIN_MESSAGE, POI, RECOMMENDATION

Record = dict[str, Any]

_TURNS = pa.list_(PLAIN_MESSAGE)
_SPOKEN = pa.list_(pa.struct([("from", pa.string()), ("value", pa.string())]))


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One training row: what is said before the answer, and the answer."""

    system: str
    user: str
    answer: str
    instruction: str

    @property
    def prompt(self) -> list[Record]:
        """The turns that are asked, without the answer."""
        return [{"role": "system", "content": self.system}, {"role": "user", "content": self.user}]

    @property
    def reply(self) -> Record:
        """The turn that is trained."""
        return {"role": "assistant", "content": self.answer}


@dataclass(frozen=True, slots=True)
class Layout:
    """A trainer's form of a row. ``llama_factory`` is its entry in dataset_info.json, less the file's name."""

    write: Callable[[ExportRow], Record]
    columns: tuple[tuple[str, pa.DataType], ...]
    llama_factory: Mapping[str, Any]
    readers: str


_ROLES = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}

LAYOUTS: Final[dict[str, Layout]] = {
    "messages": Layout(
        lambda row: {"messages": [*row.prompt, row.reply]},
        (("messages", _TURNS),),
        {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": _ROLES},
        "HF datasets, LLaMA-Factory, ms-swift, most others",
    ),
    "prompt-completion": Layout(
        lambda row: {"prompt": row.prompt, "completion": [row.reply]},
        (("prompt", _TURNS), ("completion", _TURNS)),
        {},
        "TRL: only the completion is trained",
    ),
    "sharegpt": Layout(
        lambda row: {
            "conversations": [{"from": "human", "value": row.user}, {"from": "gpt", "value": row.answer}],
            "system": row.system,
        },
        (("conversations", _SPOKEN), ("system", pa.string())),
        {"formatting": "sharegpt", "columns": {"messages": "conversations", "system": "system"}},
        "LLaMA-Factory, ms-swift, axolotl",
    ),
    "alpaca": Layout(
        lambda row: {"instruction": row.user, "input": "", "output": row.answer, "system": row.system},
        (("instruction", pa.string()), ("input", pa.string()), ("output", pa.string()), ("system", pa.string())),
        {
            "formatting": "alpaca",
            "columns": {"prompt": "instruction", "query": "input", "response": "output", "system": "system"},
        },
        "LLaMA-Factory, ms-swift",
    ),
    "iqa": Layout(
        lambda row: {"question": row.user, "answer": row.answer, "system": row.system, "task": row.instruction},
        (("question", pa.string()), ("answer", pa.string()), ("system", pa.string()), ("task", pa.string())),
        {"formatting": "alpaca", "columns": {"prompt": "question", "response": "answer", "system": "system"}},
        "people, pandas, ms-swift, LLaMA-Factory",
    ),
}

_TAG = pa.struct([("key", pa.string()), ("value", pa.string())])
EVIDENCE = pa.struct([pa.field(f.name, pa.list_(_TAG) if f.name == "tags" else f.type) for f in POI])
"""A poi as the views give it; its tags are pairs, since map columns load in no trainer."""
SOURCE = pa.struct(
    [(name, pa.string()) for name in ("run_id", "map_provider", "teacher", "licence", "attribution", "made_by")]
)
MADE_BY: Final = "AI-generated (chidian)"
_WISH = (
    *((name, pa.string()) for name in ("cuisine", "taste", "diet", "meal_time", "occasion")),
    *((name, pa.int32()) for name in ("budget_min_cny", "budget_max_cny", "radius_m", "party_size")),
    ("needs", pa.list_(pa.string())),
)
PROOF = pa.struct(
    [
        *(("question", pa.string()), ("answer", pa.string())),
        *((name, pa.string()) for name in ("place_id", "place", "city", "datum", "map_provider", "evidence_hash")),
        *(("lng", pa.float64()), ("lat", pa.float64()), ("fetched_at", pa.string()), ("feasible", pa.bool_())),
        *_WISH,
        ("recommendations", pa.list_(RECOMMENDATION)),
        ("evidence", pa.list_(EVIDENCE)),
        ("claims", pa.list_(CLAIM)),
    ]
)
"""What ``chidian verify`` needs to check the row again: wish, place, evidence, and the claims as they were found."""


def schema(layout: str, *, proof: bool) -> pa.Schema:
    """The columns of an export, in order."""
    columns = [("sample_id", pa.string()), *LAYOUTS[layout].columns, ("source", SOURCE)]
    return pa.schema([*columns, ("proof", PROOF)] if proof else columns)


def record(row: Mapping[str, Any], layout: str, *, proof: bool) -> Record:
    """One row of the export's query in a layout. ``row`` has the columns of ``samples`` and the training row's ``messages``."""
    system, user, reply = (turn["content"] for turn in row["messages"])
    export_row = ExportRow(system, user, reply, row["instruction"])
    source = {name: row[name] for name in ("run_id", "map_provider", "teacher", "licence", "attribution")}
    written = {
        "sample_id": row["sample_id"],
        **LAYOUTS[layout].write(export_row),
        "source": source | {"made_by": MADE_BY},
    }
    return written | {"proof": _proof(row)} if proof else written


def _proof(row: Mapping[str, Any]) -> Record:
    names = [field.name for field in PROOF if field.name not in {"evidence", "fetched_at"}]
    return {name: row[name] for name in names} | {
        "evidence": [_poi(poi) for poi in row["evidence"]],
        "fetched_at": str(row["fetched_at"]),
    }


def _poi(poi: Mapping[str, Any]) -> Record:
    tags = poi["tags"] or {}
    return {**poi, "tags": [{"key": key, "value": value} for key, value in dict(tags).items()]}


def features(columns: pa.Schema | pa.StructType) -> Sequence[Record]:
    """The columns in the notation of a Hugging Face card's ``dataset_info.features``.

    Without it their reader guesses types from the first rows, and a column that is empty there refuses the first value that comes.
    """
    return [{"name": field.name, **_feature(field.type)} for field in columns]


def _feature(kind: pa.DataType) -> Record:
    if pa.types.is_struct(kind):
        return {"struct": features(kind)}
    if pa.types.is_list(kind):
        value = kind.value_type
        return {"list": features(value) if pa.types.is_struct(value) else str(_feature(value)["dtype"])}
    return {"dtype": {"double": "float64"}.get(str(kind), str(kind))}
