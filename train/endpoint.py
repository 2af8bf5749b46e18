"""Answers of a model behind an endpoint: the questions of arms.py through the factory's transport, paid answers kept.

``model:ID`` is a litellm id, or any id with COMPLETE_BASE_URL (an OpenAI-compatible server: vLLM, llama.cpp, a provider).
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from factory.errors import OrderFailed, UsageError
from factory.llm.chat import CallKey, ChatRequest
from factory.llm.endpoint import key_of, route
from factory.llm.opening import ChatSetup
from factory.llm.prices import price_of
from factory.llm.transport import Endpoint
from factory.records import Message
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits
from factory.shown_text import print_line
from train.answering import Generated, StudentQuestion

if TYPE_CHECKING:
    from train.arms import Brought

POOL: Final = "complete"
IN_FLIGHT: Final = 16


async def ask_endpoint(brought: Brought, asked: Sequence[StudentQuestion]) -> dict[str, Generated]:
    """Greedy answers by sample_id; a question that fails alone is left out with a sentence. Raises UsageError, RunStopped."""
    model, arm, budget = brought.rest, brought.arm, brought.budget_cny
    way = route(model, brought.base_url, key_setting="COMPLETE_API_KEY")
    price = price_of(way.model)
    if not _is_here(way.base_url) and budget is None and not brought.yes:
        raise UsageError("Asking a real model spends money: give a cap, BUDGET=<CNY>, or agree with YES=1.")
    if budget is not None and price is None and not _is_here(way.base_url):
        raise UsageError(f"The price of {way.model} is not known, so BUDGET cannot be kept: add it to prices.toml.")
    key = key_of(way, brought.keys)
    if way.needs_key and key is None:
        raise UsageError(f"FROM=model:{model} needs a key: set {' or '.join(way.key_names)} in the environment.")
    endpoint = Endpoint(way.name, way.base_url or "", POOL, price)
    ledger = Ledger(brought.data, f"complete-{arm}", budget)
    chat = ChatSetup(endpoint, direct=way.base_url is not None, api_key=key).open(
        LocalLimiter({POOL: PoolLimits(max_in_flight=IN_FLIGHT)}), ledger
    )

    async def ask(priority: int, question: StudentQuestion) -> tuple[str, Generated] | None:
        request = ChatRequest(
            model=way.model,
            messages=tuple(Message(turn["role"], turn["content"]) for turn in question.messages),
            max_tokens=brought.max_tokens,
            temperature=0.0,
            top_p=1.0,
            seed=0,
            extra=dict(way.extra),
        )
        key = CallKey(f"complete-{arm}", question.sample_id, 0, 0, "complete")
        try:
            answer = await chat.ask(request, key, priority=priority)
        except OrderFailed as error:
            print_line(f"{question.sample_id}: {error.reason} ({error}); left out.")
            return None
        return question.sample_id, Generated(answer.message.content.strip(), ended=answer.finish_reason != "length")

    try:
        answers = await asyncio.gather(*(ask(place, question) for place, question in enumerate(asked)))
    finally:
        await chat.aclose()
        ledger.close()
    return dict(pair for pair in answers if pair is not None)


def _is_here(url: str | None) -> bool:
    """Whether an endpoint is on this machine, where nothing is billed."""
    host = urlsplit(url or "").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
