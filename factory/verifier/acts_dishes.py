"""Acts about food: dishes of the evidence, what every dish of a name is (dishes.toml), and what no map row tells of a kitchen."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.acts_echoes import TASTES
from factory.verifier.amounts import number_range
from factory.verifier.deciding import show
from factory.verifier.lexer import EATEN, ROLES, Token
from factory.verifier.references import restaurants
from factory.verifier.scene import Said, State, UnreadError
from factory.verifier.script import fold

_TABLE: Final = tomllib.loads((Path(__file__).parent / "dishes.toml").read_text(encoding="utf-8"))
_SIGNS: Final = {
    name: (re.compile(row["signs"]), re.compile(row.get("never", r"\0"))) for name, row in _TABLE["taste"].items()
}
_AGAINST: Final = {name: frozenset(row.get("against", ())) for name, row in _TABLE["taste"].items()}
_CUISINES: Final = {word: frozenset(tastes) for word, tastes in _TABLE["cuisine"].items()}
KNOWN_DISHES: Final = frozenset(fold(word) for word in _TABLE["known"]["dishes"].split())


@lru_cache(maxsize=4096)
def tastes_of(dish: str) -> frozenset[str]:
    """The taste classes that hold of every dish of this name, by the reviewed table of signs."""
    return frozenset(name for name, (signs, never) in _SIGNS.items() if signs.search(never.sub("·", dish)))


def holds(poi: Poi, dish: str) -> bool:
    """Whether the evidence lists the dish, or one whose name holds it."""
    return any(dish == own or dish in own or own in dish for own in map(fold, poi.specialities))


def _dish_status(poi: Poi, dish: str) -> ClaimStatus:
    return "verified" if holds(poi, dish) else "unsupported"


def dish(said: Said, state: State) -> None:
    """招牌菜有回锅肉: the restaurant's own dishes; what follows 招牌菜有 and is none is unsupported."""
    if said.has("x") and not said.has("v"):
        if any(ROLES[token.char] & {"D", "N"} for token in said.tokens):
            raise UnreadError  # 招牌东坡肉就是大块五花
        text = said.raw((*said.all("x"), *said.all("y")))
        for poi in state.who():
            state.say("dish", text, [(poi, "unsupported", show(poi, "dish"))])
        return
    names = [token.text for token in said.within("v", "D")]
    if len(names) == 1 and _is_its_kind(names[0], said, state):
        return
    alone = state.item is None and len(names) == 1 == len(said.tokens)
    if alone and not (state.subject and all(holds(poi, names[0]) for poi in state.subject)):
        raise UnreadError  # 至于提拉米苏: what the sentence goes on about
    if any(token.text[0] == "用" for token in said.of("EAT")):
        raise UnreadError  # 用到鸭血: what is in it
    rest = frozenset().union(*(ROLES[token.char] for token in said.tokens[said.piece.end :]))
    if rest & {"ONLY", "LESS", "STAFF", "TELL", "MOREADD"}:
        raise UnreadError  # 列出凯撒沙拉的只有前者, 牛排少放黑椒
    if state.subject is None and state.item is None and len(state.scene.listed) != 1 and not state.everyone:
        answers = {_dish_status(poi, name) for poi in state.scene.listed for name in names}
        if len(answers) != 1:
            raise UnreadError
        if "unsupported" in answers and any(all(holds(poi, n) for n in names) for poi in state.scene.evidence.pois):
            raise UnreadError  # of somebody who is not listed
        state.world("dish", said.text, None, answers.pop())
        return
    counted = [number for token in said.all("c") if (number := _dishes_counted(token)) is not None]
    if counted and counted[0] != len(names):
        raise UnreadError
    state.dishes = tuple(names)
    if state.subject is None and state.item is None and state.lost:
        if not any(all(holds(poi, name) for name in names) for poi in state.scene.listed):
            raise UnreadError
        state.world("dish", said.text, None, "inferable")  # of whom, nobody can tell, but somebody's they are
        return
    for token, name in zip(said.within("v", "D"), names, strict=True):
        state.say("dish", said.raw([token]), [(poi, _dish_status(poi, name), show(poi, "dish")) for poi in state.who()])


