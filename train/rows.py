"""Training rows from a SQL view to token ids with an answer mask. Reads views only, through a read-only connection."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import duckdb
from tokenizers import Tokenizer

from factory.errors import UsageError
from train.tokenizer import END, NO_THINKING

COLUMNS = ("sample_id", "split", "messages")
MODES = {"closed": ("sft_train", "sft_validation"), "open": ("sft_open_train", "sft_open_validation")}


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation: all messages but the last are the prompt."""

    sample_id: str
    split: str
    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids; ``answer_start`` is the index of the first trained token."""

    sample_id: str
    ids: tuple[int, ...]
    answer_start: int


def read_rows(data: Path, question: str) -> list[Row]:
    """Rows of a view or of any query with its columns. Raises UsageError with what to do."""
    path = data / "warehouse.duckdb"
    if not path.exists():
        raise UsageError(f"There is no {path}: run `make synth` first.")
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            cursor = connection.execute(question)
            names = [column[0] for column in cursor.description or ()]
            missing = [name for name in COLUMNS if name not in names]
            if missing:
                raise UsageError(f"SQL gives no column {', '.join(missing)}: select from a view such as sft_train.")
            picked = [tuple(row[names.index(name)] for name in COLUMNS) for row in cursor.fetchall()]
    except duckdb.Error as error:
        raise UsageError(f"The rows cannot be read: {str(error).splitlines()[0]}") from error
    return [
        Row(str(sample), str(split), _prompt(messages[:-1]), str(messages[-1]["content"]))
        for sample, split, messages in picked
    ]


def _prompt(messages: list[dict[str, str]]) -> str:
    turns = "".join(f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in messages)
    return f"{turns}<|im_start|>assistant\n{NO_THINKING}"


def encode(row: Row, tokenizer: Tokenizer) -> Encoded:
    """Prompt and answer are tokenised apart, so that the mask's edge is a token's edge; the answer ends with END."""
    prompt = tokenizer.encode(row.prompt, add_special_tokens=False).ids
    answer = tokenizer.encode(row.answer + END + "\n", add_special_tokens=False).ids
    return Encoded(row.sample_id, tuple(prompt + answer), len(prompt))


def fingerprint(rows: list[Row]) -> str:
    """32 hex digits over the rows in order: a resumed run must see the same."""
    digest = blake2b(digest_size=16)
    for row in rows:
        digest.update(f"{row.sample_id}\x1f{row.prompt}\x1f{row.answer}\x1e".encode())
    return digest.hexdigest()
