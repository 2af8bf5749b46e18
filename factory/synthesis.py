"""``factory.synthesize``: a run from Python, awaited, iterated or waited for; in a script, a notebook or a thread.

The same run as ``chidian synth`` over the same settings, without a terminal: progress arrives as snapshots, lines by ``say``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Final

from factory.config import Settings, settings_of
from factory.errors import RunStopped
from factory.records import OrderOutcome
from factory.run.producing import Face, RunResult, produce
from factory.run.progress import Snapshot
from factory.settings import resolve
from factory.settings.reading import texts

Say = Callable[[str], None]
_END: Final = None


@dataclass(slots=True)
class _Watching:
    """Hands on snapshots at the run's own pace."""

    give: Callable[[Snapshot], None]

    def start(self, now: Snapshot) -> None:
        self.give(now)

    def count(self, outcomes: tuple[OrderOutcome, ...], rejects: Mapping[str, int]) -> None:
        """Snapshots hold what callers of a run look at."""

    def show(self, now: Snapshot, *, force: bool = False) -> None:  # noqa: ARG002 - each is handed on
        self.give(now)

    def close(self) -> None:
        """Nothing is held."""

    def idle(self, now: Snapshot) -> None:
        self.give(now)


class Synthesis(Coroutine[Any, Any, RunResult]):
    """A run that has its settings and has not begun.

    Use it once, in one of four ways::

        result = await factory.synthesize(n=20)                 # in a coroutine or a notebook
        async for snapshot in factory.synthesize(n=20): ...     # the same, with progress
        result = factory.synthesize(n=20).result()              # in a script, or anywhere
        for snapshot in factory.synthesize(n=20): ...           # the same, with progress

    After an iteration ``result()`` gives what became of the run. Raises ChidianError.
    """

    def __init__(self, settings: Settings, say: Say) -> None:
        self.settings = settings
        self._say = say
        self._inner: Coroutine[Any, Any, RunResult] | None = None
        self._result: RunResult | None = None

    def __repr__(self) -> str:
        state = "not begun: await it, iterate over it, or call .result()" if self._result is None else self._result
        return f"<Synthesis n={self.settings.n} data={str(self.settings.data)!r}: {state}>"

    async def _run(self, give: Callable[[Snapshot], None]) -> RunResult:
        result = await produce(self.settings, Face(self._say, lambda *_: _Watching(give)))
        if result is None:
            result = RunResult("", 0, self.settings.n, self.settings.data, 0.0)
        elif result.shortfall is not None:
            raise RunStopped(result.shortfall)
        self._result = result
        return result

    # --- awaited ------------------------------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, Any, RunResult]:
        return self._run(lambda _: None).__await__()

    def _coroutine(self) -> Coroutine[Any, Any, RunResult]:
        if self._inner is None:
            self._inner = self._run(lambda _: None)
        return self._inner

    def send(self, value: Any, /) -> Any:
        """As a coroutine's, so that ``asyncio.run`` and tasks take it."""
        return self._coroutine().send(value)

    def throw(self, *error: Any) -> Any:
        """As a coroutine's."""
        return self._coroutine().throw(*error)

    def close(self) -> None:
        """As a coroutine's; one that has not begun leaves nothing behind."""
        if self._inner is not None:
            self._inner.close()

    async def __aiter__(self) -> AsyncIterator[Snapshot]:
        snapshots: asyncio.Queue[Snapshot | None] = asyncio.Queue()
        task = asyncio.create_task(self._run(snapshots.put_nowait))
        task.add_done_callback(lambda _: snapshots.put_nowait(_END))
        try:
            while (snapshot := await snapshots.get()) is not _END:
                yield snapshot
            await task
        finally:
            task.cancel()

    # --- waited for ---------------------------------------------------------------------------------------------------

    def result(self) -> RunResult:
        """Run to the end, whether or not this thread has a running event loop, and give the result; a second time, the same."""
        if self._result is None:
            for _ in self:
                pass
        if self._result is None:
            raise AssertionError  # _run sets it or raises
        return self._result

    def __iter__(self) -> Iterator[Snapshot]:
        """Snapshots of the run, which goes on in a thread of its own: a notebook's loop is not in its way."""
        snapshots: SimpleQueue[Snapshot | None] = SimpleQueue()
        work = _InThread(lambda: self._run(snapshots.put), lambda: snapshots.put(_END))
        work.start()
        try:
            while (snapshot := snapshots.get()) is not _END:
                yield snapshot
        finally:
            work.finish()


@dataclass(slots=True)
class _InThread:
    """A coroutine on an event loop of its own thread; stopped with whoever waits for it."""

    make: Callable[[], Coroutine[Any, Any, RunResult]]
    done: Callable[[], None]
    _thread: threading.Thread | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _task: asyncio.Task[RunResult] | None = None
    _error: BaseException | None = None
    _ready: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="synthesize", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 - it is raised again by whoever waits
            self._error = error
        finally:
            self.done()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self.make())
        self._ready.set()
        await self._task

    def finish(self) -> None:
        """Wait for the end; an iteration that was left cancels the run (what it paid for is kept). Raises its error."""
        self._ready.wait()
        if self._loop is not None and self._task is not None and not self._task.done():
            self._loop.call_soon_threadsafe(self._task.cancel)
        if self._thread is not None:
            self._thread.join()
        if self._error is not None and not isinstance(self._error, asyncio.CancelledError):
            raise self._error


def synthesize(n: int | None = None, *, say: Say | None = None, **settings: object) -> Synthesis:
    """A run of N accepted samples with the settings of ``chidian synth`` in lower case: ``synthesize(n=20, data="world")``.

    What is not given comes from the environment, then from the defaults (docs/settings.md); keys from the environment alone.
    ``say`` takes the lines that the command would print. Raises UsageError at once where a setting is wrong.
    """
    values = resolve("synth", texts("synth", {"n": n, **settings}))
    return Synthesis(settings_of(values), say or (lambda _: None))
