"""The commands of ``chidian``: one row each, with the room that does the work, named by its module.

Names alone, so that nothing here imports a room: ``factory/command.py`` starts the modules when they are wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Command:
    """One command. ``steps`` are ``module:function``, each called with the Values until one returns another status than 0."""

    name: str
    help: str
    room: str
    steps: tuple[str, ...]
    word: str = ""
    """How ``python -m ROOM`` calls it; the name, when empty"""
    takes: str = ""
    """The setting that words without a flag fill; ``*NAME`` takes any number of words, NAME being only for the help"""
    extra: str = ""
    """What to install, ``chidian[extra]``, when a package is missing"""
    hidden: bool = False
    """A part of another command, reached by ``python -m ROOM`` alone"""

    @property
    def room_word(self) -> str:
        """The word after ``python -m ROOM``."""
        return self.word or self.name


COMMANDS: Final = (
    Command("synth", "Make N verified samples of places.", "factory", ("factory.run.synth:main",)),
    Command(
        "preview", "Show three orders' samples with their claims marked, before a run; commits nothing.", "factory",
        ("factory.run.preview:main",),
    ),
    Command("doctor", "Try the map, the teacher and the judge with the settings in force.", "factory",
            ("factory.doctor:main", "judge.probe:main"), word="examine", extra="judge"),
    Command("factory-doctor", "Try the map and the teacher.", "factory", ("factory.doctor:main",),
            word="doctor", hidden=True),
    Command("sql", "Ask the warehouse: one read-only question, or a prompt.", "warehouse", ("warehouse.commands:sql",),
            takes="Q"),
    Command("export", "Write samples with a dataset card.", "warehouse", ("warehouse.commands:export_samples",), takes="RUN"),
    Command("push", "Send an export to a hub; without PUBLISH=1, only tell what would go.", "warehouse",
            ("warehouse.publishing.command:main",), takes="OUT"),
    Command("train", "Fine-tune, answer the held-out questions, measure.", "train",
            ("train.run:main", "train.completing:main", "train.standing:main"), word="all", extra="train"),
    Command("train-run", "Fine-tune on a SQL view.", "train", ("train.run:main",), word="run", extra="train", hidden=True),
    Command("complete", "Answer the held-out questions with a checkpoint, or bring answers.", "train", ("train.arms:main",),
            extra="train"),
    Command("chat", "Talk to a checkpoint.", "train", ("train.chat:main",), extra="train"),
    Command("judge", "Judge what has no verdict yet, then statistics and report.", "judge", ("judge.run:main",),
            word="run", extra="judge"),
    Command("probe", "Record what the judge's model supports.", "judge", ("judge.probe:main",), extra="judge"),
    Command("batch", "Judge by the provider's batch service: write, then read FILE...", "judge", ("judge.batch:main",),
            takes="*WORDS", extra="judge"),
    Command("ablate", "Does data quality cause model quality?", "judge", ("judge.ablation.command:main",),
            extra="judge"),
    Command("report", "Rebuild the HTML report from the warehouse alone.", "judge", ("judge.commands:report",),
            extra="judge"),
    Command("verdicts", "Write verdicts, scores, pairs and rubrics as Parquet and CSV.", "judge", ("judge.export:main",),
            word="export", extra="judge"),
    Command("warehouse", "Refresh and check the DuckDB file.", "warehouse",
            ("warehouse.commands:refresh", "warehouse.commands:check_all"), word="all"),
    Command("refresh", "Bring the DuckDB file up to the commits.", "warehouse", ("warehouse.commands:refresh",)),
    Command("check", "Check the DuckDB file.", "warehouse", ("warehouse.commands:check_all",)),
    Command(
        "calls", "The answers that were paid for; `calls drop KEY` has one asked for again.", "factory",
        ("factory.sending.calls_command:main",), takes="*CALLS",
    ),
    Command(
        "runs", "Compare runs by teacher and prompt: yield, rejects, cost, diversity.", "warehouse",
        ("warehouse.commands:runs",), takes="RUN",
    ),
    Command("forget", "Remove a run's content everywhere.", "warehouse", ("warehouse.commands:forget_run",), takes="RUN"),
    Command("compact", "Pack a run's small shards, or all runs', into big files.", "warehouse",
            ("warehouse.commands:compact_runs",), takes="RUN"),
    Command("verify", "Check rows against their own evidence.", "factory", ("factory.verifier.command:main",),
            takes="FILE"),
    Command("sandbox", "Serve the invented city and its teacher on loopback.", "factory",
            ("factory.sandbox.serve:main",)),
    Command("judge-sandbox", "Serve the simulated judges on loopback.", "judge", ("judge.sandbox:main",), word="sandbox",
            extra="judge"),
    Command("settings", "List the settings of a command, or of all.", "factory", ("factory.settings.listing:main",),
            takes="COMMAND"),
    Command("completion", "Print what a shell reads to complete commands and settings.", "factory",
            ("factory.settings.completion:main",), takes="SHELL_NAME"),
)  # fmt: skip
BY_NAME: Final = {command.name: command for command in COMMANDS}


def of_room(room: str) -> dict[str, Command]:
    """The commands that ``python -m ROOM`` knows, by its words."""
    return {command.room_word: command for command in COMMANDS if command.room == room}
