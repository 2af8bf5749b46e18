"""A worker process: ``python -m factory.run.workers.process FD``, where FD is its end of a socket pair; started by executor.py.

Agents, the verifier and the teacher's sockets live here; all else is asked of the parent. It ends with its parent, at once:
when the link breaks, nothing that it holds is worth finishing, since only the parent can keep an answer.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys

from factory.agents.agent import AgentWorker
from factory.agents.second_reader import SecondReader
from factory.records import Order, OrderOutcome
from factory.run.executor import LocalExecutor, spare_collector
from factory.run.workers.link import Handlers, Link, Talk
from factory.run.workers.remote import RemoteLedger, RemoteLimiter, RemoteMap
from factory.run.workers.setup import WorkerSetup
from factory.run.workers.turns import ChatInTurn, Turns


class Serving:
    """A worker's own side: set up once, then asked for orders. ``link`` leads to whoever has limits, money and map."""

    def __init__(self) -> None:
        self.link: Talk | None = None
        self._executor: LocalExecutor | None = None

    def handlers(self) -> Handlers:
        """What the other side asks."""
        return {"setup": self.setup, "run": self.run}

    async def setup(self, given: WorkerSetup) -> None:
        """Open the teacher's sockets and make room for agents."""
        if self.link is None:
            raise AssertionError  # it is how this was asked
        limiter, ledger, turns = RemoteLimiter(self.link), RemoteLedger(self.link), Turns()
        chat = ChatInTurn(given.chat.open(limiter, ledger), turns)
        model = given.agent.reader
        asked = given.reader and ChatInTurn(given.reader.open(limiter, ledger), turns)
        reader = SecondReader(asked, model) if asked and model else None
        maps = RemoteMap(self.link, given.maps)
        self._executor = LocalExecutor(lambda: AgentWorker(chat, maps, given.agent, reader), given.agents)

    async def run(self, order: Order) -> OrderOutcome:
        """Serve one order."""
        if self._executor is None:
            raise AssertionError  # setup comes first
        return await self._executor.run(order)


def _parent_is_gone() -> None:
    os._exit(0)


async def _serve(end: socket.socket) -> None:
    serving = Serving()
    link = serving.link = Link(serving.handlers(), _parent_is_gone)
    await asyncio.get_running_loop().create_unix_connection(lambda: link, sock=end)
    await asyncio.Event().wait()


if __name__ == "__main__":
    spare_collector()
    asyncio.run(_serve(socket.socket(fileno=int(sys.argv[1]))))
