"""The ablation's two charts: measures over the rejected share, and effects with their intervals. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from matplotlib.figure import Figure

from factory import chart_style as style
from judge.ablation.findings import MEASURES, StudyFindings
from judge.ablation.results import LOSS
from judge.ablation.rows import SHARES
from judge.statistics.crossed import Crossed

BLUE, OCHRE, RED = style.SERIES[:3]
DOSE = ("wish_kept", "nothing_right", "well_formed", "ended", "repetition")
COMPARED = {
    "rejected-60": ("60 % 被拒 − 0 %", "60 % rejected - 0 %"),
    "tier-top": ("最高 − 最低三分之一", "top - bottom third"),
}
LEFT_OUT = ("named", LOSS)
"""On another scale than the shares"""
Draw = Callable[[bool], Figure]


def drawings(findings: StudyFindings) -> dict[str, Draw]:
    """Name to drawing; what has no data has no chart."""
    drawn: dict[str, Draw] = {}
    if any(level.arm.startswith("rejected") for level in findings.levels):
        drawn["ablation_dose"] = partial(_dose, findings)
    if any(effect.name in COMPARED for effect in findings.effects):
        drawn["ablation_effects"] = partial(_effects, findings)
    return drawn


def _dose(findings: StudyFindings, chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure(height_in=3.2)
    axes = drawn.subplots()
    for number, measure in enumerate(DOSE):
        points = [(share, findings.level(measure, f"rejected-{round(100 * share):02d}")) for share in SHARES]
        measured = [(100 * share + 0.5 * (number - 2), mean) for share, mean in points if mean is not None]
        color = style.SERIES[number]
        axes.plot(
            [x for x, _ in measured],
            [mean.mean for _, mean in measured],
            "o-",
            color=color,
            markersize=3.5,
            label=MEASURES[measure][not chinese],
        )
        for x, mean in measured:
            if mean.low is not None and mean.high is not None:
                axes.plot([x, x], [mean.low, mean.high], color=color, linewidth=1.1, alpha=0.6)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xticks([100 * share for share in SHARES])
    axes.set_xlabel("训练集中被拒样本的占比（%）" if chinese else "rejected rows among those trained on (%)")
    axes.set_ylabel("留出集均值，95 % 区间" if chinese else "held-out mean, 95 % interval")
    drawn.legend(loc="outside lower center", ncols=2)
    return drawn


def _effects(findings: StudyFindings, chinese: bool) -> Figure:  # noqa: FBT001 - the language
    drawn = style.figure(height_in=3.6)
    axes = drawn.subplots()
    told = (measure for measure in MEASURES if measure not in LEFT_OUT)
    names = [measure for measure in told if any(findings.effect(measure, name) for name in COMPARED)]
    for row, measure in enumerate(reversed(names)):
        for name, color, above in zip(COMPARED, (BLUE, OCHRE), (0.15, -0.15), strict=True):
            effect = findings.effect(measure, name)
            if effect is not None:
                _interval(axes, effect, row + above, color)
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    axes.set_yticks(range(len(names)), [MEASURES[measure][not chinese] for measure in reversed(names)])
    for name, color in zip(COMPARED, (BLUE, OCHRE), strict=True):
        if any(effect.name == name for effect in findings.effects):
            axes.plot([], [], "o", color=color, label=COMPARED[name][not chinese])
    axes.set_xlabel("差，95 % 区间" if chinese else "difference, 95 % interval")
    drawn.legend(loc="outside lower center", ncols=2)
    return drawn


def _interval(axes: object, effect: Crossed, row: float, color: str) -> None:
    plot = axes.plot  # type: ignore[attr-defined]  # matplotlib's axes
    if effect.low is not None and effect.high is not None:
        plot([effect.low, effect.high], [row, row], color=color, linewidth=2, alpha=0.55, solid_capstyle="round")
    plot([effect.mean], [row], "o", color=color, markersize=4)
