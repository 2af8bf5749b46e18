"""What a failed chat call means for the user: one table from HTTP status and provider code to our error, never from prose.

DashScope's codes are those of its error-code page (both wire formats); the others are OpenAI's and those of its kin, by each
provider's page (docs/providers.md). Two exceptions to "never from prose", where providers put nothing else: a code that means a
minute's tokens here and an empty account there, and a refusal without a code that speaks of money.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from factory.errors import (
    AccountRefused,
    AddressRefused,
    ChidianError,
    KeyRefused,
    ModelRefused,
    OrderFailed,
    ParameterRefused,
    QuotaExhausted,
    RetryLater,
)
from factory.sending.waits import seconds_to_wait
from factory.wire_text import count, decode, mapping, quoted, snippet, words

_ACCOUNT = frozenset(
    {
        *(
            "arrearage",
            "commoditynotpurchased",
            "prepaidbilloverdue",
            "postpaidbilloverdue",
            "billing_hard_limit_reached",
        ),
        *("insufficient_balance", "insufficient_credits", "insufficient_user_quota", "exceeded_current_quota_error"),
        *(
            "billing_not_active",
            "account_deactivated",
            "accountoverdueerror",
            "credit_balance_too_low",
            "payment_required",
        ),
        *("pre_consume_token_quota_failed", "quota_not_enough", "insufficient_funds", "access_terminated"),
        *("zhipu.1110", "zhipu.1111", "zhipu.1112", "zhipu.1113", "zhipu.1309", "minimax.1008", "baidu.17", "baidu.19"),
    }
)
_KEY = frozenset(
    {
        *(
            "invalid_api_key",
            "invalidapikey",
            "incorrect_api_key",
            "authentication_error",
            "invalid_authentication_error",
        ),
        *(
            "api_key_invalid",
            "authenticationerror",
            "invalid_iam_token",
            "unauthenticated",
            "no_api_key",
            "missing_api_key",
        ),
        *("incorrect_api_key_error", "zhipu.1000", "zhipu.1001", "zhipu.1002", "zhipu.1003", "zhipu.1004"),
        *("minimax.1004", "minimax.2049", "baidu.14", "baidu.100", "baidu.110", "baidu.111"),
    }
)
_FORBIDDEN = frozenset(
    {
        *("accessdenied", "accessdenied.unpurchased", "access_denied", "workspace.accessdenied", "permission_denied"),
        *("permission_denied_error", "zhipu.1220", "baidu.6"),
    }
)
_FREE_TIER = frozenset({"allocationquota.freetieronly", "free_tier_only"})
_QUOTA = frozenset({"zhipu.1304", "zhipu.1308"})
TOKEN_CODES = frozenset({"throttling.allocationquota", "insufficient_quota"})
_BURST = frozenset({"throttling.burstrate", "limit_burst_rate"})
_RATE = frozenset(
    {
        *(
            "rate_limit_exceeded",
            "rate_limit_reached_error",
            "rate_limit_error",
            "too_many_requests",
            "resource_exhausted",
        ),
        *("zhipu.1302", "zhipu.1303", "zhipu.1305", "minimax.1002", "minimax.1039", "baidu.4", "baidu.18"),
    }
)
_BUSY = frozenset(
    {"minimax.1000", "minimax.1001", "minimax.1013", "baidu.2", "baidu.336100", "engine_overloaded_error"}
)
_CONTENT = frozenset(
    {
        *("datainspectionfailed", "data_inspection_failed", "content_filter", "content_policy_violation", "zhipu.1301"),
        *("sensitive_words_detected", "minimax.1026", "minimax.1027", "baidu.336501", "baidu.336503"),
    }
)
_MODEL = frozenset(
    {
        *(
            "modelnotfound",
            "model_not_found",
            "model_not_supported",
            "workspacenotfound",
            "model_not_exist",
            "model_not_open",
            "model_deprecated",
            "model_decommissioned",
        ),
        *("invalidendpointormodel.notfound", "unsupported_model", "zhipu.1211", "zhipu.1221", "zhipu.1222", "baidu.3"),
    }
)
_TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length", "exceed_context_size_error", "zhipu.1261"})
_TRANSIENT = frozenset({408, 409, 423, 425, 520, 521, 522, 523, 524, 529})
_FREE_WORDS = ("free allocated quota exceeded", "free tier", "free quota", "expired")
_TOKEN_WORDS = ("allocated quota exceeded", "tokens per", "tpm", "limit_requests")
_MONEY = re.compile(
    "余额|欠费|充值|账户已?停用|insufficient (?:balance|credit|fund)|balance is (?:insufficient|not enough)"
    "|billing|payment|recharge|top up",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer as the wire gave it; ``code`` in lower case, ``message`` the provider's own words, safe to print.

    ``is_told``: the body itself says that it is an error; a gateway's page does not, and what is behind it may have served.
    """

    status: int
    code: str
    message: str
    retry_after_s: float | None
    is_told: bool = False


