"""A kind of map, as registry.py lists them: what it can say before it is opened, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factory.maps.service import MapService
from factory.plan.vocabulary import PlaceWords, WishWords
from factory.records import Place, PlaceName
from factory.sending.limits import Limiter, PoolLimits


@dataclass(frozen=True, slots=True)
class Survey:
    """A map before anything is opened. ``label`` is its world's name; ``provider`` begins the names of its runs.

    ``places`` gives those that the map itself names (or raises UsageError); None: take a list.
    ``words_at`` says what may be wished for at a place, where the map knows it beforehand; ``report`` is what it holds, in lines
    for people. ``ready``: a service that was opened by reading it.
    """

    kind: str
    label: str
    provider: str
    words: WishWords
    places: Callable[[], tuple[PlaceName, ...]] | None = None
    ready: MapService | None = None
    words_at: Callable[[Place], PlaceWords] | None = None
    report: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MapAccess:
    """How a service is reached and what it grants; ``base_url`` None: its own. ``month``: searches a calendar month."""

    data: Path
    base_url: str | None
    key: str
    secret: str | None
    qps: float
    month: int | None
    api: str
    give_up_s: float


@dataclass(frozen=True, slots=True)
class MapKind:
    """``survey`` takes what stands behind the colon of MAP= and DATA; ``pools`` names what the limiter holds for it."""

    survey: Callable[[str, Path], Survey]
    pools: Callable[[MapAccess], dict[str, PoolLimits]]
    open: Callable[[Survey, MapAccess, Limiter], MapService]
