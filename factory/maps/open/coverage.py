"""What a file of open map data holds, told before anything is planned: restaurants, fields, kitchens, places, thin spots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from factory.errors import UsageError
from factory.maps.open.map import OpenMap
from factory.plan.vocabulary import WishWords
from factory.records import PlaceName

_SHOWN = 16
FIELDS = (
    ("address", "address"),
    ("cuisine", "cuisine"),
    ("open_hours", "hours"),
    ("tel", "phone"),
    ("rating", "rating"),
    ("cost_cny", "price"),
)


def coverage(file: str, maps: OpenMap, words: WishWords) -> list[str]:
    """Lines for people."""
    index = maps.index
    total = len(index)
    shares = {name: total - index.column(column).count(None) for column, name in FIELDS}
    shares["website"] = sum(index.has(row, "website") for row in range(total))
    needs = index.tag_counts()
    unread = sum(map(bool, index.column("hours_unread")))
    sources = Counter(source for source in index.column("cuisine_source") if source)
    return [
        f"{file}: {total:,} restaurants ({maps.provider}, {maps.datum}; {maps.licence.split(' (')[0]}).",
        "known of them: "
        + ", ".join(f"{name} {count / total:.0%}" for name, count in shares.items())
        + (f"; hours that could not be read and stay unsaid: {unread}" if unread else ""),
        "needs known to be met: "
        + (", ".join(f"{need} {needs[need] / total:.0%}" for need in words.needs if need) or "none often enough"),
        f"cuisines (read from {_listed(sources.most_common(), 'nothing')}): " + _listed(index.cuisines.most_common()),
        *([f"too rare to be wished for often: {'、'.join(words.rare_cuisines)}"] if words.rare_cuisines else []),
        *_places(maps, words),
    ]


def _places(maps: OpenMap, words: WishWords) -> list[str]:
    try:
        places = maps.places()
    except UsageError:
        return ["places to stand at: the file names none with enough restaurants around it; give PLACES="]
    around = {place.name: maps.around_count(place) for place in places}
    answers, reached = maps.distinct_answers(places, words)
    thin = sorted(around, key=lambda name: around[name])[:3]
    return [
        f"places to stand at: {len(places)} ({_listed(_kinds(places))}); fewest restaurants within 1.5 km: "
        + _listed((name, around[name]) for name in thin)
        + f" (places with under {maps.least_around} are left out)",
        (
            f"{reached:,} restaurants are in their reach and make {answers:,} different answers (the nearest by cuisine and need): "
            "more samples name the same restaurants again, for other tastes, meals and company"
        ),
    ]


def _kinds(places: Iterable[PlaceName]) -> list[tuple[str, int]]:
    return Counter(place.kind for place in places).most_common()


def _listed(counted: Iterable[tuple[str, int]], otherwise: str = "none") -> str:
    rows = list(counted)
    rest = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return ", ".join(f"{name} {count}" for name, count in rows[:_SHOWN]) + rest or otherwise
