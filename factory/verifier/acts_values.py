"""Acts of plain statements: rating, price, distance, walk, address, phone, cuisine, what is missing, and loose adjectives."""

from __future__ import annotations

from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier import rules
from factory.verifier.deciding import amount_status, extreme_status, show, value, walk_status
from factory.verifier.fit import shows_cuisine
from factory.verifier.groups import best_of_some
from factory.verifier.lexer import EATEN, ROLES, SUBKINDS
from factory.verifier.numbers import Quantity
from factory.verifier.references import restaurants, the_set
from factory.verifier.scene import Said, State, UnreadError, field_of, unit_field
from factory.verifier.script import fold


def subject(said: Said, state: State) -> None:
    """The sentence goes on about these restaurants."""
    words = said.tokens[said.piece.start : said.piece.end]
    if not said.has("v") and any(token.value.low != 1 for token in words if "CNT" in ROLES[token.char]):
        raise UnreadError  # 还有一家某某
    names = [token for token in words if not ROLES[token.char] & {"CNT", "HAVE", "OTHER", "MORE", "FIND", "COP"}]
    if any("THIS" not in ROLES[token.char] for token in names):
        names = [token for token in names if "THIS" not in ROLES[token.char]]  # 某某那家
    if any("N" in ROLES[token.char] for token in names):  # 第二名某某, 某某第一: the writer's own order
        names = [token for token in names if "ORD" not in ROLES[token.char] or token.text[-1] in "家间个"]
    state.subject, state.described, state.fresh = restaurants(names, state), False, True
    state.named = state.named or (said.piece.start == 0 and not said.of("WITH"))
    # 前者, 它 in running text: who is meant was worked out, not said.
    pronoun = state.item is None and all(ROLES[token.char] & {"FORMER", "LATTER", "THIS", "WITH"} for token in names)
    state.unsure = pronoun
    counted = said.all("v")[0].value if said.has("v") else None
    if counted is not None and counted.low == counted.high and counted.low != len(state.subject):
        raise UnreadError  # 某某、某某这三家
    if state.criteria and state.item is None and len(state.subject) == 1:  # 要近：某某
        for name, up in dict.fromkeys(state.criteria):
            status = extreme_status(state.subject[0], state.scene.listed, name, highest=up, known=True)
            if status == "contradicted" and best_of_some(state.subject[0], name, state, highest=up):
                raise UnreadError
            if status != "verified" and (said.piece.start or said.piece.end < len(said.tokens)):
                raise UnreadError  # 要近……某某只比它远38米
            state.say("superlative", said.text, [(state.subject[0], status, show(state.subject[0], name))])
        state.criteria = []


def subject_set(said: Said, state: State) -> None:
    """The sentence goes on about a set of the listed."""
    state.unsure = state.unsure or (bool(said.of("OTHER")) and not state.excluded)
    state.subject, state.fresh = the_set(said.tokens[said.piece.start : said.piece.end], state), True


def identity(said: Said, state: State) -> None:
    """第一家是某某: the two must be the same. 我心里的第一名是某某 is the writer's own order."""
    if any("ORD" in ROLES[token.char] and token.text.endswith(("名", "位")) for token in said.all("s")):
        state.subject, state.fresh = restaurants(said.all("n"), state), True
        return
    left, right = restaurants(said.all("s"), state), restaurants(said.all("n"), state)
    if len(left) != 1 or len(right) != 1:
        raise UnreadError
    status: ClaimStatus = "verified" if left == right else "contradicted"
    state.say("name", said.text, [(right[0], status, left[0].name)])
    state.subject = right


def _amount(name: str, stated: Quantity, said: Said, state: State) -> None:
    """A value of the subject; in opening and closing without a subject, the wish's own bound is its echo."""
    if state.subject is None and state.item is None and _echoes(name, stated, state):
        state.echo(said.text, None, agrees=True)
        return
    bounded = not stated.exact and not stated.about
    everyone = state.subject is None and state.item is None and bounded
    pois = tuple(poi for poi in state.scene.listed if poi not in state.excluded) if everyone else state.who()
    if not pois:
        raise UnreadError
    state.unsure = state.unsure or (everyone and len(pois) > 1 and (state.lost or state.scene.prose))
    if stated.excess:
        rows = [(poi, _excess(poi, name, stated, state), show(poi, name)) for poi in pois]
    else:
        rows = [(poi, amount_status(name, stated, value(poi, name)), show(poi, name)) for poi in pois]
    if state.sole_among is not None:
        told = bool(said.of("PRICED"))
        rows = [_alone(row[0], row[1], name, stated, state, told=told) for row in rows]
    state.say(name, said.text, rows, _condition(name, stated, state))
    state.field = name


