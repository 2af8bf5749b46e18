"""A small run from synth to a checkpoint: loss falls, troubles are sentences, the folder loads without our code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from tests.train.running import CLEAN, losses, metrics, run

ROWS = "from sft_train order by sample_id limit 24"


@pytest.fixture(scope="module")
def checkpoint(world: Path) -> Path:
    done = run(world, SQL=ROWS, EPOCHS="2")
    assert done.status == 0, done.stderr
    assert "DEMONSTRATION" in done.stderr
    return world / "models" / "tiny-closed-0"


def test_the_loss_falls(checkpoint: Path) -> None:
    curve = losses(checkpoint)
    assert curve[-1] < curve[0]


ALONE = """
import sys
from importlib.abc import MetaPathFinder

class Blocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"train", "factory", "warehouse", "judge", "chidian"}:
            raise ImportError(f"{name} is not for a checkpoint to need")

sys.meta_path.insert(0, Blocked())
try:
    import train
except ImportError:
    pass
else:
    raise SystemExit("the blocker does not block")
from transformers import AutoModelForCausalLM, AutoTokenizer
words, model = AutoTokenizer.from_pretrained(sys.argv[1]), AutoModelForCausalLM.from_pretrained(sys.argv[1])
messages = [{"role": "user", "content": "我在清华大学，想吃川菜"}]
ids = words.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
out = model.generate(**ids, max_new_tokens=12, do_sample=False)[0, ids["input_ids"].shape[1]:]
print(words.decode(out, skip_special_tokens=True))
"""


def test_the_checkpoint_loads_and_answers_where_our_code_cannot_be_imported(checkpoint: Path, tmp_path: Path) -> None:
    folder = tmp_path / "alone"
    shutil.copytree(checkpoint, folder)
    assert not list(folder.glob("checkpoint-*"))
    command = [sys.executable, "-I", "-c", ALONE, str(folder)]
    done = subprocess.run(command, cwd=tmp_path, env=CLEAN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_a_changed_configuration_is_refused_by_name(checkpoint: Path, world: Path) -> None:
    assert checkpoint.exists()
    done = run(world, SQL=ROWS, EPOCHS="3")
    assert done.status == 2
    assert "another epochs (2 → 3)" in done.stderr
    assert "make train MODEL_NAME=tiny-closed-0-2" in done.stderr


def test_after_a_larger_n_training_names_a_remedy_that_works(tmp_path: Path) -> None:
    def grow(target: str) -> None:
        command = [sys.executable, "-m", "factory", "synth"]
        subprocess.run(command, env={**CLEAN, "DATA": str(tmp_path), "N": target}, check=True, capture_output=True)

    grow("30")
    assert run(tmp_path, TOKENS="500").status == 0
    assert "trained already" in run(tmp_path, TOKENS="500").stderr
    grow("45")
    refused = run(tmp_path, TOKENS="500")
    assert refused.status == 2, refused.stderr
    assert "another rows" in refused.stderr
    remedy = re.search(r"make train MODEL_NAME=([\w-]+)", refused.stderr)
    assert remedy is not None, refused.stderr
    again = run(tmp_path, TOKENS="500", MODEL_NAME=remedy[1])
    assert again.status == 0, again.stderr
    assert (tmp_path / "models" / remedy[1] / "config.json").exists()


def test_a_model_folder_of_the_same_name_with_other_weights_is_another_run(
    checkpoint: Path, world: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "given"
    shutil.copytree(checkpoint, folder)
    words = {"SQL": ROWS, "TOKENS": "500", "MODEL": str(folder), "MODEL_NAME": "of-given"}
    assert run(world, **words).status == 0
    recorded = json.loads((world / "models" / "of-given" / "chidian.json").read_text())["model_hash"]
    assert "trained already" in run(world, **words).stderr  # the very same files
    (folder / "README.md").write_text("a note is no part of a model")
    assert "trained already" in run(world, **words).stderr
    weights = load_file(folder / "model.safetensors")
    save_file({name: tensor * 1.01 for name, tensor in weights.items()}, folder / "model.safetensors", {"format": "pt"})
    changed = run(world, **words)
    assert changed.status == 2, changed.stderr
    assert f"another model_hash ({recorded} → " in changed.stderr


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"SQL": "select 1 as one"}, "no column sample_id"),
        ({"SQL": "select from"}, "cannot be read"),
        ({"SQL": "from sft_train where false"}, "Rows to train on: 0; at least 4"),
        ({"MODE": "sideways"}, "MODE must be"),
        ({"MODEL": "/nowhere"}, "is no model folder"),
        ({"RECIPE": "sideways"}, "RECIPE must be one of exact, fast, original"),
        ({"THINKING": "loud"}, "THINKING must be one of off, ignore, train"),
        ({"HUB": "hf"}, "give MODEL too"),
        ({"WANDB_MODE": "loud"}, "WANDB_MODE must be one of offline, online, disabled"),
        ({"EPOCHS": "many"}, "EPOCHS must be a whole number"),
    ],
)
def test_each_trouble_is_one_clear_sentence(world: Path, env: dict[str, str], words: str) -> None:
    done = run(world, **env)
    assert done.status == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_folder_says_what_to_run_first(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.status == 2
    assert "make synth" in done.stderr


def test_a_token_budget_and_a_name_of_ones_own(world: Path) -> None:
    done = run(world, "run", "--name", "short", "--tokens", "4000")
    assert done.status == 0, done.stderr
    folder = world / "models" / "short"
    record = json.loads((folder / "chidian.json").read_text())
    assert (record["tokens"], record["recipe"], record["mode"], record["thinking"], record["demonstration"]) == (
        *(4000, "exact", "closed", "off", True),
    )
    assert 1 <= metrics(folder)[-1]["step"] <= 8
