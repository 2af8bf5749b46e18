"""Acts of loose adjectives: 评分很高, 价格实惠, 离得不远, 便宜的某某, 居中, 步行可达. Each has a written threshold (rules.py)."""

from __future__ import annotations

from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier import rules
from factory.verifier.deciding import extreme_status, show, value
from factory.verifier.lexer import ROLES
from factory.verifier.references import restaurants
from factory.verifier.scene import Said, State, UnreadError, field_of, scale_of

_ADJECTIVES: Final = {("rating", True): "HIGH", ("rating", False): "LOW", ("price", True): "DEAR", ("price", False): "CHEAP", ("distance", True): "FAR", ("distance", False): "NEAR"}  # fmt: skip


def modified(said: Said, state: State) -> None:
    """便宜的某某, 再远点的是某某: by the adjective's threshold, the edge of the listed, or beyond the one named before."""
    name, up = scale_of(said.all("v"), field_of(said.of("RATING") + said.of("PRICE") + said.of("DIST")), state)
    pois = restaurants(said.all("n"), state)
    if len(pois) != 1:
        raise UnreadError
    poi, own = pois[0], value(pois[0], name)
    before = [one for one in reversed(state.scene.mentioned) if one != poi][:1]
    adjective = _ADJECTIVES.get((name, up))
    if adjective is None:
        raise UnreadError
    status: ClaimStatus = "unsupported"
    if own is not None:
        others = [number for one in before if (number := value(one, name)) is not None]
        beyond = any(own > number if up else own < number for number in others)
        edge = extreme_status(poi, state.scene.listed, name, highest=up, known=True) == "verified"
        status = (
            "inferable"
            if beyond or edge or loose_status(poi, name, adjective, state) == "inferable"
            else "contradicted"
        )
    state.say("comparison", said.text, [(poi, status, show(poi, name))])
    state.subject = pois


def vague(said: Said, state: State) -> None:
    """评分很高, 价格实惠, 离得不远: adjectives with a written threshold."""
    if any({"NEAR", "FAR"} <= both or {"CHEAP", "DEAR"} <= both for both in [_roles(said)]):
        raise UnreadError  # 由近到远 is an order
    if said.of("MORE"):
        _more(said, state)
        return
    tokens = said.all("v") or said.all("f")
    name = field_of(said.all("f"))
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    if said.text in {"距离近", "离得近"}:
        name, adjective = "distance", "NEAR"
    elif said.text == "评分高":
        name, adjective = "rating", "HIGH"
    elif said.text == "价格低":
        name, adjective = "price", "CHEAP"
    else:
        roles = frozenset().union(*(ROLES[token.char] for token in tokens))
        adjective = next(
            one for one in ("NEAR", "FAR", "CHEAP", "DEAR", "HIGH", "LOW", "GOOD", "PLAIN") if one in roles
        )
        name = (
            name
            or {"NEAR": "distance", "FAR": "distance", "CHEAP": "price", "DEAR": "price"}.get(adjective)
            or state.field
            or "rating"
        )
    denied = said.has("n")
    if denied and name == "rating":
        adjective, denied = {"HIGH": "LOW", "GOOD": "LOW", "LOW": "GOOD"}.get(adjective, adjective), False
    pois = state.who() if (state.subject or state.item or state.everyone) else _unread()
    if any(token.text == "居中" for token in tokens):
        state.say(name, said.text, [(poi, _middle(poi, name, state), show(poi, name)) for poi in pois])
        return
    if adjective == "HIGH" and name == "rating" and not said.of("DEG") and not said.has("n"):
        adjective = "GOOD"
    for poi in pois:
        status = loose_status(poi, name, adjective, state)
        if status == "contradicted" and state.reference:
            raise UnreadError  # 评分也高, after 比第二家
        if denied and status != "unsupported":
            other = loose_status(poi, name, _OPPOSITE.get(adjective, adjective), state)
            status = "inferable" if other == "inferable" or status == "contradicted" else "contradicted"
        rows.append((poi, status, show(poi, name)))
    state.say(name, said.text, rows, {"price": "budget", "distance": "radius"}.get(name))
    state.field = name


