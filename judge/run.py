"""``python -m judge run``: ask what has no verdict yet, commit, refresh, report.

Questions pass the factory's limiter and ledger; items and what was judged before come from the warehouse's views alone.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

from factory.commit.store import open_store
from factory.commit.working_folder import missing_warehouse
from factory.errors import UsageError
from factory.run.refresh import Refresher
from factory.run.stopping import Stopping
from factory.sending.ledger import Ledger
from factory.settings import Values
from judge.asking import Ask, Pair
from judge.commands import gated
from judge.config import JudgeSettings, settings_of
from judge.designs import SECOND_ITEMS, Design, Judged, questions
from judge.edits import edited_items
from judge.engine import Engine
from judge.estimate import estimate, lines, load_of
from judge.in_force import changes, put_in_force, rows
from judge.instrument import PROMPTS
from judge.items import Selection, count_items, judged_before, read_items
from judge.pairs import pair_asks, paired_before, pairs_of
from judge.progress import EVERY_S, JudgingProgress, say
from judge.providers import Judges, costs_nothing, model_of, open_judges, pool_limits, price_known
from judge.report import write_report
from judge.rubric import PAIR


def main(values: Values) -> int:
    """0 done, 130 after Ctrl-C. Raises ChidianError."""
    return judge(settings_of(values))


def judge(settings: JudgeSettings) -> int:
    """The same, with settings that are resolved; outside a main thread signals stay whose they are."""
    stopping = Stopping(say, settings.drain_s)
    try:
        return asyncio.run(_dry(settings) if settings.dry else _run(settings, stopping))
    except asyncio.CancelledError:
        if not stopping.seen:
            raise KeyboardInterrupt from None
        say(
            "Stopped at once; verdicts that are committed are safe, paid answers are kept, and the same command goes on."
        )
        return stopping.status


class Work:
    """What is left to ask, as streams that can be made again: once to count, once to ask."""

    def __init__(self, settings: JudgeSettings) -> None:
        self.settings = settings
        self.selection = Selection(settings.run, settings.seed)
        self.items = count_items(settings.data, self.selection)
        self.edits = edited_items(settings.data, self.selection, settings.instrument.most_evidence)
        names = [name for name in (settings.judge, settings.second) if name is not None]
        self.models = {name: model_of(name) for name in names}
        self._judged: dict[str, Judged] = {
            name: judged_before(settings.data, model, settings.instrument) for name, model in self.models.items()
        }
        self._pairs: list[Pair] = []
        self._paired = Judged()
        if settings.pairs is not None:
            most = settings.instrument.most_evidence
            self._pairs = pairs_of(settings.data, self.selection, settings.pairs, most)
            self._paired = paired_before(settings.data, self.models[settings.judge], settings.instrument)
        self.changes = [
            line for model in self.models.values() for line in changes(settings.data, model, settings.instrument)
        ]

    @property
    def judged(self) -> int:
        """Questions that were answered before."""
        return sum(len(judged.done) for judged in self._judged.values())

    def asks(self, name: str) -> Iterator[Ask]:
        """One judge's questions."""
        settings = self.settings
        design = Design(settings.replicates, instrument=settings.instrument)
        if name != settings.judge:
            design = replace(design, replicates=1, legacy_items=0, samples=SECOND_ITEMS)
        items = read_items(settings.data, self.selection, self.edits, settings.instrument.most_evidence)
        scored = questions(items, design, self._judged[name])
        if name != settings.judge:
            return scored
        return itertools.chain(pair_asks(self._pairs, settings.instrument, self._paired), scored)

    def interleaved(self) -> Iterator[tuple[str, Ask]]:
        """The judges' questions in turn, so that all pools are busy from the start; LIMIT of them."""
        streams = [zip(itertools.repeat(name), self.asks(name), strict=False) for name in self.models]
        turns = itertools.zip_longest(*streams)
        return itertools.islice((pair for turn in turns for pair in turn if pair is not None), self.settings.limit)


async def _dry(settings: JudgeSettings) -> int:
    """Say what would be asked; nothing is opened, nothing written but a fresh warehouse."""
    work = await prepare(settings)
    _say_estimate(settings, work)
    return 0


