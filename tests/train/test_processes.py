"""Two processes under torchrun (gloo, CPU) have the losses of one: the same samples a step, shared out."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bench.train_kills import checkpoint, kill_when
from tests.train.running import CLEAN, Forked, losses, metrics, run

ENV = {"SQL": "from sft_train order by sample_id limit 24", "EPOCHS": "1"}


def _pair(words: tuple[str, ...], env: dict[str, str]) -> list[Forked]:
    """Two processes with the variables that torchrun gives."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {**env, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return [Forked(words, {**shared, "RANK": rank, "LOCAL_RANK": rank}) for rank in ("0", "1")]


@pytest.fixture(scope="module")
def alone(world: Path) -> list[float]:
    done = run(world, "run", "--name", "one", **ENV)
    assert done.status == 0, done.stderr
    return losses(world / "models" / "one")


def _agree(ours: list[float], theirs: list[float]) -> None:
    assert len(ours) == len(theirs)
    assert max(abs(loss - reference) for loss, reference in zip(ours, theirs, strict=True)) <= 1e-4


def test_torchrun_with_two_processes_has_the_losses_of_one(world: Path, alone: list[float]) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    env = {**CLEAN, **ENV, "DATA": str(world), "WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1"}
    words = ["-m", "train", "run", "--name", "two"]
    done = subprocess.run([*command, *words], env=env, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    assert "find_unused_parameters" not in done.stderr
    _agree(losses(world / "models" / "two"), alone)


def test_two_processes_share_the_original_s_micro_batches(world: Path, alone: list[float]) -> None:
    pair = _pair(("run", "--name", "two-original"), {**ENV, "RECIPE": "original", "DATA": str(world)})
    assert [process.wait() for process in pair] == [0, 0]
    _agree(losses(world / "models" / "two-original"), alone)


def test_two_processes_go_on_after_a_kill_as_if_nothing_had_happened(world: Path) -> None:
    folder, env = world / "models" / "two-killed", {**ENV, "DATA": str(world)}
    words = ("run", "--name", "two-killed", "--save-every", "0")
    first, second = _pair(words, env)
    assert kill_when(first, lambda: checkpoint(folder) >= 3, 0.0)
    second.kill()
    second.wait()
    assert [process.wait() for process in _pair(words, env)] == [0, 0]
    ours, theirs = metrics(folder), metrics(world / "models" / "two")
    assert [line.get("loss") for line in ours] == [line.get("loss") for line in theirs]


def test_processes_that_cannot_share_a_step_are_refused(world: Path) -> None:
    shared = {"WORLD_SIZE": "3", "RANK": "0", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    done = run(world, **ENV, **shared)
    assert done.status == 2
    assert "start a number that divides 4" in done.stderr
