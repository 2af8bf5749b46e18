"""The bars that a benchmark's figures are held against: pure, so that a result of any day can be read again.

A figure is named by its benchmark; it is looked up in the JSON that the benchmark prints. Bars are those of docs/performance.md.
Where a benchmark decides by itself (kills, dead providers, near duplicates, intervals), its exit status is the verdict.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

Json = Any
AT_LEAST, AT_MOST = operator.ge, operator.le


@dataclass(frozen=True)
class Bar:
    """One bar: ``figure`` reads the value out of a benchmark's result, or None where this run did not measure it."""

    bench: str
    what: str
    figure: Callable[[Json], float | None]
    holds: Callable[[float, float], bool]
    bound: float


def _named(key: str, name: str, value: str) -> Callable[[Json], float | None]:
    """The value of the result whose ``key`` is ``name``."""
    return lambda result: next((row[value] for row in result["results"] if row.get(key) == name and value in row), None)


def _halved(result: Json) -> Json:
    return next((row for row in result["results"] if row["bound"] == "halved"), None)


def _workers(result: Json) -> float:
    return min(float(row["share_of_roof"]) for row in result["results"] if row["workers"] == 2)


def _ratio(result: Json, vocabulary: str) -> float | None:
    return result[vocabulary]["exact_over"]["original"] if vocabulary in result else None


def _full(result: Json, rows: int, value: float) -> float | None:
    """A bar on a million rows says nothing about fewer."""
    return value if result["rows"] >= rows else None


def _well_formed(split: str) -> Callable[[Json], float | None]:
    return lambda result: result["well_formed_and_ended"][f"closed {split}"]["mean"]


def _seconds(result: Json, *steps: str) -> float:
    return sum(float(result["wall_s"][step]) for step in steps)


def _difference(result: Json) -> float | None:
    return (result["claims_right_open_minus_closed"] or {}).get("low")


def _coverage(result: Json, pick: Callable[..., float]) -> float | None:
    cells = [cell["coverage"] for cell in result["cells"] if cell["world"] == "model" and cell["simulations"] >= 2_000]
    return pick(cells) if cells else None


def _ends_of(result: Json, pick: Callable[..., float]) -> float | None:
    return pick(result["coverage"].values()) if result["simulations"] >= 2_000 else None


