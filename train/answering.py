"""Questions that are asked of a student, and the rows that its answers make; whoever gives them. No torch here.

completing.py asks a checkpoint, arms.py a program, a file or an endpoint: all commit through ``Author``, so that every arm
stands in the same views with the same measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from factory.commit import schema
from factory.commit.commit import Commit, CommitKind
from factory.commit.rows import now_utc
from factory.commit.store import Store
from factory.plan.split import hash_fraction
from train.measuring import AnswerGround, Grounds, measure, open_data
from train.rows import MODES, of_run

TRAIN_SAMPLE: Final = 60
"""Questions that were trained on which are asked, too: what a student says there beside what it says elsewhere"""
_QUESTIONS = "select sample_id, split, question, messages from {view} order by sample_id"


@dataclass(frozen=True, slots=True)
class StudentQuestion:
    """One question as the view writes it: ``messages`` are the turns before the answer."""

    sample_id: str
    split: str
    question: str
    messages: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Generated:
    """A model's answer; ``ended`` is true only when the model wrote the end word itself."""

    text: str
    ended: bool


@dataclass(frozen=True, slots=True)
class Author:
    """Who answers: ``name`` for people, ``identity`` the hash of what it is, the arm it stands for, what it is given."""

    name: str
    identity: str
    arm: str
    mode: str

    @property
    def run(self) -> str:
        """The run that its units belong to."""
        return f"completions-{self.name}"

    @property
    def prefix(self) -> str:
        """Of its units and completion ids."""
        return f"{self.identity}-{self.arm}-{self.mode}"


def questions(
    data: Path, mode: str, train_sample: int, limit: int | None, run: str | None = None
) -> list[StudentQuestion]:
    """All held-out questions and a fixed pseudo-random sample of the trained ones; larger numbers only add.

    ``run``: of this factory run only, as the checkpoint was trained.
    """
    train, held_out = (_read(data, of_run(view, run)) for view in MODES[mode])
    shuffled = sorted(train, key=lambda asked: hash_fraction("completions", asked.sample_id))[:train_sample]
    groups: dict[str, list[StudentQuestion]] = {}
    for asked in (*shuffled, *sorted(held_out, key=lambda asked: hash_fraction("completions", asked.sample_id))):
        groups.setdefault(asked.split, []).append(asked)
    return [asked for group in groups.values() for asked in group[:limit]]


def _read(data: Path, view: str) -> list[StudentQuestion]:
    with open_data(data) as connection:
        rows = connection.execute(_QUESTIONS.format(view=view)).fetchall()
    return [
        StudentQuestion(sample, split, question, tuple(messages[:-1])) for sample, split, question, messages in rows
    ]


def done(store: Store, author: Author) -> set[str]:
    """Ids of the samples whose questions this author has answered."""
    units = (unit for unit in store.units(author.run) if unit.startswith(author.prefix + "-"))
    return {sample for unit in units for sample in store.commit(author.run, unit).answered}


def commit(store: Store, author: Author, grounds: Grounds, answers: Sequence[tuple[StudentQuestion, Generated]]) -> int:
    """One unit: answers and their measures together. Returns how many count; 0 when another process was first."""
    ground_of = grounds.of([asked.sample_id for asked, _ in answers])
    completions, measures = [], []
    for asked, generated in answers:
        ground = ground_of[asked.sample_id]
        row = _row(author, asked, generated, ground)
        completions.append(row)
        for kind, (value, detail) in measure(ground, generated.text, ended=generated.ended).items():
            measures.append({"completion_id": row["completion_id"], "kind": kind, "value": value, "detail": detail})
    units = (unit for unit in store.units(author.run) if unit.startswith(author.prefix + "-"))
    number = 1 + max((int(unit.rpartition("-")[2]) for unit in units), default=-1)
    unit = f"{author.prefix}-{number:05d}"
    tables = {"completions": schema.table("completions", completions), "measures": schema.table("measures", measures)}
    answered = tuple(asked.sample_id for asked, _ in answers)
    files = store.put(author.run, unit, tables)
    made = Commit(author.run, unit, CommitKind.COMPLETIONS, now_utc(), files, answered=answered)
    return len(answers) if store.commit_if_absent(made) else 0


def _row(author: Author, asked: StudentQuestion, generated: Generated, ground: AnswerGround) -> dict[str, Any]:
    return {
        "completion_id": f"{author.prefix}-{asked.sample_id}",
        "sample_id": asked.sample_id,
        "run_id": ground.run_id,
        "split": asked.split,
        "mode": author.mode,
        "arm": author.arm,
        "model": author.name,
        "checkpoint": f"{author.name}@{author.identity}",
        "question": asked.question,
        "answer": generated.text,
        "messages": [*asked.messages, {"role": "assistant", "content": generated.text}],
        "finish_reason": "stop" if generated.ended else "length",
        "evidence_hash": ground.evidence_hash,
        "created_at": now_utc(),
    }
