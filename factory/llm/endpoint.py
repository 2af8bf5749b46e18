"""From a model id to the place where it is asked, under which name, and with whose key: pure decisions.

``sandbox`` is the built-in server; a provider of the table below is asked directly, as is any id with a base URL; the rest is
litellm's. A key goes to its own provider's hosts alone: with a base URL elsewhere only TEACHER_API_KEY (JUDGE_API_KEY) is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factory.sending.addresses import host_of

DASHSCOPE_URL = "https://dashscope.aliyuncs.com/compatible-mode/v1"
SANDBOX = "sandbox"
SANDBOX_TEACHER = "sandbox/teacher-v1"
SANDBOX_READER = "sandbox/reader-v1"


@dataclass(frozen=True, slots=True)
class Provider:
    """One that speaks OpenAI's format. ``hosts``: endings of host names that are its own, to which its key may go.

    ``extra``: fields that its requests need, since their defaults there are not what the name says.
    """

    url: str
    keys: tuple[str, ...]
    hosts: tuple[str, ...]
    extra: tuple[tuple[str, Any], ...] = ()


# Hybrid models refuse non-streaming calls that think, and bill the thinking; some have a presence penalty of 1.5 by default.
_DASHSCOPE = (("enable_thinking", False), ("presence_penalty", 0.0))
_OPENAI = (("max_completion_tokens", "$max_tokens"), ("max_tokens", None))
PROVIDERS: dict[str, Provider] = {
    "dashscope": Provider(DASHSCOPE_URL, ("DASHSCOPE_API_KEY",), ("aliyuncs.com", "maas.aliyuncs.com"), _DASHSCOPE),
    "deepseek": Provider("https://api.deepseek.com/v1", ("DEEPSEEK_API_KEY",), ("api.deepseek.com",)),
    "openai": Provider("https://api.openai.com/v1", ("OPENAI_API_KEY",), ("api.openai.com",), _OPENAI),
    "moonshot": Provider("https://api.moonshot.cn/v1", ("MOONSHOT_API_KEY",), ("api.moonshot.cn", "api.moonshot.ai")),
    "zhipu": Provider(
        "https://open.bigmodel.cn/api/paas/v4", ("ZHIPU_API_KEY", "ZAI_API_KEY"), ("open.bigmodel.cn", "api.z.ai")
    ),
    "openrouter": Provider("https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",), ("openrouter.ai",)),
    "siliconflow": Provider(
        "https://api.siliconflow.cn/v1", ("SILICONFLOW_API_KEY",), ("api.siliconflow.cn", "api.siliconflow.com")
    ),
}
_ALIASES = {"zai": "zhipu", "bigmodel": "zhipu", "kimi": "moonshot", "qwen": "dashscope", "bailian": "dashscope"}
SERVERS = frozenset(
    {
        *(
            "vllm",
            "hosted_vllm",
            "sglang",
            "llamacpp",
            "llama.cpp",
            "llama_cpp",
            "llamafile",
            "ollama",
            "ollama_chat",
            "lm_studio",
        ),
        *(
            "lmstudio",
            "openai_like",
            "openai-compatible",
            "openai_compatible",
            "custom_openai",
            "litellm_proxy",
            "xinference",
        ),
        *("one-api", "oneapi", "new-api", "newapi", "text-completion-openai", "tgi", "localai"),
    }
)
"""Names that say how a server is asked, and are no part of its models' names; these need a base URL."""
_OPENAI_IDS = ("gpt-", "chatgpt-", "o1", "o3", "o4")


@dataclass(frozen=True, slots=True)
class Route:
    """``model`` is the id on the wire and in every row; ``base_url`` None means litellm, which finds it by ``litellm_model``.

    ``extra`` goes into each body; ``key_names``: the environment's names of the key that belongs there.
    """

    name: str
    model: str
    base_url: str | None
    extra: tuple[tuple[str, Any], ...] = ()
    litellm_model: str | None = None
    key_names: tuple[str, ...] = ()
    needs_key: bool = False
    is_ours: bool = False


def split_id(model: str) -> tuple[str, str]:
    """Provider (or server) and the id on the wire: an organisation before a model's name (``Qwen/Qwen3-8B``) is part of it."""
    prefix, slash, rest = model.partition("/")
    name = _ALIASES.get(prefix.lower(), prefix.lower()) if slash else ""
    if slash and rest and (name in PROVIDERS or name in SERVERS) and (name, prefix) != ("dashscope", "Qwen"):
        return name, rest
    if not slash and model.startswith("qwen"):
        return "dashscope", model
    if not slash and model.startswith(_OPENAI_IDS):
        return "openai", model
    return "", model


def route(
    model: str,
    base_url: str | None,
    *,
    sandbox_url: str | None = None,
    sandbox_model: str = SANDBOX_TEACHER,
    key_setting: str = "TEACHER_API_KEY",
) -> Route:
    """Decide where ``model`` is asked. ``sandbox_url`` is set when the sandbox runs."""
    if model == SANDBOX:
        return Route(SANDBOX, sandbox_model, base_url or sandbox_url, is_ours=base_url is None)
    name, wire_id = split_id(model)
    provider = PROVIDERS.get(name)
    if base_url:
        own = provider is not None and _is_own(provider, base_url)
        keys = (key_setting, *provider.keys) if provider and own else (key_setting,)
        thinking = _DASHSCOPE[:1] if name == "dashscope" else ()  # whoever serves a Qwen: others leave the field aside
        extra = provider.extra if provider and own else thinking
        return Route(name or "teacher", wire_id, base_url, extra, key_names=keys, needs_key=own)
    if provider is not None:
        return Route(name, wire_id, provider.url, provider.extra, key_names=provider.keys, needs_key=True)
    return Route(model.partition("/")[0], wire_id, None, litellm_model=model)


def _is_own(provider: Provider, base_url: str) -> bool:
    host = host_of(base_url)
    return base_url.startswith("https:") and any(host == own or host.endswith("." + own) for own in provider.hosts)


def key_of(way: Route, environ: Mapping[str, str]) -> str | None:
    """The key that belongs to this endpoint, or none: nobody is sent another's."""
    return next((environ[name] for name in way.key_names if environ.get(name)), None)


def keys_in(environ: Mapping[str, str], own: str) -> dict[str, str]:
    """The keys that an environment holds, by name: any provider's, and that of the setting ``own``; empty ones count as not set."""
    names = (own, *(name for provider in PROVIDERS.values() for name in provider.keys))
    return {name: environ[name] for name in names if environ.get(name)}
