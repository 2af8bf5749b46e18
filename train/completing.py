"""A checkpoint's greedy answers to held-out questions, committed unit by unit with the verifier's measures of them.

Last step of training: reads a plain checkpoint folder and the warehouse's views, writes ``completions`` and ``measures``.
Units are named by the checkpoint's content, so that a kill loses nothing and a retrained checkpoint starts afresh.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache
from transformers.utils.logging import disable_progress_bar

from factory.commit.store import open_store
from factory.errors import UsageError
from factory.run.refresh import Refresher
from factory.settings import Values, of_factory, of_train
from factory.shown_text import print_line
from train import hub
from train.answering import TRAIN_SAMPLE, Author, Generated, StudentQuestion, commit, done, questions
from train.measuring import Grounds, open_data
from train.model import DEMONSTRATION
from train.record import check_files, read_record
from train.rows import MODES
from train.source import contents
from train.summary import print_summary

ARMS: Final = ("tuned", "base")
BATCH_CPU, BATCH_GPU = 32, 128
HEADROOM: Final = 1.25
"""Room over the 99th percentile of the data's answers: an answer that is longer still has most likely run wild."""


@dataclass(slots=True)
class Student:
    """A loaded checkpoint that answers. ``identity`` is the hash of its files."""

    model: Any
    tokenizer: Any
    name: str
    identity: str
    thinks: bool
    """False closes thinking for a model whose template would open it"""

    def prompt(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Token ids up to where the answer begins, in the checkpoint's own template and thinking mode."""
        flags = {} if self.thinks else {"enable_thinking": False}
        turns = [{"role": message["role"], "content": message["content"]} for message in messages]
        text = self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True, **flags)
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


def load_student(folder: Path, arm: str = "tuned") -> Student:
    """Load with transformers alone, as anybody would. Raises UsageError that says what is missing, DamagedFile."""
    if not (folder / "config.json").exists() or not any(folder.glob("*.safetensors")):
        raise UsageError(f"{folder} is no finished checkpoint (config.json, *.safetensors): run `make train` first.")
    check_files(folder, read_record(folder))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    disable_progress_bar()
    try:
        words: Any = AutoTokenizer.from_pretrained(folder)
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, attn_implementation="sdpa", dtype=torch.bfloat16 if device == "cuda" else torch.float32
        )
    except Exception as error:
        raise UsageError(f"{folder} cannot be loaded: {(str(error).splitlines() or [repr(error)])[0]}") from error
    if not words.chat_template or words.eos_token_id is None:
        raise UsageError(
            f"The tokenizer in {folder} has no chat template or no end word: it cannot be asked questions."
        )
    return Student(model.to(device).eval(), words, folder.resolve().name, identity(folder), thinks=arm == "tuned")


def identity(folder: Path) -> str:
    """12 hex digits over weights, configuration and tokenizer: equal contents, equal name."""
    digest = blake2b(digest_size=6)
    names = ("*.safetensors", "config.json", "tokenizer.json", "chat_template.jinja")
    for path in sorted({file for name in names for file in folder.glob(name)}):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()


@torch.inference_mode()
def answers(student: Student, prompts: Sequence[list[int]], most: int) -> list[Generated]:
    """Greedy answers of at most ``most`` tokens to one batch, padded on the left; a row that ended leaves the batch."""
    end, device = student.tokenizer.eos_token_id, student.model.device
    longest = max(map(len, prompts))
    padded = [[end] * (longest - len(prompt)) + prompt for prompt in prompts]
    ids = torch.tensor(padded, device=device)
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=device)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    written: list[list[int]] = [[] for _ in prompts]
    alive, cache = list(range(len(prompts))), DynamicCache(config=student.model.config)
    for _ in range(most):
        logits = student.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        chosen = logits.argmax(-1)
        for row, token in zip(alive, chosen.tolist(), strict=True):
            written[row].append(token)
        going = [i for i, row in enumerate(alive) if written[row][-1] != end]
        if not going:
            break
        if len(going) < len(alive):
            keep = torch.tensor(going, device=device)
            cache.batch_select_indices(keep)
            chosen, mask, positions = chosen[keep], mask[keep], positions[keep]
            alive = [alive[i] for i in going]
        ids, positions = chosen[:, None], positions[:, -1:] + 1
        mask = torch.cat([mask, mask.new_ones(len(alive), 1)], 1)
    return [_generated(student, tokens, end) for tokens in written]


def _generated(student: Student, tokens: list[int], end: int) -> Generated:
    ended = tokens[-1] == end
    text: str = student.tokenizer.decode(tokens[:-1] if ended else tokens, skip_special_tokens=True)
    return Generated(visible(text), ended)


def visible(text: str) -> str:
    """What a user sees: the text after a thinking block."""
    return text.rpartition("</think>")[2].strip()


