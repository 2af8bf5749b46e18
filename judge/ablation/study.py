"""The study's own folder, ``DATA/ablation``: a world with the same samples, its own rejects, checkpoints and completions.

The samples' shards and commits are linked, not copied; out of a bucket they are fetched. The user's own views, models and
verdicts stay as they were.
"""

from __future__ import annotations

import csv
import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from factory.commit.commit import to_json
from factory.commit.local_store import LocalStore
from factory.commit.store import open_packable
from factory.commit.working_folder import missing_warehouse, store_url
from factory.errors import UsageError
from factory.plan.plan_file import PlanFolder, RunPlan
from factory.run.refresh import Refresher
from judge.ablation import children
from judge.ablation.config import AblateSettings
from judge.ablation.rows import SHARES
from judge.items import open_views

_LARGEST = """
select run_id, map_provider, teacher, simulated from runs join ledger using (run_id) order by ledger.accepted desc, run_id limit 1
"""
_TRAIN = "select count(*) from sft_train"
USABLE_SHARE = 0.7
"""Of the rejects of a run: of the training split, refused by the verifier, with a text. Measured: 0.8."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The run whose places, seed and wishes the study shares; ``sandbox``: both map and teacher are ours."""

    run_id: str
    teacher: str
    simulated: bool
    sandbox: bool
    train_rows: int


async def find_origin(data: Path) -> Origin:
    """The largest run of ``data``, after a refresh. Raises UsageError when there is none."""
    if not (data / "warehouse.duckdb").exists():
        raise UsageError(missing_warehouse(data))
    await Refresher(data).refresh()
    with open_views(data) as connection:
        largest = connection.execute(_LARGEST).fetchone()
        [(rows,)] = connection.execute(_TRAIN).fetchall()
    if largest is None or not rows:
        raise UsageError(f"{data} holds no training rows: run `make synth` first.")
    run_id, provider, teacher, simulated = largest
    ours = provider == "sandbox" and str(teacher).startswith("sandbox")
    return Origin(run_id, teacher, bool(simulated), ours, rows)


async def make_rejects(settings: AblateSettings, origin: Origin, lock: int) -> Path:
    """The folder whose ``rejects`` the arms take: in the sandbox a run of its own, else what the data has.

    The sandbox run has the seed and the places of the origin, a raised defect share and no repair: a spoiled candidate
    is rejected, and many are the twin of a verified row.
    """
    if not origin.sandbox:
        return settings.data
    folder = settings.folder / "rejected"
    plan = PlanFolder(settings.data, keeps=False).load(origin.run_id)
    if plan is None:
        raise UsageError(f"{settings.data} holds no plan of {origin.run_id}: restore it, or make another run.")
    wanted = max(SHARES) * origin.train_rows / USABLE_SHARE
    accepted = max(1, math.ceil(wanted * (1 - settings.defects) / settings.defects))
    places = _list_places(plan, folder / "places.csv")
    _same_cells(settings.data, folder)
    arguments = ["synth", "--data", str(folder), "--map", "sandbox", "--teacher", "sandbox", "--places", str(places)]
    arguments += ["--seed", str(plan.parts["seed"]), "--k", str(plan.parts["k"]), "--repairs", "0"]
    arguments += ["--sandbox-defects", str(settings.defects), "--n", str(accepted)]
    arguments += ["--candidates", str(math.ceil(4 * accepted / (1.001 - settings.defects)) + 100)]
    await children.run("factory", arguments, settings.folder / "logs" / "rejected.log", lock)
    return folder


def _list_places(plan: RunPlan, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("name", "city"))
        table.writerows(dict.fromkeys((place.name, place.city) for place in plan.places))
    return path


def _same_cells(data: Path, folder: Path) -> None:
    """A neighbourhood that is unseen in the data is unseen in the rejects' run."""
    (folder / "plan").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(data / "plan" / "cells.json", folder / "plan" / "cells.json")


async def share_samples(settings: AblateSettings) -> None:
    """Link the factory's commits and shards into the study's folder and refresh its warehouse."""
    for path in sorted((settings.data / "plan").glob("*.json")):
        (settings.folder / "plan").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, settings.folder / "plan" / path.name)
        if store_url(settings.data) is not None:
            _fetch(settings, path.stem)
            continue
        for part in ("commits", "shards", "packs"):
            whole = settings.data / part / path.stem
            if whole.is_dir():
                shutil.copytree(whole, settings.folder / part / path.stem, copy_function=_link, dirs_exist_ok=True)
    await Refresher(settings.folder).refresh()


def _fetch(settings: AblateSettings, run: str) -> None:
    """A run of a bucket, into the study's folder: each unit's shards, then its commit."""
    store, here = open_packable(settings.data), LocalStore(settings.folder)
    held = set(here.units(run))
    for commit in store.commits(run):
        if commit.unit not in held:
            for file in commit.files:
                here.write(file.name, store.whole(file))
            here.create(f"commits/{run}/{commit.unit}.json", to_json(commit))


def _link(source: str, target: str) -> None:
    """A second name for an immutable file; a copy where the disk has no links."""
    if os.path.exists(target):  # noqa: PTH110 - copytree gives strings
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
