"""Acts that count: how many were found or listed, 只有一家, branches of a brand, and what is said of all of a kind in the radius."""

from __future__ import annotations

from typing import Final

from factory.records import ClaimStatus
from factory.verifier.acts_wish import bounds, inside
from factory.verifier.known import split_branch
from factory.verifier.lexer import EATEN, ROLES
from factory.verifier.references import restaurants
from factory.verifier.scene import Said, State, UnreadError
from factory.verifier.script import fold

_CONDITIONS: Final = frozenset({"MEAL", "PERIOD", "SESSION", "T", "TR", "M", "L", "S", "BUDGET", "PRICE", "RATING", "OPENV", "REST", "PRICED", "INB", "INR", "OUTR", "CU"})  # fmt: skip


def count(said: Said, state: State) -> None:
    """这三家, 找到五家, 只有一家: as many as are listed, or as the evidence holds; 只有 denies that there are more."""
    if state.item is not None:
        raise UnreadError
    if any(ROLES[token.char] & {"OPENV", "OPENS", "REST"} for token in said.tokens):
        raise UnreadError  # 查到一家营业的: of those that are open
    if said.of("M"):
        raise UnreadError  # 够得上200元的只有两家: of a described set, whatever is listed
    scene = state.scene
    pois = list(scene.of_cuisine(scene.wish.cuisine, scene.wish.radius_m))
    fitting = [poi for poi in scene.evidence.pois if not any(miss.sure for miss in scene.misses(poi))]
    if said.has("m"):
        many = any("MANY" in ROLES[token.char] for token in said.all("m"))
        status: ClaimStatus = "inferable" if (len(pois) >= 3 if many else len(fitting) <= 6) else "contradicted"
        state.world("count", said.text, f"查到{len(pois)}家", status)
        return
    stated = next(token.value for token in said.all("v"))
    if stated.low != stated.high or any("IF" in ROLES[token.char] for token in said.tokens):
        return
    number = int(stated.low)
    if number == 1 and not said.has("x") and not said.of("ONLY") and scene.items != 1 and not said.of("FIND"):
        if said.of("HAVE") and any("L" in ROLES[token.char] for token in said.tokens) and not pois:
            raise UnreadError  # 250米以内有一家川菜, where there is none
        return  # 挑一家 is any one of them
    budgeted = (
        [poi for poi in pois if inside(poi, "price", state) != "contradicted" and poi.cost_cny is not None]
        if any(bounds(state))
        else pois
    )
    # Doubtful misses (one dish among others, a day off) leave it open whether a restaurant counts.
    certain = sum(not scene.misses(poi) for poi in scene.evidence.pois)
    may_be = {scene.items, len(budgeted), *range(certain, len(fitting) + 1)}
    if said.has("x") or any(
        token.text in {"只有", "仅有", "只剩", "只找到", "唯一", "仅此", "就只有"} for token in said.of("ONLY")
    ):
        more = certain > number
        if more or number not in may_be:
            raise UnreadError  # of another set, perhaps (acts_groups.py)
        state.world("count", said.text, f"符合的有{len(fitting)}家", "inferable")
        return
    rest = (*said.tokens[: said.piece.start], *said.tokens[said.piece.end :])
    if state.everyone or any(ROLES[token.char] & _CONDITIONS for token in rest):
        raise UnreadError  # 早餐时段查到一家营业的: of a described set
    good = number == scene.items if not said.of("FIND") and not said.of("HAVE") else number in may_be
    if not good and scene.evidence.pois:
        raise UnreadError  # of another set, perhaps (acts_groups.py)
    state.world(
        "count",
        said.text,
        f"列出{scene.items}家，符合的有{len(fitting)}家",
        "verified" if good else "contradicted",
    )


def sole_fit(said: Said, state: State) -> None:
    """它是唯一同时满足价格和距离的一家: no other of its cuisine keeps these conditions."""
    poi = state.one()
    names = [
        name
        for name in ("price", "distance")
        if said.of("PRICE" if name == "price" else "DIST") or (name == "price" and said.of("BUDGET")) or said.of("COND")
    ]
    if not names:
        raise UnreadError
    pois = [one for one in state.scene.evidence.pois if one.cuisine == state.scene.wish.cuisine]
    held = [one for one in pois if all(inside(one, name, state) in {"verified", "unsupported"} for name in names)]
    good = poi in held and all(inside(poi, name, state) == "verified" for name in names)
    others = [one for one in held if one != poi]
    status: ClaimStatus = (
        "contradicted"
        if not good
        or any(
            inside(one, name, state) == "verified"
            for one in others
            for name in names
            if all(inside(one, n, state) == "verified" for n in names)
        )
        else "inferable"
    )
    state.say("superlative", said.text, [(poi, status, others[0].name if others else None)])


def branches(said: Said, state: State) -> None:
    """它在附近有两家分店: as many of its brand as the evidence holds."""
    named = [token for token in said.tokens if "N" in ROLES[token.char]]
    about = (
        named[0].value.pois[0]
        if named
        else state.subject[0]
        if state.subject
        else state.item or (state.scene.mentioned[-1] if state.scene.mentioned else None)
    )
    if about is None:
        raise UnreadError
    if said.has("n") and len(named[0].value.pois) < 2:
        raise UnreadError
    brand = split_branch(fold(about.name))[0]
    pois = state.scene.known.brands.get(brand, ())
    stated = said.all("v")[0].value
    if not named and not (stated.holds(len(pois)) and stated.exact):
        raise UnreadError  # 它有三家分店: whose, was said before
    state.world(
        "count",
        said.text,
        f"查到{len(pois)}家",
        "inferable" if stated.holds(len(pois)) and stated.exact else "contradicted",
    )
    state.subject = pois


def suits(said: Said, state: State) -> None:
    """某某更合适: whoever is called fitting fits. Raises UnreadError where it does not: by what it was chosen, nobody can tell."""
    if not state.fresh and state.item is None:
        raise UnreadError
    pois = state.who()
    if any(miss.sure for poi in pois for miss in state.scene.misses(poi)):
        raise UnreadError
    state.say("fit", said.text, [(poi, "inferable", None) for poi in pois])


def world_set(said: Said, state: State) -> None:
    """2公里内的川菜…都: what follows is said of all of the kind within the radius; the cuisine alone repeats the wish."""
    word = said.of("CU")[0].value
    if state.item is not None:
        raise UnreadError
    if word in EATEN and word != state.scene.wish.cuisine:
        raise UnreadError
    state.echo(
        said.text, state.scene.wish.cuisine, agrees=word == state.scene.wish.cuisine or not state.scene.wish.cuisine
    )
    if not state.everyone or any(ROLES[token.char] & {"CNT", "THESE"} for token in said.tokens):
        return
    radius = max((token.value.high for token in said.of("L")), default=float(state.scene.wish.radius_m))
    pois = tuple(state.scene.of_cuisine(word, radius))
    if not pois or not state.scene.covers(word, radius):
        raise UnreadError
    state.subject = pois


def only_fit(said: Said, state: State) -> None:
    """只有某某一家确定符合: it fits, and the evidence holds no other that surely does."""
    poi = restaurants(said.all("s"), state)[0]
    scene = state.scene
    good = not [miss for miss in scene.misses(poi) if miss.sure]
    others = [one for one in scene.evidence.pois if one != poi and not scene.misses(one)]
    status: ClaimStatus = "inferable" if good and not others else "contradicted"
    state.say("count", said.text, [(poi, status, others[0].name if others else None)])
    state.subject = (poi,)
