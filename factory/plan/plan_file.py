"""A run's plan on disk: ``plan/RUN.json``, ``plan/cells.json`` and ``plan/world.json``, each with a checksum of itself.

A plan holds all that an unfinished run needs to go on as it began, whatever became of the files and settings that it was made
from: its prompt's text, its words, its request settings, its located places. Files of before checksums are read as they are.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from factory.commit.working_folder import store_url
from factory.errors import DamagedFile, DiskTrouble, UsageError
from factory.plan.identity import Prompt, RequestSettings
from factory.plan.split import CellSide, assign_cells
from factory.plan.vocabulary import WishWords
from factory.records import Place
from factory.seal import SEAL, BrokenSealError, check_seal, sealed

if TYPE_CHECKING:
    from factory.commit.store import Store

FORMAT = 2
"""Stands in every file from the one with checksums on; a file without either is an older one."""
_WORLD, _CELLS = "world.json", "cells.json"
_WORLD_ELSEWHERE = "the plans beside it say the same"
_CELLS_ELSEWHERE = "the plans beside it hold the same assignment"


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One run as it was planned. ``target``: the largest N ever asked of it; what older plans do not say is None.

    ``parts``: its identity (identity.py); ``sides``: the cells of its places, as they were assigned.
    """

    run_id: str
    target: int
    fingerprint: str
    parts: Mapping[str, Any]
    map_provider: str
    teacher: str
    prompt_version: str
    places: tuple[Place, ...]
    unresolved: tuple[str, ...]
    prompt: Prompt | None = None
    request: RequestSettings | None = None
    words: WishWords | None = None
    sides: Mapping[str, CellSide] = field(default_factory=dict)
    updated_at: str | None = None


class PlanFolder:
    """``DATA/plan``. One that keeps nothing (``DRY=1``) reads and answers alike, and leaves no world, cell or plan behind.

    The folder is made with the first file: what is wrong with a command is said before.
    """

    def __init__(self, data: Path, *, keeps: bool = True) -> None:
        self.path = data / "plan"
        self._keeps = keeps
        self._store = _store_of(data)
        if self._store is not None:
            self._store.fetch_documents("plan")

    def check_world(self, map_name: str, teacher: str) -> bool:
        """One world per folder: sandbox rows and real rows never mix. Raises UsageError on a second world; True: it is free."""
        wanted = {"map": map_name, "teacher_kind": _kind(teacher)}
        file = _read(self.path / _WORLD, _WORLD_ELSEWHERE)
        held = self._planned_world() if file is None else {name: file.get(name) for name in wanted}
        if held is not None and held != wanted:
            raise UsageError(
                f"{self.path.parent} holds a world of map {held.get('map')} and a {held.get('teacher_kind')} teacher; this run "
                f"has map {map_name} and a {wanted['teacher_kind']} teacher. Worlds never mix: give another DATA=folder."
            )
        return file is None

    def claim_world(self, map_name: str, teacher: str) -> None:
        """Make the folder this world's. Raises UsageError on a second world."""
        if self.check_world(map_name, teacher):
            self._write(_WORLD, {"map": map_name, "teacher_kind": _kind(teacher)})

    def _planned_world(self) -> dict[str, Any] | None:
        """The world as the plans know it: its own file may be gone."""
        for plan in self.plans():
            if "map" in plan.parts and "teacher" in plan.parts:
                return {"map": plan.parts["map"], "teacher_kind": _kind(plan.parts["teacher"])}
        return None

    def load(self, run_id: str) -> RunPlan | None:
        """The stored plan of a run, or None. Raises DamagedFile."""
        return _plan(self.path / f"{run_id}.json")

    def plans(self) -> list[RunPlan]:
        """All stored plans, by run. Raises DamagedFile."""
        paths = sorted(path for path in self.path.glob("*.json") if path.name not in {_WORLD, _CELLS})
        plans = (_plan(path) for path in paths if not path.name.startswith("."))
        return [plan for plan in plans if plan is not None]

    def examine(self, name: str) -> None:
        """Read one file of the folder. Raises DamagedFile."""
        if name == _WORLD:
            _read(self.path / name, _WORLD_ELSEWHERE)
        elif name == _CELLS:
            _read(self.path / name, _CELLS_ELSEWHERE)
        else:
            _plan(self.path / name)

    def save(self, plan: RunPlan) -> None:
        """Write or replace a run's plan."""
        self._write(f"{plan.run_id}.json", _plan_json(plan))

    def sides(self, places: tuple[Place, ...]) -> dict[str, CellSide]:
        """The cells' assignment, extended to these places and stored; old assignments never move.

        A file that is gone is made again from the plans, which hold their cells, too.
        """
        held = _read(self.path / _CELLS, _CELLS_ELSEWHERE)
        if held is None:
            stored: dict[str, CellSide] = {cell: side for plan in self.plans() for cell, side in plan.sides.items()}
        else:
            stored = dict(held.get("cells", held))
        sides = assign_cells(stored, places)
        if held is None or sides != stored:
            self._write(_CELLS, {"cells": sides})
        return sides

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        if not self._keeps:
            return
        aside = self.path / f".{name}.{os.getpid()}"
        body = orjson.dumps(sealed({"format": FORMAT, **content}), option=orjson.OPT_INDENT_2)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self.path / name)
        except OSError as error:
            raise DiskTrouble(
                f"{self.path} cannot be written ({error.strerror}): free space or choose another DATA."
            ) from error
        if self._store is not None:
            self._store.keep_document(f"plan/{name}", body)


