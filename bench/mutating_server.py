"""A server whose good answers are bent on their way out, for mutated_bodies.py: what it sent, and what it would bill."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import zip_longest

import orjson
from aiohttp import web
from mutations import Sent, mutated

from factory.llm.prices import Price

PRICE = Price(2.0, 8.0)
ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})")
GUESSED = frozenset({"utf-16", "gbk", "broken utf-8", "bits flipped"})
KEPT_CHARACTERS = re.compile(r"[0-9一-龥]")


@dataclass
class MutatingServer:
    """What it bends (answers of the side ``bent``), what it sent, and what it would bill."""

    bent: str
    rate: float
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    base: str = ""
    bodies: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    bill_cny: float = 0.0
    digests: set[bytes] = field(default_factory=set)
    texts: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """what was sent, by side"""

    def answer(self, raw: bytes, side: str) -> Sent:
        """What goes out in place of a good answer."""
        is_bent = side == self.bent and self.dice.random() < self.rate
        sent = mutated(raw, self.dice) if is_bent else Sent("", raw)
        if sent.kind:
            self.bodies += 1
            self.kinds[sent.kind] += 1
        if side != "map" and sent.billed:
            usage = orjson.loads(raw)["usage"]
            self.bill_cny += PRICE.cost(usage["prompt_tokens"], usage["completion_tokens"])
        if (readable := sent.readable) is not None:
            self.digests.add(digest(readable))
            self.texts[side].append(kept_characters(_as_read(readable, sent.kind)))
        return sent

    def unsent(self, side: str, texts: Iterable[str], cuts: Iterable[Sequence[str]] = ()) -> list[str]:
        """Those of some texts that no answer of a side held, each with the longest beginning that one did.

        ``cuts``: what was left out of each text; without those clauses it must have been sent, word by word (the same words may
        stand elsewhere in the text, so that they are left out of both).
        """
        sent = "|".join(self.texts[side])
        missed = []
        for text, cut in dict(zip_longest(texts, cuts, fillvalue=())).items():
            held, kept = sent, kept_characters(text)
            for clause in filter(None, map(kept_characters, cut)):
                held, kept = held.replace(clause, ""), kept.replace(clause, "")
            if kept not in held:
                missed.append(f"{text!r} (sent up to {_longest_beginning(kept, held)!r})")
        return missed


def _longest_beginning(text: str, sent: str) -> str:
    return text[: bisect_left(range(len(text)), x=True, key=lambda end: text[: end + 1] not in sent)][-40:]


def digest(body: bytes) -> bytes:
    """Of a body, as ``MutatingServer.digests`` holds it."""
    return blake2b(body, digest_size=16).digest()


def _as_read(readable: bytes, kind: str) -> str:
    """As the reader may have read it; which encoding it takes is its own guess, where bytes are broken."""
    encodings = ("utf-8", *(("utf-16", "gb18030") if kind in GUESSED else ()))
    forms = (readable.decode(encoding, "replace") for encoding in encodings)
    return "|".join(ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), form) for form in forms)


def kept_characters(text: str) -> str:
    """Digits and Chinese characters: what no escape, mark or encoding of a JSON text can add or take."""
    return "".join(KEPT_CHARACTERS.findall(text))


@contextmanager
def between(
    app: web.Application, server: MutatingServer, side: Callable[[web.Request], str | None]
) -> Iterator[MutatingServer]:
    """Serve ``app`` in a thread; answers of a side (None: none) pass the server."""

    @web.middleware
    async def bend(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        response = await handler(request)
        asked = side(request)
        if asked is None or not isinstance(response, web.Response) or response.status != 200:
            return response
        sent = server.answer(bytes(response.body), asked)  # type: ignore[arg-type]
        transport = request.transport
        if sent.raw is None or sent.cut:
            if sent.raw is not None and transport is not None:
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(sent.raw)}\r\n\r\n".encode()
                transport.write(head + sent.raw[: len(sent.raw) // 2])
            if transport is not None:
                transport.close()
            return web.Response()
        return web.Response(body=sent.raw, status=sent.status, headers=sent.headers, content_type="application/json")

    app.middlewares.insert(0, bend)
    loop, runner = asyncio.new_event_loop(), web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def start() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        return int(runner.addresses[0][1])

    server.base = f"http://127.0.0.1:{loop.run_until_complete(start())}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
