"""The bars that a benchmark's figures are held against: pure, so that a result of any day can be read again.

A figure is named by its benchmark; it is looked up in the JSON that the benchmark prints. Bars are those of docs/performance.md.
Where a benchmark decides by itself (kills, dead providers, near duplicates, intervals), its exit status is the verdict.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
    return lambda found: next((one[value] for one in found["results"] if one.get(key) == name and value in one), None)


def _halved(found: Json) -> Json:
    return next((one for one in found["results"] if one["bound"] == "halved"), None)


def _workers(found: Json) -> float:
    return min(float(one["share"]) for one in found["results"] if one["workers"] == 2)


def _ratio(found: Json, vocabulary: str) -> float | None:
    return found[vocabulary]["exact_over"]["original"] if vocabulary in found else None


def _full(found: Json, rows: int, value: float) -> float | None:
    """A bar on a million rows says nothing about fewer."""
    return value if found["rows"] >= rows else None


def _well_formed(split: str) -> Callable[[Json], float | None]:
    return lambda found: found["well_formed_and_ended"][f"closed {split}"]["mean"]


def _seconds(found: Json, *steps: str) -> float:
    return sum(float(found["wall_s"][step]) for step in steps)


def _difference(found: Json) -> float | None:
    return (found["claims_right_open_minus_closed"] or {}).get("low")


def _coverage(found: Json, pick: Callable[..., float]) -> float | None:
    cells = [one["coverage"] for one in found["cells"] if one["world"] == "model" and one["simulations"] >= 2_000]
    return pick(cells) if cells else None


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
        lambda found: (_halved(found) or {}).get("back_after_s"),
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
    Bar("agent_cpu", "times less CPU a run than smolagents as shipped", lambda found: found["ratio"], AT_LEAST, 8),
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
    Bar("workers", "share of the latency limit, two processes", _workers, AT_LEAST, 0.8),
    Bar("memory", "peak memory, large N over small", lambda found: found["ratio"]["ours"], AT_MOST, 1.1),
    Bar("memory", "share of near duplicates", lambda found: found["large"]["near_share"], AT_MOST, 0.1),
    Bar(
        "dedupe",
        "CPU seconds, 1,000,000 rows",
        lambda found: _full(found, 10**6, found["whole"]["cpu_s"]),
        AT_MOST,
        120,
    ),
    Bar("dedupe", "MB, 1,000,000 rows", lambda found: _full(found, 10**6, found["whole"]["peak_mb"]), AT_MOST, 2_000),
    Bar(
        "dedupe",
        "seconds for 10,000 rows more, file copy apart",
        lambda found: _full(found, 10**6, found["add"]["load_s"] + found["add"]["dedupe_s"]),
        AT_MOST,
        10,
    ),
    Bar("judge_throughput", "seconds for 6,540 calls of 1 s", lambda found: found["ours"]["wall_s"], AT_MOST, 60),
    Bar(
        "judge_throughput",
        "share of the limit used, the lesser of RPM and TPM",
        lambda found: min((one["share_used"] for one in found.get("limits", ())), default=None),
        AT_LEAST,
        0.95,
    ),
    Bar(
        "judge_throughput",
        "refused",
        lambda found: max((one["refused"] for one in found.get("limits", ())), default=None),
        AT_MOST,
        0.005,
    ),
    Bar(
        "train_speed",
        "CPU a token, exact over original, embedded",
        lambda found: _ratio(found, "embedded"),
        AT_MOST,
        0.85,
    ),
    Bar("train_speed", "the same, full vocabulary", lambda found: _ratio(found, "full"), AT_MOST, 0.6),
    *(
        Bar("student", f"well-formed and ended, closed, {split}", _well_formed(split), AT_LEAST, 0.95)
        for split in ("seen", "unseen")
    ),
    Bar(
        "student",
        "seconds of synth and closed training",
        lambda found: _seconds(found, "synth", "closed"),
        AT_MOST,
        600,
    ),
    Bar("student", "seconds of open training", lambda found: _seconds(found, "open"), AT_MOST, 1_200),
    Bar("student", "open minus closed, claims right on unseen places, low end", _difference, AT_LEAST, 1e-9),
    Bar("student", "seconds of make ablate", lambda found: found["wall_s"].get("ablate"), AT_MOST, 1_800),
    Bar("judge_recovery", "coverage of r*, least cell", lambda found: _coverage(found, min), AT_LEAST, 0.93),
    Bar("judge_recovery", "coverage of r*, greatest cell", lambda found: _coverage(found, max), AT_MOST, 0.97),
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
