"""What contradicts a diet: signs in a restaurant's name, its cuisine or its dishes. A reviewed table and one pure function.

Used by fit.py alone. A map proves no diet but vegetarian and halal food; it can only contradict one. A sign in the name or the
cuisine, or in half of the dishes that the map lists, contradicts it for sure; a single dish among others only raises doubt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from factory.records import Poi


@dataclass(frozen=True, slots=True)
class Diet:
    """``asked``: how a wish says it; ``signs``: parts of names against it, ``harmless``: words that only look like signs."""

    asked: re.Pattern[str]
    signs: re.Pattern[str]
    harmless: re.Pattern[str]
    cuisines: frozenset[str] = frozenset()
    proof: tuple[str, str] | None = None
    """(word in name or cuisine, OSM tag) that shows that the diet is met; without one of them it is not shown"""


def _diet(
    asked: str, signs: str, harmless: str = r"\0", cuisines: Sequence[str] = (), proof: tuple[str, str] | None = None
) -> Diet:
    return Diet(re.compile(asked), re.compile(signs), re.compile(harmless), frozenset(cuisines), proof)


_BEEF = r"牛|吊龙|雪花肥|板筋|毛肚|黄喉|匙柄"
_MUTTON = r"羊|涮肉"
_PORK = (
    r"猪|五花|里脊|(?<![牛羊])排骨|叉烧|肘|培根|火腿|腊肉|腊肠|香肠|烤肠|烧肉|东坡肉|回锅肉|蒜泥白肉|白肉|锅包肉|溜肉段|鱼香肉丝|炒肉|肉丝|把子肉|"
    r"荔枝肉|干菜焖肉|肉夹馍|肥肠|大肠|小笼包|生煎|卤肉|肉松"
)
_SHELL = r"海鲜|海味|虾|蟹|贝|蚝|牡蛎|海蛎|鱿|螺|蛤|蛏|鲍|海参|海蜇|海胆|带子|墨鱼|章鱼|八爪|佛跳墙"
_FISH = r"鱼|刺身|寿司|鳗|三文|金枪|鲈|鳜|鳝|鳕|石斑|鲷|渔"
_SEA = rf"{_SHELL}|{_FISH}"
_SEA_NOT = r"鱼香|鱼腥草|杏鲍|鲍菇|蟹味菇|螺旋|贝贝南瓜"
_MEAT = rf"{_BEEF}|{_MUTTON}|{_PORK}|肉|鸡|鸭|鹅|鸽|兔|蛙|蜗牛|鹿|{_SEA}|肚|肝|血|烤串|烤翅|热狗|汉堡|排"
_SOY = r"素[\u4e00-\u9fff]{0,2}(?:肉|鸡|鸭|鹅|鱼|火腿)"
_MEAT_NOT = rf"{_SOY}|鱼香茄|牛油果|牛奶|牛轧|鸡蛋|鸡枞|鸡油菌|鸡头米|杏鲍|鲍菇|蟹味菇|牛肝菌|肉桂"

DIETS: tuple[Diet, ...] = (
    _diet(r"纯素|全素|素食|吃素|茹素|斋|vegan|vegetarian", _MEAT, _MEAT_NOT, (), ("素", "diet:vegetarian")),
    _diet(r"清真|halal", rf"{_PORK}|酒吧|啤酒|白酒", r"清真|牛肉|羊肉|素", (), ("清真", "diet:halal")),
    _diet(
        r"牛羊肉?|不.{0,2}牛.{0,3}羊", rf"{_BEEF}|{_MUTTON}", r"牛奶|牛油果|牛蛙|蜗牛|牛轧|羊角|牛肝菌|羊肚菌|牵牛|海牛"
    ),
    _diet(r"(?:不吃|不碰|忌|戒)牛肉", _BEEF, r"牛奶|牛油果|牛蛙|蜗牛|牛轧|牛肝菌"),
    _diet(r"(?:不吃|不碰|忌|戒)羊肉", _MUTTON, r"羊角|羊肚菌"),
    _diet(r"海鲜|海产|甲壳|no seafood|shellfish", _SEA, _SEA_NOT, ("海鲜",)),
    _diet(r"不.{0,3}鱼", r"鱼|鳗|鳜|鳝|鲈|三文|刺身|寿司|石斑", _SEA_NOT + r"|鱿鱼|章鱼|墨鱼|鲍鱼"),
    _diet(r"猪肉|no pork", _PORK, r"牛肉丝|羊肉丝|牛排骨"),
    _diet(
        r"内脏|下水",
        r"肚|(?<!腊)(?<!香)(?<!烤)(?<!腿)(?<!米)肠|肝|腰花|爆腰|腰片|肺片|肺|黄喉|血旺|血肠|鸭血|毛血|杂碎|[牛羊鸡鸭猪]杂|胗|鸡心|心管|脑花|百叶|卤煮",
        r"肠粉|香肠|腊肠|烤肠|火腿肠|肚子|羊肚菌|牛肝菌|百叶结|百叶包|热狗肠",
    ),
    _diet(r"香菜|芫荽", r"香菜|芫荽"),
    _diet(
        r"(?:不|别|忌|少|怕|微|没法|戒).{0,3}辣|清淡",
        r"麻辣|香辣|酸辣|辣子|剁椒|泡椒|辣椒|火辣|爆辣|毛血旺|水煮[鱼肉牛]|夫妻肺片|麻婆|口水鸡|椒麻|干锅|钵钵|冒菜|串串|小炒黄牛|口味虾",
        r"不辣|免辣",
    ),
    _diet(r"少油|少盐|低盐|低油|低脂|清淡", r"油炸|酥炸|炸|油爆|油焖|油泼|红油|牛油|腊|腌|重庆老火锅", r"炸酱"),
    _diet(r"花生|坚果", r"花生|腰果|核桃|杏仁|宫保|坚果|榛|开心果"),
    _diet(
        r"乳糖|奶制品|牛奶过敏|不喝奶",
        r"奶|芝士|奶酪|黄油|拿铁|乳|班戟|提拉米苏",
        r"奶奶|豆乳|腐乳|乳鸽|乳猪|椰奶|豆奶",
    ),
    _diet(r"鸡蛋|蛋过敏|不吃蛋", r"蛋|玉子", r"蛋白肉"),
    _diet(r"酒精|不喝酒|不沾酒", r"酒吧|啤酒|精酿|白酒|酒馆|清酒", r"酒楼|酒家|酒店"),
)
"""Every diet whose words a map's data can contradict. Other diets (少糖, 低碳水) are words to the kitchen."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """What of a restaurant stands against a diet; ``sure`` unless it is one dish among harmless ones.

    ``where``: name, cuisine, dish, or proof (nothing shows that the diet is met).
    """

    where: str
    what: str
    sure: bool


def conflict(poi: Poi, wished: str) -> Conflict | None:
    """The gravest conflict of a restaurant with a diet as the wish words it, or ``None``."""
    found = [one for diet in DIETS if diet.asked.search(wished) for one in _conflicts(poi, diet)]
    return min(found, key=lambda one: not one.sure) if found else None


def against(text: str, wished: str | None) -> bool:
    """Whether the name of a dish or a restaurant stands against a diet."""
    return wished is not None and any(diet.asked.search(wished) and _sign(text, diet) for diet in DIETS)


def dishes_against(poi: Poi, wished: str) -> tuple[str, ...]:
    """The listed dishes that stand against a diet."""
    return tuple(dish for dish in poi.specialities if against(dish, wished))


def _conflicts(poi: Poi, diet: Diet) -> list[Conflict]:
    if diet.proof is not None:
        word, tag = diet.proof
        shown = word in (poi.cuisine or "") or word in poi.name or dict(poi.tags).get(tag) in {"yes", "only"}
        # What shows that the diet is met outweighs a dish whose name looks like meat: 素烧鹅 stands on such menus.
        return [] if shown else [Conflict("proof", word, sure=True)]
    if poi.cuisine in diet.cuisines:
        return [Conflict("cuisine", poi.cuisine or "", sure=True)]
    sign = _sign(poi.name, diet)
    if sign:
        return [Conflict("name", sign, sure=True)]
    bad = [dish for dish in poi.specialities if _sign(dish, diet)]
    return [Conflict("dish", "、".join(bad), sure=2 * len(bad) >= len(poi.specialities))] if bad else []


def _sign(text: str, diet: Diet) -> str | None:
    hit = diet.signs.search(diet.harmless.sub("·", text))
    return hit[0] if hit else None
