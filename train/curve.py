"""The loss curve of a run as a picture, drawn from its metrics.jsonl alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson

from factory import chart_style as style

PICTURE: Final = "loss.png"
_WORDS: Final = {
    "train": ("训练", "training"),
    "seen": ("验证 seen", "validation, seen"),
    "unseen": ("验证 unseen", "validation, unseen"),
}


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines that are whole: what a kill or a damage left of one is no line."""
    steps = []
    for line in path.read_bytes().split(b"\n")[:-1] if path.is_file() else ():
        try:
            step = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(step, dict) and isinstance(step.get("step"), int):
            steps.append(step)
    return steps


def draw(folder: Path, *, demonstration: bool) -> Path:
    """``loss.png`` in the run's folder: each step's loss, its running mean, and the validation losses."""
    metrics = read_metrics(folder / "metrics.jsonl")
    training = [(line["step"], line["loss"]) for line in metrics if "loss" in line]
    curves: dict[str, list[tuple[int, float]]] = {}
    for line in metrics:
        for split, loss in line.get("validation_loss", {}).items():
            curves.setdefault(split, []).append((line["step"], loss))
    chinese = style.chinese_font() is not None
    with style.drawing():
        drawn = style.figure(width_in=5.4, height_in=3.2)
        axes = drawn.subplots()
        if training:
            steps, values = zip(*training, strict=True)
            axes.plot(steps, values, color=style.SERIES[0], linewidth=0.5, alpha=0.35)
            axes.plot(steps, _running_mean(values), color=style.SERIES[0], linewidth=1.4, label=_word("train", chinese))
        for color, (split, points) in zip(style.SERIES[1:], sorted(curves.items()), strict=False):
            axes.plot(
                *zip(*points, strict=True),
                color=color,
                marker="o",
                markersize=3,
                linewidth=1.2,
                label=_word(split, chinese),
            )
        axes.set_xlabel("优化步" if chinese else "optimizer step")
        axes.set_ylabel("每个答案词元的损失" if chinese else "loss per answer token")
        axes.set_title(folder.name + (" · DEMONSTRATION" if demonstration else ""))
        axes.legend()
        (folder / PICTURE).write_bytes(style.png(drawn))
    return folder / PICTURE


def _word(split: str, chinese: bool) -> str:  # noqa: FBT001 - the language
    local, english = _WORDS.get(split, (f"验证 {split}", f"validation, {split}"))
    return local if chinese else english


def _running_mean(values: tuple[float, ...]) -> list[float]:
    """Exponential, over about a fiftieth of the run."""
    weight = min(1.0, 50 / max(len(values), 1))
    means = [values[0]]
    for value in values[1:]:
        means.append(means[-1] + weight * (value - means[-1]))
    return means