def _store_of(data: Path) -> Store | None:
    """Where plans are kept beside the folder, when DATA is a URL: another machine goes on by them."""
    if store_url(data) is None:
        return None
    from factory.commit.store import open_store  # noqa: PLC0415 - it brings pyarrow

    return open_store(data)


def _kind(teacher: str) -> str:
    return "sandbox" if teacher == "sandbox" else "real"


def _read(path: Path, elsewhere: str) -> dict[str, Any] | None:
    """A file's object; None when there is none. ``elsewhere``: why it may be deleted. Raises DamagedFile."""
    remedy = f"restore it from a backup, or delete it ({elsewhere}) and run the same command again."
    try:
        body = orjson.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DamagedFile(str(path), error.strerror or "it cannot be read", remedy) from error
    except orjson.JSONDecodeError as error:
        raise DamagedFile(str(path), "it is no JSON", remedy) from error
    if not isinstance(body, dict) or not body:
        raise DamagedFile(str(path), "it is no JSON object of ours", remedy)
    if "format" in body or SEAL in body:
        try:
            check_seal(body)
        except BrokenSealError as error:
            raise DamagedFile(str(path), str(error), remedy) from error
    return {name: value for name, value in body.items() if name not in {"format", SEAL}}


def _plan(path: Path) -> RunPlan | None:
    body = _read(path, "its places are then located again, and its orders stay as they are")
    if body is None:
        return None
    try:
        return _typed_plan(body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedFile(
            str(path), f"its fields are not those of a plan ({error})", "restore it from a backup, or delete it."
        ) from error


def _typed_plan(body: Mapping[str, Any]) -> RunPlan:
    request, words, prompt = body.get("request"), body.get("words"), body.get("prompt")
    return RunPlan(
        run_id=str(body["run_id"]),
        target=int(body["target"]),
        fingerprint=str(body["fingerprint"]),
        parts=dict(body.get("parts", _parts_before_content(body))),
        map_provider=str(body["map_provider"]),
        teacher=str(body["teacher"]),
        prompt_version=str(body["prompt_version"]),
        places=tuple(Place(**row) for row in body["places"]),
        unresolved=tuple(body["unresolved"]),
        prompt=None if prompt is None else Prompt(**prompt),
        request=None
        if request is None
        else RequestSettings(request["temperature"], request["top_p"], tuple(request["extra"].items())),
        words=None if words is None else _words(words),
        sides=dict(body.get("sides", {})),
        updated_at=body.get("updated_at"),
    )


def _parts_before_content(body: Mapping[str, Any]) -> dict[str, Any]:
    """Older plans name their prompt and know no hash of it, nor of their places."""
    return {name: value for name, value in body.get("plan", {}).items() if name not in {"prompt", "places", "map"}}


def _words(body: Mapping[str, Any]) -> WishWords:
    """Words as they were stored; what this program's words have beside them keeps its default."""
    return WishWords(**{name: _tuples(value) for name, value in body.items() if name in WishWords.__slots__})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _plan_json(plan: RunPlan) -> dict[str, Any]:
    body: dict[str, Any] = {
        "updated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "run_id": plan.run_id,
        "target": plan.target,
        "fingerprint": plan.fingerprint,
        "parts": dict(plan.parts),
        "map_provider": plan.map_provider,
        "teacher": plan.teacher,
        "prompt_version": plan.prompt_version,
        "sides": dict(plan.sides),
        "unresolved": list(plan.unresolved),
        "places": [asdict(place) for place in plan.places],
    }
    if plan.prompt is not None:
        body["prompt"] = asdict(plan.prompt)
    if plan.request is not None:
        body["request"] = {**asdict(plan.request), "extra": dict(plan.request.extra)}
    if plan.words is not None:
        body["words"] = asdict(plan.words)
    return body
