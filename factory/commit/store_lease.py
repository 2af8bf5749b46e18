"""One coordinator at a time in an object store: a lease with epochs, which commits are fenced by, and the money that may be spent.

``lease/EPOCH.json`` is put if absent by whoever takes the store over, and names every commit that counts at that moment;
``lease/EPOCH/BEAT.json`` say that the holder lives, what it may have reserved (raised there before calls exceed it), and at last
that it let go. A commit's name ends in the epoch of its writer. One counts if its epoch is the last one or the last one's list
names it: what a coordinator that was paused, cut off or replaced commits afterwards is seen by nobody.
Whoever puts a commit or a beat looks afterwards whether its epoch is still the last, and whoever takes over lists after its claim,
so that what the one holds for done the other one has seen. Nothing rests on clocks that agree: ages are told by the store's own.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from factory.commit.bucket import Bucket
from factory.errors import ChidianError, DiskTrouble, RunStopped, UsageError

DEAD_AFTER_S = 60.0
"""A holder that has not beaten for so long may be replaced: six beats missed."""
BEAT_S = 10.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")
"""Names the list that process ids are of: containers of one machine have their own."""
_held: dict[Path, int] = {}
"""The epoch that this process holds, by working folder: whichever Store commits there, commits under it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a run's calls may have cost: ``book`` is the account book that knows better, where it still exists."""

    book: str
    cny: float


@dataclass(frozen=True, slots=True)
class LeaseState:
    """The lease as it stands in the store; epoch 0: nobody ever held it. ``accepted``: names of commits by run."""

    epoch: int = 0
    beat: int = 0
    accepted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    holder: Mapping[str, Any] = field(default_factory=dict)
    grants: Mapping[str, Grant] = field(default_factory=dict)
    is_released: bool = True
    renewed: datetime | None = None

    def counts(self, run: str, name: str, epoch: int) -> bool:
        """Whether a commit is one that readers see."""
        return epoch == self.epoch or name in self.accepted.get(run, ())


def read_lease(bucket: Bucket, epoch: int | None = None) -> LeaseState:
    """The last epoch, or this one, with its last beat. Raises DiskTrouble, UsageError."""
    while True:
        listed = {item.name: item for item in bucket.list("lease")}
        epochs = [name for name in listed if name.count("/") == 1]
        if not epochs or epoch == 0:
            return LeaseState()
        last = max(epochs) if epoch is None else f"lease/{epoch:08d}.json"
        beats = sorted(name for name in listed if name.startswith(last.removesuffix(".json") + "/"))
        taken, beaten = bucket.get(last), bucket.get(beats[-1]) if beats else None
        if taken is None or (beats and beaten is None):
            continue  # the holder dropped an old beat between list and read
        return _state(orjson.loads(taken), orjson.loads(beaten) if beaten else {}, last, beats, listed)


def _state(
    taken: Mapping[str, Any], beaten: Mapping[str, Any], last: str, beats: list[str], listed: Mapping[str, Any]
) -> LeaseState:
    grants = beaten.get("grants", taken["grants"])
    return LeaseState(
        epoch=int(Path(last).stem),
        beat=int(Path(beats[-1]).stem) if beats else 0,
        accepted={run: frozenset(names) for run, names in taken["accepted"].items()},
        holder=taken["holder"],
        grants={run: Grant(grant["book"], grant["cny"]) for run, grant in grants.items()},
        is_released=bool(beaten.get("released", False)),
        renewed=max(listed[name].modified for name in (last, *beats)),
    )


