"""Acts that repeat the wish: party, meal, occasion, taste, cuisine. What is repeated must agree."""

from __future__ import annotations

from typing import Final

from factory.verifier.fit import meal_of
from factory.verifier.lexer import EATEN, ROLES, Token
from factory.verifier.scene import Said, State, UnreadError

TASTES: Final = {
    "SPICY": ("辣",), "MILD": ("清淡", "健康", "少油"), "HEAVY": ("重油", "重口"), "SWEET": ("甜",), "MEATY": ("肉",), "HEALTHY": ("健康", "少油", "清淡"), "SEAFOOD": ("海鲜",),
    "OFFAL": ("内脏",), "BEEFLAMB": ("牛羊", "牛", "羊"), "CORIANDER": ("香菜",), "VEGGY": ("素", "健康"), "GREASY": ("油", "清淡", "健康"), "SALTY": ("盐", "重"), "SOUR": ("酸",), "TASTE": ("辣", "肉", "素", "甜"),
}  # fmt: skip
"""Which words of a wish a taste class may echo."""
_OPPOSITE: Final = {
    "SPICY": frozenset({"MILD"}), "HEAVY": frozenset({"MILD"}), "MILD": frozenset({"SPICY", "HEAVY"}), "SWEET": frozenset({"SALTY"}), "SALTY": frozenset({"SWEET"}), "MEATY": frozenset({"VEGGY"}), "VEGGY": frozenset({"MEATY"}),
}  # fmt: skip


def echo(said: Said, state: State) -> None:
    """四个人聚餐的话: party, meal and occasion as the wish has them."""
    wish = state.scene.wish
    if any("TAG" in ROLES[token.char] for token in said.tokens):
        raise UnreadError  # 标签写着下午茶、朋友聚餐: a mark of the map's
    for token in said.tokens[said.piece.start : said.piece.end]:
        roles = ROLES[token.char]
        if "PPL" in roles:
            if token.value.low != token.value.high:
                continue  # 几位
            state.party = int(token.value.low)
            if wish.party_size is not None and state.party != 1:  # 一个人80元 is a price a head
                state.echo(token.text, f"{wish.party_size}人", agrees=state.party == wish.party_size)
        elif "MEAL" in roles and wish.meal_time and meal_of(token.text) is not None:
            state.echo(token.text, wish.meal_time, agrees=meal_of(token.text) == meal_of(wish.meal_time))
        elif ("L" in roles and token.value.high != wish.radius_m) or (
            "M" in roles and token.value.low not in {wish.budget_min_cny or 0, wish.budget_max_cny}
        ):
            raise UnreadError


def echo_taste(said: Said, state: State) -> None:
    """您喜欢吃辣: must be the wish's taste or diet; with 的话 it is anybody's."""
    wish = state.scene.wish
    whose = ("IF", "YOU", "LIKE", "ALLERGY", "OCCASION", "PPL", "NOT", "COND", "LESS", "TASTE")
    if (state.item is not None or state.dishes) and not any(said.of(name) for name in whose):
        raise UnreadError  # 麻辣口, behind a dish
    if not said.of("YOU") and any("D" in ROLES[token.char] for token in said.tokens):
        raise UnreadError  # 鱼香肉丝和某菜都带酸甜 is said of dishes
    if said.of("IF") or not said.of("YOU"):
        return
    words = f"{wish.taste or ''} {wish.diet or ''}"
    if not words.strip():
        return  # what the wish says of taste is not known
    for token in said.all("w"):
        named = [role for role in TASTES if role in ROLES[token.char]]
        if named:
            if not any(word in words for role in named for word in TASTES[role]) and not _opposed(named, words):
                raise UnreadError  # 辣 beside 健康饮食 is no contradiction
            agrees = any(word in words for role in named for word in TASTES[role])
            state.echo(token.text, words.strip() or None, agrees=agrees)


def _opposed(named: list[str], words: str) -> bool:
    """Whether a taste is the opposite of what the wish says."""
    wished = {role for role, signs in TASTES.items() if role != "MILD" and any(sign in words for sign in signs)}
    wished |= {"MILD"} if "清淡" in words else set()  # who eats healthily may like it hot
    return any(wished & _OPPOSITE.get(role, frozenset()) for role in named)


_LISTED_LEAST: Final = 2


