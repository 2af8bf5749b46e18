"""Every provider that does not speak OpenAI's format, through litellm; the only importer of it, and only when used.

litellm takes 2.8 CPU seconds to import and 20 to 40 ms a call, so DashScope, vLLM, DeepSeek and the like go through
DirectChat. The ask-loop is the shared one; litellm's own retries are off, so that every attempt is leased and counted.
"""

from __future__ import annotations

import os
from typing import Any

import orjson

from factory.errors import ChidianError, RetryLater
from factory.ledger import CallBook
from factory.limits import Leases
from factory.llm.refusals import TOKEN_CODES, Refusal, to_error
from factory.llm.transport import Endpoint, PaidChat, Price


class LitellmChat(PaidChat):
    """Asks any litellm model id; keys are those that litellm reads from the environment."""

    def __init__(self, endpoint: Endpoint, limiter: Leases, ledger: CallBook) -> None:
        super().__init__(endpoint, limiter, ledger)
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # nothing is downloaded at run time
        import litellm  # noqa: PLC0415 - heavy, and needed by few

        litellm.suppress_debug_info = True
        self._litellm = litellm

    async def _send(self, packed: bytes, body: dict[str, Any], timeout_s: float) -> bytes:  # noqa: ARG002 - litellm packs by itself
        try:
            answer = await self._litellm.acompletion(
                **body, num_retries=0, max_retries=0, timeout=timeout_s, drop_params=True
            )
        except self._litellm.exceptions.Timeout as error:
            text = f"{self.endpoint.name} did not answer in time."
            raise RetryLater(text, kind="timeout", billed=True) from error
        except self._litellm.exceptions.APIConnectionError as error:
            text = f"{self.endpoint.name} cannot be reached ({type(error.__cause__ or error).__name__})."
            raise RetryLater(text, kind="network") from None
        except self._litellm.exceptions.openai.OpenAIError as error:  # the base of all that litellm maps
            raise self._ours(error) from None
        return orjson.dumps(answer.model_dump(exclude_none=True))

    def _ours(self, error: Any) -> ChidianError:
        body = getattr(error, "body", None)
        body = body if isinstance(body, dict) else {}
        code = str(body.get("code") or getattr(error, "code", "") or "").lower()
        status = int(getattr(error, "status_code", 500) or 500)
        # The message may quote the request; it is used only where a code alone does not decide (refusals.py).
        message = str(body.get("message") or "")[:300] if code in TOKEN_CODES else ""
        return to_error(Refusal(status, code, message, None), service=self.endpoint.name, model=self.endpoint.name)

    async def aclose(self) -> None:
        """Nothing of ours is open."""


def price_from_litellm(model: str, cny_per_usd: float) -> Price | None:
    """Litellm's own table in USD, at a stated exchange rate."""
    import litellm  # noqa: PLC0415 - heavy, and needed by few

    row = litellm.model_cost.get(model)
    if not row or "input_cost_per_token" not in row:
        return None
    return Price(row["input_cost_per_token"] * 1e6 * cny_per_usd, row["output_cost_per_token"] * 1e6 * cny_per_usd)
