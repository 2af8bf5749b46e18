"""What a reader says of dishes: taste, ingredient and method that every dish of a name has. Pure; the reviewed table is dishes.toml."""

from __future__ import annotations

import re
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.acts_dishes import tastes_of
from factory.verifier.lexer import ROLES
from factory.verifier.script import fold
from factory.verifier.told_names import Ground, tokens_of
from factory.verifier.told_turns import QUALITY

_TASTES: Final = frozenset(
    {"SPICY", "MILD", "HEAVY", "SWEET", "MEATY", "VEGGY", "SEAFOOD", "OFFAL", "BEEFLAMB", "GREASY", "SALTY", "SOUR", "CORIANDER"}
)  # fmt: skip
_TASTE_WORDS: Final = {
    "重口|口重|味重|味浓|浓油赤酱|浓郁|厚味|下饭": frozenset({"HEAVY", "SPICY", "SALTY"}),
    "^油$|[红]?油[分腻水]?(?:不低|大|重)": frozenset({"GREASY", "HEAVY"}),
    "海味|水产|海产": frozenset({"SEAFOOD"}),
    "肉菜|荤|肉食": frozenset({"MEATY"}),
    "素净|清爽|清口": frozenset({"MILD", "VEGGY"}),
}
"""What people say of a taste, and the classes any of which bears it out."""
_MADE_OF: Final = {
    "豆制品": "豆腐|豆皮|豆干|腐竹", "主食": "饺|饭|面|饼|粉|馒头|包|粥", "面食": "面|饺|馄饨|包|饼", "凉菜": "凉|口水鸡|白切|夫妻肺片", "五花": "东坡肉|红烧肉|回锅肉|扣肉|五花",
    "茄子": "地三鲜|茄", "土豆": "地三鲜|土豆|薯", "青椒|辣椒": "地三鲜|青椒|虎皮|辣椒|剁椒", "豆腐": "豆腐", "鸡蛋|蛋": "蛋|玉子|木须", "米饭|饭": "饭", "糯米": "糯米|粽|汤圆",
    "花生": "宫保|花生", "蘑菇|菌菇": "菇|菌", "炸": "炸|天妇罗|酥|锅包肉|猪排|薯条|可乐饼", "鸭血": "鸭|血旺", "酸菜": "酸菜", "红油|油重|重油": "毛血旺|水煮|麻辣|红油|口水鸡|夫妻肺片|锅底", "糖": "拔丝|糖|蜜汁", "煮|涮": "锅|煲|煮|汤|关东", "粉条": "粉条",
}  # fmt: skip
"""What every dish with such a name is, beside the reviewed table (dishes.toml)."""
_MEATS: Final = {
    "猪": "猪|回锅肉|红烧肉|东坡肉|扣肉|五花|狮子头|锅包肉|溜肉段|鱼香肉丝|叉烧|白肉|腊肉|小炒肉|辣椒炒肉|肉末|焖肉|杀猪菜|京酱肉丝|小笼包",
    "牛": "牛(?!油|奶|蛙|轧|角包)|夫妻肺片|寿喜锅", "羊": "羊", "鸡": "(?<!田)鸡(?!蛋|毛菜|枞|头米)|宫保|凤爪", "鸭": "鸭(?!血|肠)", "鹅": "鹅(?!肝)", "鱼": "鱼(?!香|露|丸|豆腐|腥草)|寿司|刺身|鳗|三文", "虾": "虾|三鲜", "蟹": "蟹", "鳝": "鳝",
}  # fmt: skip
"""The meat that a dish's name shows; another is not what it is made of."""
_MEAT_WORDS: Final = {
    "猪": "猪|五花|梅花肉|排骨", "牛": "牛(?!油|奶|蛙)", "羊": "羊", "鸡": "鸡(?!蛋|精)", "鸭": "鸭", "鹅": "鹅", "鱼": "(?<!鳝)鱼(?!香|露)", "虾": "虾", "蟹": "蟹", "鳝": "鳝",
}  # fmt: skip


def tastes(word: str, ground: Ground) -> frozenset[str]:
    """The taste classes that a word names."""
    told = [classes for words, classes in _TASTE_WORDS.items() if re.search(words, fold(word))]
    own = (role for token in tokens_of(word, ground) for role in ROLES[token.char] & _TASTES)
    return frozenset(own).union(*told)


def is_common_sense(word: str, ground: Ground) -> bool:
    """Whether what is said of a dish is no taste, no meat, no method and no praise, and no diet hangs on it: 细丝, 羹, 一层糖衣. It is talk then."""
    if ground.scene.wish.diet or QUALITY.search(word) or tastes(word, ground) or _SIGNS_SHARED.search(word):
        return False
    known = (*_MEAT_WORDS.values(), *_TASTE_WORDS, *_MADE_OF)
    return not any(re.search(signs, word) for signs in known)


