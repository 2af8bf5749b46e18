"""A small run from synth to a checkpoint: loss falls, troubles are sentences, the folder loads without our code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}


def _run(room: str, command: str, data: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", room, command],
        env={**CLEAN, "WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1", "DATA": str(data), **env},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("world")
    assert _run("factory", "synth", data, N="60").returncode == 0
    return data


@pytest.fixture(scope="module")
def checkpoint(world: Path) -> Path:
    done = _run("train", "run", world, EPOCHS="2")
    assert done.returncode == 0, done.stderr
    assert "DEMONSTRATION" in done.stderr
    return world / "models" / "tiny-closed-0"


def _losses(folder: Path) -> list[tuple[int, str]]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [(line["step"], line["loss"]) for line in lines if "loss" in line]


def test_the_loss_falls(checkpoint: Path) -> None:
    losses = [float(loss) for _, loss in _losses(checkpoint)]
    assert losses[-1] < losses[0]


def test_the_checkpoint_loads_and_answers_without_our_code(checkpoint: Path, tmp_path: Path) -> None:
    folder = tmp_path / "alone"
    shutil.copytree(checkpoint, folder, ignore=shutil.ignore_patterns("checkpoint-*"))
    code = (
        "import sys; from transformers import AutoModelForCausalLM, AutoTokenizer\n"
        f"t = AutoTokenizer.from_pretrained({str(folder)!r}); m = AutoModelForCausalLM.from_pretrained({str(folder)!r})\n"
        "ids = t.apply_chat_template([{'role': 'user', 'content': '我在清华大学，想吃川菜'}], add_generation_prompt=True, "
        "return_tensors='pt', return_dict=True)\n"
        "out = m.generate(**ids, max_new_tokens=12, do_sample=False)\n"
        "assert out.shape[1] > ids['input_ids'].shape[1]; assert 'train' not in sys.modules and 'factory' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=CLEAN, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_changed_configuration_is_refused_by_name(checkpoint: Path, world: Path) -> None:
    assert checkpoint.exists()
    done = _run("train", "run", world, EPOCHS="3")
    assert done.returncode == 2
    assert "another epochs (2 → 3)" in done.stderr


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"SQL": "select 1 as one"}, "no column sample_id"),
        ({"SQL": "select from"}, "cannot be read"),
        ({"SQL": "from sft_train where false"}, "There are 0 rows"),
        ({"MODE": "sideways"}, "MODE must be"),
        ({"MODEL": "/nowhere"}, "is no model folder"),
        ({"RECIPE": "sideways"}, "RECIPE must be one of exact, fast, original"),
        ({"THINKING": "loud"}, "THINKING must be one of off, ignore, train"),
        ({"HUB": "hf"}, "give MODEL too"),
        ({"EPOCHS": "many"}, "EPOCHS must be a whole number"),
    ],
)
def test_each_trouble_is_one_clear_sentence(world: Path, env: dict[str, str], words: str) -> None:
    done = _run("train", "run", world, **env)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_folder_says_what_to_run_first(tmp_path: Path) -> None:
    done = _run("train", "run", tmp_path)
    assert done.returncode == 2
    assert "make synth" in done.stderr


def test_a_token_budget_and_a_name_of_ones_own(world: Path) -> None:
    command = [sys.executable, "-m", "train", "run", "--name", "short", "--tokens", "4000"]
    done = subprocess.run(
        command,
        env={**CLEAN, "WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1", "DATA": str(world)},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    folder = world / "models" / "short"
    known = json.loads((folder / "chidian.json").read_text())
    assert (known["tokens"], known["recipe"], known["mode"], known["thinking"], known["demonstration"]) == (
        *(4000, "exact", "closed", "off", True),
    )
    summary = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    assert 1 <= summary["step"] <= 8
