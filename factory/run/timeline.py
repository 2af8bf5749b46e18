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
READING: dict[str, str | bool | int | float | list[str]] = {"threads": "1", "memory_limit": "32MB"}
"""DuckDB's settings while a run reads its timeline, so that the end of a long run is not where it needs most memory."""
BREAK_S = 600.0
"""A pause longer than this (a stopped run that went on the next day) is cut out of the time axis."""
_TIMED = """
with timed as (
  select epoch(started_at) as started, coalesce(latency_s, 0) as latency, started + latency as moment, refusals, cost_cny
  from calls where run_id = $run and not replayed
), commits as (
  select epoch(admitted_at) as moment, count(*) as samples from states
  where run_id = $run and state = 'accepted' and sample_id not in (select sample_id from duplicates) group by admitted_at
)
"""
"""A commit is one moment: of a million samples 17,000. Not of the view, whose joins a count does not need."""
_SPAN = """
select count(*), count(*) filter (cost_cny is null), (select count(*) from commits),
  least(min(started), (select min(moment) from commits)), greatest(max(moment), (select max(moment) from commits))
from timed
"""
_SECONDS = """
select floor(started) as second from timed union select floor(moment) from timed union select floor(moment) from commits
order by second
"""
_SLICE = """
greatest(0, least($last, floor(
  (moment - $begins - $cut_s[1 + len(list_filter($resumed, lambda one: one <= moment))]) / $width
)))::int
"""
_CALLS = f"""
select {_SLICE} as slice, count(*) as calls, median(latency) as latency,
  quantile_cont(latency, 0.95) as slow, sum(refusals) as refusals, coalesce(sum(cost_cny), 0) as cost from timed group by slice
"""  # noqa: S608 - of constants
_SAMPLES = f"select {_SLICE} as slice, sum(samples) as samples from commits group by slice"  # noqa: S608


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
    """None for a run without calls. DuckDB counts, slice by slice: of a million samples there are half a million calls."""

    def ask(statement: str, **given: object) -> list[tuple[Any, ...]]:
        return connection.execute(_TIMED + statement, {"run": run_id, **given}).fetchall()

    [(calls, unpriced, commits, begins, last)] = ask(_SPAN)
    if not calls:
        return None
    clock = _Clock.of(begins, last, np.array(ask(_SECONDS), np.float64)[:, 0])
    enough = min(calls // CALLS_A_SLICE, commits // COMMITS_A_SLICE) if commits else calls // CALLS_A_SLICE
    count = min(MOST_SLICES, max(LEAST_SLICES, enough))
    width = max(clock.lasts_s, 1e-3) / count
    sliced = {"begins": begins, "cut_s": clock.cut_s, "resumed": clock.resumed, "width": width, "last": count - 1}
    by_slice = np.zeros((5, count))
    by_slice[1:3] = np.nan
    for row in ask(_CALLS, **sliced):
        by_slice[:, row[0]] = row[1:]
    done, latency, slow, refusals, cost = by_slice
    accepted = np.zeros(count)
    for number, samples in ask(_SAMPLES, **sliced):
        accepted[number] = samples
    [(simulated,)] = connection.execute("select bool_or(simulated) from runs where run_id = ?", [run_id]).fetchall()
    return Timeline(
        at_s=(np.arange(count) + 0.5) * width,
        calls_per_s=done / width,
        accepted_per_s=accepted / width,
        latency_s=latency,
        slow_latency_s=slow,
        refusals=refusals,
        spent_cny=None if unpriced else np.cumsum(cost),
        breaks=len(clock.resumed),
        run_id=run_id,
        simulated=bool(simulated),
    )


@dataclass(frozen=True, slots=True)
class _Clock:
    """Working time: seconds since the first moment, with long pauses taken out.

    ``resumed``: epoch seconds at which pauses ended; ``cut_s``: what is cut in all before the first of them, and from each on.
    """

    lasts_s: float
    resumed: list[float]
    cut_s: list[float]

    @classmethod
    def of(cls, begins: float, last: float, seconds: Series) -> _Clock:
        """The clock of a run between two moments, in each of whose whole ``seconds``, in order, something happened."""
        steps = np.diff(seconds)
        pauses = steps > BREAK_S
        cut = np.concatenate([[0.0], np.cumsum(steps[pauses] - 1.0)])  # a moment may be anywhere within its second
        return cls(last - begins - float(cut[-1]), seconds[1:][pauses].tolist(), cut.tolist())


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
