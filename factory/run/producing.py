"""One run from its settings to its result: world, plan, services, coordinator, warehouse, met in that order.

Everything that decides is elsewhere. Who started the run (the command, a notebook) meets it through a ``Face``: lines, snapshots,
signals. Nothing of DATA is claimed before settings, services and money are settled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from factory.agents.agent import AgentSettings, AgentWorker
from factory.agents.second_reader import SecondReader
from factory.commit.admission import Admission
from factory.commit.committing import RunCommitter
from factory.commit.rows import Making
from factory.commit.store import open_store
from factory.commit.working_folder import store_url
from factory.config import SANDBOX, Settings
from factory.errors import ChidianError, RunStopped, UsageError
from factory.maps.kind import Survey
from factory.maps.registry import survey
from factory.plan.estimate import Rates, RunEstimate, estimate, lines
from factory.plan.identity import verifier_version, vocabulary_hash
from factory.plan.orders import Plan
from factory.plan.plan_file import PlanFolder
from factory.records import Order
from factory.run import planning
from factory.run.coordinator import Coordinator, Limits
from factory.run.executor import Executor, LocalExecutor
from factory.run.measured import measured
from factory.run.planning import PlannedRun
from factory.run.progress import Snapshot, Watcher
from factory.run.refresh import Refresher
from factory.run.services import Services, open_services
from factory.run.stopping import Stopping
from factory.run.workers.desk import WorkerDesk
from factory.run.workers.executor import ProcessWorker, Worker, WorkerExecutor
from factory.run.workers.setup import MapFacts, WorkerSetup
from factory.sending.addresses import is_loopback

QUEUED_ORDERS = 8
"""Orders that wait at the door of the agents, so that none stands idle."""
MORE_IN_WORKERS = 4
"""For so many AGENTS one order more is at work in worker processes. Between two calls an order waits for its answer to be kept and
read, and leaves its slot to another meanwhile; one process alone is bound by its core before it is by slots."""


@dataclass(frozen=True, slots=True)
class Face:
    """How a run meets whoever started it. ``watcher`` is made with the target and what was accepted before."""

    say: Callable[[str], None]
    watcher: Callable[[int, int], Watcher]
    stopping: Stopping | None = None
    """Drains the run on Ctrl-C and SIGTERM; None: signals are somebody else's"""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What became of a run; money in CNY, None where the price is unknown. ``data`` holds ``warehouse.duckdb``."""

    run_id: str
    accepted: int
    target: int
    data: Path
    spent_cny: float | None
    interrupted: bool = False

    @property
    def shortfall(self) -> str | None:
        """Why there are fewer than asked for, when nobody stopped the run."""
        if self.interrupted or self.accepted >= self.target:
            return None
        return f"The plan is exhausted after {self.accepted} samples: give more PLACES, another SEED, or a smaller N."


@dataclass(frozen=True, slots=True)
class Opened:
    """A run that is planned, with its services open."""

    job: PlannedRun
    services: Services
    folder: PlanFolder
    world: Survey


async def open_run(settings: Settings, face: Face, stack: AsyncExitStack) -> Opened:
    """Read the map, check the world, draft the run, open its services, locate its places. Raises ChidianError.

    Another world is refused here; the folder is claimed later, when all is settled.
    """
    await asyncio.to_thread(planning.check_files, settings)
    folder = PlanFolder(settings.data, keeps=not settings.dry)
    world = await asyncio.to_thread(survey, settings.map, settings.data)
    for line in world.report:
        face.say(line)
    folder.check_world(world.label, settings.teacher)
    drafted = await asyncio.to_thread(planning.draft, settings, folder, world, face.say)
    services = await stack.enter_async_context(open_services(drafted.settings, drafted.run_id, world))
    job = await services.while_alive(planning.resolve(drafted, folder, world, services.maps, face.say))
    return Opened(job, services, folder, world)


