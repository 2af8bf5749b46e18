"""``python -m factory synth``: wire one run together, and say in words what happens.

Everything that decides is elsewhere; here the pieces meet: settings, world, places, plan, services, coordinator, warehouse.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import duckdb

from factory.agents.agent import PROMPT_VERSION, AgentSettings, AgentWorker
from factory.commit.admission import Admission
from factory.commit.committing import RunCommitter
from factory.commit.store import open_store
from factory.config import SANDBOX, Settings, read_settings
from factory.errors import ChidianError, NoSuchPlace, RunStopped, UsageError
from factory.maps.kind import Survey
from factory.maps.registry import survey
from factory.maps.service import MapService
from factory.plan.estimate import Estimate, Rates, estimate, lines
from factory.plan.orders import Plan, visiting_order
from factory.plan.place_list import read_places
from factory.plan.plan_file import (
    PLANNER_VERSION,
    PlanFolder,
    fingerprint,
    places_from_json,
    places_to_json,
)
from factory.records import Order, Place, PlaceName
from factory.run.coordinator import Coordinator, Limits
from factory.run.executor import Executor, LocalExecutor, spare_collector
from factory.run.progress import Progress, Snapshot
from factory.run.refresh import Refresher
from factory.run.services import Services, open_services
from factory.run.workers.desk import Desk
from factory.run.workers.executor import WorkerExecutor
from factory.run.workers.setup import MapFacts, WorkerSetup
from factory.shown_text import print_line

LOCATING_AT_ONCE = 32
QUEUED_ORDERS = 8
"""Orders that wait at the door of the agents, so that none stands idle."""


def main(argv: Sequence[str]) -> int:
    """Run to N accepted samples. Raises ChidianError; returns 0, or 130 after Ctrl-C; a second Ctrl-C raises KeyboardInterrupt."""
    settings = read_settings(argv)
    say(_greeting(settings))
    spare_collector()
    try:
        return asyncio.run(_run(settings))
    except asyncio.CancelledError:  # by a second Ctrl-C
        raise KeyboardInterrupt from None


def say(line: str) -> None:
    """One line for people; stdout stays free for results."""
    print_line(line)


def _greeting(settings: Settings) -> str:
    if settings.map == SANDBOX and settings.teacher == SANDBOX:
        return (
            "Sandbox: an invented city and a simulated teacher (every row says so). "
            "Real services: AMAP_KEY=... DASHSCOPE_API_KEY=... make synth TEACHER=dashscope/qwen3-max BUDGET=20; "
            "real places without a key: MAP=open:FILE (README)."
        )
    simulated = " (simulated; every row says so)" if settings.teacher == SANDBOX else ""
    return f"Map: {settings.map}. Teacher: {settings.teacher}{simulated}."


@dataclass(frozen=True, slots=True)
class _Job:
    """A run, resolved: what is planned and how far it has come."""

    run_id: str
    fingerprint: str
    plan: Plan
    folder: PlanFolder
    unresolved: tuple[str, ...]


async def _run(settings: Settings) -> int:
    async with AsyncExitStack() as stack:
        folder = PlanFolder(settings.data, keeps=not settings.dry)
        world = await asyncio.to_thread(survey, settings.map, settings.data)
        for line in world.report:
            say(line)
        folder.claim_world(world.label, settings.teacher)
        names = world.places() if world.places and not settings.places else read_places(settings.places)
        print_ = fingerprint(_plan_parts(settings, world.label, names))
        run_id = f"{world.provider}-{print_[:8]}"
        services = await stack.enter_async_context(open_services(settings, run_id, world))
        job = await _resolve(folder, settings, run_id, print_, names, services.maps, world)
        store, admission = open_store(settings.data), Admission(settings.data)
        committer = RunCommitter(store, admission, job.run_id, settings.n, services.teacher_label)
        await asyncio.to_thread(committer.open)
        stack.callback(committer.close)
        if settings.dry or settings.teacher != SANDBOX:
            ready = committer.accepted + await asyncio.to_thread(committer.promotable, settings.n)
            found = _estimate(settings, job.plan, ready, committer.next_order, services)
            if _settle_estimate(settings, found, _rates(settings, services)):
                return 0
        accepted = await asyncio.to_thread(committer.promote_surplus, settings.n)
        _save_plan(settings, job, services)
        if accepted >= settings.n:
            say(f"Nothing to do: {job.run_id} holds {accepted} accepted samples and N={settings.n}; nothing was paid.")
            # Surplus may just have been accepted, or a killed run have committed what its file does not show.
            await Refresher(settings.data).refresh()
            return await _finish(settings, services)
        return await _produce(settings, job, services, committer, accepted, stack)


async def _produce(
    settings: Settings, job: _Job, services: Services, committer: RunCommitter, accepted: int, stack: AsyncExitStack
) -> int:
    loop = asyncio.get_running_loop()
    agent = AgentSettings(services.model, settings.repairs, settings.give_up_s, extra=services.extra)
    executor = await _executor(settings, services, agent)
    stack.push_async_callback(executor.aclose)
    refresher = Refresher(settings.data)
    await refresher.refresh()
    progress = Progress(settings.n, accepted)
    candidates = settings.candidates or 3 * settings.n + 100

    async def open_orders(orders: Sequence[Order]) -> None:
        await services.ledger.open_orders([(order.order_id, len(order.wishes)) for order in orders])

    coordinator = Coordinator(
        job.plan,
        executor,
        committer,
        Limits(
            settings.n,
            candidates,
            agents=settings.agents,
            running=settings.agents + QUEUED_ORDERS,
            window=8 * settings.agents,
            give_up_s=settings.give_up_s,
        ),
        open_orders,
        accepted=accepted,
        next_order=committer.next_order,
        opened_slots=committer.next_order * settings.k,
        on_commit=progress.count,
    )
    interrupted = _drain_on_interrupt(loop, coordinator)
    try:
        await _watched(coordinator, services, progress, refresher)
    except ChidianError:
        with suppress(RunStopped):  # the first trouble is the one to tell
            await refresher.refresh()
        raise
    await refresher.refresh()
    return await _report(settings, job, services, coordinator, interrupted=bool(interrupted))


async def _executor(settings: Settings, services: Services, agent: AgentSettings) -> Executor:
    """Agents on this loop, or in processes that ask this one for slots, money and pages."""
    maps = services.maps
    if settings.workers == 1:
        return LocalExecutor(lambda: AgentWorker(services.chat, maps, agent), settings.agents)
    about = MapFacts(maps.provider, maps.datum, maps.licence, maps.attribution, maps.facts)
    setup = WorkerSetup(services.chat_setup, about, agent, settings.agents)
    executor = WorkerExecutor(setup, settings.workers, lambda: Desk(services.limiter, services.ledger, maps))
    try:
        await executor.start()
    except BaseException:
        await executor.aclose()
        raise
    return executor


async def _report(
    settings: Settings, job: _Job, services: Services, coordinator: Coordinator, *, interrupted: bool
) -> int:
    say(f"{job.run_id}: {coordinator.accepted} of {settings.n} samples accepted.")
    await asyncio.to_thread(_draw_timeline, settings, job.run_id)
    if interrupted:
        say("Stopped as you asked; everything in flight was finished and committed. The same command goes on.")
        return 130
    if coordinator.accepted < settings.n:
        raise RunStopped(
            f"The plan is exhausted after {coordinator.accepted} samples: give more PLACES, another SEED, or a smaller N."
        )
    return await _finish(settings, services)


def _draw_timeline(settings: Settings, run_id: str) -> None:
    """A picture that cannot be drawn never spoils a run: it is said, and the samples are there."""
    from factory.run.timeline import write_timeline  # noqa: PLC0415 - matplotlib takes a second, only at the end

    try:
        where = write_timeline(settings.data, run_id)
    except (duckdb.Error, OSError) as error:
        say(f"The timeline could not be drawn ({error}); nothing else is affected.")
        return
    if where is not None:
        say(f"Timeline: {where}")


async def _finish(settings: Settings, services: Services) -> int:
    services.complete()
    where = f" DATA={settings.data}" if str(settings.data) != "data" else ""
    say(f'Look at them: make sql{where} Q="select question, answer from samples limit 3"')  # noqa: S608 - a line for people
    return 0


def _plan_parts(settings: Settings, map_label: str, names: tuple[PlaceName, ...]) -> dict[str, Any]:
    """What decides the orders and the answers."""
    places = blake2b("\n".join(f"{name.name}\t{name.city}" for name in names).encode(), digest_size=8).hexdigest()
    return {
        "seed": settings.seed,
        "k": settings.k,
        "places": places,
        "map": map_label,
        "teacher": settings.teacher,
        "prompt": PROMPT_VERSION,
        "planner": PLANNER_VERSION,
        "repairs": settings.repairs,
        "sandbox_defects": settings.sandbox_defects if settings.teacher == SANDBOX else None,
    }


async def _resolve(
    folder: PlanFolder,
    settings: Settings,
    run_id: str,
    print_: str,
    names: tuple[PlaceName, ...],
    maps: MapService,
    world: Survey,
) -> _Job:
    """Locate the places once; a run that goes on takes them from its plan file."""
    known = folder.load(run_id)
    if known is not None:
        places, unresolved = places_from_json(known["places"]), tuple(known["unresolved"])
    else:
        places, unresolved = await _locate(names, maps)
        if not places:
            raise UsageError(f"None of the {len(names)} places was found on the map; the first: {unresolved[0]}")
    for sentence in unresolved[:5]:
        say(f"left out: {sentence}")
    ordered = visiting_order(places, settings.seed)
    sides = folder.sides(ordered)
    if set(sides.values()) == {"in"}:
        say("All places lie in one cell of 10 km, so there is no unseen split.")
    here = {place.place_id: world.words_at(place) for place in ordered} if world.words_at else {}
    plan = Plan(run_id, settings.seed, settings.k, ordered, world.words, sides, here)
    return _Job(run_id, print_, plan, folder, unresolved)


async def _locate(names: tuple[PlaceName, ...], maps: MapService) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    gate = asyncio.Semaphore(LOCATING_AT_ONCE)

    async def one(name: PlaceName) -> Place | str:
        async with gate:
            try:
                return await maps.locate(name)
            except NoSuchPlace as error:
                return str(error)

    found = await asyncio.gather(*(one(name) for name in names))
    places = {place.place_id: place for place in found if isinstance(place, Place)}
    return tuple(places.values()), tuple(sentence for sentence in found if isinstance(sentence, str))


def _save_plan(settings: Settings, job: _Job, services: Services) -> None:
    """With the largest N ever asked for as its target: what was admitted for it stays, whatever N is today."""
    known = job.folder.load(job.run_id) or {}
    job.folder.save(
        job.run_id,
        {
            "run_id": job.run_id,
            "target": max(settings.n, known.get("target", 0)),
            "fingerprint": job.fingerprint,
            "plan": _plan_parts(settings, settings.map, ()),
            "map_provider": services.maps.provider,
            "teacher": services.teacher_label,
            "prompt_version": PROMPT_VERSION,
            "places": places_to_json(job.plan.places),
            "unresolved": list(job.unresolved),
        },
    )


def _rates(settings: Settings, services: Services) -> Rates:
    return Rates(
        teacher_rpm=services.rpm,
        teacher_tpm=services.tpm,
        map_qps=settings.amap_qps if settings.map == "amap" else None,
        map_month=settings.amap_month if settings.map == "amap" else None,
        map_month_used=services.map_month_used,
        agents=settings.agents,
        price_in=services.price_in,
        price_out=services.price_out,
    )


def _estimate(settings: Settings, plan: Plan, accepted: int, first_order: int, services: Services) -> Estimate:
    wanted = max(0, settings.n - accepted)
    return estimate(plan, wanted, first_order, _rates(settings, services))


def _settle_estimate(settings: Settings, found: Estimate, rates: Rates) -> bool:
    """Print the estimate; True when that was all that was wanted. Raises UsageError where money is not agreed to."""
    for line in lines(found, rates):
        say(line)
    if settings.dry:
        return True
    if settings.budget_cny is None and not settings.yes:
        raise UsageError("This run spends real money: give a cap, BUDGET=<CNY>, or agree to the estimate with YES=1.")
    return False


def _drain_on_interrupt(loop: asyncio.AbstractEventLoop, coordinator: Coordinator) -> list[int]:
    """First Ctrl-C: open nothing more and finish; second: stop at once. Returns the list of signals seen."""
    seen: list[int] = []
    main_task = asyncio.current_task()

    def on_signal() -> None:
        seen.append(signal.SIGINT)
        if len(seen) == 1:
            say("Finishing the orders in flight; Ctrl-C again stops at once (their paid answers are kept).")
            coordinator.stop("interrupted")
        elif main_task is not None:
            main_task.cancel()

    loop.add_signal_handler(signal.SIGINT, on_signal)
    return seen


def _snapshot(coordinator: Coordinator, services: Services) -> Snapshot:
    return services.snapshot(coordinator.accepted, coordinator.limits.target)


async def _watched(coordinator: Coordinator, services: Services, progress: Progress, refresher: Refresher) -> None:
    """The run itself, with what people see of it and the refreshes in between."""
    progress.start(_snapshot(coordinator, services))
    beside = [
        asyncio.create_task(_tick(coordinator, services, progress)),
        asyncio.create_task(refresher.keep_fresh(say)),
    ]
    try:
        await coordinator.run()
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        progress.show(_snapshot(coordinator, services), force=True)
        progress.close()
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)


async def _tick(coordinator: Coordinator, services: Services, progress: Progress) -> None:
    while True:
        await asyncio.sleep(0.5)
        progress.show(_snapshot(coordinator, services))
