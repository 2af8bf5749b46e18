"""What a long run tells people while it goes: a live panel on a terminal, plain lines elsewhere.

Reads snapshots; decides nothing. Lines go to stderr, so that stdout stays for results.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from factory.records import OrderOutcome
from factory.shown_text import print_line, shown


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit: ``used`` so far since the services were opened, ``granted`` in each ``span_s`` (None: no limit is known)."""

    name: str
    used: int
    granted: float | None
    span_s: float = 60.0

    def words(self, elapsed_s: float, used_before: int = 0) -> str:
        """The mean rate of what was used after ``used_before``, and its share of what is granted."""
        rate = (self.used - used_before) / max(elapsed_s, 1.0) * self.span_s
        share = f" of {_short(self.granted)} ({rate / self.granted:.0%})" if self.granted else ", no limit known"
        return f"{self.name} {_short(rate)}/{'min' if self.span_s == 60.0 else 's'}{share}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The run at one moment. Money in CNY, None when a price is unknown."""

    accepted: int
    target: int
    in_flight: int
    refusals: int
    spent_cny: float | None
    reserved_cny: float
    map_requests: int
    quotas: tuple[Quota, ...]
    budget_cny: float | None = None


class Watcher(Protocol):
    """Whoever looks at a run while it goes."""

    def start(self, now: Snapshot) -> None:
        """It begins here."""

    def count(self, outcomes: tuple[OrderOutcome, ...], rejects: Mapping[str, int]) -> None:
        """A unit was committed, with so many rejects by reason."""

    def show(self, now: Snapshot, *, force: bool = False) -> None:
        """It stands here; ``force``: the last time."""

    def close(self) -> None:
        """It is over."""

    def idle(self, now: Snapshot) -> None:
        """Nothing was to be done, and it stands here: in the place of all other calls."""


@dataclass(slots=True)
class Progress:
    """Keeps the counts that only outcomes know, and shows snapshots at a calm pace."""

    target: int
    accepted_before: int
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    every_s: float = 5.0
    rejects: Counter[str] = field(default_factory=Counter)
    stage_calls: Counter[str] = field(default_factory=Counter)
    stage_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    stage_cny: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    tries: Counter[str] = field(default_factory=Counter)
    returns: Counter[str] = field(default_factory=Counter)
    """submissions by the reasons for which the verifier returned them"""
    _started: float = field(default_factory=time.monotonic)
    _used_before: dict[str, int] = field(default_factory=dict)
    """By quota, what was used before the start (places that were located): no part of the run's rate."""
    _shown: float = 0.0
    _live: Live | None = None

    def start(self, now: Snapshot) -> None:
        """Begin at this snapshot; on a terminal the panel redraws in place."""
        self._started = time.monotonic()
        self._used_before = {quota.name: quota.used for quota in now.quotas}
        if self.stream.isatty():
            self._live = Live(console=Console(file=self.stream), refresh_per_second=4, transient=True)
            self._live.start()

    def close(self) -> None:
        """End the panel, leaving the terminal as it was."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def idle(self, now: Snapshot) -> None:
        """The sentence that says so is enough."""

    def count(self, outcomes: tuple[OrderOutcome, ...], rejects: Mapping[str, int]) -> None:
        """Take in a committed unit and its rejects by reason, duplicates included."""
        self.rejects.update(rejects)
        for outcome in outcomes:
            for attempt in outcome.attempts:
                self.tries["all" if attempt.number > 1 else "first"] += 1
                self.tries["first accepted"] += attempt.number == 1 and attempt.accepted
                self.returns.update({finding.reason for finding in attempt.findings})
            for call in outcome.calls:
                if not call.replayed:
                    self.stage_cny[call.purpose] += call.cost_cny or 0.0
                    self.stage_calls[call.purpose] += 1
                    self.stage_s[call.purpose] += call.latency_s or 0.0

    def show(self, now: Snapshot, *, force: bool = False) -> None:
        """Show a snapshot if it is time to."""
        if self._live is not None:
            self._live.update(self._panel(now))
            return
        if force or time.monotonic() - self._shown >= self.every_s:
            self._shown = time.monotonic()
            print_line(" · ".join(f"{name} {value}" for name, value in self._facts(now)), self.stream)

    def _facts(self, now: Snapshot) -> list[tuple[str, str]]:
        elapsed = max(1e-9, time.monotonic() - self._started)
        here = now.accepted - self.accepted_before
        rate = here / elapsed
        eta = _span((now.target - now.accepted) / rate) if rate > 0 else "?"
        return [
            ("accepted", f"{now.accepted}/{now.target}"),
            ("rate", f"{rate:.1f}/s"),
            ("ETA", eta),
            ("in flight", str(now.in_flight)),
            ("refusals", str(now.refusals)),
            ("quota", "; ".join(self._quota(quota, elapsed) for quota in now.quotas) or "no limit"),
            ("CNY", _money(now, here)),
            ("map requests", str(now.map_requests)),
            ("rejects", ", ".join(f"{reason} {count}" for reason, count in self.rejects.most_common(3)) or "none"),
            *([("first tries", self._first_tries())] if self.tries["first"] else []),
            *([("slowest stage", self._slowest())] if self.stage_s else []),
        ]

    def _quota(self, quota: Quota, elapsed_s: float) -> str:
        return quota.words(elapsed_s, self._used_before.get(quota.name, 0))

    def _first_tries(self) -> str:
        """The share accepted as first written, what was returned for which reasons, what repairs cost of the money."""
        words = f"{self.tries['first accepted'] / self.tries['first']:.1%} accepted"
        if self.returns:
            words += ", returned " + ", ".join(f"{reason} {count}" for reason, count in self.returns.most_common(3))
        spent = sum(self.stage_cny.values())
        return words + (f", repairs {self.stage_cny['repair'] / spent:.1%} of the money" if spent else "")

    def _slowest(self) -> str:
        """The purpose whose calls took longest on average."""
        name, seconds = max(
            ((name, self.stage_s[name] / count) for name, count in self.stage_calls.items()), key=lambda pair: pair[1]
        )
        return f"{name} {seconds:.2f} s a call"

    def _panel(self, now: Snapshot) -> Table:
        table = Table(title="chidian synth", title_justify="left", show_header=False)
        table.add_row("", ProgressBar(total=max(1, now.target), completed=now.accepted, width=40))
        for name, value in self._facts(now):
            table.add_row(name, Text(shown(value)))
        return table


def _money(now: Snapshot, here: int) -> str:
    """Spent, reserved, per accepted sample, projected; an unknown price stays unknown."""
    if now.spent_cny is None:
        return "price unknown"
    words = f"{now.spent_cny:.2f} spent, {now.reserved_cny:.2f} reserved"
    if here and now.accepted:
        each = now.spent_cny / now.accepted
        words += f", {each:.4f} an accepted sample, {each * now.target:.2f} projected"
    return words + (f", cap {now.budget_cny:g}" if now.budget_cny is not None else "")


def _short(number: float) -> str:
    if 0 < number < 10 and number != round(number):
        return f"{number:.1f}"
    for limit, ending in ((1e6, "M"), (1e4, "k")):
        if number >= limit:
            return f"{number / (1e6 if ending == 'M' else 1e3):.3g}{ending}"
    return f"{number:.0f}"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