def _is_its_kind(word: str, said: Said, state: State) -> bool:
    """某某是牛排: a kind of shop that is a dish's name, too."""
    pois = state.subject or ((state.item,) if state.item else ())
    if word not in EATEN or not said.of("COP") or said.of("DISHF") or not pois:
        return False
    if any(poi.cuisine != word for poi in pois):
        raise UnreadError
    state.say("cuisine", said.text, [(poi, "verified", poi.cuisine) for poi in pois], "cuisine")
    return True


def _dishes_counted(token: Token) -> int | None:
    """两道, 三样 as a number."""
    found = re.fullmatch(r"(\d+|[一二两三四五六七八九十])(?:道|样|个|款|种)", token.text)
    span = number_range(found[1]) if found else None
    return None if span is None else int(span[0])


_MADE_OF: Final = {"鸡": "鸡", "牛": "牛|肥牛|和牛", "羊": "羊", "猪": "猪|回锅肉|东坡肉|红烧肉|锅包肉|五花|扣肉|里脊|蒜泥白肉|狮子头|杀猪菜|小炒肉|糖醋排骨", "鱼": "鱼|鳗|鳜|鲈", "虾": "虾", "鸭": "鸭", "鹅": "鹅", "豆腐": "豆腐|文思|干丝", "豆制品": "豆腐|豆皮|干丝|豆干", "茄子": "茄|地三鲜", "土豆": "土豆|地三鲜", "青椒": "青椒|地三鲜", "五花肉": "五花|回锅肉|东坡肉|红烧肉|扣肉", "排骨": "排骨|小排"}  # fmt: skip
"""What a dish's name tells of what it is made of."""


def made_of(said: Said, state: State) -> None:
    """宫保鸡丁是鸡肉, 冻豆腐是豆制品: the name shows it, and somebody lists the dish. Raises UnreadError where it does not."""
    names = [token.text for token in said.within("v", "D")]
    pois = state.subject or ((state.item,) if state.item else state.scene.listed)
    for token in said.all("i"):
        sign = _MADE_OF.get(token.text) or _MADE_OF.get(token.text.removesuffix("肉").removesuffix("仁"))
        if sign is None or not all(re.search(sign, name) for name in names):
            raise UnreadError
    if not all(any(holds(poi, name) for poi in pois) for name in names):
        raise UnreadError
    state.world("dish", said.text, None, "inferable")
    state.dishes = tuple(names)


def dish_count(said: Said, state: State) -> None:
    """招牌两道: as many as the map lists."""
    number = _dishes_counted(said.all("c")[0])
    if number is None or said.of("MOREADD"):
        raise UnreadError
    rows: list[tuple[Poi, ClaimStatus, str | None]] = [
        (poi, "verified" if len(poi.specialities) == number else "contradicted", show(poi, "dish"))
        for poi in state.who()
    ]
    state.say("dish", said.text, rows)


_CUES: Final = frozenset(
    {
        "招牌",
        "特色",
        "推荐",
        "主打",
        "代表",
        "列出",
        "列着",
        "列有",
        "列的",
        "菜单",
        "菜名",
        "单上",
        "单子",
        "名单",
        "所列",
    }
)
"""What is said of the dishes that the map lists, and of no other."""


