"""AMap and the sandbox city, which speaks AMap's protocol, as kinds of map."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from factory.maps.amap.client import AmapMap
from factory.maps.amap.wire import POOL, AmapAccount
from factory.maps.kept import KeptAnswers
from factory.maps.kind import MapAccess, MapKind, Survey
from factory.maps.service import MapService
from factory.plan.vocabulary import CHINESE_WORDS
from factory.sending.addresses import is_loopback
from factory.sending.limits import Limiter, PoolLimits

AMAP_URL = "https://restapi.amap.com"
AMAP_LICENCE = "高德地图开放平台服务协议 (AMap terms of service; storing and training are restricted)"
AMAP_ATTRIBUTION = "数据来源：高德地图"
INVENTED = "虚构数据，仅供演示 (invented data, for demonstration only)"
SANDBOX_KEY = "sandbox"
SANDBOX_QPS = 10_000.0


def _survey(provider: str, argument: str, data: Path) -> Survey:  # noqa: ARG001 - nothing is read before it is asked
    return Survey(provider, provider, provider, CHINESE_WORDS)


def _amap(access: MapAccess) -> AmapAccount:
    url = access.base_url or AMAP_URL
    return AmapAccount(url, access.key, access.secret, access.qps, access.month, access.give_up_s)


def _sandbox(access: MapAccess) -> AmapAccount:
    url = access.base_url or ""
    return AmapAccount(url, SANDBOX_KEY, None, SANDBOX_QPS, None, access.give_up_s, is_ours=is_loopback(url))


def _open_amap(survey: Survey, access: MapAccess, limiter: Limiter) -> MapService:
    rights = {"licence": AMAP_LICENCE, "attribution": AMAP_ATTRIBUTION}
    kept = KeptAnswers(access.data)
    return AmapMap(_amap(access), kept, provider=survey.provider, api=access.api, limiter=limiter, **rights)


def _open_sandbox(survey: Survey, access: MapAccess, limiter: Limiter) -> MapService:
    rights = {"licence": INVENTED, "attribution": INVENTED}
    kept = KeptAnswers(access.data)
    return AmapMap(_sandbox(access), kept, provider=survey.provider, api=access.api, limiter=limiter, **rights)


def _amap_pools(access: MapAccess) -> dict[str, PoolLimits]:
    return {POOL: _amap(access).limits}


def _sandbox_pools(access: MapAccess) -> dict[str, PoolLimits]:
    return {POOL: _sandbox(access).limits}


AMAP = MapKind(partial(_survey, "amap"), _amap_pools, _open_amap)
SANDBOX = MapKind(partial(_survey, "sandbox"), _sandbox_pools, _open_sandbox)
