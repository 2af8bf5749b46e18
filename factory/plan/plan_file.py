"""A run's plan on disk: ``plan/RUN.json``, ``plan/cells.json`` and ``plan/world.json``.

The fingerprint covers what decides the orders and their answers; N, BUDGET and WORKERS are no part of it, so that a
larger N goes on with the same run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from factory.errors import DiskTrouble, UsageError
from factory.plan.split import CellSide, assign_cells
from factory.records import Place

PLANNER_VERSION = 1


def fingerprint(parts: Mapping[str, Any]) -> str:
    """16 hex digits over everything that decides the plan."""
    return blake2b(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()


class PlanFolder:
    """``DATA/plan``. One that keeps nothing (``DRY=1``) reads and answers alike, and leaves no world, cell or plan behind."""

    def __init__(self, data: Path, *, keeps: bool = True) -> None:
        self.path = data / "plan"
        self._keeps = keeps
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DiskTrouble(f"DATA={data} cannot be written ({error.strerror}): choose another folder.") from error

    def claim_world(self, map_name: str, teacher: str) -> None:
        """One world per folder: sandbox rows and real rows never mix. Raises UsageError on a second world."""
        wanted = {"map": map_name, "teacher_kind": "sandbox" if teacher == "sandbox" else "real"}
        known = self._read("world.json")
        if known is None:
            self._write("world.json", wanted)
        elif known != wanted:
            raise UsageError(
                f"{self.path.parent} holds a world of map {known['map']} and a {known['teacher_kind']} teacher; this run "
                f"has map {map_name} and a {wanted['teacher_kind']} teacher. Worlds never mix: give another DATA=folder."
            )

    def load(self, run_id: str) -> dict[str, Any] | None:
        """The stored plan of a run, or None."""
        known: dict[str, Any] | None = self._read(f"{run_id}.json")
        return known

    def save(self, run_id: str, plan: Mapping[str, Any]) -> None:
        """Write or replace a run's plan."""
        self._write(f"{run_id}.json", {"updated_at": datetime.now(UTC).isoformat(timespec="seconds"), **plan})

    def sides(self, places: tuple[Place, ...]) -> dict[str, CellSide]:
        """The cells' assignment, extended to these places and stored; old assignments never move."""
        known: dict[str, CellSide] = self._read("cells.json") or {}
        sides = assign_cells(known, places)
        if sides != known:
            self._write("cells.json", sides)
        return sides

    def _read(self, name: str) -> Any:
        try:
            return orjson.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, orjson.JSONDecodeError) as error:
            raise DiskTrouble(f"{self.path / name} cannot be read: restore it, or use another DATA.") from error

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        if not self._keeps:
            return
        aside = self.path / f".{name}.{os.getpid()}"
        try:
            with aside.open("wb") as file:
                file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2))
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self.path / name)
        except OSError as error:
            raise DiskTrouble(
                f"{self.path} cannot be written ({error.strerror}): free space or choose another DATA."
            ) from error


def places_to_json(places: tuple[Place, ...]) -> list[dict[str, Any]]:
    """Resolved places as the plan file keeps them."""
    return [asdict(place) for place in places]


def places_from_json(rows: list[dict[str, Any]]) -> tuple[Place, ...]:
    """The inverse of places_to_json."""
    return tuple(Place(**row) for row in rows)
