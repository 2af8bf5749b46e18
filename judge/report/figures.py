"""The report's charts, each a function from statistics to a figure, in Chinese or English; nothing is computed here.

Every chart is drawn as SVG for the page (twice, once a language) and as PNG beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from matplotlib.figure import Figure

from factory import chart_style as style
from factory.run.timeline import Timeline
from factory.run.timeline import draw as draw_timeline
from judge.report.data import Losses
from judge.report.words import CONTROLS, DIMENSIONS, EDITS, SPLITS, TITLES, Words, group_words
from judge.statistics.bootstrap import Estimate
from judge.statistics.calls import ANSWER, DATA
from judge.statistics.margins import NEGLIGIBLE
from judge.statistics.pairings import HELD_OUT, Pairing
from judge.statistics.summary import DimensionScores, Distribution, Scored, Summary
from judge.statistics.validity import Control, Response

BLUE, OCHRE, RED, GREEN, VIOLET = style.SERIES
ORIGINAL_MEAN = {DATA: 7.55, ANSWER: 6.64}
"""Of the course project that this one grew from; one judge call an item, both scores in one answer."""
ORIGINAL_R = 0.956
Draw = Callable[[bool], Figure]


def charts(summary: Summary, losses: Sequence[Losses], timeline: Timeline | None) -> dict[str, Draw]:
    """Name to drawing, in the page's order; what has no data has no chart."""
    drawn: dict[str, Draw] = {
        f"distribution_{distribution.rubric}": partial(_distribution, distribution)
        for distribution in summary.distributions
    }
    if summary.dimensions:
        drawn["dimensions"] = partial(_dimensions, summary.dimensions)
    pairs = summary.leading
    if lines := correlation_lines(summary):
        drawn["correlations"] = partial(_correlations, lines)
    if pairs.points:
        drawn["scatter"] = partial(_scatter, pairs)
    rubric = next((response.rubric for response in summary.responses), DATA)  # the one that most edits were judged by
    if responses := [response for response in summary.responses if response.rubric == rubric]:
        drawn["dose_response"] = partial(_dose_response, responses)
        drawn["slopes"] = partial(_slopes, responses)
    if controls := [control for control in summary.controls if control.rubric == rubric]:
        drawn["controls"] = partial(_controls, controls)
    students = [scored for scored in summary.scored if scored.group != "data" and scored.split in HELD_OUT]
    if students:
        drawn["arms"] = partial(_arms, students)
    if losses:
        drawn["loss"] = partial(_loss, losses)
    if timeline is not None:
        drawn["timeline"] = lambda chinese: draw_timeline(timeline, chinese=chinese)
    return drawn


def _pick(chinese: bool, words: Words) -> str:  # noqa: FBT001 - the language
    return words[0 if chinese else 1]


class _Ends(Protocol):
    """Anything with an interval."""

    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


def _interval(axes: Any, middle: float | None, ends: _Ends, row: float, color: str) -> None:
    """A dot with its interval; one that is open at an end runs out of the picture there."""
    if middle is None:
        return
    if ends.low is not None or ends.high is not None:
        low, high = (-9.0 if ends.low is None else ends.low), (9.0 if ends.high is None else ends.high)
        axes.plot([low, high], [row, row], color=color, linewidth=2.4, alpha=0.55, solid_capstyle="round")
    axes.plot([middle], [row], "o", color=color, markersize=4.5)