def _alone(
    poi: Poi, status: ClaimStatus, name: str, stated: Quantity, state: State, *, told: bool
) -> tuple[Poi, ClaimStatus, str | None]:
    """只有它: no other of the set may satisfy what is said; ``told``: of those whose value the map tells (标价)."""
    others = [one for one in state.sole_among or () if one.poi_id != poi.poi_id]
    found = [amount_status(name, stated, value(one, name)) for one in others]
    if status in {"contradicted", "unsupported"}:
        return poi, status, show(poi, name)
    if any(one in {"verified", "inferable"} for one in found):
        too = next(one for one, verdict in zip(others, found, strict=True) if verdict in {"verified", "inferable"})
        return poi, "contradicted", f"{too.name}{show(too, name)}"
    return poi, "unsupported" if "unsupported" in found and not told else "inferable", show(poi, name)


def _condition(name: str, stated: Quantity, state: State) -> str | None:
    """The condition of the wish that 达不到200元 or 超出250米 speaks of."""
    wish = state.scene.wish
    own = {wish.radius_m} if name == "distance" else {wish.budget_min_cny, wish.budget_max_cny}
    if stated.exact or name == "rating" or not (stated.excess or {stated.low, stated.high} & own):
        return None
    return "budget" if name == "price" else "radius"


def _echoes(name: str, stated: Quantity, state: State) -> bool:
    wish = state.scene.wish
    if name == "distance":
        return abs((stated.high if stated.low == 0 else stated.low) - wish.radius_m) < 1
    if name != "price":
        return False
    low, high = wish.budget_min_cny, wish.budget_max_cny
    if stated.exact or stated.about:
        return stated.low in {low, high}
    return (stated.low or 0) == (low or 0) and stated.high == (float("inf") if high is None else high)


def _excess(poi: Poi, name: str, stated: Quantity, state: State) -> ClaimStatus:
    """超出150米: more than the 150 m that were asked, or 150 m more than was asked."""
    truth = value(poi, name)
    if truth is None:
        return "unsupported"
    wish = state.scene.wish
    bound = float(wish.radius_m) if name == "distance" else wish.budget_max_cny
    if truth > stated.low and (bound is None or stated.low == bound):
        return "verified"
    over = truth - bound if bound is not None else 0.0
    slack = rules.PRICE_EXACT if name == "price" else max(rules.DISTANCE_EXACT_LEAST, rules.DISTANCE_EXACT_SHARE * over)
    return "verified" if over > 0 and abs(over - stated.low) <= slack else "contradicted"


def rating(said: Said, state: State) -> None:
    """评分4.5, 4.5分, 评分超过4分."""
    stated = said.all("v")[0].value
    if said.of("MARG") and stated.high < _LEAST_RATING:
        raise UnreadError  # 评分高0.3 is how much higher
    _amount("rating", stated, said, state)


_LEAST_RATING: Final = 1.0
_SPENT: Final = frozenset({"吃一顿", "花上", "花费", "开销", "消费", "花销", "费用"})


def price(said: Said, state: State) -> None:
    """人均80元, 80元一位; of several people together it would be a total."""
    if said.has("q") and said.all("q")[0].value.low != 1:
        raise UnreadError
    together = any("PPL" in ROLES[token.char] and token.value.low > 1 for token in said.tokens)
    if together and any(token.text in _SPENT for token in said.of("PRICE")):
        raise UnreadError  # 两个人吃一顿大概122元 is a total
    heading = [one for one in said.tokens if one.start < 0]
    if any("合计" in one.text or "总" in one.text for one in heading):
        raise UnreadError  # a cell of what all of them pay
    token = said.all("v")[0]
    bare = "NUM" in ROLES[token.char] and not (said.of("PRICE") or said.has("q") or said.of("PERHEAD"))
    if bare and (state.field != "price" or token.value.high < 8):
        raise UnreadError  # a bare number is a price only where prices are spoken of
    if not (said.of("PRICE") or said.of("PERHEAD") or said.has("q")) and _as_total(token.value, said, state):
        return
    _amount("price", said.all("v")[0].value, said, state)


