"""Between the work on two answers a process looks at its sockets."""

from __future__ import annotations

import asyncio
from collections import deque

from factory.llm.chat import CallKey, Chat, ChatAnswer, ChatRequest


class Turns:
    """One turn of the event loop each: who has waited longest goes next.

    Answers come in clumps, since the account book and the link pass on many at once, and each is some milliseconds of reading:
    without turns, what came meanwhile (answers whose slots could be another's, grants) waits for all of the clump.
    """

    def __init__(self) -> None:
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def mine(self) -> None:
        """Wait for it; at once where nobody has had this turn."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            loop.call_soon(self._next)
            return
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append(future)
        await future

    def _next(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():  # else its caller was cancelled
                future.set_result(None)
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._taken = False


class ChatInTurn(Chat):
    """A chat whose answers are handed over in turns."""

    def __init__(self, chat: Chat, turns: Turns) -> None:
        self._chat = chat
        self._turns = turns

    async def ask(self, request: ChatRequest, key: CallKey, *, priority: int = 0) -> ChatAnswer:
        """See ``Chat``."""
        answer = await self._chat.ask(request, key, priority=priority)
        await self._turns.mine()
        return answer

    async def aclose(self) -> None:
        """See ``Chat``."""
        await self._chat.aclose()
