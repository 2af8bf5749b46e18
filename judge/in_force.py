"""Which questions are in force: written down when a judging starts, so that verdicts of an edited rubric are a set of their own.

The views show the set that a judge was asked with last; earlier sets stay in ``all_verdicts`` and count again when their rubric
is brought back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from factory.commit.commit import Commit, CommitKind
from factory.commit.schema import table
from factory.commit.store import Store
from judge.instrument import LEGACY, PROMPTS, Instrument
from judge.items import open_views
from judge.rubric import ROLES

_IN_FORCE = "select prompt, rubric_hash from rubrics where judge = $judge and in_force"
_EARLIER = """
select count(*) from verdicts_shard where judge = $judge and rubric_hash is distinct from $hash and design = 'standard'
  and rubric = $prompt
"""


def rows(judge: str, instrument: Instrument, prompts: Sequence[str] = PROMPTS) -> list[dict[str, Any]]:
    """One row a prompt."""
    now = datetime.now(UTC)
    return [_row(judge, instrument, prompt, now) for prompt in prompts]


def _row(judge: str, instrument: Instrument, prompt: str, now: datetime) -> dict[str, Any]:
    rubrics = [instrument.rubrics[role] for role in (ROLES if prompt == LEGACY else (prompt,))]
    return {
        "judge": judge,
        "prompt": prompt,
        "rubric_hash": instrument.digest(prompt),
        "name": "+".join(rubric.name for rubric in rubrics),
        "language": rubrics[0].language,
        "low": rubrics[0].low,
        "high": rubrics[0].high,
        "dimensions": [name for rubric in rubrics for name in rubric.names],
        "text": instrument.system(prompt),
        "created_at": now,
    }


def standing(data: Path, judge: str) -> Mapping[str, str]:
    """By prompt the digest that the views show now."""
    with open_views(data) as connection:
        return dict(connection.execute(_IN_FORCE, {"judge": judge}).fetchall())


def changes(data: Path, judge: str, instrument: Instrument) -> Iterator[str]:
    """A sentence for each rubric whose verdicts would be asked anew although there are earlier ones."""
    now = standing(data, judge)
    with open_views(data) as connection:
        for role in ROLES:
            digest = instrument.digest(role)
            bound = {"judge": judge, "hash": digest, "prompt": role}
            [(earlier,)] = connection.execute(_EARLIER, bound).fetchall()
            if earlier and now.get(role) != digest:
                fields = f", JUDGE_EXTRA {instrument.fields()}" if instrument.fields() else ""
                yield (
                    f"{judge}: the questions about {role} are not those that {earlier} stored verdicts answer (rubric "
                    f"{instrument.rubrics[role].name}{fields}, {digest}): they are asked anew; the earlier ones stay in "
                    "all_verdicts."
                )


def put_in_force(store: Store, data: Path, run: str, made: Sequence[dict[str, Any]]) -> bool:
    """Commit the rows whose digest the views do not show yet; whether there were any. Raises DiskTrouble."""
    current = {judge: standing(data, judge) for judge in {row["judge"] for row in made}}
    fresh = [row for row in made if current[row["judge"]].get(row["prompt"]) != row["rubric_hash"]]
    if not fresh:
        return False
    number = 1 + max((int(unit[1:]) for unit in store.units(run)), default=-1)
    unit = f"R{number:06d}"
    files = store.put(run, unit, {"rubrics": table("rubrics", fresh)})
    store.commit_if_absent(Commit(run, unit, CommitKind.VERDICTS, datetime.now(UTC), files))
    return True
