"""A run's timeline from the warehouse's views: rate, latency, refusals and spend over time, as numbers and as one picture.

``python -m factory synth`` draws it at its end into ``DATA/reports/RUN/timeline.png``; the judge's report draws it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Series = NDArray[np.float64]
MOST_SLICES, LEAST_SLICES, CALLS_A_SLICE, COMMITS_A_SLICE = 60, 8, 25, 3
"""Points on the time axis: as many as leave each slice enough calls and commits to be a rate rather than noise."""
READING: dict[str, str | bool | int | float | list[str]] = {"threads": "1", "memory_limit": "64MB"}
"""DuckDB's settings while a run reads its timeline, so that the end of a long run is not where it needs most memory."""
BREAK_S = 600.0
"""A pause longer than this (a stopped run that went on the next day) is cut out of the time axis."""
_CALLS = """
select epoch(started_at), coalesce(latency_s, 0), refusals, coalesce(cost_cny, 0), cost_cny is null from calls
where run_id = ? and not replayed order by started_at
"""
_SAMPLES = """
select epoch(admitted_at), count(*) from states
where run_id = ? and state = 'accepted' and sample_id not in (select sample_id from duplicates) group by admitted_at order by 1
"""
"""A commit is one moment: of a million samples 17,000. Not of the view, whose joins a count does not need."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """``at_s``: middle of each slice, in seconds of working time; the others, one value a slice.

    ``latency_s`` is the median and NaN where no call was answered; ``spent_cny`` is cumulative, None when a price is unknown.
    """

    at_s: Series
    calls_per_s: Series
    accepted_per_s: Series
    latency_s: Series
    slow_latency_s: Series
    refusals: Series
    spent_cny: Series | None
    breaks: int
    run_id: str
    simulated: bool


def read_timeline(connection: duckdb.DuckDBPyConnection, run_id: str) -> Timeline | None:
    """None for a run without calls."""
    calls = connection.execute(_CALLS, [run_id]).fetchnumpy()
    started, latency, refused, cost, unpriced = (np.asarray(column) for column in calls.values())
    if not len(started):
        return None
    accepted = tuple(np.asarray(column) for column in connection.execute(_SAMPLES, [run_id]).fetchnumpy().values())
    [(simulated,)] = connection.execute("select bool_or(simulated) from runs where run_id = ?", [run_id]).fetchall()
    run = (run_id, bool(simulated))
    return slices(
        run, started, latency, refused, None if unpriced.any() else cost, (accepted[0], accepted[1].astype(np.float64))
    )


def slices(
    run: tuple[str, bool],
    started: Series,
    latency: Series,
    refused: Series,
    cost: Series | None,
    accepted: tuple[Series, Series],
) -> Timeline:
    """Cut a run (its id, whether it is simulated) into slices.

    ``started``: epoch seconds; ``latency`` (seconds), ``refused`` and ``cost`` (CNY) go with it, call by call. ``accepted``: the
    commits' epoch seconds, and the samples of each. Holds some ten numbers a call, whatever the number of samples.
    """
    moments, samples = accepted
    ended = started + latency
    clock = _Clock.of(started, ended, moments)
    calls, commits = len(started), len(moments)
    enough = min(calls // CALLS_A_SLICE, commits // COMMITS_A_SLICE) if commits else calls // CALLS_A_SLICE
    count = min(MOST_SLICES, max(LEAST_SLICES, enough))
    edges = np.linspace(0.0, max(clock.ends, 1e-3), count + 1)
    width = float(edges[1])
    done = np.clip(np.digitize(clock.at(ended), edges) - 1, 0, count - 1)
    admitted = np.clip(np.digitize(clock.at(moments), edges) - 1, 0, count - 1)
    per_slice = [latency[done == number] for number in range(count)]
    return Timeline(
        at_s=edges[:-1] + width / 2,
        calls_per_s=np.bincount(done, minlength=count) / width,
        accepted_per_s=np.bincount(admitted, weights=samples, minlength=count) / width,
        latency_s=np.array([np.median(part) if len(part) else np.nan for part in per_slice]),
        slow_latency_s=np.array([np.quantile(part, 0.95) if len(part) else np.nan for part in per_slice]),
        refusals=np.bincount(done, weights=refused, minlength=count).astype(np.float64),
        spent_cny=None if cost is None else np.cumsum(np.bincount(done, weights=cost, minlength=count)),
        breaks=len(clock.resumed),
        run_id=run[0],
        simulated=run[1],
    )


@dataclass(frozen=True, slots=True)
class _Clock:
    """Working time: seconds since the first moment, with long pauses taken out. ``cut_s``: all that is cut by each resumption."""

    begins: float
    ends: float
    resumed: Series
    cut_s: Series

    @classmethod
    def of(cls, *moments: Series) -> _Clock:
        """The clock of a run in which all this happened. Pauses are looked for in whole seconds, so that few numbers are sorted."""
        seconds = np.unique(np.concatenate([np.unique(np.floor(part)) for part in moments]))
        steps = np.diff(seconds)
        pauses = steps > BREAK_S
        cut = np.concatenate([[0.0], np.cumsum(steps[pauses] - 1.0)])  # a moment may be anywhere within its second
        first = min(float(part.min()) for part in moments if len(part))
        last = max(float(part.max()) for part in moments if len(part))
        return cls(first, last - first - float(cut[-1]), seconds[1:][pauses], cut)

    def at(self, moments: Series) -> Series:
        """Epoch seconds as working time."""
        cut: Series = self.cut_s[np.searchsorted(self.resumed, moments, side="right")]
        return moments - self.begins - cut


def draw(timeline: Timeline, *, chinese: bool) -> Figure:
    """Four small panels over one time axis; inside ``chart_style.drawing()``."""
    from factory import chart_style as style  # noqa: PLC0415 - matplotlib takes a second, only at the end

    figure = style.figure(6.6, 5.6)
    unit, per_unit = _unit(float(timeline.at_s[-1]))
    at = timeline.at_s / per_unit
    panels = figure.subplots(4, 1, sharex=True)
    rate, latency, refusals, money = panels
    blue, ochre, red, green = style.SERIES[:4]
    _step(rate, at, timeline.calls_per_s, blue, "请求" if chinese else "calls")
    _step(rate, at, timeline.accepted_per_s, ochre, "接受的样本" if chinese else "accepted samples")
    rate.set_title("速率（每秒）" if chinese else "Rate (per second)")
    latency.plot(at, timeline.latency_s, color=blue, label="中位数" if chinese else "median")
    latency.plot(at, timeline.slow_latency_s, color=red, linewidth=0.9, label="95 %")
    latency.set_title("延迟（秒）" if chinese else "Latency (s)")
    refusals.bar(at, timeline.refusals, width=at[0] * 1.8, color=red)
    refusals.set_title("被拒请求（次）" if chinese else "Refused requests")
    if not timeline.refusals.any():
        _note(refusals, "没有被拒的请求" if chinese else "none was refused")
    money.set_title("累计花费（元）" if chinese else "Spent in all (CNY)")
    if timeline.spent_cny is not None and timeline.spent_cny.any():
        _step(money, at, timeline.spent_cny, green, None)
    else:
        unknown = timeline.spent_cny is None
        words = ("单价未知", "the price is not known") if unknown else ("没有花费", "nothing was paid")
        _note(money, words[0] if chinese else words[1])
    for panel in panels:
        panel.set_ylim(bottom=0)
        panel.margins(x=0.01)
    for panel in (rate, latency):
        panel.legend(loc="lower right", bbox_to_anchor=(1.0, 0.97), ncols=2, borderaxespad=0.0)
    money.set_xlabel(_axis_words(timeline, unit, chinese=chinese))
    return figure


def _axis_words(timeline: Timeline, unit: tuple[str, str], *, chinese: bool) -> str:
    words = f"运行时间（{unit[0]}）" if chinese else f"running time ({unit[1]})"
    if timeline.breaks:
        words += f"，略去 {timeline.breaks} 处停顿" if chinese else f", {timeline.breaks} pauses left out"
    words += f" · {timeline.run_id}"
    return words + (" · SIMULATED 模拟" if chinese else " · SIMULATED") if timeline.simulated else words


def _unit(seconds: float) -> tuple[tuple[str, str], float]:
    if seconds < 300:
        return ("秒", "s"), 1.0
    return (("分", "min"), 60.0) if seconds < 3 * 3600 else (("小时", "h"), 3600.0)


def _step(panel: Any, at: Series, values: Series, color: str, label: str | None) -> None:
    panel.step(at, values, where="mid", color=color, label=label)
    panel.fill_between(at, values, step="mid", color=color, alpha=0.12, linewidth=0)


def _note(panel: Any, words: str) -> None:
    panel.set_yticks([0, 1])
    panel.text(0.5, 0.5, words, transform=panel.transAxes, ha="center", va="center", alpha=0.7)


def write_timeline(data: Path, run_id: str) -> Path | None:
    """``DATA/reports/RUN/timeline.png``, or None for a run without calls. Raises duckdb.Error and OSError."""
    from factory import chart_style as style  # noqa: PLC0415 - as above

    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True, config=READING) as connection:
        timeline = read_timeline(connection, run_id)
    if timeline is None:
        return None
    with style.drawing():
        picture = style.png(draw(timeline, chinese=style.chinese_font() is not None))
    where = data / "reports" / run_id / "timeline.png"
    where.parent.mkdir(parents=True, exist_ok=True)
    aside = where.with_suffix(".png.aside")
    aside.write_bytes(picture)
    aside.replace(where)
    return where