def _more(said: Said, state: State) -> None:
    """更近一点, with nobody named to compare with: it holds against the others of the list, or against whom the text named before."""
    if state.reference or said.has("n"):
        raise UnreadError  # another frame tells with whom
    name, up = scale_of(said.all("v"), field_of(said.all("f")), state)
    poi = state.one()
    own = value(poi, name)
    late = [one for one in dict.fromkeys(reversed(state.scene.mentioned)) if one != poi][:1]
    listed = [one for one in state.scene.listed if one != poi]
    for others in (listed, late):
        numbers = [value(one, name) for one in others]
        if own is not None and numbers and all(n is not None and ((own > n) if up else (own < n)) for n in numbers):
            state.say("comparison", said.text, [(poi, "inferable", show(poi, name))])
            state.field = name
            return
    raise UnreadError


_OPPOSITE: Final = {"NEAR": "FAR", "FAR": "NEAR", "CHEAP": "DEAR", "DEAR": "CHEAP", "HIGH": "LOW", "LOW": "HIGH"}


def _roles(said: Said) -> frozenset[str]:
    return frozenset().union(*(ROLES[token.char] for token in said.tokens if "TOUP" not in ROLES[token.char]))


def middle(said: Said, state: State) -> None:
    """在三家中处于中间, of what was last spoken of."""
    if state.field is None:
        raise UnreadError
    name = state.field
    if state.item is not None:
        state.subject = None  # 在三家中 is the set it lies in
    state.say(name, said.text, [(poi, _middle(poi, name, state), show(poi, name)) for poi in state.who()])


def walkable(said: Said, state: State) -> None:
    """步行可达: within a walk that people take."""
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        far = value(poi, "distance")
        status: ClaimStatus = (
            "unsupported" if far is None else "inferable" if far <= rules.WALKABLE_M else "contradicted"
        )
        rows.append((poi, status, show(poi, "distance")))
    state.say("distance", said.text, rows)
    state.field = "distance"


def _unread() -> tuple[Poi, ...]:
    raise UnreadError


def _middle(poi: Poi, name: str, state: State) -> ClaimStatus:
    """居中: between the lowest and the highest of the listed."""
    own = value(poi, name)
    numbers = [number for one in state.scene.listed if (number := value(one, name)) is not None]
    if own is None or len(numbers) < 3:
        raise UnreadError
    return "inferable" if min(numbers) < own < max(numbers) else "contradicted"


def _apart(truth: float, name: str, state: State, *, high: bool) -> bool:
    """Whether a value lies beyond those of all listed restaurants that are not spoken of: 后两家稍远一些."""
    spoken = state.subject or ((state.item,) if state.item else ())
    others = [number for one in state.scene.listed if one not in spoken and (number := value(one, name)) is not None]
    return bool(others) and (truth > max(others) if high else truth < min(others))


def loose_status(poi: Poi, name: str, adjective: str, state: State) -> ClaimStatus:
    """An adjective against its threshold; what lies between two thresholds is inferable either way."""
    truth = value(poi, name)
    if truth is None:
        return "unsupported"
    high = adjective in {"HIGH", "FAR", "DEAR", "GOOD"}
    if name == "rating":
        if adjective == "PLAIN":
            holds = rules.PLAIN_RATING[0] <= truth <= rules.PLAIN_RATING[1]
        else:
            holds = (
                truth >= (rules.HIGH_RATING if adjective == "HIGH" else rules.GOOD_RATING)
                if high
                else truth < rules.LOW_RATING
            )
    elif name == "price":
        top = state.scene.wish.budget_max_cny
        cheap = (
            max(rules.CHEAP_CNY, rules.CHEAP_SHARE * top)
            if top
            else max(rules.CHEAP_CNY, state.scene.wish.budget_min_cny or 0)
        )
        dear = min(rules.DEAR_SHARE * top, rules.DEAR_CNY) if top else rules.DEAR_CNY
        middle = adjective in {"PLAIN", "GOOD"}
        holds = middle or (truth >= dear if adjective in {"DEAR", "HIGH"} else truth <= cheap)
    else:
        radius = state.scene.wish.radius_m
        holds = truth >= min(rules.FAR_M, radius) if high else truth <= max(min(rules.NEARBY_M, radius), 0.0)
    if not holds and name != "rating" and adjective not in {"PLAIN", "GOOD"}:
        holds = _apart(truth, name, state, high=high)
    return "inferable" if holds else "contradicted"