async def produce(settings: Settings, face: Face) -> RunResult | None:
    """Run to N accepted samples; None after ``DRY=1``. Raises ChidianError."""
    async with AsyncExitStack() as stack:
        if settings.dry and not _is_begun(settings.data):
            # An estimate leaves nothing in a folder that holds nothing yet: its books are kept aside, and thrown away.
            settings = replace(settings, data=Path(stack.enter_context(TemporaryDirectory())))
        if face.stopping is not None:
            stack.enter_context(face.stopping)
        opened = await open_run(settings, face, stack)
        job, services = opened.job, opened.services
        settings = job.settings
        store, admission = open_store(settings.data), Admission(settings.data, job.run_id)
        committer = RunCommitter(store, admission, job.run_id, settings.n, _making(job, services))
        await asyncio.to_thread(committer.open)
        stack.callback(committer.close)
        if committer.missing:
            face.say(
                f"{len(committer.missing)} orders have lost their commit: they are made again, from the answers that are kept."
            )
        if settings.dry or settings.teacher != SANDBOX:
            ready = committer.accepted + await asyncio.to_thread(committer.promotable, settings.n)
            expected = _estimate(settings, job.plan, ready, committer.next_order, services)
            if _settle_estimate(settings, expected, _rates(settings, services), face):
                return None
        opened.folder.claim_world(opened.world.label, settings.teacher)
        accepted = await asyncio.to_thread(committer.promote_surplus, settings.n)
        planning.save(job, opened.folder, max(settings.n, accepted), services.maps, services.teacher_label)
        if accepted >= settings.n:
            face.say(
                f"Nothing to do: {job.run_id} holds {accepted} accepted samples and N={settings.n}; nothing was paid."
            )
            face.watcher(settings.n, accepted).idle(services.snapshot(accepted, settings.n))
            # Surplus may just have been accepted, or a killed run have committed what its file does not show.
            await Refresher(settings.data).refresh()
            services.complete()
            return RunResult(job.run_id, accepted, settings.n, settings.data, 0.0)
        return await _produce(job, services, committer, accepted, face, stack)


def _is_begun(data: Path) -> bool:
    """Whether a folder holds anything of ours that an estimate counts."""
    if store_url(data) is not None and open_store(data).runs():
        return True
    return any((data / name).exists() for name in ("plan", "commits", "calls.sqlite", "map.sqlite"))


async def _produce(
    job: PlannedRun, services: Services, committer: RunCommitter, accepted: int, face: Face, stack: AsyncExitStack
) -> RunResult:
    settings = job.settings
    executor = await open_executor(job, services, stack)
    stack.push_async_callback(executor.aclose)
    refresher = Refresher(settings.data)
    if told := await refresher.refresh():
        face.say(told)
    watcher = face.watcher(settings.n, accepted)
    coordinator = _coordinator(job, services, committer, executor, watcher, accepted)
    stopping = face.stopping
    if stopping is not None:
        stopping.drains(lambda: coordinator.stop("interrupted"), "the orders in flight")
    try:
        await _watched(coordinator, services, watcher, refresher, face)
    except ChidianError:
        with suppress(RunStopped):  # the first trouble is the one to tell
            await refresher.refresh()
        raise
    finally:
        if stopping is not None:
            stopping.ends()
    if told := await refresher.refresh():
        face.say(told)
    interrupted = stopping is not None and bool(stopping.seen)
    spent = services.ledger.spent()[0] if services.price else None
    result = RunResult(job.run_id, coordinator.accepted, settings.n, settings.data, spent, interrupted)
    if not interrupted and result.shortfall is None:
        services.complete()
    return result


def _coordinator(
    job: PlannedRun, services: Services, committer: RunCommitter, executor: Executor, watcher: Watcher, accepted: int
) -> Coordinator:
    settings = job.settings

    async def open_orders(orders: Sequence[Order]) -> None:
        await services.ledger.open_orders([(order.order_id, len(order.wishes)) for order in orders])

    return Coordinator(
        job.plan,
        executor,
        committer,
        Limits(
            settings.n,
            settings.candidates or 3 * settings.n + 100,
            agents=settings.agents,
            running=_at_work(settings) + QUEUED_ORDERS,
            window=8 * settings.agents,
            give_up_s=settings.give_up_s,
        ),
        open_orders,
        accepted=accepted,
        next_order=committer.next_order,
        missing=committer.missing,
        opened_slots=(committer.next_order - len(committer.missing)) * settings.k - committer.given_back,
        on_commit=watcher.count,
    )


