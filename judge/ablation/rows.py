"""Which rows each arm trains on: verified rows with a share replaced by rejected ones, and terciles of the judge's score.

Selects from views (``sft_train``, ``rejects``, ``scores``); the mixing is pure. Each arm's rows become a Parquet file,
so that anybody can read what an arm was trained on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

SHARES: Final = (0.0, 0.1, 0.3, 0.6)
TIERS: Final = ("top", "middle", "bottom")
LEAST_ROWS: Final = 60
"""An arm with fewer rows is repeated so often that it would measure memory, not the rows' quality."""
CHARS_A_TOKEN: Final = 1.35
"""Of Chinese answers in Qwen's tokens, measured on sandbox answers. It only bounds how many rows a budget can see once."""
_VERIFIED = """
select sample_id, question, messages, answer, null from data.sft_train order by md5(sample_id || '{seed}')
"""
_REJECTED = """
select candidate_id, question, messages, answer, reason from rejected.rejects
where split = 'train' and stage in ('structure', 'grounding', 'wish') and length(answer) > 0 and len(messages) = 3
  and place_id not in (select place_id from data.samples where split = 'unseen')
  and question not in (select question from data.sft_validation)
qualify row_number() over (partition by question order by candidate_id) = 1
order by md5(candidate_id || '{seed}')
"""
_JUDGED = """
with judge as (
  select judge from data.scores where item_kind = 'sample' and rubric = 'data' and design = 'standard'
  group by judge order by count(total) desc, judge limit 1
), judged as (
  select r.sample_id, r.question, r.messages, r.answer, s.total, s.judge,
    ntile(3) over (order by s.total desc, md5(r.sample_id || '{seed}')) as tier
  from data.sft_train r join data.scores s on s.item_id = r.sample_id join judge using (judge)
  where s.item_kind = 'sample' and s.rubric = 'data' and s.design = 'standard' and s.total is not null
)
select sample_id, question, messages, answer, null, tier, total, judge from judged order by md5(sample_id || '{seed}')
"""


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One row: ``reason`` is why the verifier refused it, None for a verified row."""

    row_id: str
    question: str
    messages: tuple[tuple[str, str], ...]
    """(role, content)"""
    answer: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Arm:
    """What one kind of training run is trained on. ``family``: rejected (``level`` is the share) or tier (0 top to 2)."""

    name: str
    family: str
    level: float
    rows: tuple[TrainingRow, ...]
    mean_score: float | None = None

    @property
    def rejected_share(self) -> float:
        """Share of the answers' characters that comes from rejected rows."""
        return chars(row for row in self.rows if row.reason is not None) / chars(self.rows)


@dataclass(frozen=True, slots=True)
class Families:
    """All arms, and one sentence for each family that could not be made."""

    arms: tuple[Arm, ...]
    missing: tuple[str, ...]
    judge: str | None


def chars(rows: Iterable[TrainingRow]) -> int:
    """Characters of the answers, which are what is trained."""
    return sum(len(row.answer) for row in rows)


def mix(verified: Sequence[TrainingRow], rejected: Sequence[TrainingRow], share: float, size: int) -> list[TrainingRow]:
    """Rows whose answers hold ``size`` characters, ``share`` of them rejected, to half a row while verified rows last.

    Rows are taken in the order given. A verified row whose question a chosen rejected row asks is left out, so that
    a rejected row replaces its verified twin where it has one and no question stands twice.
    """
    bad = _take(rejected, share * size)
    asked = {row.question for row in bad}
    return bad + _take([row for row in verified if row.question not in asked], size - chars(bad))


def _take(rows: Sequence[TrainingRow], size: float) -> list[TrainingRow]:
    taken: list[TrainingRow] = []
    held = 0
    for row in rows:
        if held + len(row.answer) / 2 > size:
            break
        taken.append(row)
        held += len(row.answer)
    return taken


def rejected_arms(
    verified: Sequence[TrainingRow], rejected: Sequence[TrainingRow], tokens: int
) -> tuple[list[Arm], str | None]:
    """The arms of the mixing, all of one size; or none and a sentence that says what is lacking."""
    size = int(min(chars(verified), tokens * CHARS_A_TOKEN, chars(rejected) / max(SHARES)))
    arms = [
        Arm(f"rejected-{round(100 * portion):02d}", "rejected", portion, tuple(mix(verified, rejected, portion, size)))
        for portion in SHARES
    ]
    if min(len(arm.rows) for arm in arms) >= LEAST_ROWS:
        return arms, None
    return [], (
        f"There are too few rows to say what verification is worth: {len(verified)} verified and {len(rejected)} rejected "
        f"rows of the training split, and an arm needs at least {LEAST_ROWS} with up to {max(SHARES):.0%} rejected."
    )