def _as_total(stated: Quantity, said: Said, state: State) -> bool:
    """A bare amount that is no price a head may be what the party pays together."""
    party = state.party or state.scene.wish.party_size or 1
    pois = state.subject or ((state.item,) if state.item else ())
    if party < 2 or len(pois) != 1 or pois[0].cost_cny is None:
        return False
    if amount_status("price", stated, pois[0].cost_cny) != "contradicted":
        return False
    together = pois[0].cost_cny * party
    if not (stated.holds(together) if not stated.exact and not stated.about else abs(stated.low - together) < party):
        return False
    state.say("total", said.text, [(pois[0], "inferable", f"{party}人{together:g}元")])
    return True


def value_of(said: Said, state: State) -> None:
    """433米的某某, 39元的某某: a value before the name."""
    token = said.all("v")[0]
    name = field_of(said.all("f")) or unit_field([token])
    if "、" in said.text or "," in said.text:
        raise UnreadError  # 222元、某某: a value of the one before
    state.subject, state.fresh, state.unsure = restaurants(said.all("n"), state), True, False
    if name is None or len(state.subject) != 1:
        raise UnreadError
    _amount(name, token.value, said, state)


_OUTSIDE: Final = frozenset({"不在", "不满足", "不落在", "不符合", "不合", "未满足", "达不到"})


def not_in(said: Said, state: State) -> None:
    """都不在100到200元, 都不满足1000米: the value lies outside."""
    token = said.all("v")[0]
    name = field_of(said.all("f")) or unit_field([token]) or state.field
    if name not in {"price", "distance"} or said.all("x")[0].text not in _OUTSIDE:
        raise UnreadError
    stated: Quantity = token.value
    if stated.exact:  # 1000米 is the bound
        stated = Quantity(0.0, stated.high, exact=False)
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        inside = amount_status(name, stated, value(poi, name))
        status: ClaimStatus = (
            "unsupported" if inside == "unsupported" else "inferable" if inside == "contradicted" else "contradicted"
        )
        rows.append((poi, status, show(poi, name)))
    state.say(name, said.text, rows, "budget" if name == "price" else "radius")
    state.field = name


def bare(said: Said, state: State) -> None:
    """漫意4.4, 长乐门店100: a number without unit behind a name, or where its field is spoken of."""
    token = said.all("v")[0]
    stated: Quantity = token.value
    poi = state.one()
    if stated.exact and "." in token.text and stated.low <= 5:
        _amount("rating", stated, said, state)
        return
    for name in ("price", "distance"):
        if amount_status(name, stated, value(poi, name)) in {"verified", "inferable"}:
            _amount(name, stated, said, state)
            return
    if state.field not in {"price", "distance"} or not stated.exact or _as_total(stated, said, state):
        raise UnreadError
    _amount(state.field, stated, said, state)


def distance(said: Said, state: State) -> None:
    """390米, 约400米, 1公里以内."""
    stated: Quantity = said.all("v")[0].value
    if "NUM" in ROLES[said.all("v")[0].char] and any(token.text in {"离", "距"} for token in said.of("DIST")):
        raise UnreadError  # 离200还差66块
    if stated.exact and (said.of("WITHIN") or said.of("IN")):
        stated = Quantity(0.0, stated.high, exact=False)  # 在2公里的范围内
    elif stated.exact and (said.of("OUT") and "外" in said.text):
        stated = Quantity(stated.low, float("inf"), exact=False, strict=True)
    _amount("distance", stated, said, state)


def bound(said: Said, state: State) -> None:
    """100元的上限, 200米的范围: a bound that is the wish's own, and what it says of the subject."""
    token = said.all("v")[0]
    name = "price" if "M" in ROLES[token.char] else "distance"
    stated: Quantity = token.value
    wish = state.scene.wish
    own = (
        {float(wish.radius_m)}
        if name == "distance"
        else {float(x) for x in (wish.budget_min_cny, wish.budget_max_cny) if x is not None}
    )
    named = {x for x in (stated.low, stated.high) if x not in {0.0, float("inf")}}
    party = float(state.party or wish.party_size or 1)
    agrees = named <= own | {number * party for number in own if name == "price"}
    if not agrees and not (said.of("YOU") or said.of("UPPER") or said.of("LOWER")):
        raise UnreadError
    state.echo(said.text, "、".join(f"{x:g}" for x in sorted(own)), agrees=agrees)
    state.bound = name
    state.field = name
    if agrees and not stated.exact and (state.subject or state.item):
        _amount(name, stated, said, state)


def walk(said: Said, state: State) -> None:
    """步行约5分钟, at 80 m a minute."""
    if said.has("b") and state.field != "distance":
        raise UnreadError
    stated = said.all("b" if said.has("b") else "v")[0].value
    rows: list[tuple[Poi, ClaimStatus, str | None]] = [
        (poi, walk_status(stated, value(poi, "distance")), show(poi, "distance")) for poi in state.who()
    ]
    if said.has("b") and any(status == "contradicted" for _, status, _ in rows):
        raise UnreadError  # 大约一分钟的事: perhaps of what it is farther
    state.say("distance", said.text, rows)
    state.field = "distance"


