"""The services of one run, opened together and closed together: map, teacher, limiter, ledger; the sandbox if needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from factory.config import SANDBOX, Settings
from factory.errors import UsageError
from factory.llm.chat import Chat
from factory.llm.endpoint import SANDBOX_READER, Route, route
from factory.llm.opening import ChatSetup
from factory.llm.prices import Price, given_price, limits_of, price_of
from factory.llm.transport import Endpoint
from factory.maps import registry
from factory.maps.kind import MapAccess, Survey
from factory.maps.service import MapService
from factory.run.progress import Quota, Snapshot
from factory.sandbox.process import SandboxProcess
from factory.sandbox.serve import Sandbox
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits, PoolState

REMOTE_WAY_S = 0.02
"""What a grant's way to another process may add: links are quick, but both ends wait for their turn (bench/scale_rounds.py)."""
REQUEST_SHARE = 0.8
"""Share of GIVE_UP_S that one answer may take."""
TERMS = (
    "AMap's terms of service restrict what you may do with its content: storing or caching it, building data sets from it and "
    "training models on it need AMap's written permission. Read lbs.amap.com/pages/terms; if you have that permission, set "
    "AMAP_TERMS=accepted. Without it, use open map data (MAP=open:FILE) or the sandbox (MAP=sandbox)."
)
CNY_PER_USD = 7.1
"""Exchange rate for litellm's USD table, as of 2026-11; only used for models that prices.toml lacks."""


T = TypeVar("T")


@dataclass(slots=True)
class Services:
    """What a run talks to."""

    maps: MapService
    chat_setup: ChatSetup
    chat: Chat
    ledger: Ledger
    limiter: LocalLimiter
    model: str
    teacher_label: str
    extra: tuple[tuple[str, object], ...]
    rpm: int | None
    tpm: int | None
    price: Price | None
    sandbox: SandboxProcess | None
    budget_cny: float | None = None
    map_qps: float | None = None
    """requests a second that the map service grants; None: none to keep"""
    reader_setup: ChatSetup | None = None
    reader: Chat | None = None
    reader_model: str | None = None
    map_month_used: int = 0
    """map searches that this DATA made this month, before this run"""

    @property
    def price_in(self) -> float | None:
        """CNY per million input tokens."""
        return self.price.input_cny if self.price else None

    @property
    def price_out(self) -> float | None:
        """CNY per million output tokens."""
        return self.price.output_cny if self.price else None

    async def while_alive(self, work: Coroutine[Any, Any, T]) -> T:
        """Await work that needs the services; a sandbox that ends meanwhile ends it. Raises ProviderDown then."""
        return await (work if self.sandbox is None else self.sandbox.while_alive(work))

    def complete(self) -> None:
        """The run reached N."""
        self.maps.complete()

    def snapshot(self, accepted: int, target: int) -> Snapshot:
        """The run at this moment."""
        spent, reserved = self.ledger.spent()
        pools = self.limiter.state()
        return Snapshot(
            accepted=accepted,
            target=target,
            in_flight=sum(pool.in_flight for pool in pools),
            refusals=sum(pool.refused for pool in pools),
            spent_cny=spent if self.price else None,
            reserved_cny=reserved,
            map_requests=sum(self.maps.requests().values()),
            quotas=self._quotas(pools),
            budget_cny=self.budget_cny,
        )

    def _quotas(self, pools: list[PoolState]) -> tuple[Quota, ...]:
        teacher = next(pool for pool in pools if pool.name == "teacher")
        return (
            Quota("RPM", teacher.granted, self.rpm),
            Quota("TPM", teacher.tokens, self.tpm),
            Quota("map QPS", sum(self.maps.requests().values()), self.map_qps, span_s=1.0),
        )