def dish_shows(dish: str, word: str, ground: Ground, *, denied: bool) -> ClaimStatus | None:
    """Whether a dish's name shows what is said of it; ``None`` where it shows nothing of the kind. All folded."""
    meats = {meat for meat, signs in _MEAT_WORDS.items() if re.search(signs, word)}
    own = {meat for meat, signs in _MEATS.items() if re.search(signs, dish)}
    if own and re.fullmatch("[荤肉]的?菜?|荤腥|肉食|大荤|肉类", word):
        return "inferable"
    if meats and own:
        return "inferable" if meats <= own else "contradicted"
    tasted = [classes for words, classes in _TASTE_WORDS.items() if re.search(words, word)] or [
        roles for token in tokens_of(word, ground) if (roles := ROLES[token.char] & _TASTES)
    ]
    shown = bool(tasted) and all(roles & tastes_of(dish) for roles in tasted)
    made_of = _shares_sign(word, dish) or any(
        re.search(words, word) and re.search(signs, dish) for words, signs in _MADE_OF.items()
    )
    if word in dish or shown or made_of:
        return "inferable"
    wanted = frozenset().union(*tasted)
    if denied and "CORIANDER" in wanted:
        return "unsupported"  # what is strewn over a dish, its name does not tell
    return (
        "contradicted" if denied and wanted and not wanted & tastes_of(dish) else None
    )  # the name shows nothing of it


_SIGNS_SHARED: Final = re.compile(
    "[荷茶豉笋菇蛋豆藕薯茄椒葱蒜姜酱糟醋糖蜜奶芝芋粽莲枣杏蒸煮炸烤炖涮煎焖卤炒拌熏烩煲羹汤粥]|拔丝|刺身|火锅|凤爪"
)
"""What a dish is made with or how, where its name says so in one character."""
_SAVOURY: Final = re.compile("鲜[香美]?|香|咸|够味|有味|味道?足|下饭|家常")
_SAME_MEAT: Final = {"鸡爪": "凤爪", "鸡脚": "凤爪", "鸭舌": "鸭舌", "猪脚": "猪手|蹄"}


def _shares_sign(word: str, dish: str) -> bool:
    """豆豉 of 豉汁凤爪, 蒸菜 of 腊味合蒸; what is savoury, any dish but a sweet one may be called."""
    if any(said in word and re.search(own, dish) for said, own in _SAME_MEAT.items()):
        return True
    signs = set(_SIGNS_SHARED.findall(word))
    signs = signs - {"豆"} or signs  # 豆豉 is 豉
    if signs:
        return all(sign in dish for sign in signs) or (
            signs == {"煎", "烤"} and re.search("[煎烤排扒]", dish) is not None
        )
    return _SAVOURY.fullmatch(word) is not None and not is_course("甜品", dish)


_COURSES: Final = {
    "甜[点品食]": "蛋糕|提拉米苏|布丁|冰淇淋|双皮奶|姜撞奶|杨枝|蛋挞|班戟|可丽饼|糖水|桃酥|麻薯|大福|舒芙蕾|慕斯|布朗尼|小贝|拔丝", "主食": "饺|饭|面(?!筋)|饼|粉(?!丝|条|蒸)|馒头|包子|粥", "汤": "汤|羹", "凉菜|冷盘": "凉|口水鸡|白切|夫妻肺片|皮冻",
}  # fmt: skip
"""Courses, and the names that are of one."""


def is_course(word: str, dish: str) -> bool | None:
    """Whether a dish is of a course; ``None`` where the word names none."""
    signs = next((signs for words, signs in _COURSES.items() if re.search(words, word)), None)
    return None if signs is None else re.search(signs, dish) is not None


_CATEGORY: Final = re.compile("(?:肉|荤|素|辣|甜|酸|海鲜|羊肉|牛肉|牛羊肉|内脏|清淡)的?菜?|甜[点品食]|主食|汤品?|凉菜")


def is_kind_of_dish(name: str) -> bool:
    """肉菜, 主食: a kind of dish, and no dish."""
    return _CATEGORY.fullmatch(fold(name)) is not None


_KINDS: Final = {
    "火锅": "锅底|涮|蘸料|清汤", "烧烤": "串|烤", "日本料理": "寿司|刺身|拉面", "饺子": "饺", "面馆": "面", "西餐": "牛排|沙拉", "咖啡": "咖啡", "奶茶": "奶茶", "甜品": "甜品|蛋糕|冰淇淋", "汉堡": "汉堡", "披萨": "披萨",
}  # fmt: skip
"""What every shop of a kind serves; said of one whose dishes the map does not list, and never as its speciality."""


def goes_with(dish: str, quote: str, poi: Poi) -> bool:
    """点几贯握寿司 at a sushi bar whose dishes are not listed: what its kind serves. ``dish`` and ``quote`` folded."""
    if poi.specialities or re.search("招牌|主打|特色|列|标", quote):
        return False
    label = fold(f"{dict(poi.tags).get('keytag') or ''} {poi.name} {poi.cuisine or ''}")
    if any(kind in label and re.search(signs, dish) for kind, signs in _KINDS.items()):
        return True
    return any(dish[at : at + 2] in label for at in range(len(dish) - 1)) and len(dish) > 1
