"""What is seen of a run while it goes: validation by split, answers, speed, the curve, and wandb without a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory import chart_style
from tests.train.running import Done, metrics, run

ROWS = "from sft_train order by length(answer), sample_id limit 100"


@pytest.fixture(scope="module")
def watched(world: Path) -> tuple[Path, Done]:
    done = run(world, "run", "--name", "watched", SQL=ROWS, EPOCHS="2", WANDB_MODE="")
    assert done.status == 0, done.stderr
    return world / "models" / "watched", done


def test_validation_losses_of_both_splits_are_in_the_metrics_and_fall(watched: tuple[Path, Done]) -> None:
    folder, done = watched
    validated = [line["validation_loss"] for line in metrics(folder) if "validation_loss" in line]
    assert len(validated) == 2
    assert all(set(splits) == {"seen", "unseen"} for splits in validated)
    assert all(validated[-1][split] < validated[0][split] for split in ("seen", "unseen"))
    assert (
        f"validation seen {validated[-1]['seen']:.4f} · validation unseen {validated[-1]['unseen']:.4f}" in done.stderr
    )


def test_each_step_has_its_loss_rate_and_speed_and_each_look_its_answers(watched: tuple[Path, Done]) -> None:
    folder, done = watched
    lines = metrics(folder)
    steps = [line for line in lines if "loss" in line]
    assert [line["step"] for line in steps] == list(range(1, 51))
    assert all({"epoch", "grad_norm", "learning_rate", "tokens_per_s"} <= set(line) for line in steps)
    assert steps[-1]["epoch"] == 2.0
    assert [line["split"] for line in lines if "answer" in line] == ["seen", "unseen"] * 2
    assert "tokens/s" in done.stderr
    assert " left" in done.stderr


def test_the_curve_is_a_picture_whatever_the_fonts(watched: tuple[Path, Done]) -> None:
    picture = (watched[0] / "loss.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 10_000
    assert "findfont" not in watched[1].stderr
    assert "Glyph" not in watched[1].stderr
    assert chart_style.chinese_font() is None or isinstance(chart_style.chinese_font(), str)


def test_wandb_is_offline_unless_asked_and_lies_in_the_run_s_folder(watched: tuple[Path, Done]) -> None:
    runs = list((watched[0] / "wandb").glob("offline-run-*/run-*.wandb"))
    assert len(runs) == 1
    assert runs[0].stat().st_size > 1_000