def _in_this_process(settings: Settings) -> bool:
    return settings.workers == 1 and settings.executor == "local"


def _at_work(settings: Settings) -> int:
    """Orders that agents have in hand at once."""
    return settings.agents + (0 if _in_this_process(settings) else settings.agents // MORE_IN_WORKERS)


async def open_executor(job: PlannedRun, services: Services, stack: AsyncExitStack) -> Executor:
    """Agents on this loop, or in processes or Ray's actors that ask this one for slots, money and pages."""
    settings, maps = job.settings, services.maps
    agent = AgentSettings(
        services.model,
        job.draft.prompt.text,
        settings.repairs,
        settings.give_up_s,
        job.draft.request,
        services.reader_model,
        settings.unread == "keep",
    )
    if _in_this_process(settings):
        reader = SecondReader(services.reader, agent.reader) if services.reader and agent.reader else None
        return LocalExecutor(lambda: AgentWorker(services.chat, maps, agent, reader), settings.agents)
    about = MapFacts(maps.provider, maps.datum, maps.licence, maps.attribution, maps.facts)
    setup = WorkerSetup(services.chat_setup, about, agent, _at_work(settings), services.reader_setup)
    make = await _make_worker(settings.executor, stack, lambda: WorkerDesk(services.limiter, services.ledger, maps))
    executor = WorkerExecutor(setup, settings.workers, make)
    try:
        await executor.start()
    except BaseException:
        await executor.aclose()
        raise
    return executor


async def _make_worker(executor: str, stack: AsyncExitStack, desk: Callable[[], WorkerDesk]) -> Callable[[], Worker]:
    """How a worker is made, with a cluster that is left when the run ends."""
    if executor == "local":
        return lambda: ProcessWorker(desk())
    from factory.run.workers.actors import ActorWorker, Cluster  # noqa: PLC0415 - an extra

    cluster = Cluster()
    await cluster.open()
    stack.push_async_callback(cluster.close)
    return lambda: ActorWorker(desk(), cluster)


def _making(job: PlannedRun, services: Services) -> Making:
    drafted = job.draft
    return Making(
        teacher=services.teacher_label,
        prompt_version=drafted.prompt.version,
        prompt_hash=drafted.prompt.hash,
        vocabulary_hash=vocabulary_hash(drafted.words),
        request_hash=drafted.request.hash,
        verifier=verifier_version(),
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


def _estimate(settings: Settings, plan: Plan, accepted: int, first_order: int, services: Services) -> RunEstimate:
    wanted = max(0, settings.n - accepted)
    took = measured(settings.data, services.teacher_label, plan.k)
    return estimate(plan, wanted, first_order, _rates(settings, services), took=took)


def _settle_estimate(settings: Settings, expected: RunEstimate, rates: Rates, face: Face) -> bool:
    """Print the estimate; True when that was all that was wanted. Raises UsageError where money is not agreed to."""
    for line in lines(expected, rates):
        face.say(line)
    if settings.dry:
        return True
    free = rates.price_in == 0.0 == rates.price_out and is_loopback(settings.teacher_base_url or "")
    if settings.budget_cny is None and not settings.yes and not free:
        raise UsageError("This run spends real money: give a cap, BUDGET=<CNY>, or agree to the estimate with YES=1.")
    return False


def _snapshot(coordinator: Coordinator, services: Services) -> Snapshot:
    return services.snapshot(coordinator.accepted, coordinator.limits.target)


async def _watched(
    coordinator: Coordinator, services: Services, watcher: Watcher, refresher: Refresher, face: Face
) -> None:
    """The run itself, with what people see of it and the refreshes in between."""
    watcher.start(_snapshot(coordinator, services))
    beside = [
        asyncio.create_task(_tick(coordinator, services, watcher)),
        asyncio.create_task(refresher.keep_fresh(face.say)),
    ]
    try:
        await services.while_alive(coordinator.run())
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        watcher.show(_snapshot(coordinator, services), force=True)
        watcher.close()


async def _tick(coordinator: Coordinator, services: Services, watcher: Watcher) -> None:
    while True:
        await asyncio.sleep(0.5)
        watcher.show(_snapshot(coordinator, services))
