"""``python -m train`` as processes of their own, forked from one that has loaded torch already: each starts in no time."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.keyless import CLEAN

LONGEST_S = 170
_loaded = multiprocessing.get_context("forkserver")
_loaded.set_forkserver_preload(["tests.train.loaded"])


@dataclass(frozen=True)
class Done:
    """How it ended."""

    status: int
    stderr: str


class Forked:
    """A running command, with the ways of a subprocess.Popen."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str], stderr: Path | None = None) -> None:
        variables = {**CLEAN, "WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1", **env}
        self._process = _loaded.Process(target=_command, args=(list(words), variables, str(stderr or os.devnull)))
        self._process.start()

    def poll(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        self._process.join(LONGEST_S)
        status = self._process.exitcode
        assert status is not None, "it does not end"
        return status


def start(words: Sequence[str], env: Mapping[str, str]) -> Forked:
    return Forked(words, env)


def run(data: Path, *words: str, **env: str) -> Done:
    """``python -m train WORDS`` to its end."""
    data.mkdir(exist_ok=True)
    stderr = data / f"stderr-{os.urandom(4).hex()}.txt"
    status = Forked(words or ("run",), {"DATA": str(data), **env}, stderr).wait()
    text = stderr.read_text()
    stderr.unlink()
    return Done(status, text)


def _command(words: list[str], env: dict[str, str], stderr: str) -> None:
    os.environ.clear()
    os.environ.update(env)
    number = os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(number, 1)
    os.dup2(number, 2)
    import torch  # noqa: PLC0415 - loaded before the fork

    from factory.command import run_room  # noqa: PLC0415

    torch.set_num_threads(1)
    sys.exit(run_room("train", words))


def metrics(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def losses(folder: Path) -> list[float]:
    return [line["loss"] for line in metrics(folder) if "loss" in line]
