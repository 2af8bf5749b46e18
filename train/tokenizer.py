"""Qwen3's tokenizer, built offline from the vocabulary that dashscope ships, and its copy pruned to the words in use.

The vocabulary file lists byte sequences by rank. A token's merge is found by running byte-level BPE on its bytes with all
lower ranks: the last two parts are what it was merged from. Ids equal Qwen2's and Qwen3's base vocabulary.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Qwen2's pre-tokeniser: digits one by one."""
SPECIAL = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>"),
    *("<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>"),
    *("<|image_pad|>", "<|video_pad|>"),
)
NOT_SPECIAL = (
    *("<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>"),
    *("<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>"),
)
"""Added tokens that ``skip_special_tokens`` keeps; the order gives ids 151643 to 151668."""
END, PAD = "<|im_end|>", "<|endoftext|>"
NO_THINKING = "<think>\n\n</think>\n\n"
_BLOCK = "{%- if enable_thinking is defined and not enable_thinking %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
CHAT_TEMPLATE = (
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' }}"
    "{%- if message.role == 'assistant' %}" + _BLOCK + "{%- endif %}"
    "{{- message.content + '<|im_end|>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}" + _BLOCK + "{%- endif %}"
)
"""ChatML with Qwen3's flag: ``enable_thinking=False`` closes thinking with an empty block."""
_CLOSED = "{%- set enable_thinking = false %}"


def with_thinking(template: str, thinking: str) -> str:
    """The template that closes thinking by itself in mode ``off``, whatever the caller says or leaves out."""
    plain = template.removeprefix(_CLOSED)
    return _CLOSED + plain if thinking == "off" else plain


def _byte_letters() -> dict[int, str]:
    """GPT-2's printable stand-ins for bytes."""
    kept = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    letters = {byte: chr(byte) for byte in kept}
    letters |= {byte: chr(256 + i) for i, byte in enumerate(byte for byte in range(256) if byte not in letters)}
    return letters


@cache
def ranks() -> dict[bytes, int]:
    """Byte sequence to rank, 151,643 of them."""
    text = resources.files("dashscope.resources").joinpath("qwen.tiktoken").read_bytes()
    pairs = (line.split() for line in text.splitlines() if line)
    return {base64.b64decode(token): int(rank) for token, rank in pairs}


def merge_of(token: bytes, table: Mapping[bytes, int]) -> tuple[bytes, bytes]:
    """The two parts that a token of two or more bytes was merged from."""
    parts = [bytes([byte]) for byte in token]
    limit = table[token]
    while len(parts) > 2:
        pairs = [table.get(parts[i] + parts[i + 1], limit) for i in range(len(parts) - 1)]
        lowest = min(pairs)
        if lowest >= limit:
            raise ValueError(f"token {limit} is no merge of lower ranks")
        at = pairs.index(lowest)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts[0], parts[1]


def _assemble(vocab: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(word, special=True, normalized=False) for word in SPECIAL])
    tokenizer.add_tokens([AddedToken(word, special=False, normalized=False) for word in NOT_SPECIAL])
    return tokenizer


@cache
def qwen3() -> Tokenizer:
    """The whole tokenizer: 151,669 entries."""
    letters, table = _byte_letters(), ranks()
    spelled = {token: "".join(letters[byte] for byte in token) for token in table}
    merges = [
        tuple(spelled[part] for part in merge_of(token, table))
        for token, _ in sorted(table.items(), key=lambda item: item[1])
        if len(token) > 1
    ]
    return _assemble({spelled[token]: rank for token, rank in table.items()}, merges)  # type: ignore[arg-type]  # pairs


def pruned(texts: Iterable[str]) -> Tokenizer:
    """A tokenizer that splits ``texts`` as the whole one does, with all bytes and the closure of the merges in use."""
    whole, table, letters = qwen3(), ranks(), _byte_letters()
    bytes_of = {rank: token for token, rank in table.items()}
    used = {number for encoding in whole.encode_batch(list(texts)) for number in encoding.ids if number in bytes_of}
    keep = {bytes([byte]) for byte in range(256)}
    waiting = [bytes_of[number] for number in used]
    while waiting:
        token = waiting.pop()
        if token not in keep:
            keep.add(token)
            waiting += merge_of(token, table)
    ordered = sorted(keep, key=lambda token: table[token])
    spelled = {token: "".join(letters[byte] for byte in token) for token in ordered}
    merges = [tuple(spelled[part] for part in merge_of(token, table)) for token in ordered if len(token) > 1]
    return _assemble({spelled[token]: i for i, token in enumerate(ordered)}, merges)  # type: ignore[arg-type]  # pairs


def save(tokenizer: Tokenizer, folder: Path, *, max_length: int, thinking: str = "off") -> None:
    """A folder that AutoTokenizer loads without our code."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PAD,
        "model_max_length": max_length,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    (folder / "chat_template.jinja").write_text(with_thinking(CHAT_TEMPLATE, thinking), encoding="utf-8")