def tier_arms(tiers: Sequence[tuple[int, float, TrainingRow]], tokens: int) -> tuple[list[Arm], str | None]:
    """Top, middle and bottom third by the judge's data score (tier 1 to 3, total, row), all of one size."""
    groups = [[(total, row) for tier, total, row in tiers if tier == number] for number in (1, 2, 3)]
    if not tiers:
        return (
            [],
            "There are no verdicts on training rows, so nothing says what the judge is worth: run `make judge` first.",
        )
    if min(map(len, groups)) < LEAST_ROWS:
        return [], (
            f"Only {len(tiers)} training rows have a verdict: a third of them is less than {LEAST_ROWS} rows, too few to say "
            "what the judge is worth. Judge more of them with `make judge`."
        )
    size = min(tokens * CHARS_A_TOKEN, *(chars(row for _, row in group) for group in groups))
    arms = []
    for level, (name, group) in enumerate(zip(TIERS, groups, strict=True)):
        rows = _take([row for _, row in group], size)
        totals = [total for total, _ in group[: len(rows)]]
        arms.append(Arm(f"tier-{name}", "tier", float(level), tuple(rows), sum(totals) / len(totals)))
    return arms, None


def read_families(data: Path, rejects_from: Path, tokens: int, seed: int = 0) -> Families:
    """All arms of ``data``; rejected rows come from the warehouse in ``rejects_from``. Raises duckdb.Error."""
    with duckdb.connect() as connection:
        for name, folder in (("data", data), ("rejected", rejects_from)):
            quoted = str(folder / "warehouse.duckdb").replace("'", "''")
            connection.execute(f"attach '{quoted}' as {name} (read_only)")

        def ask(sql: str) -> list[tuple[Any, ...]]:
            return connection.execute(sql.format(seed=seed)).fetchall()

        verified, rejected = [_row(row) for row in ask(_VERIFIED)], [_row(row) for row in ask(_REJECTED)]
        judged = ask(_JUDGED)
    mixed, few_rejects = rejected_arms(verified, rejected, tokens)
    tiered, few_verdicts = tier_arms([(row[5], row[6], _row(row)) for row in judged], tokens)
    missing = tuple(reason for reason in (few_rejects, few_verdicts) if reason)
    return Families((*mixed, *tiered), missing, judged[0][7] if judged else None)


def _row(fields: tuple[Any, ...]) -> TrainingRow:
    row_id, question, messages, answer, reason = fields[:5]
    turns = tuple((str(turn["role"]), str(turn["content"])) for turn in messages)
    return TrainingRow(str(row_id), question, turns, answer, reason)


def write_rows(arm: Arm, path: Path) -> None:
    """The arm's rows with the columns of ``sft_train``, and the reason of the rejected ones."""
    table = pa.table(
        {
            "sample_id": [row.row_id for row in arm.rows],
            "split": ["train"] * len(arm.rows),
            "question": [row.question for row in arm.rows],
            "answer": [row.answer for row in arm.rows],
            "messages": [[{"role": role, "content": text} for role, text in row.messages] for row in arm.rows],
            "reason": pa.array([row.reason for row in arm.rows], pa.string()),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".aside")
    pq.write_table(table, aside)
    aside.replace(path)


def select_of(path: Path) -> str:
    """The SQL that gives an arm's rows to ``train run``."""
    quoted = str(path).replace("'", "''")
    return f"select * from read_parquet('{quoted}') order by md5(sample_id)"  # noqa: S608 - a file's name of our own


def fingerprint(arms: Sequence[Arm], *settings: object) -> str:
    """10 hex digits over every arm's rows and the settings: another study has other names."""
    digest = blake2b(digest_size=5)
    for arm in arms:
        digest.update("\x1f".join([arm.name, *(row.row_id for row in arm.rows), ""]).encode())
    digest.update(repr(settings).encode())
    return digest.hexdigest()