class StoreLease:
    """The lease, held by this process until ``close``; a thread beats."""

    def __init__(self, bucket: Bucket, folder: Path, commits: Callable[[LeaseState], Mapping[str, list[str]]]) -> None:
        """Take it. ``commits``: the names of those that count under a state, by run. Raises UsageError when it is held."""
        ahead = bucket.probe()
        self._bucket, self._folder = bucket, folder.absolute()
        before = read_lease(bucket)
        _refuse_while_held(before, bucket.url, datetime.now(UTC) + ahead)
        self.epoch, self._grants = _take_over(bucket, before, commits)
        self._beat, self._lost = 0, False
        self._lock, self._ended = threading.Lock(), threading.Event()
        _held[self._folder] = self.epoch
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    def granted(self, run: str) -> Grant | None:
        """What the lease says that a run's calls may have cost."""
        return self._grants.get(run)

    def grant(self, run: str, grant: Grant) -> None:
        """Durably in the store when this returns; blocking. Raises RunStopped when the lease is somebody else's."""
        with self._lock:
            self._grants[run] = grant
            self._renew(released=False)

    def _keep(self) -> None:
        while not self._ended.wait(BEAT_S):
            with self._lock, suppress(ChidianError):  # who commits or pays hears of it
                self._renew(released=False)

    def _renew(self, *, released: bool) -> None:
        home, old = f"lease/{self.epoch:08d}", self._beat
        self._beat += 1
        body = orjson.dumps({"grants": _plain(self._grants), "released": released})
        if not self._bucket.create(f"{home}/{self._beat:08d}.json", body):
            raise DiskTrouble(
                f"{self._bucket.url} holds a beat of this run's lease that it did not write: start again."
            )
        if self._lost or read_lease(self._bucket).epoch != self.epoch:
            self._lost = True
            raise taken_over(self._bucket.url)
        if old:
            self._bucket.drop([f"{home}/{old:08d}.json"])

    def close(self) -> None:
        """Let go, so that the next run need not wait."""
        self._ended.set()
        self._thread.join()
        with self._lock, suppress(ChidianError):  # then it ends by itself
            self._renew(released=True)
        _held.pop(self._folder, None)


def _take_over(
    bucket: Bucket, before: LeaseState, commits: Callable[[LeaseState], Mapping[str, list[str]]]
) -> tuple[int, dict[str, Grant]]:
    """Claim the next epoch; once more where the holder before put something between our list and our claim."""
    epoch, accepted, grants = before.epoch, commits(before), dict(before.grants)
    while True:
        epoch += 1
        taken = {"holder": _myself(), "accepted": accepted, "grants": _plain(grants)}
        if not bucket.create(f"lease/{epoch:08d}.json", orjson.dumps(taken)):
            raise UsageError(f"Another run took {bucket.url} at this moment: wait for it, or give another DATA.")
        seen = accepted, grants
        accepted, grants = commits(before), dict(read_lease(bucket, before.epoch).grants)
        if (accepted, grants) == seen:
            return epoch, grants


def taken_over(url: str) -> RunStopped:
    """What a run hears that held the store."""
    return RunStopped(
        f"{url} was taken over by another run while this one stood still: what it committed before counts, the other one goes on "
        "from there."
    )


def own_epoch(folder: Path, state: LeaseState) -> int:
    """The epoch that this process commits under: its lease's, else the store's last."""
    return _held.get(folder.absolute(), state.epoch)


def _refuse_while_held(state: LeaseState, url: str, now: datetime) -> None:
    if state.is_released or state.renewed is None or _is_dead_here(state.holder):
        return
    age = now - state.renewed
    if age < timedelta(seconds=DEAD_AFTER_S):
        raise UsageError(
            f"Another run (process {state.holder.get('pid')} on {state.holder.get('host')}, since {state.holder.get('since')}) "
            f"is working in {url}; it was last heard of {max(0, round(age.total_seconds()))} s ago. Wait for it or stop it; if it "
            f"is dead, its lease ends {DEAD_AFTER_S:.0f} s after that. Or give another DATA."
        )


def _is_dead_here(holder: Mapping[str, Any]) -> bool:
    """Whether the holder was a process of this machine that is no more."""
    mine = _myself()
    if any(holder.get(name) != mine[name] for name in ("host", "boot", "processes")):
        return False
    try:
        os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return int(holder["pid"]) == os.getpid()


def _myself() -> dict[str, Any]:
    boot = _BOOT.read_text(encoding="ascii").strip() if _BOOT.exists() else ""
    processes = str(_PROCESSES.readlink()) if _PROCESSES.exists() else ""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"host": socket.gethostname(), "boot": boot, "processes": processes, "pid": os.getpid(), "since": since}


def _plain(grants: Mapping[str, Grant]) -> dict[str, Any]:
    return {run: {"book": grant.book, "cny": grant.cny} for run, grant in grants.items()}