BARS = (
    *(
        Bar("limits", f"share of the limit used, {bound}", _named("bound", bound, "share"), AT_LEAST, 0.95)
        for bound in ("rpm", "tpm", "qps", "latency")
    ),
    *(
        Bar("limits", f"refused, {bound}", _named("bound", bound, "refused"), AT_MOST, 0.005)
        for bound in ("rpm", "tpm", "qps")
    ),
    Bar(
        "limits",
        "seconds until a halved limit is kept",
        lambda result: (_halved(result) or {}).get("back_after_s"),
        AT_MOST,
        2,
    ),
    Bar(
        "limits",
        "windows until a halved limit of tokens is kept",
        _named("bound", "halved tokens", "back_after_windows"),
        AT_MOST,
        2,
    ),
    Bar("agent_cpu", "times less CPU a run than smolagents as shipped", lambda result: result["ratio"], AT_LEAST, 7),
    *(
        Bar("call_cpu", f"times less CPU a call than {peer}", _named("what", peer, "times_ours"), AT_LEAST, 8)
        for peer in ("curator", "distilabel")
    ),
    *(
        Bar(
            "call_cpu",
            f"the same, kept and reserved, {peer}",
            _named("what", peer, "times_ours_all_included"),
            AT_LEAST,
            5,
        )
        for peer in ("curator", "distilabel")
    ),
    Bar(
        "call_cpu",
        "times less CPU a call, kept and reserved, than data-designer",
        _named("what", "data-designer", "times_ours_all_included"),
        AT_LEAST,
        12,
    ),
    Bar("workers", "share of what latency and the cores allow, two processes", _workers, AT_LEAST, 0.8),
    Bar("memory", "peak memory, large N over small", lambda result: result["ratio"]["ours"], AT_MOST, 1.1),
    Bar("memory", "share of near duplicates", lambda result: result["large"]["near_share"], AT_MOST, 0.1),
    Bar(
        "dedupe",
        "CPU seconds, 1,000,000 rows",
        lambda result: _full(result, 10**6, result["whole"]["cpu_s"]),
        AT_MOST,
        60,
    ),
    Bar(
        "dedupe", "MB, 1,000,000 rows", lambda result: _full(result, 10**6, result["whole"]["peak_mb"]), AT_MOST, 2_000
    ),
    Bar(
        "dedupe",
        "seconds for 10,000 rows more, file copy apart",
        lambda result: _full(result, 10**6, result["add"]["load_s"] + result["add"]["dedupe_s"]),
        AT_MOST,
        5,
    ),
    Bar("scale_rounds", "rounds without exactly N", lambda result: result["rounds"] - result["exact"], AT_MOST, 0),
    *(
        Bar("scale_rounds", f"{word} over all rounds", itemgetter(word), AT_MOST, 0)
        for word in ("double", "torn", "lost")
    ),
    Bar("scale_rounds", "share of the limit used while it binds", itemgetter("share"), AT_LEAST, 0.93),
    Bar("scale_rounds", "refused", itemgetter("refused_share"), AT_MOST, 0.005),
    Bar("lost_folder", "runs without exactly N", lambda result: result["runs"] - result["exact"], AT_MOST, 0),
    Bar("lost_folder", "caps passed by the bill", itemgetter("caps_passed"), AT_MOST, 0),
    *(
        Bar("damage", what, lambda result, name=name: result[name], AT_MOST, 0)
        for name, what in (
            ("tracebacks", "damages that end in a traceback"),
            ("unnoticed_losses", "losses that nothing told of"),
            ("stuck", "damages without a way back"),
            ("not_n", "runs that missed N"),
        )
    ),
    Bar("stops", "stops with a fault", lambda result: result["with_faults"], AT_MOST, 0),
    Bar("stops", "orphans", lambda result: result["orphans"], AT_MOST, 0),
    Bar("full_disk", "troubles with a fault", lambda result: result["with_faults"], AT_MOST, 0),
    Bar("judge_throughput", "seconds for 6,540 calls of 1 s", lambda result: result["ours"]["wall_s"], AT_MOST, 60),
    Bar(
        "judge_throughput",
        "share of the limit used, the lesser of RPM and TPM",
        lambda result: min((limit["share_used"] for limit in result.get("limits", ())), default=None),
        AT_LEAST,
        0.95,
    ),
    Bar(
        "judge_throughput",
        "refused",
        lambda result: max((limit["refused"] for limit in result.get("limits", ())), default=None),
        AT_MOST,
        0.005,
    ),
    Bar(
        "train_speed",
        "CPU a token, exact over original, embedded",
        lambda result: _ratio(result, "embedded"),
        AT_MOST,
        0.85,
    ),
    Bar("train_speed", "the same, full vocabulary", lambda result: _ratio(result, "full"), AT_MOST, 0.6),
    *(
        Bar("student", f"well-formed and ended, closed, {split}", _well_formed(split), AT_LEAST, 0.95)
        for split in ("seen", "unseen")
    ),
    Bar(
        "student",
        "seconds of synth and closed training",
        lambda result: _seconds(result, "synth", "closed"),
        AT_MOST,
        600,
    ),
    Bar("student", "seconds of open training", lambda result: _seconds(result, "open"), AT_MOST, 1_200),
    Bar("student", "open minus closed, claims right on unseen places, low end", _difference, AT_LEAST, 1e-9),
    Bar("student", "seconds of make ablate", lambda result: result["wall_s"].get("ablate"), AT_MOST, 1_800),
    Bar("judge_recovery", "coverage of r*, least cell", lambda result: _coverage(result, min), AT_LEAST, 0.93),
    Bar("judge_recovery", "coverage of r*, greatest cell", lambda result: _coverage(result, max), AT_MOST, 0.97),
    Bar(
        "judge_bounded",
        "coverage of means on a scale, least cell",
        lambda result: _ends_of(result, min),
        AT_LEAST,
        0.93,
    ),
    Bar(
        "judge_bounded",
        "coverage of means on a scale, greatest cell",
        lambda result: _ends_of(result, max),
        AT_MOST,
        0.97,
    ),
    Bar(
        "judge_personas", "judges of whom the first sentence is wrong", lambda result: len(result["wrong"]), AT_MOST, 0
    ),
)


def held(bench: str, result: Json) -> Iterator[tuple[Bar, float, bool]]:
    """Every bar of a benchmark that this result measured: the bar, the figure, whether it holds."""
    for bar in BARS:
        if bar.bench == bench and (value := bar.figure(result)) is not None:
            yield bar, value, bar.holds(value, bar.bound)


def line(bar: Bar, value: float, *, ok: bool) -> str:
    """One line for people."""
    sign = "≥" if bar.holds is AT_LEAST else "≤"
    return f"  {'holds ' if ok else 'MISSED'}  {bar.what}: {value:g} (bar {sign} {bar.bound:g})"
