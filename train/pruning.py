"""``PRUNE=1``: a model over the words that data, template and bytes need, cut from one over a whole vocabulary.

A byte-pair tokenizer keeps the words in use, every word that their merges pass through, all its single bytes and its special words.
The rows that it was cut for are tokenised exactly as before (every merge that was applied to them is kept, in its order), and any
other text is still spelt. Embedding and output rows are copied, so that the logits of kept words are the whole model's.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

from factory.errors import DiskTrouble, UsageError
from factory.shown_text import print_line
from train.portable import TOKENIZER_FILES

_BYTE: Final = re.compile(r"<0x[0-9A-F]{2}>")
_ID_NAMES: Final = ("bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id")
KEPT: Final = "kept_ids.json"
"""In the cut folder: the whole vocabulary's id of each kept one, by its new id."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut tokenizer, and ``kept[new id] = old id``."""

    tokenizer: dict[str, Any]
    kept: tuple[int, ...]


def pruned_model(source: Path, texts: Iterable[str], sources: Path) -> Path:
    """The folder of ``source`` cut to ``texts``, made where it is not there yet. Raises UsageError, DiskTrouble."""
    words = source / "tokenizer.json"
    if not words.exists():
        raise UsageError(f"PRUNE=1 needs {words}: a folder without it cannot be cut.")
    cut = cut_tokenizer(json.loads(words.read_text(encoding="utf-8")), texts)
    digest = blake2b(repr((str(source.absolute()), cut.kept)).encode(), digest_size=6).hexdigest()
    folder = sources / f"cut-{source.name}-{digest}"
    if (folder / "config.json").exists():
        return folder
    aside = folder.with_name(f".{folder.name}.aside")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        whole, left = _write(source, cut, aside)
        aside.rename(folder)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise DiskTrouble(f"{folder} cannot be written ({error}): make room, then give the same command.") from error
    print_line(f"PRUNE=1: {len(cut.kept):,} words of {whole:,} are kept; {left / 1e6:.1f} million parameters are left")
    return folder


def cut_tokenizer(whole: Mapping[str, Any], texts: Iterable[str]) -> Cut:
    """tokenizer.json over fewer words. Raises UsageError when it is no byte-pair tokenizer."""
    model = whole["model"]
    if model["type"] != "BPE":
        raise UsageError(f"PRUNE=1 cuts byte-pair tokenizers; this one is {model['type']}.")
    vocabulary: dict[str, int] = model["vocab"]
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ", 1)) for merge in model["merges"]]
    made_by: dict[str, list[tuple[str, str]]] = {}
    for left, right in merges:
        made_by.setdefault(left + right, []).append((left, right))
    words = _closure(_in_use(whole, texts, vocabulary), made_by) | _letters(whole, vocabulary)
    added = [token for token in whole["added_tokens"] if token["content"] in words or _is_kept(token)]
    old = {vocabulary[word] for word in words} | {token["id"] for token in added}
    kept = tuple(sorted(old))
    new = {number: place for place, number in enumerate(kept)}
    cut = json.loads(json.dumps(dict(whole)))
    cut["model"]["vocab"] = {word: new[number] for word, number in vocabulary.items() if number in new}
    alive = cut["model"]["vocab"].keys()
    cut["model"]["merges"] = [
        [left, right] for left, right in merges if left in alive and right in alive and left + right in alive
    ]
    cut["added_tokens"] = [token | {"id": new[token["id"]]} for token in added]
    _renumber(cut.get("post_processor"), new)
    return Cut(cut, kept)


def _in_use(whole: Mapping[str, Any], texts: Iterable[str], vocabulary: Mapping[str, int]) -> set[str]:
    words = {number: word for word, number in vocabulary.items()}
    tokenizer = Tokenizer.from_str(json.dumps(dict(whole)))
    used = {number for encoding in tokenizer.encode_batch(list(texts)) for number in encoding.ids}
    return {words[number] for number in used if number in words}


def _closure(used: set[str], made_by: Mapping[str, Sequence[tuple[str, str]]]) -> set[str]:
    """The words in use and all that any of their merges passes through."""
    words: set[str] = set()
    waiting = list(used)
    while waiting:
        word = waiting.pop()
        if word not in words:
            words.add(word)
            waiting += [part for merge in made_by.get(word, ()) for part in merge]
    return words


def _letters(whole: Mapping[str, Any], vocabulary: Mapping[str, int]) -> set[str]:
    """What spells any text: single bytes where the tokenizer falls back on them, else its letters (each a byte's stand-in)."""
    if whole["model"].get("byte_fallback"):
        # The mark of a space must be a word: spelt by bytes it would come back as the mark, for decoders join bytes last.
        return {
            word for word in vocabulary if _BYTE.fullmatch(word) or word == "▁" or (len(word) == 1 and word.isascii())
        }
    return {word for word in vocabulary if len(word) == 1}


def _is_kept(token: Mapping[str, Any]) -> bool:
    """Special words stay, but for the ones that were only reserved."""
    return bool(token["special"]) and "unused" not in token["content"] and "reserved" not in token["content"]


def _renumber(part: Any, new: Mapping[int, int]) -> None:
    """The ids that a post-processor names."""
    if isinstance(part, dict):
        if isinstance(ids := part.get("ids"), list):
            part["ids"] = [new[number] for number in ids]
        for value in part.values():
            _renumber(value, new)
    elif isinstance(part, list):
        for value in part:
            _renumber(value, new)


def _write(source: Path, cut: Cut, folder: Path) -> tuple[int, int]:
    """The cut folder; returns the whole vocabulary's size and the parameters that are left."""
    model: Any = AutoModelForCausalLM.from_pretrained(source, dtype="auto", local_files_only=True)
    whole = int(model.config.vocab_size)
    rows = torch.tensor(cut.kept)
    tied = bool(model.config.tie_word_embeddings)
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    with torch.no_grad():
        embedding.weight = torch.nn.Parameter(embedding.weight[rows].clone())
        embedding.num_embeddings = len(cut.kept)
        head.weight = embedding.weight if tied else torch.nn.Parameter(head.weight[rows].clone())
        head.out_features = len(cut.kept)
    model.config.vocab_size = len(cut.kept)
    new = {number: place for place, number in enumerate(cut.kept)}
    for config in (model.config, model.generation_config):
        for name in _ID_NAMES:
            setattr(config, name, _renumbered(getattr(config, name, None), new))
    if embedding.padding_idx is not None:
        embedding.padding_idx = new.get(embedding.padding_idx)
    model.save_pretrained(folder)
    for name in (*TOKENIZER_FILES, "chat_template.jinja"):
        if (source / name).exists() and name not in {
            "vocab.json",
            "merges.txt",
            "tokenizer.model",
            "added_tokens.json",
        }:
            shutil.copyfile(source / name, folder / name)
    (folder / "tokenizer.json").write_text(json.dumps(cut.tokenizer, ensure_ascii=False), encoding="utf-8")
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings.pop("added_tokens_decoder", None)  # it names the whole vocabulary's ids; tokenizer.json has the words
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2, ensure_ascii=False), encoding="utf-8")
    (folder / KEPT).write_text(json.dumps(cut.kept), encoding="utf-8")
    return whole, int(model.num_parameters())


def _renumbered(ids: Any, new: Mapping[int, int]) -> Any:
    if isinstance(ids, int):
        return new.get(ids)
    return [new[number] for number in ids if number in new] if isinstance(ids, list) else None
