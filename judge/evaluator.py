"""``judge.evaluate`` and ``RestaurantDataEvaluator``: ``chidian judge`` from Python, over the same settings.

The original project's class of that name asked one call for two totals; ours asks blind questions with the evidence in the
prompt, keeps every answer, and says what could not be scored and why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factory.errors import RunStopped
from factory.settings import resolve
from factory.settings.reading import texts
from judge import commands, run
from judge.config import JudgeSettings, settings_of
from judge.items import open_views
from judge.providers import model_of

_MEANS = (
    "select item_kind, arm, rubric, count(*) as items, avg(total) as mean, min(total) as lowest, max(total) as highest, "
    "sum(replicates - scored) as unscored from scores where judge = ? and design = 'standard' group by all order by all"
)


@dataclass(frozen=True, slots=True)
class MeanScore:
    """Totals of 0 to 10 over ``items`` of one kind and rubric; ``unscored``: answers that could not be read, or were none."""

    item_kind: str
    arm: str | None
    rubric: str
    items: int
    mean: float | None
    lowest: float | None
    highest: float | None
    unscored: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a judging left: the page with all statistics, and the means of its judge."""

    report: Path
    judge: str
    means: tuple[MeanScore, ...]


class RestaurantDataEvaluator:
    """Judges samples and completions of a folder; settings are those of ``chidian judge`` in lower case (docs/settings.md)."""

    def __init__(self, **settings: object) -> None:
        self.settings: JudgeSettings = settings_of(resolve("judge", texts("judge", settings)))

    def evaluate(self) -> Evaluation:
        """Ask what has no verdict yet, write the report, give the means. Works beside a running event loop, too.

        Raises UsageError (bad settings, money not agreed to), RunStopped and its kin.
        """
        if _in_a_thread(lambda: run.judge(self.settings)) != 0:
            raise RunStopped("The judging was stopped: the same call goes on.")
        return self.read()

    def read(self) -> Evaluation:
        """What was judged before, without asking anybody. Raises UsageError where there are no verdicts."""
        settings, model = self.settings, model_of(self.settings.judge)
        report = commands.rebuilt(settings)
        with open_views(settings.data) as connection:
            means = tuple(MeanScore(*row) for row in connection.execute(_MEANS, [model]).fetchall())
        return Evaluation(report, model, means)


def evaluate(**settings: object) -> Evaluation:
    """``RestaurantDataEvaluator(**settings).evaluate()``."""
    return RestaurantDataEvaluator(**settings).evaluate()


def _in_a_thread(work: Callable[[], int]) -> int:
    """On a thread of its own, since this one may hold a notebook's event loop."""
    outcome: list[int | BaseException] = []

    def call() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below, in the caller's thread
            outcome.append(error)

    thread = threading.Thread(target=call, name="judge")
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