def wish_list(said: Said, state: State) -> None:
    """四个人、午餐、2公里内、人均50到100元的川菜: the wish over again, value by value. Raises UnreadError where one is not its own."""
    wish = state.scene.wish
    words = said.tokens[said.piece.start : said.piece.end]
    kinds = [role for token in words for role in ("CU", "L", "M", "PPL", "MEAL") if role in ROLES[token.char]]
    if state.item is not None or len(set(kinds)) < _LISTED_LEAST or len(words) != len(said.tokens):
        raise UnreadError
    own = {float(wish.budget_min_cny or 0), float(wish.budget_max_cny or "inf")}
    for token in words:
        roles, value = ROLES[token.char], token.value
        agrees = (
            value == wish.cuisine if "CU" in roles
            else value.high == wish.radius_m if "L" in roles
            else {value.low, value.high} <= own | {0.0, float("inf")} if "M" in roles
            else value.low == wish.party_size if "PPL" in roles
            else meal_of(token.text) == wish.meal_time if "MEAL" in roles
            else True
        )  # fmt: skip
        if not agrees:
            raise UnreadError
    state.echo(said.text, None, agrees=True)


def searched(said: Said, state: State) -> None:
    """我按人均50到100元、2公里以内查了一遍: what was searched for is what was asked."""
    wish = state.scene.wish
    if state.item is not None:
        raise UnreadError
    for token in said.tokens[said.piece.start : said.piece.end]:
        roles = ROLES[token.char]
        if "L" in roles and wish.radius_m not in {token.value.low, token.value.high}:
            raise UnreadError
        if "M" in roles:
            stated = {token.value.low or None, None if token.value.high == float("inf") else token.value.high}
            if not stated <= {wish.budget_min_cny or None, wish.budget_max_cny, None}:
                raise UnreadError
        if "CU" in roles and wish.cuisine not in {"", token.value}:
            raise UnreadError
        if "PPL" in roles and wish.party_size and token.value.low != wish.party_size:
            raise UnreadError
    state.echo(said.text, None, agrees=True)


_FIELDS: Final = frozenset({"RATING", "PRICE", "HOURS", "ADDR", "DISHN", "CONTACT"})


def intro(said: Said, state: State) -> None:
    """根据您的要求，推荐以下餐厅: leads to the list; within an item it would be about the shop."""
    roles = frozenset().union(*(ROLES[token.char] for token in said.tokens[said.piece.start : said.piece.end]))
    if state.scene.mentioned and roles & {"PRICE", "DIST"} and roles & {"WITHIN", "MEET", "FINE"}:
        raise UnreadError  # 价钱正好在你要的区间里, of one who was named
    if state.item is not None:
        raise UnreadError
    if said.of("UNPROVABLE") or said.of("REPUT") or (said.of("HAVE") and said.of("CHAT")):
        raise UnreadError  # 颇有口碑 leads to no list
    beside = (*said.tokens[: said.piece.start], *said.tokens[said.piece.end :])
    if said.of("HAVE") and (state.fresh or any(ROLES[token.char] & _FIELDS for token in beside)):
        raise UnreadError  # 评分四家都标了: said of shops
    if (said.of("OPENV") and not (said.of("FIND") or said.of("FOLLOW") or said.of("SHOP"))) or (
        said.of("MEET") and state.fresh
    ):
        raise UnreadError  # 正常营业, and 符合 behind a name, are said of a shop
    wish = state.scene.wish
    if any(token.value.high != wish.radius_m for token in said.of("L")):
        raise UnreadError  # another circle than the wish's
    if any(wish.party_size and token.value.low != wish.party_size for token in said.of("PPL")):
        raise UnreadError
    if said.of("MEET") and not (said.of("CLOSEST") or said.of("IF") or said.of("LIKE")):
        state.scene.says_fit = True
    cuisines: list[Token] = list(said.of("CU"))
    for token in cuisines:
        if state.scene.wish.cuisine and token.value != state.scene.wish.cuisine:
            raise UnreadError  # 再查就是几家烧烤了
        if token.value in EATEN and token.value != state.scene.wish.cuisine:
            raise UnreadError
        state.echo(
            token.text,
            state.scene.wish.cuisine,
            agrees=token.value == state.scene.wish.cuisine or not state.scene.wish.cuisine,
        )