async def prepare(settings: JudgeSettings) -> Work:
    """Refresh the warehouse and see what is left. Raises UsageError."""
    _need_warehouse(settings.data)
    # Commits that a killed run left behind count from here on.
    await Refresher(settings.data).refresh()
    return await asyncio.to_thread(Work, settings)


def _need_warehouse(data: Path) -> None:
    if not (data / "warehouse.duckdb").exists():
        raise UsageError(missing_warehouse(data))


def _say_estimate(settings: JudgeSettings, work: Work) -> int:
    """Print a line a judge; returns the number of questions."""
    total = 0
    kinds = ", ".join(f"{count} {kind}s" for kind, count in work.items.items() if count)
    say(f"{kinds}, {len(work.edits)} edited items; {work.judged} questions were answered before")
    for line in work.changes:
        say(line)
    for name, model in work.models.items():
        load = load_of((ask for judge, ask in work.interleaved() if judge == name), model, settings.seed)
        simulated = model.startswith("sandbox/")
        expected = estimate(
            load, pool_limits(settings, model), price_known(model, settings.wire.price), simulated=simulated
        )
        for line in lines(model + (" (simulated)" if simulated else ""), expected):
            say(line)
        total += load.total
    return total


async def _run(settings: JudgeSettings, stopping: Stopping) -> int:
    async with AsyncExitStack() as stack:
        stack.enter_context(stopping)
        _need_warehouse(settings.data)  # before the books, which make the folder
        ledger = Ledger(settings.data, settings.name, settings.budget_cny)
        stack.callback(ledger.close)
        work = await prepare(settings)
        total = _say_estimate(settings, work)
        paid = not all(costs_nothing(settings, name, model) for name, model in work.models.items())
        if total and paid and settings.budget_cny is None and not settings.yes:
            raise UsageError("Judging with a real model spends money: give a cap, BUDGET=<CNY>, or agree with YES=1.")
        prompts = PROMPTS if settings.pairs is None else (*PROMPTS, PAIR)
        standing = [row for model in work.models.values() for row in rows(model, settings.instrument, prompts)]
        if put_in_force(open_store(settings.data), settings.data, settings.name, standing) and not total:
            await Refresher(settings.data).refresh()
        if total:
            judges = await stack.enter_async_context(open_judges(settings, ledger))
            if await _ask(settings, work, judges, total, stopping):
                return stopping.status
    where = await asyncio.to_thread(
        write_report,
        settings.data,
        settings.name,
        work.models[settings.judge],
        settings.run,
        second=work.models.get(settings.second or ""),
        compare=settings.compare,
    )
    say(f"report: {where}")
    return gated(settings, where)


async def _ask(settings: JudgeSettings, work: Work, judges: Judges, total: int, stopping: Stopping) -> bool:
    """True when it was interrupted."""
    store = open_store(settings.data)
    engine = Engine(store, settings.name, settings.seed, settings.in_flight, settings.unit, judges.breaker)
    stopping.drains(engine.stop, "the questions in flight")
    progress = JudgingProgress(total, all(judge.price is not None for judge in judges.judges))
    ticker = asyncio.create_task(_tick(engine, judges, progress))
    try:
        by_name = {judge.name: judge for judge in judges.judges}
        await engine.run((by_name[name], ask) for name, ask in work.interleaved())
    finally:
        ticker.cancel()
        with suppress(asyncio.CancelledError):
            await ticker
        stopping.ends()
        say(progress.line(engine.tally, judges.limiter.state(), judges.ledger.spent()[0]))
        await Refresher(settings.data).refresh()
    if engine.tally.unscored:
        why = ", ".join(f"{reason} {count}" for reason, count in engine.tally.unscored.most_common())
        say(f"unscored: {why}. The same command asks them again (but for cannot_judge, which is an answer).")
    if stopping.seen:
        say("Stopped as you asked; every answer in flight was taken and committed. The same command goes on.")
    return bool(stopping.seen)


async def _tick(engine: Engine, judges: Judges, progress: JudgingProgress) -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        say(progress.line(engine.tally, judges.limiter.state(), judges.ledger.spent()[0]))
