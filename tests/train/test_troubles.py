"""What can go wrong with rows, weights, numbers and disks: one sentence, a status, and nothing that was there is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from safetensors.torch import load_file, save_file

from bench.train_kills import checkpoint, kill_when, lines
from factory.errors import DiskTrouble
from tests.train.running import CLEAN, Forked, losses, metrics, run
from train.checkpoints import METRICS, SEAL, Checkpoints
from train.config import Wandb
from train.record import checksums
from train.watching import Metrics

ROWS = "from sft_train order by sample_id limit 24"
LONG = "select sample_id, split, [{role: 'user', content: repeat('我', 3000)}, {role: 'assistant', content: '好'}] as messages"
COLUMNS = "select sample_id, split, messages"


def _refused(world: Path, words: str, **env: str) -> None:
    before = sorted((world / "models").rglob("*")) if (world / "models").exists() else []
    done = run(world, **env)
    assert done.status == 2, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert words in last
    assert (sorted((world / "models").rglob("*")) if before else []) == before


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("from sft_train where false", "Rows to train on: 0; at least 4"),
        ("from sft_train limit 1", "Rows to train on: 1; at least 4"),
        (f"{LONG} from sft_train", "Only 0 rows have at most 2048 tokens: select shorter ones."),
        ("select question, answer from sft_train", "SQL gives no column sample_id, split, messages"),
        ("select sample_id, split, question as messages from sft_train", "is no list of structs (role, content)"),
        ("select sample_id, split, messages[:1] as messages from sft_train", "do not end with an answer"),
        ("from nowhere", "The rows cannot be read: Catalog Error"),
    ],
)
def test_rows_that_cannot_be_trained_on(world: Path, sql: str, words: str) -> None:
    _refused(world, words, SQL=sql)


def test_rows_over_the_length_are_left_out_and_counted(world: Path) -> None:
    sql = f"({COLUMNS} from sft_train order by sample_id limit 8) union all ({LONG} from sft_train order by sample_id limit 2)"
    done = run(world, "run", "--name", "long", SQL=sql, EPOCHS="1")
    assert done.status == 0, done.stderr
    assert "2 rows are longer than 2048 tokens and are left out" in done.stderr
    assert len(losses(world / "models" / "long")) == 2


@pytest.fixture(scope="module")
def model(world: Path) -> Path:
    """A whole model folder."""
    done = run(world, "run", "--name", "whole", SQL=ROWS, EPOCHS="1")
    assert done.status == 0, done.stderr
    return world / "models" / "whole"


def _without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def _cut_weights(folder: Path) -> None:
    os.truncate(folder / "model.safetensors", 1_000_000)


def _one_weight_less(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file(
        {name: tensor for name, tensor in weights.items() if "layers.2." not in name}, folder / "model.safetensors"
    )


def _small_vocabulary(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    weights = load_file(folder / "model.safetensors")
    weights["model.embed_tokens.weight"] = weights["model.embed_tokens.weight"][:300].clone()
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(
        json.dumps({**config, "vocab_size": 300, "pad_token_id": None, "eos_token_id": None})
    )


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_without_weights, "It must hold config.json and all *.safetensors"),
        (_cut_weights, "cannot be loaded"),
        (_one_weight_less, "lacks 11 weights, model.layers.2."),
        (_small_vocabulary, "they do not belong together"),
    ],
)
def test_a_model_folder_that_lacks_something(
    world: Path, model: Path, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    folder = tmp_path / "spoilt"
    shutil.copytree(model, folder)
    spoil(folder)
    _refused(world, words, MODEL=str(folder), SQL=ROWS)


def _stopped(world: Path, name: str) -> Path:
    """A run of that name, killed when it had some checkpoints."""
    folder = world / "models" / name
    words = ("run", "--name", name, "--save-every", "0")
    assert kill_when(
        Forked(words, {"DATA": str(world), "SQL": ROWS, "EPOCHS": "1"}), lambda: checkpoint(folder) >= 2, 0
    )
    return folder


def test_a_loss_that_is_no_number_stops_the_run_and_the_last_checkpoint_stays(world: Path) -> None:
    folder = _stopped(world, "numberless")
    kept = checkpoint(folder)
    weights = folder / f"checkpoint-{kept}" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-400_000] + b"\xff" * 400_000)
    seal = weights.with_name(SEAL)  # the training itself went wrong: the file is what it wrote
    seal.write_bytes(orjson.dumps(checksums(weights.parent, orjson.loads(seal.read_bytes()))))
    before = weights.read_bytes()
    done = run(world, "run", "--name", "numberless", SQL=ROWS, EPOCHS="1")
    assert done.status == 1
    assert f"error: The loss of step {kept + 1} is not a number" in done.stderr
    assert "Traceback" not in done.stderr
    assert checkpoint(folder) == kept
    assert weights.read_bytes() == before
    assert metrics(folder)[-1]["step"] == kept + 1
    assert metrics(folder)[-1]["loss"] is None


@pytest.fixture
def small_disk(world: Path) -> Iterator[Path]:
    """``models`` on a file system of 40 MB: one checkpoint fits, two do not."""
    data = world / "small"
    (data / "models").mkdir(parents=True)
    shutil.copy(world / "warehouse.duckdb", data)
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(data / "models")]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small file system here")
    yield data
    subprocess.run(["umount", str(data / "models")], check=True)


def test_a_full_disk_stops_the_run_which_goes_on_when_there_is_room(small_disk: Path, model: Path) -> None:
    words = ("run", "--name", "full", "--save-every", "0")
    done = run(small_disk, *words, SQL=ROWS, EPOCHS="1")
    assert done.status == 1
    assert "error: The checkpoint of step 2 could not be written" in done.stderr
    assert "make room there and let it be written to, then give the same command; checkpoint-1 stays" in done.stderr
    assert "Traceback" not in done.stderr
    subprocess.run(["mount", "-o", "remount,size=300m", str(small_disk / "models")], check=True)
    done = run(small_disk, *words, SQL=ROWS, EPOCHS="1")
    assert done.status == 0, done.stderr
    assert "going on after step 1 of 6" in done.stderr
    assert lines(small_disk / "models" / "full") == lines(model)


def test_metrics_that_cannot_be_written_stop_the_run_too(tmp_path: Path) -> None:
    written = Metrics(Checkpoints(tmp_path), {}, Wandb("disabled"), going_on=None)
    (tmp_path / METRICS).unlink()
    (tmp_path / METRICS).symlink_to("/dev/full")
    with pytest.raises(DiskTrouble, match="The metrics could not be written"):
        written.add({"step": 1})


def _found(model: str, hub: str, **env: str) -> subprocess.CompletedProcess[str]:
    """find_model in a process of its own: hub clients read the environment when they are imported."""
    code = (
        "import sys; from factory.errors import UsageError; from train.hub import find_model\n"
        "try: print(find_model(*sys.argv[1:]))\nexcept UsageError as error: sys.exit(str(error))"
    )
    command = [sys.executable, "-c", code, model, hub]
    return subprocess.run(command, env={**CLEAN, **env}, capture_output=True, text=True, timeout=100, check=False)


def test_a_hub_offline_says_what_to_fetch_and_gives_what_its_cache_holds(tmp_path: Path, model: Path) -> None:
    env = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = _found("Qwen/Qwen3-0.6B", "hf", **env)
    assert done.returncode == 1
    assert "Qwen/Qwen3-0.6B cannot be had from hf" in done.stderr
    assert "Download Qwen/Qwen3-0.6B (config.json, generation_config.json, *.safetensors" in done.stderr
    assert done.stderr.count("\n") == 1
    cached, commit = tmp_path / "hub" / "models--acme--tiny", "0" * 40
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text(commit)
    shutil.copytree(model, cached / "snapshots" / commit)
    done = _found("acme/tiny", "hf", **env)
    assert done.stdout.strip() == str(cached / "snapshots" / commit), done.stderr


def test_modelscope_without_its_client_names_the_package() -> None:
    done = _found("Qwen/Qwen3-0.6B", "modelscope")
    assert "pip install modelscope" in done.stderr
