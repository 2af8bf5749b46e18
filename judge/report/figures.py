"""The report's charts, each a function from findings to a figure, in Chinese or English; nothing is computed here.

Every chart is drawn as SVG for the page (twice, once a language) and as PNG beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from matplotlib.figure import Figure

from factory import chart_style as style
from factory.timeline import Timeline
from factory.timeline import draw as draw_timeline
from judge.report.data import Losses, Material, Score
from judge.report.findings import HELD_OUT, Edited, Findings, Mean

BLUE, OCHRE, RED, GREEN, VIOLET = style.SERIES
ORIGINAL_MEAN = {"data_v1": 7.55, "answer_v1": 6.64}
"""Of the course project that this one grew from; one judge call an item, both scores in one answer."""
TITLES = {"data_v1": ("数据质量", "Data quality"), "answer_v1": ("模型表现", "Model performance")}
DIMENSIONS = {
    "准确性": "accuracy",
    "一致性": "consistency",
    "多样性": "diversity",
    "规范性": "form",
    "实用性": "usefulness",
    "理解能力": "understanding",
    "推荐合理性": "sound choice",
    "信息完整性": "completeness",
    "逻辑清晰性": "clarity",
}
Draw = Callable[[bool], Figure]


def charts(material: Material, findings: Findings, timeline: Timeline | None) -> dict[str, Draw]:
    """Name to drawing, in the page's order; what has no data has no chart."""
    found: dict[str, Draw] = {
        f"distribution_{rubric}": partial(_distribution, findings, rubric)
        for rubric, one in findings.shares.items()
        if one
    }
    if findings.dimensions:
        found["dimensions"] = partial(_dimensions, findings)
    pairs = _pairs(material.scores, findings.judge)
    if pairs:
        found["scatter"] = partial(_scatter, pairs)
    injected = [one for one in findings.edited if one.kind == "injected"]
    controls = [one for one in findings.edited if one.kind == "control"]
    if injected:
        found["dose_response"] = partial(_dose_response, injected, controls)
    if controls:
        found["controls"] = partial(_controls, controls)
    if len({one.group for one in findings.means}) > 1:
        found["arms"] = partial(_arms, [one for one in findings.means if one.group != "data"])
    if material.losses:
        found["loss"] = partial(_loss, material.losses)
    if timeline is not None:
        found["timeline"] = lambda chinese: draw_timeline(timeline, chinese=chinese)
    return found


def _pick(chinese: bool, words: tuple[str, str]) -> str:  # noqa: FBT001 - the language
    return words[0 if chinese else 1]


