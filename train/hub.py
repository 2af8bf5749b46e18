"""From ``MODEL`` to a folder: a local one, or a hub's id fetched with that hub's own client into its own cache."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from factory.errors import UsageError

HUBS: Final = ("hf", "modelscope")
FILES: Final = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model")
"""Configuration, weights, tokenizer, chat template; no copies of the weights in other formats."""


def find_model(model: str, hub: str | None) -> Path:
    """The folder of a model. Raises UsageError that says what to download and where to put it."""
    if hub is None:
        folder = Path(model)
        if not (folder / "config.json").exists():
            raise UsageError(f"MODEL={model} is no model folder. {_by_hand(model)}")
        return folder
    if hub not in HUBS:
        raise UsageError(f"HUB must be one of {', '.join(HUBS)}, not {hub!r}.")
    if model.count("/") != 1 or not all(model.split("/")):
        raise UsageError(f"With HUB={hub}, MODEL is an id such as Qwen/Qwen3-0.6B, not {model!r}.")
    try:
        snapshot = Path(_client(hub)(model, allow_patterns=list(FILES)))
    except Exception as error:  # a foreign door: whatever the client raises, the model is not here
        if isinstance(error, UsageError):
            raise
        reason = str(error).strip().splitlines()[0]
        raise UsageError(f"{model} cannot be had from {hub} ({reason}). {_by_hand(model)}") from error
    if not (snapshot / "config.json").exists():
        raise UsageError(f"{hub}'s copy of {model} in {snapshot} has no config.json. {_by_hand(model)}")
    return snapshot


def _client(hub: str) -> Callable[..., Any]:
    """The hub's snapshot_download: looks into its cache, downloads what is missing. Raises UsageError."""
    if hub == "hf":
        from huggingface_hub import snapshot_download  # noqa: PLC0415 - only who names a hub waits for its client

        return snapshot_download
    try:
        client: Callable[..., Any] = import_module("modelscope").snapshot_download
    except ImportError as error:
        raise UsageError("HUB=modelscope needs its client: pip install modelscope, or take HUB=hf.") from error
    return client


def _by_hand(model: str) -> str:
    name = model if "/" in model and not model.startswith(("/", ".")) else "Qwen/Qwen3-0.6B"
    return (
        f"Download {name} (config.json, generation_config.json, *.safetensors, tokenizer.json, tokenizer_config.json) where there "
        "is a network, put the files into one folder here, and give MODEL=that folder without HUB."
    )
