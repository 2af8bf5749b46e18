"""Acts about what a shop offers beside food: a tag proves or denies it; everything else of that kind no map row tells."""

from __future__ import annotations

import re
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.deciding import amount_status, show, value
from factory.verifier.lexer import LEXICON, ROLES
from factory.verifier.references import the_set
from factory.verifier.scene import Said, State, UnreadError, unit_field
from factory.verifier.script import fold

HELD: Final = frozenset({"yes", "only", "wlan", "wifi", "required", "recommended", "designated"})
DENIED: Final = frozenset({"no", "none"})
_LIMITED: Final = frozenset({"limited", "partial"})


_FIELDS: Final = (("RATING", "rating"), ("PRICE", "price"), ("DIST", "distance"), ("HOURS", "hours"), ("ADDR", "address"), ("DISHN", "dish"), ("FOOD", "dish"), ("CONTACT", "phone"), ("WEB", "tag:website"))  # fmt: skip


def present(said: Said, state: State) -> None:
    """评分标了, 评分四家都标了: the evidence has the value, whatever it is."""
    if said.has("g"):
        state.subject, state.fresh = the_set(said.all("g"), state), True
    if said.piece.end < len(said.tokens):
        raise UnreadError  # 有标价的都高于100元: of those alone
    for token in said.all("f"):
        for role, name in _FIELDS:
            if role in ROLES[token.char]:
                told = [(poi, _written(poi, name)) for poi in state.who()]
                others = [poi for poi in state.sole_among or () if poi not in {one for one, _ in told}]
                alone = not any(_written(poi, name) for poi in others)
                state.say(
                    "absence" if state.sole_among is None else "superlative",
                    said.text,
                    [(poi, "verified" if held and alone else "contradicted", "没有标注") for poi, held in told],
                )
                state.field = name
                break


def _written(poi: Poi, name: str) -> bool:
    return ("website" in dict(poi.tags)) if name == "tag:website" else show(poi, name) is not None


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


def tag_status(tag: str | None, *, want: str) -> ClaimStatus:
    """What a tag says of ``want``: yes, no or limited. Raises UnreadError at a value that is none of them."""
    if tag is None:
        return "unsupported"
    kind = "yes" if tag in HELD else "no" if tag in DENIED else "limited" if tag in _LIMITED else ""
    if not kind:
        raise UnreadError
    return "verified" if kind == want else "contradicted"


def feature(said: Said, state: State) -> None:
    """有无线网络, 轮椅无法进入, 轮椅有限, 没有标注是否可以外带; in a cell or beside another tag 可入 alone."""
    elided = not said.has("v")
    key = "wheelchair" if elided else str(said.all("v")[0].value)
    if elided and not any(key == name for poi in state.scene.evidence.pois for name, _ in poi.tags):
        raise UnreadError  # 方便, 友好: of what, nobody can tell
    if elided and key not in state.scene.tags and not said.of("TAG") and not said.of("DATA"):
        raise UnreadError
    state.scene.tags.add(key)
    state.field = f"tag:{key}"
    if said.of("CNT"):  # 四家都标了可入
        sets = [
            token
            for token in said.tokens[said.piece.start : said.piece.end]
            if ROLES[token.char] & {"CNT", "THESE", "FIRST", "LAST", "OTHER"}
        ]
        state.subject, state.fresh = the_set(sets, state), True
    want = "no" if said.has("n") or said.of("NOENTER") else "limited" if said.has("l") else "yes"
    try:
        pois = state.who()
    except UnreadError:
        if key not in state.scene.wish.needs or want != "yes" or said.has("u"):
            raise
        state.echo(said.text, None, agrees=True)  # 而且轮椅要进得去: what is asked for
        return
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in pois:
        tag = dict(poi.tags).get(key) or _key_word(said, poi)
        status = ("verified" if tag is None else "contradicted") if said.has("u") else tag_status(tag, want=want)
        rows.append((poi, status, tag))
    state.say("feature", said.text, rows, "need" if said.has("u") or want == "no" else None)


def _key_word(said: Said, poi: Poi) -> str | None:
    """Among a map's key words for a restaurant a word for the same thing is as good as a tag."""
    spoken = next(iter(said.all("v")), None)
    if spoken is None:
        return None
    for word in map(fold, re.split(r"[、,，;；]", dict(poi.tags).get("keywords", ""))):
        if word and (word == spoken.text or LEXICON.get(word, ("", ""))[1] == spoken.value):
            return "yes"
    return None


TAGGED_DIETS: Final = {"素食": "diet:vegetarian", "素": "diet:vegetarian", "素菜": "diet:vegetarian", "纯素": "diet:vegan", "清真": "diet:halal", "清真菜": "diet:halal"}  # fmt: skip


def diet_tag(said: Said, state: State) -> None:
    """标了素食和纯素, 没标素食: what the map's tags say; a cuisine of that kind shows it, too."""
    words = [token.text for token in said.tokens[said.piece.start : said.piece.end] if token.text in TAGGED_DIETS]
    others = [token for token in (*said.of("VEGGY"), *said.of("CU")) if token.text not in TAGGED_DIETS]
    if not words or others:
        raise UnreadError
    if any(ROLES[token.char] & {"D", "SEAFOOD", "MOREADD", "LESS"} for token in said.tokens):
        raise UnreadError
    for word in words:
        rows: list[tuple[Poi, ClaimStatus, str | None]] = []
        for poi in state.who():
            tag = dict(poi.tags).get(TAGGED_DIETS[word])
            shown = tag in HELD or word[0] in (poi.cuisine or "") or word[:2] in poi.name
            if said.has("n"):
                status: ClaimStatus = "contradicted" if shown else "verified"
            else:
                status = "verified" if shown else "contradicted" if tag in DENIED else "unsupported"
            rows.append((poi, status, tag or "没有标注"))
        state.say("absence" if said.has("n") else "feature", said.text, rows, "diet" if said.has("n") else None)
        for poi, status, _ in rows if said.has("n") else ():
            if status == "verified":
                state.scene.said.setdefault(poi.poi_id, set()).add("need")


def website(said: Said, state: State) -> None:
    """网站是example.fi, 先去官网查一查: the map has one."""
    url = next((str(token.value) for token in said.all("v")), None)
    try:
        pois = state.who()
    except UnreadError:
        pois = tuple(poi for poi in state.scene.evidence.pois if "website" in dict(poi.tags))
        if url is not None or not pois:
            raise
        return
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in pois:
        own = dict(poi.tags).get("website")
        if url is None:
            status: ClaimStatus = "inferable" if own else "unsupported"
            if not own:
                raise UnreadError  # 上网站查: whose, it does not say
        else:
            status = "unsupported" if not own else "verified" if _host(url) == _host(own) else "contradicted"
        rows.append((poi, status, own))
    state.say("feature", said.text, rows)


def _host(url: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", url.lower()).split("/")[0]