def not_dish(said: Said, state: State) -> None:
    """招牌菜里没有海鲜: of the listed dishes; of a whole menu nobody knows."""
    pois = state.scene.listed if state.subject is None and state.item is None else state.who()
    cued = any(token.text[:2] in _CUES for token in (*said.of("DISHF"), *said.of("DISHN"))) or bool(
        said.of("DATA")
        or any(re.search("[列标写收]", token.text) for token in (*said.of("ABSENT"), *said.of("NOT")))
        or any(token.text[:2] == "列出" for token in said.tokens)
    )
    names = [token.text for token in said.within("v", "D")]
    wanted = [role for token in said.all("v") for role in ROLES[token.char] if role in _SIGNS]
    if not names and not wanted:
        raise UnreadError
    if not cued and any(token.text[:1] == "不" for token in said.of("NOT")):
        raise UnreadError  # 不油腻 is said of dishes, not of a menu
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in pois:
        if any(holds(poi, name) for name in names) or any(
            role in tastes_of(fold(own)) for role in wanted for own in poi.specialities
        ):
            status: ClaimStatus = "contradicted"
        else:
            if cued and not poi.specialities and len(pois) == 1:
                raise UnreadError  # of what the map does not list
            status = "inferable" if cued else "unsupported"
        rows.append((poi, status, show(poi, "dish")))
    if not rows:
        raise UnreadError
    state.say("dish", said.text, rows)


def dish_is(said: Said, state: State) -> None:
    """回锅肉味道偏重: what holds of every dish of that name."""
    names = [token.text for token in said.within("v", "D")]
    roles = [role for token in said.all("w") for role in sorted(ROLES[token.char]) if role in _SIGNS]
    if not roles:
        raise UnreadError
    state.dishes = tuple(names)
    for name in names:
        tastes = tastes_of(name)
        if set(roles) == {"HEALTHY"} and "HEALTHY" not in tastes:
            raise UnreadError  # what is healthy, a name seldom tells
        status: ClaimStatus = (
            "inferable"
            if set(roles) & tastes
            else "contradicted"
            if any(_AGAINST[role] & tastes for role in roles)
            else "unsupported"
        )
        if status == "unsupported" and any(holds(poi, name) for poi in _served(state, names)):
            raise UnreadError  # what this dish tastes like, its name does not tell
        if said.has("n"):
            status = "contradicted" if set(roles) & tastes else "inferable"
        rows: list[tuple[Poi, ClaimStatus, str | None]] = [
            (poi, status if holds(poi, name) else "unsupported", show(poi, "dish")) for poi in _served(state, names)
        ]
        state.say("dish", f"{name}{''.join(token.text for token in said.all('w'))}", rows)


def _served(state: State, names: Sequence[str]) -> tuple[Poi, ...]:
    if state.subject or state.item or len(state.scene.listed) == 1:
        return state.who()
    serving = tuple(poi for poi in state.scene.listed if all(holds(poi, name) for name in names))
    if not serving:
        raise UnreadError
    return serving


def cuisine_taste(said: Said, state: State) -> None:
    """川菜整体偏辣: common knowledge of a few cuisines."""
    word = said.all("c")[0].value
    roles = {role for token in said.all("w") for role in ROLES[token.char] if role in _SIGNS}
    tastes = _CUISINES.get(word)
    if tastes is None or not roles:
        raise UnreadError
    held = bool(roles & tastes)
    against = any(_AGAINST[role] & tastes for role in roles)
    if said.has("n"):
        held, against = not held, held
    state.world("dish", said.text, None, "inferable" if held else "contradicted" if against else "unsupported")


_MENU: Final = frozenset({"菜品", "菜式", "菜肴", "菜色", "出品", "饭菜", "菜单", "肉菜"})


