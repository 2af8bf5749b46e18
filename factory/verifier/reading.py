"""Claims of any text against evidence: what the verifier and a student's completions have in common. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from factory.geo import distance_m
from factory.records import Claim, Evidence, Place, Poi
from factory.verifier.dishes import dishes
from factory.verifier.facts import addresses, cuisines, distances, hours, prices, ratings
from factory.verifier.features import features
from factory.verifier.items import Answer, Item, split_answer, tight
from factory.verifier.names import NameIndex, bind, index_names, mentions


@dataclass(frozen=True, slots=True)
class Named:
    """A list item and the poi that it names, if the evidence holds one."""

    item: Item
    poi: Poi | None


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer, read: its parts, the restaurants it lists, its claims."""

    answer: Answer
    named: tuple[Named, ...]
    claims: tuple[Claim, ...]
    index: NameIndex


def located(evidence: Evidence, place: Place) -> Evidence:
    """The same evidence with every distance recomputed from coordinates."""
    return replace(
        evidence,
        pois=tuple(
            replace(poi, distance_m=round(distance_m(place.lng, place.lat, poi.lng, poi.lat))) for poi in evidence.pois
        ),
    )


def read(answer: str, evidence: Evidence, wished: str, wanted: frozenset[str]) -> Reading:
    """Read an answer against evidence whose distances are recomputed. ``wanted``: poi ids of the structure."""
    index = index_names(evidence)
    parts = split_answer(answer, index.names)
    lexicon = frozenset(tight(dish) for poi in evidence.pois for dish in poi.specialities)
    named = tuple(Named(item, bind(item.head, index, wanted)) for item in parts.items)
    claims: list[Claim] = []
    for one in named:
        if one.poi is None:
            claims.append(Claim(None, "name", one.item.head, None, "unsupported"))
        else:
            claims.append(Claim(one.poi.poi_id, "name", one.item.head, one.poi.name, "verified"))
            claims += item_claims(one.item.body, one.poi, lexicon, wished, index)
    return Reading(parts, named, tuple(claims), index)


def item_claims(body: str, poi: Poi, lexicon: frozenset[str], wished: str, index: NameIndex) -> list[Claim]:
    """All claims of one item about its restaurant; names of other restaurants in it are masked first."""
    _, masked = mentions(body, index)
    found, rest = addresses(masked if tight(poi.address or "\0") in masked else tight(body), poi)
    found += dishes(rest, poi, lexicon)
    for dish in sorted(map(tight, poi.specialities), key=len, reverse=True):
        rest = rest.replace(dish, "")
    found += ratings(rest, poi) + prices(rest, poi) + distances(rest, poi) + hours(rest, poi)
    return found + cuisines(rest, poi, wished) + features(rest, poi)


def read_claims(question: str, answer: str, evidence: Evidence, place: Place) -> tuple[Claim, ...]:  # noqa: ARG001 - a question states a wish, not facts
    """Claims of any answer against evidence; names that the evidence does not hold are unsupported name claims."""
    return read(answer, located(evidence, place), "", frozenset()).claims


def named_restaurants(answer: str, known: Sequence[Poi]) -> tuple[tuple[str, str | None], ...]:
    """(name as listed, poi id or None) of each list item, against every restaurant known near the place."""
    by_name = {tight(poi.name): poi.poi_id for poi in known}
    names = tuple(sorted(by_name, key=len, reverse=True))
    return tuple((item.head, by_name.get(tight(item.head))) for item in split_answer(answer, names).items)
