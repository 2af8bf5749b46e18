"""Two of our processes talking: questions with answers, and words that need none; over a socket pair, or Ray's calls (actors.py).

A frame is one pickle of all messages of one turn of the event loop, so that busy processes pay one system call (or one of Ray's
calls) for many messages; on a socket four bytes of length stand before it. Pickle, since both ends are our own code of one version,
and nobody else can write there. Our records are packed by their values in order: pickle's own way with slotted dataclasses costs
ten times as much.
"""

from __future__ import annotations

import asyncio
import dataclasses
import io
import itertools
import pickle
import traceback
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from operator import attrgetter
from typing import Any, cast

from factory import records
from factory.errors import ChidianError
from factory.maps.service import PoiPage
from factory.sending.call_book import KeptCall, Reservation

Handlers = Mapping[str, Callable[..., Any]]
"""What the other side may ask or say, by name. The handler of a question returns an awaitable; it is called at once, in the
order of arrival, and awaited in a task of its own."""
_HEAD = 4


class LinkLostError(Exception):
    """The other process is gone; what it was asked is not answered."""


class FarError(Exception):
    """An error in the other process that none of us raised on purpose: its traceback as text."""


class Talk(ABC):
    """One end, whatever carries it. ``on_lost`` is called once, when the other end is gone, however its process ended."""

    def __init__(self, handlers: Handlers, on_lost: Callable[[], None]) -> None:
        self._handlers = handlers
        self._on_lost = on_lost
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._outbox: list[tuple[Any, ...]] = []
        self.lost = False

    @abstractmethod
    def write(self, frame: bytes) -> None:
        """Bring a frame to the other end; in vain when it is gone."""

    async def ask(self, what: str, *values: Any, **named: Any) -> Any:
        """The other side's answer. Raises what its handler raised, FarError, or LinkLostError."""
        if self.lost:
            raise LinkLostError
        number = next(self._numbers)
        future = self._asked[number] = asyncio.get_running_loop().create_future()
        self._send(("ask", number, what, values, named))
        try:
            return await future
        finally:
            self._asked.pop(number, None)

    def tell(self, what: str, *values: Any) -> None:
        """Say something; said in vain when the other side is gone."""
        self._send(("tell", what, values))

    def break_off(self) -> None:
        """Nobody will answer any more."""
        if self.lost:
            return
        self.lost = True
        for future in self._asked.values():
            if not future.done():
                future.set_exception(LinkLostError())
        self._on_lost()

    def receive(self, frame: bytes) -> None:
        """Take apart what has come."""
        for message in pickle.loads(frame):  # noqa: S301 - written by our own other end
            self._take(message)

    def _take(self, message: tuple[Any, ...]) -> None:
        match message:
            case ("ask", number, what, values, named):
                task = asyncio.create_task(self._answer(number, self._handlers[what](*values, **named)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case ("tell", what, values):
                self._handlers[what](*values)
            case (_, number, good, value):
                future = self._asked.get(number)
                if future is not None and not future.done():  # its asker may have been cancelled
                    future.set_result(value) if good else future.set_exception(value)

    async def _answer(self, number: int, work: Awaitable[Any]) -> None:
        try:
            self._send(("answer", number, True, await work))
        except (ChidianError, LinkLostError) as error:
            self._send(("answer", number, False, error))
        except Exception:  # noqa: BLE001 - the asker must know, whatever it was
            self._send(("answer", number, False, FarError(traceback.format_exc())))

    def _send(self, message: tuple[Any, ...]) -> None:
        if self.lost:
            return
        if not self._outbox:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outbox.append(message)

    def _flush(self) -> None:
        messages, self._outbox = self._outbox, []
        self.write(_pack(messages))


class Link(Talk, asyncio.Protocol):
    """One end of a socket pair."""

    def __init__(self, handlers: Handlers, on_lost: Callable[[], None]) -> None:
        super().__init__(handlers, on_lost)
        self._inbox = bytearray()
        self._transport: asyncio.Transport | None = None
        self._closed = asyncio.Event()

    def write(self, frame: bytes) -> None:
        """See ``Talk``."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(len(frame).to_bytes(_HEAD, "big") + frame)

    async def close(self) -> None:
        """Hang up; when this returns, ``on_lost`` has been called."""
        if self._transport is not None:
            self._transport.close()
            await self._closed.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Both ends stand from the beginning."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature; why does not matter
        """Nobody will answer any more."""
        self.break_off()
        self._closed.set()

    def data_received(self, data: bytes) -> None:
        """Part it into frames."""
        self._inbox += data
        start = 0
        while len(self._inbox) - start >= _HEAD:
            end = start + _HEAD + int.from_bytes(self._inbox[start : start + _HEAD], "big")
            if len(self._inbox) < end:
                break
            self.receive(bytes(self._inbox[start + _HEAD : end]))
            start = end
        del self._inbox[:start]


def _pack(messages: list[tuple[Any, ...]]) -> bytes:
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol=5)
    pickler.dispatch_table = _TABLE
    pickler.dump(messages)
    return stream.getvalue()


def _by_values(kind: type) -> Callable[[Any], tuple[type, tuple[Any, ...]]]:
    values = attrgetter(*(field.name for field in dataclasses.fields(kind)))
    return lambda record: (kind, values(record))


_RECORDS = [
    record for record in vars(records).values() if isinstance(record, type) and dataclasses.is_dataclass(record)
]
_TABLE = {kind: _by_values(kind) for kind in [*_RECORDS, KeptCall, PoiPage, Reservation]}