def _rows(axes: Any, names: Sequence[str]) -> None:
    """Names on the left, lines only along the values."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.tick_params(axis="y", length=0, labelcolor=style.INK)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def _distribution(distribution: Distribution, chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure()
    axes = drawn.subplots()
    grid = {float(half): 100 * share for half, share in distribution.shares.items()}
    axes.bar(list(grid), list(grid.values()), width=0.42, color=BLUE)
    mean = sum(value * share for value, share in grid.items()) / 100
    axes.axvline(mean, color=RED, linewidth=1.4, label=_pick(chinese, ("均值", "mean")) + f" {mean:.2f}")
    theirs = ORIGINAL_MEAN[distribution.rubric]
    label = _pick(chinese, ("原项目均值", "the original's mean")) + f" {theirs:.2f}"
    axes.axvline(theirs, color=style.MUTED, linewidth=1.2, linestyle="--", label=label)
    axes.set_xlim(-0.5, 10.5)
    axes.set_xticks(range(0, 11, 2))
    axes.set_xlabel(_pick(chinese, ("总分（0–10，单次评审）", "total of a single call (0-10)")))
    axes.set_ylabel(_pick(chinese, ("占比（%）", "share of calls (%)")))
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper left")
    return drawn


def _dimensions(dimensions: Sequence[DimensionScores], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    shown = [
        dimension
        for dimension in dimensions
        if (dimension.rubric, dimension.group) in ((DATA, "data"), (ANSWER, "data"))
    ]
    student = {
        dimension.name: dimension
        for dimension in dimensions
        if dimension.rubric == ANSWER and dimension.group == _tuned({dimension.group for dimension in dimensions})
    }
    drawn = style.figure(height_in=3.5)
    axes = drawn.subplots()
    rows = list(reversed(shown))
    for row, dimension in enumerate(rows):
        _interval(axes, dimension.mean.mean, dimension.mean, row, BLUE if dimension.rubric == DATA else OCHRE)
        if dimension.rubric == ANSWER and dimension.name in student:
            _interval(axes, student[dimension.name].mean.mean, student[dimension.name].mean, row, VIOLET)
    _rows(axes, [dimension.name if chinese else DIMENSIONS.get(dimension.name, dimension.name) for dimension in rows])
    axes.plot([], [], "o", color=BLUE, label=_pick(chinese, TITLES[DATA]))
    axes.plot([], [], "o", color=OCHRE, label=_pick(chinese, ("参考回答的表现", "reference answers")))
    if student:
        axes.plot([], [], "o", color=VIOLET, label=_pick(chinese, ("微调模型的表现", "tuned model")))
    axes.set_xlim(0.9, 5.1)
    axes.set_xlabel(_pick(chinese, ("留出集均分（1–5），95 % 区间按地点", "held-out mean (1-5), 95 % CI by place")))
    axes.legend(loc="lower left")
    return drawn


def _tuned(groups: set[str]) -> str | None:
    """The arm whose answers stand for the student: tuned, closed before open."""
    return next((group for group in sorted(groups) if group.startswith("tuned")), None)


Line = tuple[Words, Estimate, str]


def correlation_lines(summary: Summary) -> list[Line]:
    """Every r that is set against the original's, top to bottom, with its colour."""
    pairs, lines = summary.leading, list[Line]()
    if summary.halo:
        lines += [
            (("同一次调用给两个分", "both scores from one call"), summary.halo.same_call, RED),
            (("各自单独调用（同一批）", "single separate calls"), summary.halo.cross_call, BLUE),
        ]
    if pairs.correlations:
        lines += [
            (("留出集，分开评审", "held-out, separate calls"), pairs.correlations.pearson, BLUE),
            (("  其中地点之内", "  within places"), pairs.correlations.within, style.MUTED),
            (("  其中地点之间", "  between places"), pairs.correlations.between, style.MUTED),
        ]
    if pairs.free_of_noise and pairs.free_of_noise.r_star.known:
        lines.append((("去除评审噪声 r*", "without judge noise, r*"), pairs.free_of_noise.r_star, GREEN))
    if pairs.wrong_pairs:
        lines.append((("错配（应近 0）", "wrong pairs (about 0)"), pairs.wrong_pairs, style.MUTED))
    return lines


