"""A tokenizer with its chat template and thinking mode: from rows to token ids, and into the checkpoint's folder.

Qwen3's template closes thinking with an empty block. What becomes of that block is the mode; it is written into the saved
template, so that whoever asks the checkpoint, with any program, asks it as it was trained.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from transformers import AutoTokenizer

from factory.errors import UsageError
from train import tokenizer
from train.portable import copy_tokenizer
from train.rows import Encoded, Row, Turn

THINKING: Final = {
    "off": "the empty block belongs to the prompt, in training and when asked",
    "ignore": "the empty block stands in the answer and carries no loss: the ability to think is touched least",
    "train": "the empty block is part of the answer and is learnt",
}


@dataclass(frozen=True, slots=True)
class Template:
    """``tokenizer`` is a transformers tokenizer with a chat template and an end word that is not its padding."""

    tokenizer: Any
    thinking: str
    source: Path | None = None
    """The folder whose tokenizer files it is; None for one that was built here"""

    def encode(self, row: Row) -> Encoded:
        """Prompt and answer are tokenised apart, so that the mask's edge is a token's edge; the answer ends with the end word."""
        before, between, answer = (self._ids(piece) for piece in self.pieces(row))
        start = len(before) + (0 if self.thinking == "train" else len(between))
        return Encoded(row.sample_id, (*before, *between, *answer), start)

    def pieces(self, row: Row) -> tuple[str, str, str]:
        """The texts of prompt, thinking block and answer, which are tokenised apart."""
        return *self._prompt(row.turns), row.answer + self.tokenizer.eos_token + "\n"

    def question(self, turns: Sequence[Turn]) -> list[int]:
        """Token ids up to where the model writes when it is asked."""
        opened, block = self._prompt(turns)
        return self._ids(opened) + (self._ids(block) if self.thinking == "off" else [])

    def _prompt(self, turns: Sequence[Turn]) -> tuple[str, str]:
        """The text where an answer begins when thinking is open, and the block that closes thinking ("" without one)."""
        messages = [{"role": turn.role, "content": turn.content} for turn in turns]
        closed, opened = (
            str(
                self.tokenizer.apply_chat_template(
                    messages, tokenize=False, add_generation_prompt=True, enable_thinking=on
                )
            )
            for on in (False, True)
        )
        if not closed.startswith(opened):
            raise UsageError("The model's chat template closes thinking in a way that is not known here.")
        return opened, closed[len(opened) :]

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def save(self, folder: Path) -> None:
        """Tokenizer files and the template of this mode, as AutoTokenizer loads them without our code."""
        if self.source is None:
            words = self.tokenizer.backend_tokenizer
            tokenizer.save(words, folder, max_length=self.tokenizer.model_max_length, thinking=self.thinking)
            return
        words = {"eos_token": self.tokenizer.eos_token, "pad_token": self.tokenizer.pad_token}
        copy_tokenizer(self.source, folder, tokenizer.with_thinking(self.tokenizer.chat_template, self.thinking), words)


def load_template(folder: Path, thinking: str) -> Template:
    """The tokenizer that a model folder brings. Raises UsageError."""
    try:
        words: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise UsageError(f"The tokenizer in {folder} cannot be loaded: {str(error).splitlines()[0]}") from error
    if not words.chat_template:
        raise UsageError(f"The tokenizer in {folder} has no chat template: give a chat model's folder.")
    if tokenizer.END in words.get_vocab():
        # Qwen's base models end a text with another word than a turn of their own template.
        words.eos_token = tokenizer.END
    if words.eos_token is None:
        raise UsageError(f"The tokenizer in {folder} has no end word: an answer could never end.")
    if words.pad_token is None or words.pad_token == words.eos_token:
        if tokenizer.PAD not in words.get_vocab():
            raise UsageError(f"The tokenizer in {folder} has no padding word besides its end word.")
        words.pad_token = tokenizer.PAD
    return Template(words, thinking, folder)


def texts(rows: Iterable[Row]) -> list[str]:
    """Everything that a vocabulary for these rows must spell as the whole one does."""
    spelt = [tokenizer.NO_THINKING]
    for row in rows:
        spelt += [f"<|im_start|>{turn.role}\n{turn.content}<|im_end|>\n" for turn in row.turns]
        spelt.append(f"<|im_start|>assistant\n{row.answer}<|im_end|>\n")
    return spelt
