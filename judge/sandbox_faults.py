"""What may go wrong at the sandbox judge: DashScope's documented error codes in both wire formats, broken wires, odd answers.

Fault knobs are JSON (``--faults``, or POST /_faults while it runs); choices depend on the seed and the request's number.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from factory.errors import UsageError


@dataclass(frozen=True, slots=True)
class WireError:
    """One row of the vendor's error table; ``compatible`` is the code in OpenAI's form."""

    status: int
    native: str
    compatible: str
    message: str


def _same(status: int, code: str, message: str) -> WireError:
    return WireError(status, code, code, message)


ERRORS: Final[dict[str, WireError]] = {
    "invalid_parameter": WireError(
        400, "InvalidParameter", "invalid_parameter_error", "Range of input length should be"
    ),
    "algo_parameter": _same(400, "InternalError.Algo.InvalidParameter", "The parameter.enable_thinking must be false."),
    "json_word": WireError(
        400,
        "InvalidParameter",
        "invalid_parameter_error",
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    ),
    "bad_request": _same(400, "BadRequest.TooLarge", "Payload Too Large"),
    "data_inspection": WireError(
        400, "DataInspectionFailed", "data_inspection_failed", "Input data may contain inappropriate content."
    ),
    "arrearage": _same(400, "Arrearage", "Access denied, please make sure your account is in good standing."),
    "invalid_api_key": WireError(401, "InvalidApiKey", "invalid_api_key", "Invalid API-key provided."),
    "access_denied": WireError(403, "AccessDenied", "access_denied", "Model access denied."),
    "unpurchased": _same(403, "AccessDenied.Unpurchased", "Access to model denied. Please make sure you are eligible."),
    "free_tier_only": _same(403, "AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted."),
    "model_not_found": WireError(404, "ModelNotFound", "model_not_found", "Model can not be found."),
    "workspace_not_found": _same(404, "WorkSpaceNotFound", "Workspace can not be found."),
    "model_not_supported": _same(404, "model_not_supported", "The model is not supported."),
    "throttling": _same(429, "Throttling", "Requests throttling triggered."),
    "rate_quota": WireError(
        429, "Throttling.RateQuota", "limit_requests", "You have exceeded your current request limit."
    ),
    "burst_rate": WireError(429, "Throttling.BurstRate", "limit_burst_rate", "Request rate increased too quickly."),
    "token_quota": WireError(
        429,
        "Throttling.AllocationQuota",
        "insufficient_quota",
        "Allocated quota exceeded, please increase your quota limit.",
    ),
    "free_quota": WireError(429, "Throttling.AllocationQuota", "insufficient_quota", "Free allocated quota exceeded."),
    "free_expired": WireError(429, "Throttling.AllocationQuota", "insufficient_quota", "The free quota has expired."),
    "commodity": _same(429, "CommodityNotPurchased", "Commodity has not purchased yet."),
    "prepaid_overdue": _same(429, "PrepaidBillOverdue", "The prepaid bill is overdue."),
    "postpaid_overdue": _same(429, "PostpaidBillOverdue", "The postpaid bill is overdue."),
    "internal": WireError(500, "InternalError", "internal_error", "An internal error has occurred."),
    "algo": _same(500, "InternalError.Algo", "An internal error has occurred during execution."),
    "algo_timeout": _same(500, "InternalError.Timeout", "An internal timeout error has occurred."),
    "system_error": _same(500, "SystemError", "An system error has occurred."),
    "model_service": _same(500, "ModelServiceFailed", "Failed to request model service."),
    "request_timeout": _same(500, "RequestTimeOut", "Request timed out, please try again later."),
    "model_serving": _same(500, "ModelServingError", "Too many requests. Your requests are being throttled."),
    "model_serving_503": _same(503, "ModelServingError", "Too many requests. Your requests are being throttled."),
    "model_unavailable": _same(503, "ModelUnavailable", "Model is unavailable, please try again later."),
    "service_unavailable": _same(503, "ServiceUnavailable", "The service is temporarily unavailable."),
    "gateway_timeout": _same(504, "GatewayTimeout", "Gateway timeout."),
}
WIRE: Final = ("hang", "drop", "half_body", "html", "empty")
"""The connection or the body breaks."""
ODD: Final = (
    "length",
    "content_filter",
    "garbage",
    "prose",
    "fenced",
    "trailing_comma",
    "off_scale",
    "null",
    "no_usage",
)
"""A 200 that a judge really sends now and then."""
KINDS: Final = (*ERRORS, *WIRE, *ODD)


@dataclass(slots=True)
class JudgeFaults:
    """``shares``: fault to share of requests; ``next``: faults of the next requests in order ("" for none), before shares."""

    seed: int = 0
    latency_s: float = 0.0
    shares: tuple[tuple[str, float], ...] = ()
    queue: deque[str] = field(default_factory=deque)
    always: str = ""
    retry_after_s: float | None = None
    hang_s: float = 3_600.0
    rpm: float | None = None
    tpm: float | None = None
    seen: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def set(self, settings: dict[str, Any]) -> None:
        """Replace the knobs. Raises UsageError and changes nothing when one is wrong."""
        knobs = {"latency_s", "shares", "next", "always", "retry_after_s", "hang_s", "rpm", "tpm"}
        if unknown := set(settings) - knobs:
            raise UsageError(f"Unknown fault knob {min(unknown)!r}: use {', '.join(sorted(knobs))}.")
        shares = tuple((str(kind), float(share)) for kind, share in dict(settings.get("shares", {})).items())
        queue = [str(kind) for kind in settings.get("next", ())]
        always = str(settings.get("always", ""))
        for kind in (*(kind for kind, _ in shares), *queue, always):
            if kind and kind not in KINDS:
                raise UsageError(f"Unknown fault {kind!r}: use one of {', '.join(KINDS)}.")
        if sum(share for _, share in shares) > 1 + 1e-9:
            raise UsageError("Fault shares must add up to at most 1.")
        self.shares, self.queue, self.always = shares, deque(queue), always
        self.latency_s = float(settings.get("latency_s", 0.0))
        self.hang_s = float(settings.get("hang_s", 3_600.0))
        self.retry_after_s, self.rpm, self.tpm = (settings.get(name) for name in ("retry_after_s", "rpm", "tpm"))

    def next_fault(self) -> str:
        """Count a request and say what goes wrong with it; "" for nothing."""
        self.seen += 1
        kind = self.queue.popleft() if self.queue else self.always or self._drawn()
        if kind:
            self.counts[kind] += 1
        return kind

    def _drawn(self) -> str:
        digest = blake2b(f"{self.seed}:{self.seen}".encode(), digest_size=8).digest()
        left = int.from_bytes(digest, "big") / 2**64
        for kind, share in self.shares:
            if left < share:
                return kind
            left -= share
        return ""
