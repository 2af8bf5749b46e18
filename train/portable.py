"""A checkpoint's folder as transformers 4.57 and 5 read it alike: both forms of each key, the source's tokenizer files, greedy.

transformers 5 renamed keys and writes only the new names; its predecessor then takes its defaults without a word (a rotary base of
10,000 for a model trained with 1,000,000). Called once, on the folder that is still aside. Pure but for the files it rewrites.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

TOKENIZER_FILES: Final = (
    *("tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "tokenizer.model", "added_tokens.json"),
    *("special_tokens_map.json", "vocab.txt"),
)
_SAMPLING: Final = ("temperature", "top_p", "top_k", "min_p", "typical_p", "repetition_penalty", "presence_penalty")


def write_portable(folder: Path, end_tokens: Iterable[int]) -> None:
    """Rewrite ``config.json`` and ``generation_config.json``. ``end_tokens``: ids that end an answer, the trained one first."""
    ends = list(dict.fromkeys(end_tokens))
    _rewrite(folder / "config.json", lambda config: with_both_names(config) | {"eos_token_id": _ids(ends)})
    _rewrite(folder / "generation_config.json", lambda config: greedy(config, ends))


def with_both_names(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with transformers 4's keys beside transformers 5's: dtype and rotary settings."""
    both = dict(config)
    if "dtype" in config:
        both["torch_dtype"] = config["dtype"]
    rope = config.get("rope_parameters")
    if isinstance(rope, dict):
        both |= _old_rope(rope)
    return both


def _old_rope(rope: dict[str, Any]) -> dict[str, Any]:
    """``rope_theta`` and ``rope_scaling`` of one setting, or of one a kind of layer (Gemma 3: its local base has a name)."""
    if "rope_theta" in rope:
        scaling = {name: value for name, value in rope.items() if name != "rope_theta"}
        return {
            "rope_theta": rope["rope_theta"],
            "rope_scaling": scaling if rope.get("rope_type", "default") != "default" else None,
        }
    old: dict[str, Any] = {}
    if isinstance(whole := rope.get("full_attention"), dict):
        old |= _old_rope(whole)
    if isinstance(local := rope.get("sliding_attention"), dict):
        old["rope_local_base_freq"] = local["rope_theta"]
    return old


def greedy(config: dict[str, Any], ends: list[int]) -> dict[str, Any]:
    """The generation defaults that a checkpoint was measured with: no sampling, all end tokens."""
    kept = {name: value for name, value in config.items() if name not in _SAMPLING}
    return kept | {"do_sample": False, "eos_token_id": _ids(ends)}


def copy_tokenizer(source: Path, folder: Path, chat_template: str, words: dict[str, str]) -> None:
    """The source's own tokenizer files, so that whatever read them reads these; only template and end words are set.

    ``words``: ``eos_token`` and ``pad_token`` as they were trained.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER_FILES:
        if (source / name).exists():
            shutil.copyfile(source / name, folder / name)
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (folder / name).exists():
            _rewrite(folder / name, lambda config: _with_words(config, words))
    (folder / "chat_template.jinja").write_text(chat_template, encoding="utf-8")


def _with_words(config: dict[str, Any], words: dict[str, str]) -> dict[str, Any]:
    """A template inside the configuration would win over the file beside it in some versions, so it goes."""
    kept = {name: value for name, value in config.items() if name not in {"chat_template", "local_files_only"}}
    changed = {name: word for name, word in words.items() if _word(kept.get(name)) != word}
    return kept | changed


def _word(token: Any) -> Any:
    return token.get("content") if isinstance(token, dict) else token


def _ids(ends: list[int]) -> int | list[int]:
    return ends[0] if len(ends) == 1 else ends


def _rewrite(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(change(config), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def end_tokens(trained: int, *configs: Any) -> list[int]:
    """The trained end token, then those that the source's configurations name: an answer may end with any of them."""
    ids = [trained]
    for config in configs:
        named = getattr(config, "eos_token_id", None)
        ids += [named] if isinstance(named, int) else list(named or [])
    return list(dict.fromkeys(ids))