def _correlations(lines: Sequence[Line], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure(height_in=0.7 + 0.3 * len(lines))
    axes = drawn.subplots()
    rows = list(reversed(lines))
    axes.axvline(0, color=style.LINE, linewidth=1)
    axes.axvline(ORIGINAL_R, color=RED, linewidth=1.2, linestyle="--")
    for row, (_, estimate, color) in enumerate(rows):
        _interval(axes, estimate.value, estimate, row, color)
    _rows(axes, [_pick(chinese, words) for words, _, _ in rows])
    ends = [end for _, estimate, _ in rows for end in (estimate.low, estimate.high, estimate.value) if end is not None]
    axes.set_xlim(max(-1.6, min([-0.3, *ends]) - 0.05), min(2.0, max([1.05, *ends]) + 0.05))
    axes.set_xlabel(_pick(chinese, ("r，95 % 区间；虚线：原项目 0.956", "r, 95 % CI; dashed: the original's 0.956")))
    return drawn


def _scatter(pairs: Pairing, chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure()
    axes = drawn.subplots()
    counts = Counter((round(x, 2), round(y, 2)) for x, y in pairs.points)
    sizes = [14 * count for count in counts.values()]
    axes.scatter([x for x, _ in counts], [y for _, y in counts], s=sizes, color=BLUE, alpha=0.45, linewidths=0)
    axes.set_xlim(min(x for x, _ in counts) - 0.4, 10.3)
    axes.set_ylim(min(y for _, y in counts) - 0.4, 10.3)
    axes.set_xlabel(_pick(chinese, ("数据质量（重复评审均值）", "data quality (mean of replicates)")))
    axes.set_ylabel(_pick(chinese, ("表现：", "performance: ")) + _pick(chinese, group_words(pairs.group)))
    return drawn


def _dose_response(responses: Sequence[Response], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    """One small panel a kind, all on one scale."""
    columns = 3
    rows = -(-len(responses) // columns)
    drawn = style.figure(height_in=0.5 + 1.12 * rows)
    panels = drawn.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes in panels.flat[len(responses) :]:
        axes.set_visible(False)
    for axes, response in zip(panels.flat, responses, strict=False):
        color = GREEN if response.harmless else RED
        doses, means = [dose for dose, _ in response.doses], [mean for _, mean in response.doses]
        lows = [mean.mean if mean.low is None else mean.low for mean in means]
        highs = [mean.mean if mean.high is None else mean.high for mean in means]
        axes.fill_between(doses, lows, highs, color=color, alpha=0.22, linewidth=0)
        axes.plot(doses, [mean.mean for mean in means], marker="o", markersize=3, color=color, linewidth=1.4)
        axes.set_title(
            _pick(chinese, EDITS.get(response.edit, (response.edit, response.edit))), fontsize=8.5, loc="left"
        )
        axes.set_ylim(0, 10.4)
        axes.set_yticks([0, 5, 10])
        axes.set_xticks([0, 1, 2, 3])
    drawn.supxlabel(
        _pick(chinese, ("改动的剂量（0 为原样）", "dose of the edit (0: as it was)")), fontsize=9, color=style.MUTED
    )
    drawn.supylabel(_pick(chinese, ("数据质量（0–10）", "data quality (0-10)")), fontsize=9, color=style.MUTED)
    return drawn


def _slopes(responses: Sequence[Response], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    rows = [response for response in reversed(responses) if response.slope is not None]
    drawn = style.figure(height_in=0.75 + 0.26 * len(rows))
    axes = drawn.subplots()
    axes.axvspan(-NEGLIGIBLE, NEGLIGIBLE, color=GREEN, alpha=0.12, linewidth=0)
    axes.axvline(0, color=style.LINE, linewidth=1)
    for row, response in enumerate(rows):
        if response.slope is not None:
            _interval(axes, response.slope.slope, response.slope, row, GREEN if response.harmless else RED)
    _rows(axes, [_pick(chinese, EDITS.get(response.edit, (response.edit, response.edit))) for response in rows])
    axes.set_xlabel(_pick(chinese, ("每一剂量的分数变化，95 % 区间", "points a dose, 95 % CI")))
    return drawn


def _controls(controls: Sequence[Control], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure(height_in=2.1)
    axes = drawn.subplots()
    rows = sorted(controls, key=lambda control: control.mean.mean)
    for row, control in enumerate(rows):
        _interval(
            axes, control.mean.mean, control.mean, row, GREEN if control.edit in {"same", "begging_after"} else RED
        )
    _rows(axes, [_pick(chinese, CONTROLS.get(control.edit, (control.edit, control.edit))) for control in rows])
    axes.set_xlim(-0.3, 10.3)
    axes.set_xlabel(_pick(chinese, ("数据质量均分（0–10），95 % 区间", "mean data quality (0-10), 95 % CI")))
    return drawn


def _arms(scores: Sequence[Scored], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    rows = [(scored, scored.mean) for scored in reversed(scores) if scored.mean is not None]
    drawn = style.figure(height_in=0.7 + 0.34 * len(rows))
    axes = drawn.subplots()
    for row, (scored, mean) in enumerate(rows):
        _interval(axes, mean.mean, mean, row, OCHRE if scored.group.startswith("base") else BLUE)
    names = [
        f"{_pick(chinese, group_words(scored.group))} · {_pick(chinese, SPLITS[scored.split])}" for scored, _ in rows
    ]
    _rows(axes, names)
    axes.set_xlim(-0.3, 10.3)
    axes.set_xlabel(_pick(chinese, ("均分（0–10），95 % 区间", "mean (0-10), 95 % CI")))
    return drawn


def _loss(losses: Sequence[Losses], chinese: bool) -> Figure:  # noqa: FBT001 - the language
    """Running means over each step's loss; validation by split as dots, in the run's colour."""
    drawn = style.figure()
    axes = drawn.subplots()
    for curve, color in zip(losses, style.SERIES, strict=False):
        steps, values = zip(*curve.losses, strict=True)
        axes.plot(steps, values, color=color, linewidth=0.5, alpha=0.3)
        axes.plot(steps, _running_mean(values), color=color, linewidth=1.4, label=curve.model)
        for marker, (split, held) in zip("os^", sorted(curve.validation.items()), strict=False):
            at, loss = zip(*held, strict=True)
            label = _pick(chinese, ("验证：", "validation: ")) + _pick(chinese, SPLITS.get(split, (split, split)))
            axes.plot(at, loss, "--", marker=marker, markersize=3.5, linewidth=0.8, color=color, label=label)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(_pick(chinese, ("优化步", "optimiser step")))
    axes.set_ylabel(_pick(chinese, ("每个回答词元的损失", "loss per answer token")))
    axes.legend(loc="upper right")
    return drawn


def _running_mean(values: Sequence[float]) -> list[float]:
    """Exponential, over about a fiftieth of the run."""
    weight = min(1.0, 50 / len(values))
    means = [values[0]]
    for value in values[1:]:
        means.append(means[-1] + weight * (value - means[-1]))
    return means


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
    files: dict[str, bytes] = {}
    with style.drawing():
        for name, draw in drawings.items():
            for ending, chinese in languages.items():
                drawn = draw(chinese)
                if simulated:
                    drawn.suptitle(
                        "SIMULATED 模拟" if chinese else "SIMULATED", fontsize=8, color=RED, x=0.99, ha="right"
                    )
                files[name + ending] = style.png(drawn)
    return files
