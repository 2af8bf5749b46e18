"""What a failed chat call means: one table from HTTP status and provider code to our error, never from prose.

DashScope's codes are those of its error-code page (both wire formats: native CamelCase, compatible snake_case); other
providers use OpenAI's. The one exception to "never from prose" is DashScope's AllocationQuota, whose code says the same
for a minute's tokens and for an exhausted free tier; only its message tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from factory.errors import AccountRefused, ChidianError, OrderFailed, QuotaExhausted, RetryLater, RunStopped

_BILLING = {
    "arrearage",
    "commoditynotpurchased",
    "prepaidbilloverdue",
    "postpaidbilloverdue",
    "billing_hard_limit_reached",
    "insufficient_balance",
}
_FORBIDDEN = {"accessdenied", "accessdenied.unpurchased", "access_denied", "workspace.accessdenied"}
_FREE_TIER = {"allocationquota.freetieronly", "free_tier_only"}
TOKEN_CODES = {"throttling.allocationquota", "insufficient_quota"}
_BURST = {"throttling.burstrate", "limit_burst_rate"}
_MODERATION = {"datainspectionfailed", "data_inspection_failed", "content_filter", "content_policy_violation"}
_NO_MODEL = {"modelnotfound", "model_not_found", "model_not_supported", "workspacenotfound", "model_not_exist"}
_TOO_LONG = {"context_length_exceeded", "string_above_max_length"}
_FREE_WORDS = ("free allocated quota exceeded", "free tier", "free quota", "expired")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer as the wire gave it; ``code`` in lower case."""

    status: int
    code: str
    message: str
    retry_after_s: float | None


def read_refusal(status: int, body: bytes, retry_after: str | None) -> Refusal:
    """Read either error shape, or none: an HTML page of a proxy is a status without a code."""
    code, message = "", ""
    try:
        parsed: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = None
    if isinstance(parsed, dict):
        inner = parsed.get("error")
        error: dict[str, Any] = inner if isinstance(inner, dict) else parsed
        code = str(error.get("code") or error.get("type") or "").lower()
        message = str(error.get("message") or "")[:300]
    return Refusal(status, code, message, seconds_to_wait(retry_after, datetime.now(UTC)))


def seconds_to_wait(retry_after: str | None, now: datetime) -> float | None:
    """A Retry-After header in either of its forms, seconds or a date (RFC 9110, 10.2.3); None when it says neither."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def to_error(refusal: Refusal, *, service: str, model: str) -> ChidianError:
    """The decision table. ``service`` names the endpoint in sentences."""
    status, code = refusal.status, refusal.code
    said = f"{service} answered {status}" + (f" {code}" if code else "")
    if code in _BILLING:
        return AccountRefused(
            f"{said}: the account is overdue or has no package. Settle the bill; the same command goes on."
        )
    if code in _FREE_TIER or (code in TOKEN_CODES and _is_free_tier(refusal.message)):
        return QuotaExhausted(
            f"{said}: the free quota of {model} is used up. Allow paid use of it, or choose another model."
        )
    if status == 401:
        return AccountRefused(
            f"{said}: the key is refused. Check that it is set, belongs to this service and to its region."
        )
    if status == 403 or code in _FORBIDDEN:
        return AccountRefused(
            f"{said}: this account may not use {model}. Activate the model in the provider's console."
        )
    if status == 404 or code in _NO_MODEL:
        return RunStopped(f"{said}: there is no model {model} here. Check the model id and the base URL.")
    if code in _MODERATION:
        return OrderFailed(f"{said}: the provider's moderation refused the text.", reason="moderation")
    if status == 429:
        return _rate(refusal, said)
    if status in {408, 409, 425} or status >= 500:
        return RetryLater(f"{said}.", kind="server", retry_after_s=refusal.retry_after_s, billed=status != 503)
    if code in _TOO_LONG:
        return OrderFailed(f"{said}: the conversation is too long for {model}.", reason="too_long")
    return OrderFailed(f"{said}: {refusal.message or 'the request is refused as malformed'}", reason="bad_request")


def _rate(refusal: Refusal, said: str) -> RetryLater:
    wait = refusal.retry_after_s
    if refusal.code in _BURST:
        return RetryLater(f"{said}.", kind="burst", retry_after_s=max(wait or 0.0, 5.0))
    if refusal.code in TOKEN_CODES:
        return RetryLater(f"{said}.", kind="tokens", retry_after_s=wait)
    return RetryLater(f"{said}.", kind="rate", retry_after_s=wait)


def _is_free_tier(message: str) -> bool:
    return any(word in message.lower() for word in _FREE_WORDS)