def complete(
    data: Path,
    folder: Path,
    mode: str,
    arm: str = "tuned",
    train_sample: int = TRAIN_SAMPLE,
    limit: int | None = None,
    run: str | None = None,
) -> int:
    """Answer and measure what this very checkpoint has not answered yet; print a summary; returns how many are new.

    ``limit``: most questions a split; ``run``: of this factory run only, else as the checkpoint was trained.
    Raises UsageError, DiskTrouble, RunStopped.
    """
    student = load_student(folder, arm)
    author = Author(student.name, student.identity, arm, mode)
    store = open_store(data)
    asked = questions(data, mode, train_sample, limit, run or read_record(folder).get("run"))
    if not asked:
        raise UsageError(f"{data} holds no questions for MODE={mode}: run `make synth` first.")
    most = longest_answer(student, data, mode)
    new = 0
    with Grounds(data) as grounds:
        while batch := _next(student, asked, done(store, author)):
            generated = answers(student, [student.prompt(question.messages) for question in batch], most)
            new += commit(store, author, grounds, list(zip(batch, generated, strict=True)))
            _say(f"{student.name} · {arm} · {mode}: {len(done(store, author))}/{len(asked)} questions answered")
    asyncio.run(Refresher(data).refresh())
    print_summary(data, student.name, student.identity)
    if read_record(folder).get("demonstration"):
        _say(DEMONSTRATION)
    return new


def longest_answer(student: Student, data: Path, mode: str) -> int:
    """Tokens that an answer may take, from the data's own answers."""
    with open_data(data) as connection:
        texts = [row[0] for row in connection.execute(f"select answer from {MODES[mode][0]}").fetchall()]  # noqa: S608 - a view's name
    lengths = sorted(len(ids) for ids in student.tokenizer(texts, add_special_tokens=False)["input_ids"]) or [512]
    return int(lengths[min(len(lengths) - 1, int(len(lengths) * 0.99))] * HEADROOM) + 8


def _next(student: Student, asked: Sequence[StudentQuestion], done: set[str]) -> list[StudentQuestion]:
    """The longest missing questions: rows of like length share a batch, and the hardest batch comes first."""
    missing = [question for question in asked if question.sample_id not in done]
    missing.sort(key=lambda question: (-sum(len(turn["content"]) for turn in question.messages), question.sample_id))
    return missing[: BATCH_GPU if student.model.device.type == "cuda" else BATCH_CPU]


def main(values: Values) -> int:
    """A checkpoint's answers, those that are missing. Raises UsageError, DiskTrouble."""
    if values[of_train.ARM] not in {None, *ARMS}:
        raise UsageError(
            f"ARM={values[of_train.ARM]}: a checkpoint answers as {' or '.join(ARMS)}; other arms are brought by FROM."
        )
    data, mode, arm = values[of_factory.DATA], values[of_train.MODE], values[of_train.ARM] or "tuned"
    checkpoint, limit = values[of_train.CHECKPOINT], values[of_train.LIMIT]
    folder = Path(checkpoint) if checkpoint else newest(data, mode)
    if trained_held_out(folder):
        sentence = (
            f"{folder} was trained on {trained_held_out(folder)} of the held-out rows: its answers to `seen` and `unseen` would "
            "measure memory, so none are made. Its own validation losses are in metrics.jsonl and loss.png."
        )
        if checkpoint:
            raise UsageError(sentence)
        _say(sentence)
        return 0
    complete(data, folder, mode, arm, 0 if values[of_train.HELD_OUT] else TRAIN_SAMPLE, limit, values[of_factory.RUN])
    if arm == "tuned" and not checkpoint:
        _complete_base(data, folder, mode, limit)
    return 0


def _complete_base(data: Path, folder: Path, mode: str, limit: int | None) -> None:
    """The answers of the weights that this checkpoint was trained from, as arm=base; the embedded model has none but chance."""
    trained = read_record(folder)
    if trained["demonstration"]:
        return
    try:
        base = Path(trained["source"]) if trained.get("source") else hub.find_model(trained["model"], trained["hub"])
        _check_unchanged(base, trained, folder)
        complete(data, base, mode, "base", TRAIN_SAMPLE, limit, trained.get("run"))
    except UsageError as error:  # weights that were moved, or have no chat template: the tuned answers stand
        _say(f"No answers of the weights before training (arm=base): {error}")


def _check_unchanged(base: Path, trained: dict[str, Any], folder: Path) -> None:
    """Raises UsageError where the weights before training are others by now; older records know nothing of them."""
    if trained.get("model_hash") not in {None, contents(base)}:
        raise UsageError(
            f"{base} no longer holds the files that {folder.name} was trained from: restore them, or train again under "
            "another name (make train MODEL_NAME=...)."
        )


def trained_held_out(folder: Path) -> int:
    """How many of the rows that completions would ask about this checkpoint has learnt (RECIPE=original-random, or a SQL=)."""
    return int(read_record(folder).get("trained_held_out", 0))


def newest(data: Path, mode: str) -> Path:
    """The checkpoint of this mode that was written last. Raises UsageError when there is none, DamagedFile."""
    folders = [
        path.parent for path in (data / "models").glob("*/config.json") if read_record(path.parent).get("mode") == mode
    ]
    if not folders:
        raise UsageError(f"{data / 'models'} holds no {mode} checkpoint: run `make train MODE={mode}` first.")
    return max(folders, key=lambda path: (path / "config.json").stat().st_mtime)


def _say(line: str) -> None:
    print_line(line)
