"""Which run a command means, and its plan: a new one, or one that goes on as it was planned, whatever changed since.

First step of ``synth``. A run is named for its identity (plan/identity.py); a changed prompt, temperature or list is another
run, and that is said before anything is paid. ``RUN=`` takes all that decides from the stored plan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from factory.agents.second_reader import reader_prompt
from factory.agents.tools import make_tools, tool_schemas
from factory.commit.store import open_store
from factory.config import SANDBOX, Settings
from factory.errors import NoSuchPlace, UsageError
from factory.geo import cell_id
from factory.llm.endpoint import route
from factory.maps.kind import Survey
from factory.maps.service import MapService
from factory.plan.identity import (
    PLANNER_VERSION,
    Identity,
    Prompt,
    RequestSettings,
    places_hash,
    read_prompt,
    verifier_version,
    vocabulary_hash,
)
from factory.plan.orders import Plan, visiting_order
from factory.plan.place_list import read_places
from factory.plan.plan_file import PlanFolder, RunPlan
from factory.plan.split import CellSide
from factory.plan.vocabulary import WishWords
from factory.records import Place, PlaceName

LOCATING_AT_ONCE = 32
MOST_SAID = 3
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DraftRun:
    """A run before its places are located; ``settings`` are those of its plan, ``stored`` what is kept of it."""

    run_id: str
    identity: Identity
    settings: Settings
    prompt: Prompt
    request: RequestSettings
    words: WishWords
    names: tuple[PlaceName, ...]
    stored: RunPlan | None


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run, resolved: what is planned, and what its rows say of how they were made."""

    draft: DraftRun
    plan: Plan
    unresolved: tuple[str, ...]

    @property
    def run_id(self) -> str:
        """Its name."""
        return self.draft.run_id

    @property
    def settings(self) -> Settings:
        """As planned."""
        return self.draft.settings


def check_files(settings: Settings) -> None:
    """Read what the user gave, before anything is written. Raises UsageError; blocking."""
    if settings.run is None:
        read_prompt(settings.prompt)
        if settings.places:
            read_places(settings.places)


def draft(settings: Settings, folder: PlanFolder, world: Survey, say: Say) -> DraftRun:
    """The run that the settings mean. Raises UsageError and DamagedFile; blocking."""
    if settings.run is not None:
        return _continued(settings, settings.run, folder, world, say)
    prompt, request = read_prompt(settings.prompt), _request(settings)
    names = world.places() if world.places and not settings.places else read_places(settings.places)
    identity = _identity(settings, world, prompt, request, world.words, names)
    run_id = f"{world.provider}-{identity.fingerprint[:8]}"
    stored = folder.load(run_id)
    if stored is None:
        _say_what_it_is_not(settings, folder, run_id, identity, say)
    return DraftRun(run_id, identity, settings, prompt, request, world.words, names, stored)


def _request(settings: Settings) -> RequestSettings:
    way = route(settings.teacher, settings.teacher_base_url)
    extra = dict(way.extra) | dict(settings.teacher_extra)
    return RequestSettings(settings.teacher_temperature, settings.teacher_top_p, tuple(extra.items()))


def _identity(
    settings: Settings,
    world: Survey,
    prompt: Prompt,
    request: RequestSettings,
    words: WishWords,
    names: tuple[PlaceName, ...],
) -> Identity:
    return Identity(
        {
            "seed": settings.seed,
            "k": settings.k,
            "places": places_hash(names),
            "map": world.label,
            "teacher": settings.teacher,
            "prompt": prompt.hash,
            "tools": _tools_hash(),
            "vocabulary": vocabulary_hash(words),
            "request": request.hash,
            "verifier": verifier_version(),
            "planner": PLANNER_VERSION,
            "repairs": settings.repairs,
            # Named only where they are used, so that a run without them keeps its name.
            **({"reader": [settings.reader, Prompt("reader", reader_prompt()).hash]} if settings.reader else {}),
            **({"unread": settings.unread} if settings.unread != "refuse" else {}),
            "sandbox_defects": settings.sandbox_defects if settings.teacher == SANDBOX else None,
        }
    )


def _tools_hash() -> str:
    """The tools' descriptions are read by the model as the prompt is."""
    return Prompt("tools", str(tool_schemas(make_tools()))).hash


def _say_what_it_is_not(settings: Settings, folder: PlanFolder, run_id: str, identity: Identity, say: Say) -> None:
    """A new run beside others: in what it differs from each that is like it, and how an unfinished one goes on."""
    others = [(plan, identity.differences(plan.parts)) for plan in folder.plans()]
    for plan, differences in sorted(others, key=lambda pair: len(pair[1]))[:MOST_SAID]:
        if not differences:
            continue
        accepted = _accepted(settings.data, plan.run_id)
        line = f"{run_id} is a new run beside {plan.run_id} ({accepted} of {plan.target} samples): another value of "
        line += ", ".join(differences)
        if accepted < plan.target:
            line += f". To go on with that one as it was planned: RUN={plan.run_id}"
        say(line + ".")


def _accepted(data: Path, run: str) -> int:
    store = open_store(data)
    return sum(len(commit.admitted) for commit in store.commits(run))


