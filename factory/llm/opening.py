"""How a run asks its teacher, as plain values: they can be opened here, or in a worker process."""

from __future__ import annotations

from dataclasses import dataclass, field

from factory.llm.chat import Chat
from factory.llm.transport import DirectChat, Endpoint
from factory.sending.call_book import CallBook
from factory.sending.limits import Leases


@dataclass(frozen=True, slots=True)
class ChatSetup:
    """``direct``: the endpoint speaks OpenAI's format; else litellm asks it, with the keys that it finds in the environment."""

    endpoint: Endpoint
    direct: bool
    api_key: str | None = field(default=None, repr=False)

    def open(self, limiter: Leases, ledger: CallBook) -> Chat:
        """Open it; the caller closes it."""
        if self.direct:
            return DirectChat(self.endpoint, limiter, ledger, self.api_key)
        from factory.llm.litellm_chat import LitellmChat  # noqa: PLC0415 - litellm is heavy

        return LitellmChat(self.endpoint, limiter, ledger)
