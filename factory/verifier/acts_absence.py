"""Acts of what the evidence does not tell: 暂无评分, 无法确认预算. Said of what is there, they are wrong."""

from __future__ import annotations

import re

from factory.records import ClaimStatus, Poi
from factory.verifier.deciding import show
from factory.verifier.lexer import ROLES
from factory.verifier.references import the_set
from factory.verifier.scene import FIELD_OF, Said, State, UnreadError


def absent(said: Said, state: State) -> None:
    """暂无评分: true where the evidence has none."""
    if any(ROLES[token.char] & {"MEAL", "EXCEPT"} for token in said.tokens if token.start >= 0):
        raise UnreadError  # 早餐时段没查到营业的, 除了没标时间的那家
    if said.has("h"):  # 评分四家都没标
        state.subject, state.fresh = the_set(said.all("h"), state), True
    names = []
    for token in (*said.all("f"), *said.all("g")):
        roles = ROLES[token.char]
        names += [
            found
            for role, found in (
                *FIELD_OF.items(),
                ("HOURS", "hours"),
                ("ADDR", "address"),
                ("DISHN", "dish"),
                ("FOOD", "dish"),
                ("CONTACT", "phone"),
                ("WEB", "tag:website"),
            )
            if role in roles
        ]
    if "hours" in names and any("DAY" in ROLES[token.char] for token in said.tokens):
        raise UnreadError  # 周日没列时间: of these days alone
    alone = not (said.has("f") or said.has("g")) and said.piece.end == len(said.tokens) and not said.of("OPENV")
    if not names and any(t.start < 0 and ROLES[t.char] & {"MEAL", "PERIOD", "SESSION", "DAY"} for t in said.tokens):
        names = ["hours"]  # 午餐 | 未标
    if not names and said.of("OPENV"):
        names = ["hours"]
    tag = (state.field or "").partition("tag:")[2]
    if not names and tag and alone:
        _untagged(tag, said, state)
        return
    if not names and state.field is not None and alone:
        names = [{"close": "hours", "open": "hours"}.get(state.field, state.field)]  # 后者未标
        state.unsure = True
    if not names or any(token.text in {"营业", "开放"} for token in said.all("f")):
        raise UnreadError
    try:
        pois = state.who()
    except UnreadError:
        pois = state.scene.listed  # 菜单地图没有列, after the list: of all of them, or nobody can tell of whom
        if not pois or not all(_gap(poi, name) for poi in pois for name in names):
            raise
    for name in dict.fromkeys(names):
        rows: list[tuple[Poi, ClaimStatus, str | None]] = [
            (poi, "verified" if _gap(poi, name) else "contradicted", show(poi, name)) for poi in pois
        ]
        if state.sole_among is not None:  # 只有某某没写
            others = [poi for poi in state.sole_among if poi not in pois]
            alone = not any(_gap(poi, name) for poi in others)
            state.say(
                "superlative",
                said.text,
                [(p, "verified" if g == "verified" and alone else "contradicted", t) for p, g, t in rows],
            )
        state.scene.absent |= {(poi.poi_id, name) for poi, status, _ in rows if status == "verified"}
        state.say("absence", said.text, rows, {"price": "budget", "hours": "hours"}.get(name))
        state.field = name


def unwritten(said: Said, state: State) -> None:
    """没写座位情况: what no map tells may be named as not written. 没有座位 is said of the shop."""
    if not any(re.search("[写标列登注提录]", token.text) for token in said.of("ABSENT")):
        raise UnreadError


def _gap(poi: Poi, name: str) -> bool:
    tag = name.partition("tag:")[2]
    return tag not in dict(poi.tags) if tag else show(poi, name) is None


def _untagged(key: str, said: Said, state: State) -> None:
    """别家没写, after a tag was spoken of."""
    state.unsure = True
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        tag = dict(poi.tags).get(key)
        rows.append((poi, "verified" if tag is None else "contradicted", tag))
    state.say("absence", said.text, rows, "need")


def unsure(said: Said, state: State) -> None:
    """无法确认预算: true where the price is not known, or where nothing was named."""
    if said.of("BUDGET") or said.of("PRICE") or said.of("INB") or said.has("m"):
        rows: list[tuple[Poi, ClaimStatus, str | None]] = [
            (poi, "verified" if poi.cost_cny is None else "contradicted", show(poi, "price")) for poi in state.who()
        ]
        state.say("absence", said.text, rows, "budget")
