"""The engine: a slow answer holds nothing up, what came in is committed, and a run that must stop sends nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.commit.store import open_store
from factory.errors import AccountRefused, RunStopped
from judge.asking import Ask
from judge.engine import Engine
from judge.providers import Judge
from tests.judge.judge_wire import Bench, bench, question


def engine(wire: Bench, data: Path, unit: int = 8) -> Engine:
    return Engine(open_store(data), "run", 0, 8, unit, wire.breaker)


def asks(wire: Bench, count: int) -> Iterator[tuple[Judge, Ask]]:
    return ((wire.judge, question(replicate)) for replicate in range(count))


COLUMNS = ("replicate", "reason")


def committed(data: Path) -> list[tuple[int, str]]:
    store = open_store(data)
    shards = [commit.files[0] for commit in store.commits("run")]
    rows = [row for shard in shards for row in store.read(shard, COLUMNS).to_pylist()]
    return sorted((row["replicate"], row["reason"]) for row in rows)


def test_a_slow_answer_holds_nothing_up_and_every_answer_is_committed_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with bench(tmp_path) as wire:
            wire.faults.set({"next": ["hang"], "hang_s": 0.4})
            motion = engine(wire, tmp_path)
            await motion.run(asks(wire, 101))
            assert motion.tally.scored == 101

    asyncio.run(scene())
    assert committed(tmp_path) == [(replicate, "") for replicate in range(101)]
    # The slow one is not in the first unit, although it was asked first.
    first = next(open_store(tmp_path).commits("run")).files[0]
    assert 0 not in [row["replicate"] for row in open_store(tmp_path).read(first, COLUMNS).to_pylist()]


def test_a_bad_key_in_the_middle_stops_at_once_and_keeps_what_came(tmp_path: Path) -> None:
    async def scene() -> None:
        async with bench(tmp_path) as wire:
            wire.faults.set({"next": [""] * 20 + ["arrearage"] * 500})
            motion = engine(wire, tmp_path)
            with pytest.raises(AccountRefused):
                await motion.run(asks(wire, 400))
            assert wire.faults.seen <= 20 + 8  # those in flight, and nothing after
            assert motion.tally.scored == 20

    asyncio.run(scene())
    assert len(committed(tmp_path)) == 20


def test_a_parameter_that_fails_every_question_stops_the_run(tmp_path: Path) -> None:
    async def scene() -> None:
        async with bench(tmp_path) as wire:
            wire.faults.set({"always": "invalid_parameter"})
            with pytest.raises(RunStopped, match="invalid_parameter"):
                await engine(wire, tmp_path).run(asks(wire, 400))
            assert wire.faults.seen < 80

    asyncio.run(scene())
    assert {reason for _, reason in committed(tmp_path)} <= {"bad_request"}


def test_stopping_drains_what_is_in_flight_and_commits_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with bench(tmp_path) as wire:
            wire.faults.set({"latency_s": 0.02})
            motion = engine(wire, tmp_path)
            running = asyncio.create_task(motion.run(asks(wire, 400)))
            await asyncio.sleep(0.05)
            motion.stop()
            await running
            assert 0 < motion.tally.asked < 400
            assert motion.tally.asked == wire.faults.seen

    asyncio.run(scene())
    assert committed(tmp_path)