def _continued(settings: Settings, run_id: str, folder: PlanFolder, world: Survey, say: Say) -> DraftRun:
    """A stored run as it was planned. Raises UsageError where it cannot be: another map, model or vocabulary."""
    stored = folder.load(run_id)
    if stored is None:
        raise UsageError(f"There is no plan of a run {run_id} in {folder.path}: RUN= names one that was begun here.")
    parts = stored.parts
    _check_others(run_id, parts, settings, world)
    planned = replace(
        settings,
        seed=int(parts.get("seed", settings.seed)),
        k=int(parts.get("k", settings.k)),
        repairs=int(parts.get("repairs", settings.repairs)),
        unread=str(parts.get("unread", "refuse")),
        sandbox_defects=_defects(parts.get("sandbox_defects"), settings),
    )
    prompt = stored.prompt or read_prompt(settings.prompt)
    request = stored.request or _request(settings)
    words = stored.words or world.words
    identity = _identity(planned, world, prompt, request, words, ())
    today = Identity({**identity.parts, "places": parts.get("places")})
    changed = today.differences(parts)
    if "vocabulary" in parts and today.parts["vocabulary"] != parts["vocabulary"]:
        raise UsageError(
            f"RUN={run_id} was planned with another vocabulary of meals, occasions or styles than this program's "
            "(factory/plan/vocabulary.py): restore that file, or begin a new run without RUN=."
        )
    say(
        f"{run_id} goes on as it was planned: prompt {prompt.version} ({prompt.hash}), temperature {request.temperature:g}."
    )
    if changed:
        say(f"Changed since, and so for its further samples only: {', '.join(changed)}; each row says which.")
    return DraftRun(run_id, Identity(parts), planned, prompt, request, words, (), stored)


def _check_others(run_id: str, parts: Mapping[str, Any], settings: Settings, world: Survey) -> None:
    """Raises UsageError where map, teacher or reader are not those of the plan: their keys and prices are named with them."""
    reader: str | None = parts["reader"][0] if "reader" in parts else None
    for setting, value, now in (
        ("MAP", parts.get("map", world.label), world.label),
        ("TEACHER", parts.get("teacher", settings.teacher), settings.teacher),
        ("READER", reader, settings.reader),
    ):
        if value != now:
            way_back = f"name {setting}={value}" if value else f"leave {setting} out"
            raise UsageError(
                f"RUN={run_id} was planned with {setting}={value or 'none'} and this is {setting}={now or 'none'}: {way_back}."
            )


def _defects(planned: object, settings: Settings) -> float:
    return planned if isinstance(planned, float) else settings.sandbox_defects


async def resolve(drafted: DraftRun, folder: PlanFolder, world: Survey, maps: MapService, say: Say) -> PlannedRun:
    """Locate the places once; a run that goes on takes them from its plan file. Raises UsageError and RunStopped kin."""
    if drafted.stored is not None:
        places, unresolved = drafted.stored.places, drafted.stored.unresolved
    else:
        places, unresolved = await _locate(drafted.names, maps)
        if not places:
            raise UsageError(
                f"None of the {len(drafted.names)} places was found on the map; the first: {unresolved[0]}"
            )
    for sentence in unresolved[:5]:
        say(f"left out: {sentence}")
    settings = drafted.settings
    ordered = visiting_order(places, settings.seed)
    sides = folder.sides(ordered)
    if set(sides.values()) == {"in"}:
        say("All places lie in one cell of 10 km, so there is no unseen split.")
    here = {place.place_id: world.words_at(place) for place in ordered} if world.words_at else {}
    plan = Plan(drafted.run_id, settings.seed, settings.k, ordered, drafted.words, sides, here)
    return PlannedRun(drafted, plan, unresolved)


async def _locate(names: tuple[PlaceName, ...], maps: MapService) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    gate = asyncio.Semaphore(LOCATING_AT_ONCE)

    async def locate(name: PlaceName) -> Place | str:
        async with gate:
            try:
                return await maps.locate(name)
            except NoSuchPlace as error:
                return str(error)

    located = await asyncio.gather(*map(locate, names))
    places = {place.place_id: place for place in located if isinstance(place, Place)}
    return tuple(places.values()), tuple(sentence for sentence in located if isinstance(sentence, str))


def save(job: PlannedRun, folder: PlanFolder, target: int, maps: MapService, teacher: str) -> None:
    """Keep the plan, with the largest N ever asked for as its target: what was admitted for it stays, whatever N is today."""
    drafted = job.draft
    folder.save(
        RunPlan(
            run_id=job.run_id,
            target=max(target, drafted.stored.target if drafted.stored else 0),
            fingerprint=drafted.identity.fingerprint if drafted.stored is None else drafted.stored.fingerprint,
            parts=drafted.identity.parts,
            map_provider=maps.provider,
            teacher=teacher,
            prompt_version=drafted.prompt.version,
            places=job.plan.places,
            unresolved=job.unresolved,
            prompt=drafted.prompt,
            request=drafted.request,
            words=drafted.words,
            sides=_own_sides(job),
        )
    )


def _own_sides(job: PlannedRun) -> dict[str, CellSide]:
    cells = {cell_id(place.lng, place.lat) for place in job.plan.places}
    return {cell: side for cell, side in job.plan.sides.items() if cell in cells}