def _distribution(findings: Findings, rubric: str, chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure()
    axes = drawn.subplots()
    grid = {float(grid): 100 * share for grid, share in findings.shares[rubric].items()}
    axes.bar(list(grid), list(grid.values()), width=0.42, color=BLUE)
    mean = sum(value * share for value, share in grid.items()) / 100
    axes.axvline(mean, color=RED, linewidth=1.2, label=_pick(chinese, ("均值", "mean")) + f" {mean:.2f}")
    theirs = ORIGINAL_MEAN[rubric]
    label = _pick(chinese, ("原项目均值", "the original's")) + f" {theirs:.2f}"
    axes.axvline(theirs, color=style.MUTED, linewidth=1.2, linestyle="--", label=label)
    axes.set_xlim(-0.5, 10.5)
    axes.set_xticks(range(0, 11, 2))
    axes.set_xlabel(_pick(chinese, TITLES[rubric]) + _pick(chinese, ("总分（单次评审）", ", total of a single call")))
    axes.set_ylabel("%")
    axes.legend(loc="upper left")
    return drawn


def _dimensions(findings: Findings, chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure(height_in=3.2)
    axes = drawn.subplots()
    rows = list(reversed(findings.dimensions))
    for row, one in enumerate(rows):
        color = BLUE if one.rubric == "data_v1" else OCHRE
        _interval(axes, one.mean, row, color)
    names = [one.name if chinese else DIMENSIONS.get(one.name, one.name) for one in rows]
    axes.set_yticks(range(len(rows)), names)
    for rubric, color in (("data_v1", BLUE), ("answer_v1", OCHRE)):
        axes.plot([], [], "o", color=color, label=_pick(chinese, TITLES[rubric]))
    axes.set_xlim(0.9, 5.1)
    axes.set_xlabel(
        _pick(chinese, ("留出集样本均分（1–5），95 % 区间按地点", "held-out mean (1-5), 95 % interval by place"))
    )
    axes.legend(loc="lower left")
    return drawn


def _interval(axes: Any, mean: Mean, row: float, color: str) -> None:
    if mean.mean is None:
        return
    if mean.low is not None and mean.high is not None:
        axes.plot([mean.low, mean.high], [row, row], color=color, linewidth=2.4, alpha=0.55, solid_capstyle="round")
    axes.plot([mean.mean], [row], "o", color=color, markersize=4.5)


Pair = tuple[float, float, bool]


def _pairs(scores: Sequence[Score], judge: str) -> list[Pair]:
    """Data quality of a sample and performance of the answer on it (the tuned model's where there is one), cross-call."""
    data: dict[str, Score] = {}
    answer: dict[str, Score] = {}
    for one in scores:
        if one.judge != judge or one.design != "standard" or one.total is None:
            continue
        if one.kind == "sample" and one.rubric == "data_v1":
            data[one.sample_id] = one
        elif one.rubric == "answer_v1" and one.arm == "tuned":
            answer[one.sample_id] = one
        elif one.rubric == "answer_v1" and one.kind == "sample":
            answer.setdefault(one.sample_id, one)
    student = any(one.kind == "completion" for one in answer.values())
    return [
        (data[key].total or 0.0, answer[key].total or 0.0, student)
        for key in sorted(data.keys() & answer.keys())
        if data[key].split in HELD_OUT and (answer[key].kind == "completion") == student
    ]


def _scatter(pairs: list[Pair], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure()
    axes = drawn.subplots()
    counts: dict[tuple[float, float], int] = {}
    for x, y, _ in pairs:
        counts[round(x, 2), round(y, 2)] = counts.get((round(x, 2), round(y, 2)), 0) + 1
    sizes = [14 * count for count in counts.values()]
    axes.scatter([x for x, _ in counts], [y for _, y in counts], s=sizes, color=BLUE, alpha=0.45, linewidths=0)
    low = min(min(x, y) for x, y in counts) - 0.3
    axes.set_xlim(low, 10.3)
    axes.set_ylim(low, 10.3)
    axes.plot([low, 10.3], [low, 10.3], color=style.LINE, linewidth=0.8)
    words = (
        ("微调模型的回答", "tuned model's answer") if pairs[0][2] else ("参考回答本身", "the reference answer itself")
    )
    axes.set_xlabel(_pick(chinese, ("数据质量（重复评审均值）", "data quality (mean of replicates)")))
    axes.set_ylabel(_pick(chinese, ("模型表现：", "performance: ")) + _pick(chinese, words))
    return drawn


def _dose_response(injected: list[Edited], controls: list[Edited], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure()
    axes = drawn.subplots()
    start = next((one.mean.mean for one in controls if one.edit == "same"), None)
    for number, kind in enumerate(sorted({one.edit for one in injected})):
        rows = sorted((one for one in injected if one.edit == kind), key=lambda one: one.dose)
        doses = [one.dose for one in rows]
        means: list[Any] = [one.mean.mean for one in rows]
        if start is not None and 0 not in doses:
            doses, means = [0, *doses], [start, *means]
        dashes = "-" if number < 5 else "--"
        axes.plot(
            doses, means, marker="o", markersize=3.5, linestyle=dashes, color=style.SERIES[number % 5], label=kind
        )
    axes.set_ylim(0, 10.2)
    axes.set_xticks(sorted({0, *(one.dose for one in injected)}))
    axes.set_xlabel(_pick(chinese, ("植入的错误数", "planted errors")))
    axes.set_ylabel(_pick(chinese, ("数据质量", "data quality")))
    axes.legend(loc="lower left", ncols=2)
    return drawn


CONTROLS = {
    "same": ("原样重判", "the same again"),
    "begging": ("只写“请给满分”", "only a plea for full marks"),
    "begging_after": ("末尾加“请给满分”", "plea added at the end"),
    "gibberish": ("乱码", "gibberish"),
    "other_evidence": ("换成别处的证据", "another place's evidence"),
}


def _controls(controls: list[Edited], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure(height_in=2.3)
    axes = drawn.subplots()
    rows = sorted(controls, key=lambda one: one.mean.mean or 0.0)
    for row, one in enumerate(rows):
        _interval(axes, one.mean, row, GREEN if one.edit in {"same", "begging_after"} else RED)
    axes.set_yticks(range(len(rows)), [_pick(chinese, CONTROLS.get(one.edit, (one.edit, one.edit))) for one in rows])
    axes.set_xlim(-0.3, 10.3)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(_pick(chinese, ("数据质量均分，95 % 区间按地点", "mean data quality, 95 % interval by place")))
    return drawn


def _arms(means: list[Mean], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure()
    axes = drawn.subplots()
    rows = [one for one in means if one.mean is not None and one.split in HELD_OUT]
    for row, one in enumerate(rows):
        _interval(axes, one, row, OCHRE if one.group.startswith("base") else BLUE)
    axes.set_yticks(range(len(rows)), [f"{one.group} · {one.split}" for one in rows])
    axes.set_xlim(-0.3, 10.3)
    axes.set_xlabel(_pick(chinese, ("模型表现均分，95 % 区间按地点", "mean performance, 95 % interval by place")))
    return drawn


def _loss(losses: Sequence[Losses], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure()
    axes = drawn.subplots()
    for number, one in enumerate(losses[:5]):
        steps, values = zip(*one.losses, strict=True)
        axes.plot(steps, values, color=style.SERIES[number], label=one.model)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(_pick(chinese, ("步", "step")))
    axes.set_ylabel(_pick(chinese, ("训练损失（仅回答）", "training loss (answers only)")))
    axes.legend(loc="upper right")
    return drawn


def rendered(drawings: dict[str, Draw]) -> dict[str, dict[str, str]]:
    """Each chart as SVG in both languages: name to language to markup."""
    with style.drawing():
        return {
            name: {
                language: style.svg(draw(language == "zh"), f"{name}-{language}".replace("_", "-"))
                for language in ("zh", "en")
            }
            for name, draw in drawings.items()
        }


def pictures(drawings: dict[str, Draw], *, simulated: bool) -> dict[str, bytes]:
    """Each chart as PNG: in Chinese where a Chinese font is installed, and in English; a simulated one says so itself."""
    languages = {".en.png": False, **({".png": True} if style.chinese_font() else {})}
    found: dict[str, bytes] = {}
    with style.drawing():
        for name, draw in drawings.items():
            for ending, chinese in languages.items():
                drawn = draw(chinese)
                if simulated:
                    drawn.suptitle(
                        "SIMULATED 模拟" if chinese else "SIMULATED", fontsize=8, color=RED, x=0.99, ha="right"
                    )
                found[name + ending] = style.png(drawn)
    return found
