"""Acts about what a shop offers beside food: a tag proves or denies it; everything else of that kind no map row tells."""

from __future__ import annotations

from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.deciding import amount_status, show, value
from factory.verifier.lexer import ROLES
from factory.verifier.scene import Said, State, UnreadError, unit_field

_HELD: Final = frozenset({"yes", "only", "wlan", "wifi", "required", "recommended", "designated"})
_DENIED: Final = frozenset({"no", "none"})


def diet_unmarked(said: Said, state: State) -> None:
    """没有素食标注: true where no tag, name or cuisine shows it."""
    words = {token.value for token in said.of("CU")} | {"素菜" for _ in said.of("VEGGY")}
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        tags = dict(poi.tags)
        shown = any(
            poi.cuisine == word or word.removesuffix("菜") in poi.name or tags.get(_DIET_TAGS.get(word, "")) in _HELD
            for word in words
        )
        rows.append((poi, "contradicted" if shown else "verified", poi.cuisine))
    state.say("absence", said.text, rows, "diet")


_DIET_TAGS: Final = {"素菜": "diet:vegetarian", "清真菜": "diet:halal"}


_FIELDS: Final = (("RATING", "rating"), ("PRICE", "price"), ("DIST", "distance"), ("HOURS", "hours"), ("ADDR", "address"), ("DISHN", "dish"), ("CONTACT", "phone"))  # fmt: skip


def present(said: Said, state: State) -> None:
    """评分标了: the evidence has the value, whatever it is."""
    if said.piece.end < len(said.tokens):
        raise UnreadError  # 有标价的都高于100元: of those alone
    for token in said.all("f"):
        for role, name in _FIELDS:
            if role in ROLES[token.char]:
                state.say(
                    "absence",
                    said.text,
                    [
                        (poi, "contradicted" if show(poi, name) is None else "verified", "没有标注")
                        for poi in state.who()
                    ],
                )
                break


def versus(said: Said, state: State) -> None:
    """193米对1158米: one value of each of two that the text compares; which is whose, the order of their names may tell or not."""
    left, right = said.all("v")[0], said.all("w")[0]
    between = said.words(left.start, right.end) if left.end < right.start else ""
    if "对" not in between:
        raise UnreadError
    name = unit_field([left]) or state.field or "rating"
    rows = [poi for poi in state.scene.listed if amount_status(name, left.value, value(poi, name)) == "verified"]
    others = [poi for poi in state.scene.listed if amount_status(name, right.value, value(poi, name)) == "verified"]
    if not any(one != other for one in rows for other in others):
        raise UnreadError
    state.world("comparison", said.text, None, "inferable")


def product(said: Said, state: State) -> None:
    """61元乘以4: the price of a restaurant that is spoken of, times guests."""
    stated = said.all("v")[0].value
    pois = [poi for poi in state.scene.listed if amount_status("price", stated, poi.cost_cny) == "verified"]
    if not pois or any("PPL" in ROLES[token.char] for token in said.all("v")):
        raise UnreadError
    if said.has("t"):
        people = said.all("w")[0].value.low
        if abs(said.all("t")[0].value.low - stated.low * people) > people:
            raise UnreadError
    state.world("total", said.text, None, "inferable")


def feature(said: Said, state: State) -> None:
    """有无线网络, 轮椅无法进入, 没有标注是否可以外带."""
    key = str(said.all("v")[0].value)
    pois = state.who()
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in pois:
        tag = dict(poi.tags).get(key)
        if said.has("u"):
            status: ClaimStatus = "verified" if tag is None else "contradicted"
        elif tag is None:
            status = "unsupported"
        else:
            held, denied = tag in _HELD, tag in _DENIED
            if not held and not denied:
                raise UnreadError
            status = "verified" if held != said.has("n") else "contradicted"
        rows.append((poi, status, tag))
    state.say("feature", said.text, rows)