def taste_of_shop(said: Said, state: State) -> None:
    """菜品以清淡为主: a whole menu's taste is not in any map row."""
    tokens: Sequence[Token] = said.all("w")
    roles = {role for token in tokens for role in ROLES[token.char] if role in _SIGNS}
    if said.of("DISHREF") and not state.dishes:
        raise UnreadError
    if any(ROLES[token.char] & {"TELL", "STAFF"} for token in said.tokens):
        raise UnreadError  # 菜里少油少盐跟店家讲
    if said.of("NOT") and any(token.text[:2] in _CUES for token in said.tokens):
        raise UnreadError  # 列出的菜里没有内脏: of the listed dishes
    meat = any(token.text == "肉菜" for token in said.of("FOOD"))
    if meat and not state.dishes:
        raise UnreadError  # 全是肉菜: of which dishes, nobody can tell
    if said.of("PRIO") and not said.of("FOOD"):
        raise UnreadError  # 咸口为主, behind dishes: of those
    whole_menu = said.of("PRIO") or any(token.text in _MENU - {"肉菜"} for token in said.of("FOOD"))
    if state.dishes and roles and not whole_menu:
        _of_dishes(said, state, roles)
        return
    if state.part == "opening" and roles and any("D" in ROLES[token.char] for token in said.tokens):
        raise UnreadError  # 鱼香肉丝和某菜都带酸甜 is said of dishes
    if state.part == "opening" and roles and not said.of("NOT") and _wished(state, roles):
        state.echo(said.text, state.scene.wish.taste, agrees=True)
        return
    menu = said.of("FOOD") or said.of("DISHF") or said.of("TASTEF") or said.of("SELF") or said.of("PRIO")
    if not menu or (state.subject is None and state.item is None and not state.scene.listed):
        raise UnreadError
    pois = state.subject or ((state.item,) if state.item else state.scene.listed)
    state.say("feature", said.text, [(poi, "unsupported", None) for poi in pois])


def _wished(state: State, roles: set[str]) -> bool:
    words = f"{state.scene.wish.taste or ''} {state.scene.wish.diet or ''}"
    return any(word in words for role in roles for word in TASTES.get(role, ()))


def _of_dishes(said: Said, state: State, roles: set[str]) -> None:
    """都不油腻: of the dishes that the sentence has just named."""
    denied = bool(said.of("NOT"))
    single = next((token.text for token in said.of("DISHREF") if token.text in {"这道", "这道菜"}), None)
    if single is not None and not denied:
        alike = [name for name in state.dishes if roles & tastes_of(name)]
        if not alike:
            raise UnreadError
        state.say("dish", f"{alike[-1]}{said.text}", [(poi, "inferable", show(poi, "dish")) for poi in state.who()])
        return
    if not denied and not any(roles & tastes_of(name) for name in state.dishes):
        raise UnreadError
    for name in state.dishes:
        tastes = tastes_of(name)
        held = bool(roles & tastes)
        against = any(_AGAINST[role] & tastes for role in roles)
        if not held and not denied and not against and not said.of("DISHREF"):
            continue
        status: ClaimStatus = "inferable" if held != denied else "contradicted"
        state.say("dish", f"{name}{said.text}", [(poi, status, show(poi, "dish")) for poi in state.who()])


def taste_match(said: Said, state: State) -> None:
    """符合您的口味, after dishes of which at least one is of the taste that the wish names."""
    words = f"{state.scene.wish.taste or ''} {state.scene.wish.diet or ''}"
    wanted = {role for role, signs in TASTES.items() if any(sign in words for sign in signs)}
    if not state.dishes or not wanted:
        raise UnreadError
    if not any(wanted & tastes_of(name) for name in state.dishes):
        raise UnreadError


def try_it(said: Said, state: State) -> None:
    """您可以尝尝: of the dishes that were just named, which stand as claims of their own."""
    if not state.dishes or said.of("DISHN"):
        raise UnreadError


def dish_choice(said: Said, state: State) -> None:
    """想吃水煮鱼选某某: the dish is that one's."""
    pois = restaurants(said.all("t"), state)
    if len(pois) != 1:
        raise UnreadError
    for token in said.within("v", "D"):
        held: ClaimStatus = "verified" if pois[0] in token.value.pois else "unsupported"
        state.say("dish", token.text, [(pois[0], held, show(pois[0], "dish"))])
    if state.item is None:
        state.subject, state.fresh = pois, True
