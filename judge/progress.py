"""Plain lines about a judging while it goes: rate, time left, money, refusals, what could not be scored."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from factory.sending.limits import PoolState
from factory.shown_text import print_line
from judge.engine import Tally

EVERY_S = 5.0


def say(line: str) -> None:
    """One line for people; stdout stays free for results."""
    print_line(line)


@dataclass(slots=True)
class JudgingProgress:
    """``total`` questions to ask. ``priced`` False: the cost is not known."""

    total: int
    priced: bool
    started: float = field(default_factory=time.monotonic)

    def line(self, tally: Tally, pools: list[PoolState], spent_cny: float) -> str:
        """One line."""
        elapsed = max(1e-9, time.monotonic() - self.started)
        rate = tally.asked / elapsed
        eta = f"{(self.total - tally.asked) / rate:.0f} s" if rate > 0 else "?"
        money = f"{spent_cny:.2f} CNY" if self.priced else "cost unknown"
        if self.priced and tally.asked and tally.cost_cny:
            money += f", about {spent_cny + tally.cost_cny / tally.asked * (self.total - tally.asked):.2f} in all"
        why = ", ".join(f"{reason} {count}" for reason, count in tally.unscored.most_common(3))
        flying, refused = sum(pool.in_flight for pool in pools), sum(pool.refused for pool in pools)
        return (
            f"judged {tally.asked}/{self.total} · {rate:.0f}/s · ETA {eta} · in flight {flying} · {money} · refusals {refused} · "
            f"unscored {tally.unscored.total()}" + (f" ({why})" if why else "")
        )
