"""Killed while it trains, and begun again: every loss is the one of a run that was left alone, bit for bit."""

from __future__ import annotations

from pathlib import Path

from bench.train_kills import checkpoint, damage, kill_when, scene
from tests.train.running import Forked, losses, run, start
from train.checkpoints import Checkpoints

ROWS = "from sft_train order by sample_id limit 24"


def test_kills_at_random_steps_and_at_the_edge_of_an_epoch_change_no_loss(world: Path) -> None:
    outcome = scene(world, kills=3, rows=24, epochs=2, seed=3, start=start)
    assert outcome["kills"] == 4
    assert outcome["at_the_edge"] >= 1
    assert outcome["lines"] > outcome["steps"] == 12
    assert (outcome["lines_differing"], outcome["weights_equal"]) == (0, True), outcome


def test_a_killed_run_refuses_a_changed_configuration_by_name_and_goes_on_with_its_own(world: Path) -> None:
    env = {"DATA": str(world), "EPOCHS": "1", "SQL": ROWS}
    words = ("run", "--name", "changed", "--save-every", "0")
    folder = world / "models" / "changed"
    assert kill_when(Forked(words, env), lambda: checkpoint(folder) >= 2, 0.0)
    kept = checkpoint(folder)
    for change, named in (
        ({"EPOCHS": "3"}, "another epochs (1 → 3)"),
        ({"SEED": "7"}, "another seed (0 → 7)"),
        ({"SQL": ROWS.replace("24", "28")}, "another rows ("),
        ({"RECIPE": "original"}, "another recipe (exact → original)"),
        ({"THINKING": "train"}, "another thinking (off → train)"),
    ):
        done = run(world, *words, **{**env, **change})
        assert done.status == 2
        assert named in done.stderr
    assert checkpoint(folder) == kept
    done = run(world, *words, **env)
    assert done.status == 0, done.stderr
    assert f"going on after step {kept}" in done.stderr
    assert len(losses(folder)) == 6


def test_a_torn_or_damaged_checkpoint_is_never_gone_on_from(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "run")
    assert checkpoints.open({"seed": 0}, writing=True)
    for step in (1, 2, 3):
        written = checkpoints.aside / f"checkpoint-{step}"
        written.mkdir(parents=True)
        (written / "weights").write_bytes(b"w" * 1000)
        if step < 3:
            checkpoints.keep(step)
    newest = checkpoints.newest()
    assert newest is not None
    assert newest.name == "checkpoint-2"
    damage(checkpoints.folder)
    older = checkpoints.newest()
    assert older is not None
    assert older.name == "checkpoint-1"
    (older / "checksums.json").unlink()
    assert checkpoints.newest() is None
