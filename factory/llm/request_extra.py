"""``TEACHER_EXTRA`` and ``JUDGE_EXTRA``: fields of the request body as JSON, set above ours; null leaves a field out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from factory.errors import UsageError
from factory.llm.answers import LIMITS

_OURS = frozenset({"messages", "model", "tools"})
"""What makes the conversation: setting it here would make rows that say something else than was asked."""


def read_extra(setting: str, text: str | None) -> dict[str, Any]:
    """Raises UsageError for what is no object, or would change the conversation itself."""
    if text is None or not text.strip():
        return {}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UsageError(f'{setting} must be a JSON object like {{"seed": null, "top_k": 20}} ({error}).') from error
    if not isinstance(value, dict):
        raise UsageError(
            f'{setting} must be a JSON object like {{"seed": null, "top_k": 20}}, not {type(value).__name__}.'
        )
    if taken := sorted(_OURS & value.keys()):
        raise UsageError(
            f"{setting} cannot set {', '.join(taken)}: the run decides them (TEACHER and JUDGE name models)."
        )
    return value


def check_limit(setting: str, extra: Mapping[str, Any], *, is_capped: bool) -> None:
    """A cap needs a bound on what one answer may cost. Raises UsageError."""
    given = [extra[name] for name in LIMITS if extra.get(name) is not None]
    wrong = [value for value in given if value != "$max_tokens" and not (isinstance(value, int) and value > 0)]
    if wrong:
        raise UsageError(f"{setting}: a limit of tokens must be a whole number above 0, not {wrong[0]!r}.")
    if is_capped and "max_tokens" in extra and extra["max_tokens"] is None and not given:
        raise UsageError(
            f"{setting} drops max_tokens, so that an answer may cost any amount and BUDGET cannot be kept: name the field by which "
            'this server is limited, like {"max_tokens": null, "max_completion_tokens": "$max_tokens"}.'
        )