def read_refusal(status: int, body: bytes, retry_after: str | None) -> Refusal:
    """Read any error shape, or none: a page of HTML is a status with a beginning."""
    wait = seconds_to_wait(retry_after, datetime.now(UTC))
    told = _told(decode(body))
    if told is None:
        return Refusal(status, "", snippet(body) if body.strip() else "", wait)
    return Refusal(status, told[0], told[1], wait, is_told=True)


def refusal_in(body: Any) -> Refusal | None:
    """The refusal that a decoded 200 is, or None: an error, and no answer beside it.

    OpenRouter puts an error that came after the status into the choice itself.
    """
    choices = mapping(body).get("choices")
    if not isinstance(body, dict):
        return None
    if isinstance(choices, list) and choices:
        return _refusal_of(mapping(choices[0]))
    named = ("error", "errors", "error_code", "error_msg", "base_resp", "detail", "code")
    is_status = (count(body.get("status")) or 0) >= 400  # a gateway's, under a 200 of its own
    if not (is_status or any(body.get(name) for name in named)) or (told := _told(body)) is None:
        return None
    if told[0] in {"minimax.0", "baidu.0"}:
        return None
    return Refusal(_status_in(told[0]), told[0], told[1], None, is_told=True)


def _refusal_of(choice: dict[str, Any]) -> Refusal | None:
    message = mapping(choice.get("message"))
    if not choice.get("error") or any(message.get(name) for name in ("content", "tool_calls", "function_call")):
        return None
    told = _told({"error": choice["error"]})
    if told is None:
        return None
    return Refusal(_status_in(mapping(choice["error"]).get("code")), told[0], told[1], None, is_told=True)


def _status_in(code: Any) -> int:
    """A code that is an HTTP status; else 200, under which it came."""
    status = count(code) or 0
    return status if 400 <= status < 600 else 200


def _told(parsed: Any) -> tuple[str, str] | None:
    """Code and words of an error body, in any provider's shape."""
    if isinstance(parsed, list) and parsed:
        parsed = parsed[0]
    if isinstance(parsed, str) and parsed:
        return "", quoted(parsed)
    if not isinstance(parsed, dict):
        return None
    if "base_resp" in parsed:
        told = mapping(parsed["base_resp"])
        return f"minimax.{quoted(words(told.get('status_code')), 20)}", quoted(words(told.get("status_msg")))
    if "error_code" in parsed:
        return f"baidu.{quoted(words(parsed['error_code']), 20)}", quoted(words(parsed.get("error_msg")))
    inner = parsed.get("error") or parsed.get("errors")
    inner = inner[0] if isinstance(inner, list) and inner else inner
    if isinstance(inner, str):
        return quoted(words(parsed.get("code")), 60).lower(), quoted(inner)
    error = inner if isinstance(inner, dict) and inner else parsed
    code, message = _code(error), _words_of(error)
    return (code, message) if code or message else None


def _code(error: dict[str, Any]) -> str:
    reasons = [mapping(detail).get("reason") for detail in _list(error.get("details"))]
    given = [words(value) for value in (*reasons, error.get("code"), error.get("type"), error.get("status"))]
    for value in given:
        if value.isdecimal() and len(value) == 4:
            return f"zhipu.{value}"
    # A bare HTTP status and a word for "bad request" say less than what stands beside them.
    telling = [value for value in given if value and not value.isdecimal() and value != "invalid_request_error"]
    chosen = next(iter(telling), None) or next((value for value in given if value), "")
    return quoted(chosen, 60).lower()


def _words_of(error: dict[str, Any]) -> str:
    parts = []
    for name in ("message", "msg", "error_description", "detail", "details", "title"):
        value = error.get(name)
        if isinstance(value, dict):
            value = value.get("detail", value.get("message"))
        parts.append(_sentence(value))
    raw = mapping(error.get("metadata")).get("raw")
    first = next((part for part in parts if part), "")
    return quoted(f"{first}: {words(raw)}" if words(raw) else first)


