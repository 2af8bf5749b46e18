"""Whether the system lets a run open the files and sockets that its agents need, before any agent starts."""

from __future__ import annotations

import resource
from typing import Final

from factory.errors import UsageError

BASE: Final = 128
"""The interpreter, the map's 32 connections, databases, shards in the writing, the sandbox's and a refresh's pipes."""
PER_AGENT: Final = 2
"""Its connection, and the sandbox's other end of it where both are one limit."""
PER_WORKER: Final = 8


def need(agents: int, workers: int) -> int:
    """Open files that a run may come to."""
    return BASE + PER_AGENT * agents + PER_WORKER * workers


def allow_open_files(agents: int, workers: int) -> None:
    """Raise the soft limit as far as is needed and allowed. Raises UsageError where the hard limit is too low."""
    wanted = need(agents, workers)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        most = (hard - need(0, workers)) // PER_AGENT
        fewer = f"give AGENTS={most} or fewer, or raise the limit" if most >= 1 else "raise the limit"
        raise UsageError(
            f"AGENTS={agents} needs some {wanted} open files and the system allows {hard}: {fewer} (ulimit -Hn {wanted})."
        )
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError) as error:
        raise UsageError(
            f"AGENTS={agents} needs some {wanted} open files and ulimit -n is {soft}: run `ulimit -n {wanted}` first."
        ) from error
