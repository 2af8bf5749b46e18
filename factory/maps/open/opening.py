"""Open map data as a kind of map: its survey reads the file, so that the service stands before a run is planned."""

from __future__ import annotations

from pathlib import Path

from factory.maps.kind import MapAccess, MapKind, Survey
from factory.maps.open.coverage import coverage
from factory.maps.open.map import open_map
from factory.maps.service import MapService
from factory.sending.limits import Limiter, PoolLimits


def _survey(file: str, data: Path) -> Survey:
    maps, print_ = open_map(Path(file), data)
    label, words = f"open:{maps.provider}:{print_}", maps.words()
    report = tuple(coverage(Path(file).name, maps, words))
    return Survey("open", label, maps.provider, words, maps.places, maps, maps.words_at, report)


def _pools(access: MapAccess) -> dict[str, PoolLimits]:  # noqa: ARG001 - nothing leaves the machine
    return {}


def _open(survey: Survey, access: MapAccess, limiter: Limiter) -> MapService:  # noqa: ARG001 - as above
    if survey.ready is None:
        raise AssertionError  # it was surveyed
    return survey.ready


OPEN = MapKind(_survey, _pools, _open)
