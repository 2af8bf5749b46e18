"""``python -m factory synth``: wire one run together, and say in words what happens.

Everything that decides is elsewhere; here the pieces meet: settings, world, places, plan, services, coordinator, warehouse.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress

import duckdb

from factory.agents.agent import AgentSettings, AgentWorker
from factory.commit.admission import Admission
from factory.commit.committing import RunCommitter
from factory.commit.rows import Making
from factory.commit.store import open_store
from factory.config import SANDBOX, Settings, settings_of
from factory.errors import ChidianError, RunStopped, UsageError
from factory.maps.registry import survey
from factory.plan.estimate import Estimate, Rates, estimate, lines
from factory.plan.identity import verifier_version, vocabulary_hash
from factory.plan.orders import Plan
from factory.plan.plan_file import PlanFolder
from factory.records import Order
from factory.run import planning
from factory.run.coordinator import Coordinator, Limits
from factory.run.executor import Executor, LocalExecutor, spare_collector
from factory.run.open_files import allow_open_files
from factory.run.planning import Job
from factory.run.progress import Progress, Snapshot
from factory.run.refresh import Refresher
from factory.run.services import Services, open_services
from factory.run.stopping import Stopping
from factory.run.workers.desk import Desk
from factory.run.workers.executor import WorkerExecutor
from factory.run.workers.setup import MapFacts, WorkerSetup
from factory.sending.addresses import is_loopback
from factory.settings import Values
from factory.shown_text import print_line

QUEUED_ORDERS = 8
"""Orders that wait at the door of the agents, so that none stands idle."""


def main(values: Values) -> int:
    """Run to N accepted samples. Raises ChidianError; returns 0, or 128 and the signal's number after Ctrl-C or SIGTERM."""
    settings = settings_of(values)
    say(_greeting(settings))
    allow_open_files(settings.agents, settings.workers)
    spare_collector()
    stopping = Stopping(say, settings.drain_s)
    try:
        return asyncio.run(_run(settings, stopping))
    except asyncio.CancelledError:
        if not stopping.seen:
            raise KeyboardInterrupt from None
        say("Stopped at once; what is committed is safe, paid answers are kept, and the same command goes on.")
        return stopping.status


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


async def _run(settings: Settings, stopping: Stopping) -> int:
    async with AsyncExitStack() as stack:
        stack.enter_context(stopping)
        folder = PlanFolder(settings.data, keeps=not settings.dry)
        world = await asyncio.to_thread(survey, settings.map, settings.data)
        for line in world.report:
            say(line)
        folder.claim_world(world.label, settings.teacher)
        drafted = await asyncio.to_thread(planning.draft, settings, folder, world, say)
        settings = drafted.settings
        services = await stack.enter_async_context(open_services(settings, drafted.run_id, world))
        job = await services.while_alive(planning.resolve(drafted, folder, world, services.maps, say))
        store, admission = open_store(settings.data), Admission(settings.data, job.run_id)
        committer = RunCommitter(store, admission, job.run_id, settings.n, _making(job, services))
        await asyncio.to_thread(committer.open)
        stack.callback(committer.close)
        if committer.missing:
            say(
                f"{len(committer.missing)} orders have lost their commit: they are made again, from the answers that are kept."
            )
        if settings.dry or settings.teacher != SANDBOX:
            ready = committer.accepted + await asyncio.to_thread(committer.promotable, settings.n)
            found = _estimate(settings, job.plan, ready, committer.next_order, services)
            if _settle_estimate(settings, found, _rates(settings, services)):
                return 0
        accepted = await asyncio.to_thread(committer.promote_surplus, settings.n)
        target = max(settings.n, accepted)
        planning.save(job, folder, target, services.maps, services.teacher_label)
        if accepted >= settings.n:
            say(f"Nothing to do: {job.run_id} holds {accepted} accepted samples and N={settings.n}; nothing was paid.")
            # Surplus may just have been accepted, or a killed run have committed what its file does not show.
            await Refresher(settings.data).refresh()
            return await _finish(settings, services)
        return await _produce(settings, job, services, committer, accepted, stack, stopping)


async def _produce(
    settings: Settings,
    job: Job,
    services: Services,
    committer: RunCommitter,
    accepted: int,
    stack: AsyncExitStack,
    stopping: Stopping,
) -> int:
    agent = AgentSettings(
        services.model, job.draft.prompt.text, settings.repairs, settings.give_up_s, job.draft.request
    )
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
        missing=committer.missing,
        opened_slots=(committer.next_order - len(committer.missing)) * settings.k - committer.given_back,
        on_commit=progress.count,
    )
    stopping.drains(lambda: coordinator.stop("interrupted"), "the orders in flight")
    try:
        await _watched(coordinator, services, progress, refresher)
    except ChidianError:
        with suppress(RunStopped):  # the first trouble is the one to tell
            await refresher.refresh()
        raise
    finally:
        stopping.ends()
    await refresher.refresh()
    return await _report(settings, job, services, coordinator, stopping)


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
    settings: Settings, job: Job, services: Services, coordinator: Coordinator, stopping: Stopping
) -> int:
    say(f"{job.run_id}: {coordinator.accepted} of {settings.n} samples accepted.")
    await asyncio.to_thread(_draw_timeline, settings, job.run_id)
    if stopping.seen:
        say("Stopped as you asked; everything in flight was finished and committed. The same command goes on.")
        return stopping.status
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


def _making(job: Job, services: Services) -> Making:
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


def _estimate(settings: Settings, plan: Plan, accepted: int, first_order: int, services: Services) -> Estimate:
    wanted = max(0, settings.n - accepted)
    return estimate(plan, wanted, first_order, _rates(settings, services))


def _settle_estimate(settings: Settings, found: Estimate, rates: Rates) -> bool:
    """Print the estimate; True when that was all that was wanted. Raises UsageError where money is not agreed to."""
    for line in lines(found, rates):
        say(line)
    if settings.dry:
        return True
    free = rates.price_in == 0.0 == rates.price_out and is_loopback(settings.teacher_base_url or "")
    if settings.budget_cny is None and not settings.yes and not free:
        raise UsageError("This run spends real money: give a cap, BUDGET=<CNY>, or agree to the estimate with YES=1.")
    return False


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
        await services.while_alive(coordinator.run())
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        progress.show(_snapshot(coordinator, services), force=True)
        progress.close()


async def _tick(coordinator: Coordinator, services: Services, progress: Progress) -> None:
    while True:
        await asyncio.sleep(0.5)
        progress.show(_snapshot(coordinator, services))
