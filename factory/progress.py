"""What a long run tells people while it goes: a live panel on a terminal, plain lines elsewhere.

Reads snapshots; decides nothing. Lines go to stderr, so that stdout stays for results.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table

from factory.records import OrderOutcome


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
    quota: str


@dataclass(slots=True)
class Progress:
    """Keeps the counts that only outcomes know, and shows snapshots at a calm pace."""

    target: int
    accepted_before: int
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    every_s: float = 5.0
    rejects: Counter[str] = field(default_factory=Counter)
    llm_calls: int = 0
    stage_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _started: float = field(default_factory=time.monotonic)
    _shown: float = 0.0
    _live: Live | None = None

    def start(self) -> None:
        """Begin; on a terminal the panel redraws in place."""
        if self.stream.isatty():
            self._live = Live(console=Console(file=self.stream), refresh_per_second=4, transient=True)
            self._live.start()

    def close(self) -> None:
        """End the panel, leaving the terminal as it was."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def count(self, outcomes: tuple[OrderOutcome, ...]) -> None:
        """Take in a committed unit."""
        for outcome in outcomes:
            self.llm_calls += len(outcome.calls)
            for call in outcome.calls:
                self.stage_s[call.purpose] += call.latency_s or 0.0
            for _, verification in outcome.rejected:
                self.rejects[verification.findings[0].reason] += 1
            for _, reason, _ in outcome.missing:
                self.rejects[reason] += 1

    def show(self, now: Snapshot, *, force: bool = False) -> None:
        """Show a snapshot if it is time to."""
        if self._live is not None:
            self._live.update(self._panel(now))
            return
        if force or time.monotonic() - self._shown >= self.every_s:
            self._shown = time.monotonic()
            self.stream.write(" · ".join(f"{name} {value}" for name, value in self._facts(now)) + "\n")
            self.stream.flush()

    def _facts(self, now: Snapshot) -> list[tuple[str, str]]:
        elapsed = max(1e-9, time.monotonic() - self._started)
        here = now.accepted - self.accepted_before
        rate = here / elapsed
        eta = f"{(now.target - now.accepted) / rate:.0f} s" if rate > 0 else "?"
        spent = "unknown" if now.spent_cny is None else f"{now.spent_cny:.2f}"
        projected = ""
        if now.spent_cny and here:
            projected = f", {now.spent_cny / here:.4f} each, {now.spent_cny / here * now.target:.2f} in all"
        facts = [
            ("accepted", f"{now.accepted}/{now.target}"),
            ("rate", f"{rate:.1f}/s"),
            ("ETA", eta),
            ("in flight", str(now.in_flight)),
            ("refusals", str(now.refusals)),
            ("quota", now.quota or "no limit"),
            ("CNY", f"{spent} spent, {now.reserved_cny:.2f} reserved{projected}"),
            ("map requests", str(now.map_requests)),
            ("rejects", ", ".join(f"{reason} {count}" for reason, count in self.rejects.most_common(3)) or "none"),
        ]
        if self.stage_s:
            slowest, seconds = max(self.stage_s.items(), key=lambda item: item[1])
            facts.append(("slowest stage", f"{slowest} {seconds / max(1, self.llm_calls):.2f} s a call"))
        return facts

    def _panel(self, now: Snapshot) -> Table:
        table = Table(title="chidian synth", title_justify="left", show_header=False)
        for name, value in self._facts(now):
            table.add_row(name, value)
        return table