@asynccontextmanager
async def open_services(settings: Settings, run_id: str, survey: Survey) -> AsyncIterator[Services]:
    """Open what the settings name; ``survey`` is of their map (factory/maps/registry.py). Raises UsageError and RunStopped kin."""
    if settings.map == "amap" and settings.amap_terms != "accepted":
        raise UsageError(TERMS)
    _check_real(settings)
    async with AsyncExitStack() as stack:
        ledger = Ledger(settings.data, run_id, settings.budget_cny)
        stack.callback(ledger.close)
        sandbox = None
        own = {settings.map, settings.teacher}
        if settings.reader == SANDBOX or (
            SANDBOX in own and not (settings.amap_base_url and settings.teacher_base_url)
        ):
            wanted = Sandbox(settings.seed, settings.sandbox_defects, settings.sandbox_faults)
            sandbox = await stack.enter_async_context(SandboxProcess(wanted))
        way = route(settings.teacher, settings.teacher_base_url, sandbox_url=sandbox.chat_base_url if sandbox else None)
        price = _price(settings, way)
        limits = limits_of(way.model)
        rpm, tpm = settings.teacher_rpm or limits.rpm, settings.teacher_tpm or limits.tpm
        ledger.is_paced = bool(rpm or tpm)
        access = _access(settings, sandbox)
        teacher = PoolLimits(
            rpm=rpm,
            tpm=tpm,
            max_in_flight=settings.agents,
            start_in_flight=min(16, settings.agents),
            give_up_s=settings.give_up_s,
            way_s=REMOTE_WAY_S if settings.workers > 1 or settings.executor != "local" else 0.0,
        )
        limiter = LocalLimiter({"teacher": teacher, **registry.pools(survey, access)})
        endpoint = Endpoint(
            way.name,
            way.base_url or "",
            "teacher",
            price,
            request_timeout_s=REQUEST_SHARE * settings.give_up_s,
            keep_trying_s=settings.give_up_s,
            litellm_model=way.litellm_model,
            is_ours=way.is_ours,
        )
        setup = _chat(settings, way, endpoint)
        chat = setup.open(limiter, ledger)
        stack.push_async_callback(chat.aclose)
        reader = reader_setup(settings, endpoint, sandbox)
        reader_chat = reader[0].open(limiter, ledger) if reader else None
        if reader_chat is not None:
            stack.push_async_callback(reader_chat.aclose)
        maps = registry.open_service(survey, access, limiter)
        stack.push_async_callback(maps.aclose)
        label = way.model if settings.teacher == SANDBOX else settings.teacher
        yield Services(
            maps,
            setup,
            chat,
            ledger,
            limiter,
            way.model,
            label,
            tuple((dict(way.extra) | dict(settings.teacher_extra)).items()),
            rpm,
            tpm,
            price,
            sandbox,
            settings.budget_cny,
            settings.amap_qps if settings.map == "amap" else None,
            reader[0] if reader else None,
            reader_chat,
            reader[1] if reader else None,
            maps.used_this_month(),
        )


def _check_real(settings: Settings) -> None:
    """Keys and prices of real models, before the folder's books are opened. Raises UsageError."""
    if settings.teacher != SANDBOX:
        way = route(settings.teacher, settings.teacher_base_url)
        _price(settings, way)
        _chat(settings, way, Endpoint(way.name, way.base_url or "", "teacher", None))
    if settings.reader not in {None, SANDBOX}:
        reader_setup(settings, Endpoint("", "", "teacher", None), None)


def reader_setup(settings: Settings, teacher: Endpoint, sandbox: SandboxProcess | None) -> tuple[ChatSetup, str] | None:
    """How the second reader is asked, and its model: the teacher's door, limits and money, another model. None without READER."""
    if settings.reader is None:
        return None
    base = None if settings.reader == SANDBOX else settings.teacher_base_url
    url = sandbox.chat_base_url if sandbox else None
    way = route(settings.reader, base, sandbox_url=url, sandbox_model=SANDBOX_READER)
    endpoint = replace(
        teacher,
        name=way.name,
        base_url=way.base_url or "",
        price=_price(settings, way),
        litellm_model=way.litellm_model,
        is_ours=way.is_ours,
    )
    if way.needs_key and settings.keys.reader is None and not settings.dry:
        raise UsageError(f"READER={settings.reader} needs a key: set {' or '.join(way.key_names)} in the environment.")
    return ChatSetup(endpoint, direct=way.litellm_model is None, api_key=settings.keys.reader), way.model


def _price(settings: Settings, way: Route) -> Price | None:
    price = given_price(settings.price_in, settings.price_out, settings.price_cached)
    if price is None:
        price = price_of(way.model)
    if price is None and way.litellm_model is not None:
        from factory.llm.litellm_chat import price_from_litellm  # noqa: PLC0415 - litellm is heavy

        price = price_from_litellm(way.litellm_model, CNY_PER_USD)
    if price is None and settings.budget_cny is not None:
        raise UsageError(
            f"The price of {way.model} is not known, so BUDGET cannot be kept: give PRICE_IN and PRICE_OUT (CNY per million "
            "tokens; 0 for a server of your own), or run without BUDGET."
        )
    return price


def _chat(settings: Settings, way: Route, endpoint: Endpoint) -> ChatSetup:
    if way.needs_key and settings.keys.teacher is None and not settings.dry:
        raise UsageError(
            f"TEACHER={settings.teacher} needs a key: set {' or '.join(way.key_names)} in the environment; for a server of your "
            "own, TEACHER_BASE_URL."
        )
    if way.litellm_model is not None:
        from factory.llm.litellm_chat import check_keys  # noqa: PLC0415 - litellm is heavy

        if not settings.dry:
            check_keys("TEACHER", way.litellm_model)
        return ChatSetup(endpoint, direct=False)
    return ChatSetup(endpoint, direct=True, api_key=settings.keys.teacher)


def _access(settings: Settings, sandbox: SandboxProcess | None) -> MapAccess:
    local = sandbox.amap_base_url if sandbox and settings.map == SANDBOX else None
    return MapAccess(
        data=settings.data,
        base_url=settings.amap_base_url or local,
        key=settings.keys.amap_key or "",
        secret=settings.keys.amap_secret,
        qps=settings.amap_qps,
        month=settings.amap_month,
        api=settings.amap_api,
        give_up_s=settings.give_up_s,
    )