def ride(said: Said, state: State) -> None:
    """No map row tells how long a ride takes."""
    state.say("distance", said.text, [(poi, "unsupported", show(poi, "distance")) for poi in state.who()])


def steps(said: Said, state: State) -> None:
    """几步就到."""
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        far = value(poi, "distance")
        status: ClaimStatus = "unsupported" if far is None else "inferable" if far <= rules.NEAR_M else "contradicted"
        rows.append((poi, status, show(poi, "distance")))
    state.say("distance", said.text, rows)
    state.field = "distance"


def cuisine(said: Said, state: State) -> None:
    """是一家川菜馆, 主营川菜: in opening and closing the wish's cuisine is its echo."""
    word = said.all("v")[0].value
    if any(token.value.low != 1 for token in said.of("CNT")) or any(
        ROLES[t.char] & {"MOREADD", "LESS"} for t in said.tokens
    ):
        raise UnreadError  # 八家川菜 is a count
    about = state.subject or ((state.item,) if state.item else ())
    if word in EATEN and word not in {state.scene.wish.cuisine, *(poi.cuisine for poi in about)}:
        typed = word in _TYPES and about and all(_TYPES[word] in (poi.type or "") for poi in about)
        if not typed:
            raise UnreadError
    told = said.all("v")[0]
    if "VEGGY" in ROLES[told.char] and any(name.startswith("diet:") for poi in about for name, _ in poi.tags):
        raise UnreadError  # 素食友好: a tag, no cuisine
    if state.subject is None and state.item is None:
        if (said.of("HAVE") and said.of("CNT")) or (state.scene.mentioned and said.of("CUIS")):
            raise UnreadError  # 有一家川菜: that there is one is no echo; 做的是川菜, of one who was named
        if state.scene.wish.cuisine and word != state.scene.wish.cuisine:
            raise UnreadError  # 再查就是几家烧烤了: said of nobody, and no echo
        state.echo(
            said.text, state.scene.wish.cuisine, agrees=not state.scene.wish.cuisine or word == state.scene.wish.cuisine
        )
        return
    pois = state.who()
    own = said.all("v")[0].text
    if own in SUBKINDS:  # 牛肉火锅: shown by the map's key words or the name, otherwise nobody knows
        shown = [own in fold(poi.name) or any(own in fold(text) for _, text in poi.tags) for poi in pois]
        if not all(shown) and all(cuisine_status(poi, word) != "contradicted" for poi in pois):
            raise UnreadError
        if all(shown):
            state.say("cuisine", said.text, [(poi, "verified", poi.cuisine) for poi in pois], "cuisine")
            return
    state.say("cuisine", said.text, [(poi, cuisine_status(poi, word), poi.cuisine) for poi in pois], "cuisine")


_TYPES: Final = {
    "快餐": "fast_food", "咖啡": "cafe", "咖啡馆": "cafe", "冰淇淋": "ice_cream", "酒吧": "bar", "面包": "bakery", "甜品": "dessert", "披萨": "pizza", "汉堡": "burger",
    "三明治": "sandwich", "牛排": "steak", "茶馆": "tea",
}  # fmt: skip
"""What open maps call the kinds of shops that are no cuisine."""


def cuisine_status(poi: Poi, word: str) -> ClaimStatus:
    """Whether the evidence shows that a restaurant is of a cuisine."""
    if word in _TYPES:
        shown = _TYPES[word] in (poi.type or "") or poi.cuisine == word
        return "verified" if shown else "unsupported" if poi.type is None else "contradicted"
    if poi.cuisine == word:
        return "verified"
    if shows_cuisine(poi, word) is not None:
        return "inferable"
    return "contradicted" if poi.cuisine else "unsupported"


def not_cuisine(said: Said, state: State) -> None:
    """不是川菜: what the wish asks may be denied of a restaurant that is something else."""
    word = said.all("v")[0].value
    flipped: dict[ClaimStatus, ClaimStatus] = {
        "verified": "contradicted",
        "inferable": "contradicted",
        "contradicted": "inferable",
    }
    rows = [(poi, flipped.get(cuisine_status(poi, word), "unsupported"), poi.cuisine) for poi in state.who()]
    state.say("cuisine", said.text, rows, "cuisine")