def _sentence(value: Any) -> str:
    """Words, or those of a validator's list: ``body.seed: extra inputs are not permitted``."""
    rows = [mapping(row) for row in _list(value)]
    told = [
        ".".join(map(words, _list(row.get("loc")))) + ": " + words(row.get("msg")) for row in rows if row.get("msg")
    ]
    return "; ".join(told[:3]) if told else words(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def to_error(refusal: Refusal, *, service: str, model: str, setting: str) -> ChidianError:
    """The decision table. ``service`` names the endpoint in sentences, ``setting`` the room whose settings shape the request."""
    status, code = refusal.status, refusal.code
    said = f"{service} answered {status}" + (f" {code}" if code not in {"", str(status)} else "")
    quote = f' ("{refusal.message}")' if refusal.message else ""
    if code in _FREE_TIER or (code in TOKEN_CODES and _mentions(refusal, _FREE_WORDS)):
        return QuotaExhausted(
            f"{said}{quote}: the free quota of {model} is used up. Allow paid use of it, or choose another model."
        )
    if code in _ACCOUNT or status == 402 or _is_empty_account(refusal, service):
        return AccountRefused(
            f"{said}{quote}: the account is overdue or empty. Settle the bill; the same command goes on."
        )
    if code in _QUOTA:
        return QuotaExhausted(
            f"{said}{quote}: the quota is used up. Wait for the next period; the same command goes on."
        )
    if code in _CONTENT or status == 451:
        return OrderFailed(f"{said}{quote}: the provider's moderation refused the text.", reason="moderation")
    if code in _MODEL:
        return ModelRefused(f"{said}{quote}: there is no model {model} here. Check the model id and the base URL.")
    if status == 401 or code in _KEY:
        return KeyRefused(
            f"{said}{quote}: the key is refused. Check that it is set, belongs to this service and to its region."
        )
    if status == 403 or code in _FORBIDDEN:
        return AccountRefused(
            f"{said}{quote}: this account may not use {model}. Activate the model in the provider's console."
        )
    if status == 429 or code in _RATE or code in _BURST or code in TOKEN_CODES:
        return _rate(refusal, said + quote)
    if status in {501, 505}:
        return _no_chat_here(said + quote, setting)
    if code in _BUSY or status in _TRANSIENT or status >= 500 or status == 200:
        billed = status >= 500 and status != 503 and not refusal.is_told
        return RetryLater(f"{said}{quote}.", kind="server", retry_after_s=refusal.retry_after_s, billed=billed)
    if status in {404, 410}:
        return ModelRefused(f"{said}{quote}: there is no model {model} here. Check the model id and the base URL.")
    if status < 400 or status in {405, 406, 407, 421, 426}:
        return _no_chat_here(said + quote, setting)
    if code in _TOO_LONG or status == 413:
        text = f"{said}{quote}: the conversation is too long for {model}. Serve it with a longer context, or lower K."
        return ParameterRefused(text, reason="too_long")
    text = (
        f"{said}: {refusal.message or 'the request is refused as malformed'}. {setting}_EXTRA changes or drops a field."
    )
    return ParameterRefused(text, reason="bad_request")


def _no_chat_here(said: str, setting: str) -> AddressRefused:
    return AddressRefused(f"{said}: no chat is served at this address. Check {setting}_BASE_URL (and the proxy).")


def _is_empty_account(refusal: Refusal, service: str) -> bool:
    """DashScope's insufficient_quota is a minute's tokens, everybody else's an empty account."""
    if refusal.code == "insufficient_quota":
        return service != "dashscope" and not _mentions(refusal, _TOKEN_WORDS)
    return (
        refusal.status in {200, 400, 403, 429}
        and refusal.code not in TOKEN_CODES
        and bool(_MONEY.search(refusal.message))
    )


def _rate(refusal: Refusal, said: str) -> RetryLater:
    wait = refusal.retry_after_s
    if refusal.code in _BURST:
        return RetryLater(f"{said}.", kind="burst", retry_after_s=max(wait or 0.0, 5.0))
    if refusal.code in TOKEN_CODES:
        return RetryLater(f"{said}.", kind="tokens", retry_after_s=wait)
    return RetryLater(f"{said}.", kind="rate", retry_after_s=wait)


def _mentions(refusal: Refusal, phrases: tuple[str, ...]) -> bool:
    return any(phrase in refusal.message.lower() for phrase in phrases)
