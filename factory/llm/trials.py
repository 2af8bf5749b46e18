"""Whether a refused request is the fault of its fields, which all requests share, or its own.

A field that a server does not take fails every call: the run must stop at once and fail no order. A text that one server cannot
take fails one. The difference: whether a call with the same fields succeeded in this run. Calls with the same fields that are
under way when the first refusal comes are waited for, since they may yet tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping
from typing import Any

Fields = frozenset[Hashable]


def fields_of(body: Mapping[str, Any]) -> Fields:
    """The names that make up a request: of the body, and of the messages by role."""
    return frozenset({*body, *((message["role"], *message) for message in body["messages"])})


class Trials:
    """What one endpoint was asked with."""

    def __init__(self) -> None:
        self._taken: set[Fields] = set()
        self._open: dict[Fields, int] = {}
        self._waiting: list[asyncio.Future[None]] = []

    def begin(self, fields: Fields) -> None:
        """A call is under way."""
        self._open[fields] = self._open.get(fields, 0) + 1

    def end(self, fields: Fields) -> None:
        """It came to an end, whichever."""
        self._open[fields] -= 1
        if self._waiting:
            self._tell()

    def taken(self, fields: Fields) -> None:
        """A call was answered."""
        self._taken.add(fields)

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        for news in waiting:
            if not news.done():
                news.set_result(None)

    async def are_at_fault(self, fields: Fields) -> bool:
        """Of a refused call that has ended: waits until another with the same fields is answered, or none is under way."""
        while fields not in self._taken and self._open[fields] > 0:
            news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(news)
            await news
        return fields not in self._taken
