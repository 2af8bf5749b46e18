"""From a model id to the place where it is asked: a pure decision.

``sandbox`` is the built-in server; ``dashscope/MODEL`` and bare ``qwen…`` ids go to DashScope's compatible mode; any id
with a base URL goes there directly; everything else is litellm's.
"""

from __future__ import annotations

from dataclasses import dataclass

DASHSCOPE_URL = "https://dashscope.aliyuncs.com/compatible-mode/v1"
DEEPSEEK_URL = "https://api.deepseek.com/v1"
SANDBOX_TEACHER = "sandbox/teacher-v1"


@dataclass(frozen=True, slots=True)
class Route:
    """``model`` is the id on the wire; ``base_url`` None means litellm. ``extra`` goes into each body."""

    name: str
    model: str
    base_url: str | None
    extra: tuple[tuple[str, object], ...] = ()


def route(
    model: str, base_url: str | None, *, sandbox_url: str | None = None, sandbox_model: str = SANDBOX_TEACHER
) -> Route:
    """Decide where ``model`` is asked. ``sandbox_url`` is set when the sandbox runs."""
    if model == "sandbox":
        return Route("sandbox", sandbox_model, base_url or sandbox_url)
    provider, _, rest = model.partition("/")
    if provider == "dashscope" or (not rest and model.startswith("qwen")):
        # Hybrid models refuse non-streaming calls that think, and bill the thinking: say no explicitly.
        return Route("dashscope", rest or model, base_url or DASHSCOPE_URL, (("enable_thinking", False),))
    if provider == "deepseek":
        return Route("deepseek", rest, base_url or DEEPSEEK_URL)
    if base_url:
        return Route(provider if rest else "teacher", rest if provider == "openai" else model, base_url)
    return Route(provider, model, None)
