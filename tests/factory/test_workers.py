"""Several worker processes: the same samples as with one, whoever dies."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from factory.errors import OrderFailed, RetryLater
from factory.maps.amap.client import AmapMap
from factory.records import Message, ToolCall
from factory.run.workers.desk import WorkerDesk
from factory.run.workers.link import FarError, Link, LinkLostError
from factory.run.workers.remote import RemoteLedger, RemoteLimiter
from factory.run.workers.turns import Turns
from factory.sandbox.serve import Sandbox
from factory.sending.call_book import Reservation
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits
from tests.factory.sandbox_wire import served
from tests.factory.turned_clock import Clock
from tests.keyless import CLEAN

FAULTS = json.dumps({"chat": {"latency_ms": 30, "shares": {"429": 0.04, "5xx": 0.02, "half_body": 0.02}}})


def _start(data: Path, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "factory", "synth"],
        env={**CLEAN, "DATA": str(data), "WORKERS": "2", "SANDBOX_FAULTS": FAULTS, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end(child: subprocess.Popen[str]) -> str:
    _, errors = child.communicate(timeout=120)
    assert "Traceback" not in errors
    return errors


def _workers(parent: int) -> list[int]:
    """The worker processes of a run."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listed.splitlines()]
    return [int(row[0]) for row in rows if int(row[1]) == parent and "factory.run.workers.process" in row[-1]]


def _calls(data: Path) -> int:
    try:
        with sqlite3.connect(f"file:{data / 'calls.sqlite'}?mode=ro", uri=True) as book:
            return int(book.execute("select count(*) from calls").fetchone()[0])
    except sqlite3.Error:
        return 0


def _wait(child: subprocess.Popen[str], until: Callable[[], bool]) -> None:
    while not until():
        assert child.poll() is None, child.communicate()[1]
        time.sleep(0.01)


def _samples(data: Path) -> list[tuple[Any, ...]]:
    question = "select sample_id, question, answer, evidence, trajectory from samples order by sample_id"
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(question).fetchall()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """What one process makes of the plan."""
    data = tmp_path_factory.mktemp("alone")
    with _start(data, N="150", WORKERS="1") as child:
        _end(child)
    return _samples(data)


@pytest.mark.parametrize(("workers", "at_work"), [(1, range(7, 9)), (2, range(9, 11))])
def test_workers_have_a_quarter_more_orders_at_work_and_no_more_calls_in_flight(
    tmp_path: Path, workers: int, at_work: range
) -> None:
    in_flight: list[int] = [0]

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        if "chat" not in request.path:
            return await handler(request)
        in_flight.append(in_flight[-1] + 1)
        try:
            return await handler(request)
        finally:
            in_flight.append(in_flight[-1] - 1)

    faults = json.dumps({"chat": {"latency_ms": 60}})
    with served(sandbox=Sandbox(0, 0.0, faults), watch=watch) as base:
        urls = {"AMAP_BASE_URL": base, "TEACHER_BASE_URL": f"{base}/v1"}
        with _start(tmp_path, N="80", K="1", AGENTS="8", WORKERS=str(workers), **urls) as child:
            _end(child)
    assert child.returncode == 0
    assert max(in_flight) == 8
    with sqlite3.connect(tmp_path / "calls.sqlite") as book:
        asked = book.execute("select min(reserved_at), max(settled_at) from calls group by order_id").fetchall()
    assert max(sum(begun <= moment <= ended for begun, ended in asked) for moment, _ in asked) in at_work


def test_a_worker_that_is_killed_changes_no_sample(tmp_path: Path, alone: list[tuple[Any, ...]]) -> None:
    with _start(tmp_path, N="150") as child:
        for calls in (20, 60):
            _wait(child, lambda calls=calls: _calls(tmp_path) >= calls and len(_workers(child.pid)) == 2)  # type: ignore[misc]
            os.kill(_workers(child.pid)[0], signal.SIGKILL)
        _end(child)
    assert child.returncode == 0
    assert _samples(tmp_path) == alone


def test_a_worker_that_dies_in_its_first_second_is_replaced(tmp_path: Path) -> None:
    with _start(tmp_path, N="10") as child:
        _wait(child, lambda: bool(_workers(child.pid)))
        os.kill(_workers(child.pid)[0], signal.SIGKILL)  # it is not set up yet: that takes a second of imports
        _end(child)
    assert child.returncode == 0
    assert len(_samples(tmp_path)) == 10


def test_workers_die_with_their_parent_and_the_next_run_goes_on(tmp_path: Path, alone: list[tuple[Any, ...]]) -> None:
    with _start(tmp_path, N="150") as child:
        _wait(child, lambda: _calls(tmp_path) >= 40)
        workers = _workers(child.pid)
        child.kill()
    assert len(workers) == 2
    for pid in workers:
        while _is_running(pid):
            time.sleep(0.01)
    with _start(tmp_path, N="150") as child:
        _end(child)
    assert _samples(tmp_path) == alone


