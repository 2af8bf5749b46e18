"""DashScope's own SDK behind the factory's ask-loop: chosen by ``JUDGE=dashscope-sdk/MODEL``; imported only then.

Its shared session stops at 100 connections and its classes return 429 and 5xx instead of retrying them, so this one brings its
own session and leaves every retry to the shared loop, where each attempt is leased and counted.
"""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import orjson

from factory.errors import AccountRefused, RetryLater
from factory.llm.refusals import Refusal, to_error
from factory.llm.transport import Endpoint, PaidChat
from factory.sending.ledger import Ledger
from factory.sending.limits import Limiter

_PARAMETERS = (
    *("temperature", "top_p", "seed", "max_tokens", "presence_penalty", "repetition_penalty"),
    *("response_format", "enable_thinking", "stop", "logprobs", "top_logprobs"),
)
"""What the native form knows; ``frequency_penalty`` it does not."""


class DashscopeSdkChat(PaidChat):
    """Asks through ``dashscope.AioGeneration`` (native wire format); ``endpoint.base_url`` ends in ``/api/v1``."""

    def __init__(self, endpoint: Endpoint, limiter: Limiter, ledger: Ledger, api_key: str | None) -> None:
        super().__init__(endpoint, limiter, ledger)
        from dashscope import AioGeneration  # noqa: PLC0415 - heavy, and needed by few

        logging.getLogger("dashscope").setLevel(logging.CRITICAL)  # it logs whole answers; our sentences suffice
        if api_key is None:
            raise AccountRefused("The dashscope SDK needs a key: set DASHSCOPE_API_KEY in the environment.")
        self._key = api_key
        self._call: Any = AioGeneration.call  # its type covers streams, too
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=endpoint.connections),
            timeout=aiohttp.ClientTimeout(sock_connect=10.0),
        )

    async def _send(self, packed: bytes, body: dict[str, Any], timeout_s: float) -> bytes:  # noqa: ARG002 - the SDK packs by itself
        name = self.endpoint.name
        try:
            answer = await self._call(
                model=body["model"],
                messages=body["messages"],
                result_format="message",
                api_key=self._key,
                base_address=self.endpoint.base_url,
                request_timeout=timeout_s,
                session=self._session,
                **{key: body[key] for key in _PARAMETERS if key in body},
            )
        except aiohttp.ClientConnectorError as error:
            raise RetryLater(f"{name} cannot be reached ({type(error).__name__}).", kind="network") from error
        except TimeoutError as error:
            text = f"{name} did not answer within {timeout_s:.3g} s."
            raise RetryLater(text, kind="timeout", billed=True) from error
        except aiohttp.ClientError as error:
            raise RetryLater(f"{name} broke off ({type(error).__name__}).", kind="network", billed=True) from error
        except (ValueError, KeyError, TypeError) as error:
            # The SDK reads bodies before it looks at their form: an empty one is a TypeError, HTML a ValueError.
            raise RetryLater(f"{name} sent no readable answer.", kind="server", billed=True) from error
        if answer.status_code != 200:
            refusal = Refusal(
                answer.status_code, str(answer.code or "").lower(), str(answer.message or "")[:300], _wish(answer)
            )
            raise to_error(refusal, service=name, model=str(body["model"]))
        return openai_form(body["model"], answer)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.close()


def openai_form(model: str, answer: Any) -> bytes:
    """The native answer, nothing lost, in the form that is kept and parsed."""
    output, usage = dict(answer.output or {}), dict(answer.usage or {})
    tokens = {"prompt_tokens": usage.get("input_tokens"), "completion_tokens": usage.get("output_tokens")}
    kept = {"id": answer.request_id, "model": model, "choices": output.get("choices") or []}
    return orjson.dumps(kept | {"usage": usage | tokens if usage else None}, default=dict)


def _wish(answer: Any) -> float | None:
    headers = {str(name).lower(): value for name, value in dict(getattr(answer, "headers", None) or {}).items()}
    try:
        return float(headers["retry-after"])
    except (KeyError, TypeError, ValueError):
        return None