def _is_running(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_ctrl_c_drains_the_workers(tmp_path: Path) -> None:
    with _start(tmp_path, N="5000") as child:
        _wait(child, lambda: _calls(tmp_path) >= 60)
        child.send_signal(signal.SIGINT)
        errors = _end(child)
    assert child.returncode == 130
    assert "The same command goes on" in errors
    with sqlite3.connect(tmp_path / "calls.sqlite") as book:
        assert book.execute("select count(*) from calls where status = 'reserved'").fetchone() == (0,)


def test_a_second_ctrl_c_ends_all_at_once(tmp_path: Path) -> None:
    with _start(tmp_path, N="5000") as child:
        _wait(child, lambda: _calls(tmp_path) >= 60)
        workers = _workers(child.pid)
        child.send_signal(signal.SIGINT)
        time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        errors = _end(child)
    assert child.returncode == 130
    assert errors.strip().endswith("paid answers are kept, and the same command goes on.")
    assert not any(_is_running(pid) for pid in workers)


def test_workers_that_always_die_stop_the_run_with_a_sentence(tmp_path: Path) -> None:
    with _start(tmp_path, N="150") as child:
        while child.poll() is None:
            if _calls(tmp_path):
                for pid in _workers(child.pid):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        errors = _end(child)
    assert child.returncode == 1
    assert "worker process" in errors


def test_a_provider_that_is_given_up_stops_all_workers(tmp_path: Path) -> None:
    faults = '{"chat": {"always": "429", "retry_after_s": 600}}'
    with _start(tmp_path, N="50", SANDBOX_FAULTS=faults, GIVE_UP_S="1") as child:
        errors = _end(child)
    assert child.returncode == 1
    assert "the same command goes on" in errors


async def _pair(handlers: dict[str, Any]) -> tuple[Link, Link]:
    ends = socket.socketpair()
    links = (Link(handlers, lambda: None), Link({}, lambda: None))
    for link, end in zip(links, ends, strict=True):
        await asyncio.get_running_loop().create_unix_connection(lambda link=link: link, sock=end)  # type: ignore[misc]
    return links


def test_workers_share_one_cap_and_wait_for_its_money(tmp_path: Path) -> None:
    with served() as base:
        teacher = {"MAP": "sandbox", "TEACHER": "openai/sandbox/teacher-v1", "TEACHER_BASE_URL": f"{base}/v1"}
        env = teacher | {"AMAP_BASE_URL": base, "N": "500", "PRICE_IN": "2", "PRICE_OUT": "8", "BUDGET": "0.6"}
        with _start(tmp_path, **env) as child:
            errors = _end(child)
    assert child.returncode == 1, errors
    assert "BUDGET=0.6 CNY is used up" in errors
    with sqlite3.connect(tmp_path / "calls.sqlite") as book:
        spent = "select sum(case status when 'unresolved' then worst_cny else coalesce(cost_cny, 0) end) from calls"
        assert 0.4 < book.execute(spent).fetchone()[0] <= 0.6  # the next one, at its worst, would not have fitted


def test_a_link_carries_records_and_errors_as_they_are() -> None:
    message = Message("assistant", "好" * 500_000, (ToolCall("1", "restaurant_search", "{}"),))

    async def echo(value: object) -> object:
        await asyncio.sleep(0)
        return value

    async def fail(kind: str) -> None:
        raise {
            "ours": OrderFailed("Too long.", reason="context"),
            "retry": RetryLater("Later.", kind="rate", retry_after_s=2.0, billed=True),
        }.get(kind, ValueError("a mistake"))

    async def work() -> None:
        far, near = await _pair({"echo": echo, "fail": fail})
        assert await asyncio.gather(*(near.ask("echo", (number, message)) for number in range(3))) == [
            (number, message) for number in range(3)
        ]
        with pytest.raises(OrderFailed, match="Too long") as failed:
            await near.ask("fail", "ours")
        assert failed.value.reason == "context"
        with pytest.raises(RetryLater) as later:
            await near.ask("fail", "retry")
        assert (later.value.kind, later.value.retry_after_s, later.value.billed) == ("rate", 2.0, True)
        with pytest.raises(FarError, match="a mistake"):
            await near.ask("fail", "other")
        waiting = asyncio.create_task(near.ask("echo", 1))
        await asyncio.sleep(0)
        await far.close()
        with pytest.raises(LinkLostError):
            await waiting
        with pytest.raises(LinkLostError):
            await near.ask("echo", 1)

    asyncio.run(work())


def test_between_two_turns_the_loop_goes_round_and_who_gave_up_takes_none() -> None:
    async def work() -> None:
        turns, rounds = Turns(), 0
        taken: list[tuple[str, int]] = []

        def count() -> None:
            nonlocal rounds
            rounds += 1
            asyncio.get_running_loop().call_soon(count)

        async def one(name: str) -> None:
            await turns.mine()
            taken.append((name, rounds))

        tasks = {name: asyncio.create_task(one(name)) for name in "abcd"}
        count()
        await asyncio.sleep(0)
        tasks["c"].cancel()
        await asyncio.wait(tasks.values())
        assert [name for name, _ in taken] == ["a", "b", "d"]
        assert len({at for _, at in taken}) == len(taken)  # one a round, where all four were ready in the first
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        before = rounds
        await turns.mine()
        assert rounds == before  # nobody had the turn: it is not waited for

    asyncio.run(work())


@pytest.mark.parametrize(("late_s", "asked"), [(0.4, 1), (0.6, 2)])
def test_a_slot_that_was_long_on_its_way_is_given_back_and_asked_for_again(late_s: float, asked: int) -> None:
    """A worker that stood still must not send at once all that it was granted meanwhile; a long wait at the desk is not that."""

    async def work() -> None:
        clock, told = Clock(), []
        delays = [late_s, 0.0]

        async def lease(*_: object) -> tuple[int, float, float]:
            told.append("lease")
            clock.now += 30.0 + delays.pop(0)
            return len(told), 80.0, 30.0

        def settle(number: int, tokens: int) -> None:
            told.append(f"settle {number} {tokens}")

        def release(number: int, answered: bool) -> None:  # noqa: FBT001 - as the desk has it
            told.append(f"release {number} {answered}")

        far, near = await _pair({"lease": lease, "settle": settle, "release": release})
        await RemoteLimiter(near, clock).lease("teacher")
        assert told.count("lease") == asked
        assert told[1:3] == (["settle 1 0", "release 1 False"] if asked == 2 else [])
        await far.close()
        await near.close()

    asyncio.run(work())


@pytest.mark.parametrize(("late_s", "asked"), [(0.4, 1), (0.6, 2)])
def test_a_paid_slot_comes_in_one_way_and_a_late_one_costs_nothing(tmp_path: Path, late_s: float, asked: int) -> None:
    async def work() -> None:
        clock = Clock()
        ledger = Ledger(tmp_path, "run", 100.0)
        desk = WorkerDesk(LocalLimiter({"teacher": PoolLimits()}), ledger, AmapMap.__new__(AmapMap))
        delays, ways = [late_s, 0.0], []

        async def lease_paid(*values: Any) -> tuple[int, float, float, int]:
            answer = await desk.lease_paid(*values)
            clock.now += 30.0 + delays.pop(0)
            return (*answer[:2], 30.0, answer[3])

        def counted(name: str, handler: Callable[..., Any]) -> Callable[..., Any]:
            def handle(*values: Any, **named: Any) -> Any:
                ways.append(name)
                return handler(*values, **named)

            return handle

        handlers = {**desk.handlers(), "lease_paid": lease_paid}
        far, near = await _pair({name: counted(name, handler) for name, handler in handlers.items()})
        book = RemoteLedger(near)
        call = Reservation("key", "o", 0, "agent", "m", 2.0)
        lease, number = await RemoteLimiter(near, clock).lease_paid("teacher", call, book, tokens=1, priority=0)
        assert number == asked - 1
        assert ways == ["lease_paid"] + ["settle", "release", "void", "lease_paid"] * (asked - 1)
        assert ledger.spent() == (0.0, 2.0)  # of one attempt
        await book.lost("key", number, worst_cny=2.0)
        lease.release()
        await asyncio.sleep(0.05)
        assert ledger.spent() == (2.0, 0.0)
        assert desk.limiter.state()[0].in_flight == 0  # type: ignore[attr-defined]
        await far.close()
        await near.close()
        ledger.close()

    asyncio.run(work())


def test_what_a_dead_worker_had_sent_counts_as_spent_and_its_slots_are_free(tmp_path: Path) -> None:
    async def work() -> None:
        ledger = Ledger(tmp_path, "run", 100.0)
        limiter = LocalLimiter({"teacher": PoolLimits(max_in_flight=1, start_in_flight=1)})
        desk = WorkerDesk(limiter, ledger, AmapMap.__new__(AmapMap))

        def call(key: str) -> Reservation:
            return Reservation(key, "o", 0, "agent", "m", 2.0)

        await desk.lease("teacher", 1, 0)
        waiting = asyncio.create_task(desk.lease("teacher", 1, 1))
        paying = asyncio.create_task(desk.lease_paid("teacher", call("waits"), 1, 1))
        sent, kept, void = [await desk.reserve(call(key)) for key in ("sent", "kept", "void")]
        answer = {"raw": b"{}", "input_tokens": 1, "output_tokens": 1, "cost_cny": 0.5, "refusals": 0, "latency_s": 1.0}
        await desk.keep("kept", kept, worst_cny=2.0, **answer)
        await desk.void("void", void, worst_cny=2.0)
        late = asyncio.create_task(desk.reserve(call("late")))
        await asyncio.sleep(0)
        await desk.close()
        assert await late == sent == 0
        await asyncio.gather(waiting, paying, return_exceptions=True)
        assert waiting.cancelled()
        assert paying.cancelled()
        assert ledger.spent() == (2.5, 0.0)
        assert limiter.state()[0].in_flight == limiter.state()[0].waiting == 0
        (await asyncio.wait_for(limiter.lease("teacher"), 1.0)).release()
        ledger.close()

    asyncio.run(work())
