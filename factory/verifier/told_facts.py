"""A reader's claims about single restaurants, decided against the evidence with the verifier's own tolerances. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from factory.maps.cuisines import CUISINES_KNOWN
from factory.maps.open.words import CUISINE_TOKENS
from factory.records import ClaimStatus, Poi
from factory.verifier.acts_dishes import KNOWN_DISHES, holds, tastes_of
from factory.verifier.acts_features import DENIED, HELD
from factory.verifier.deciding import amount_status, show, value, walk_status, worst
from factory.verifier.fit import shows_cuisine
from factory.verifier.hours import hours_of
from factory.verifier.known import split_branch
from factory.verifier.lexer import EATEN, LEXICON, ROLES
from factory.verifier.script import fold
from factory.verifier.told import Told
from factory.verifier.told_dishes import dish_shows, goes_with, is_common_sense, is_course, is_kind_of_dish, tastes
from factory.verifier.told_hours import HOURS_KINDS, of_hours, weekdays
from factory.verifier.told_names import GOOD, Ground, turned
from factory.verifier.told_texts import label, literal, named, note, unsaid, website
from factory.verifier.told_vague import vague
from factory.verifier.told_wish import bounded, fits, misses

Status = ClaimStatus | None
"""``None``: what is meant cannot be told, so that the clause stays unread."""
_TAGS: Final = {
    "轮椅": "wheelchair", "外带": "takeaway", "外卖": "delivery", "露天座位": "outdoor_seating", "户外座位": "outdoor_seating", "无线网络": "internet_access", "wifi": "internet_access",
    "素食": "diet:vegetarian", "纯素": "diet:vegan", "清真": "diet:halal", "预订": "reservation", "网站": "website", "吸烟": "smoking", "空调": "air_conditioning",
}  # fmt: skip


def of_one(told: Told, poi: Poi, ground: Ground) -> Status:
    """The status of a claim about one restaurant."""
    if told.kind in HOURS_KINDS:
        if told.kind in {"open_at", "open_on", "shut_at"} and _is_closed(poi, ground):
            serves = told.denied == (told.kind == "shut_at")
            return "contradicted" if serves else "inferable"  # whatever its hours say, it does not serve
        status = note(told, poi) if _HOLIDAY.search(told.days) else of_hours(told, poi)
        if told.denied and told.kind in _PLAIN_HOURS:
            status = turned(status)  # 周一至周四不到23:30
        return (
            "inferable" if told.maybe and status == "unsupported" else status
        )  # 可能没开: of unknown hours nobody knows
    decide = FACT_KINDS.get(told.kind)
    return None if decide is None else decide(told, poi, ground)


_PLAIN_HOURS: Final = frozenset(
    {"hours", "opens", "closes", "break", "no_break", "all_day", "sessions", "day_off", "open_on"}
)
"""Kinds of hours that are decided as they stand: a denial turns them."""
_HOLIDAY: Final = re.compile("假|节|夏|冬|季")


def is_of_one(kind: str) -> bool:
    """Whether a kind states something of a restaurant by itself."""
    return kind in HOURS_KINDS or kind in FACT_KINDS


def _amount(told: Told, poi: Poi, _ground: Ground) -> Status:
    if told.value is None:
        return None
    status = amount_status(told.kind, told.value, value(poi, told.kind))
    return turned(status) if told.denied else status


def _walk(told: Told, poi: Poi, ground: Ground) -> Status:
    if told.value is None:
        return None
    status = walk_status(told.value, value(poi, "distance"))
    beyond = (value(poi, "distance") or 0.0) - ground.scene.wish.radius_m
    farther = _FARTHER.search(told.quote) is not None or (beyond > 0 and walk_status(told.value, beyond) in GOOD)
    return None if status == "contradicted" and farther else status  # 多走一分钟 is a difference


_FARTHER: Final = re.compile("[多少再][走花用]|近|远")


def _address(told: Told, poi: Poi, ground: Ground) -> Status:
    stated = fold("".join(told.names))
    if not stated:
        return None
    own = fold(poi.address or "")
    if not own:
        return "unsupported"
    if stated in own:
        return "verified"
    if own in stated:
        district = _DISTRICT.search(stated.partition(own)[0])
        place = fold(f"{ground.scene.place.city}{ground.scene.place.name}")
        return "unsupported" if district and district[0] not in place else "verified"
    return ground.ask(f"地址是{told.names[0]}", poi) or "contradicted"


_DISTRICT: Final = re.compile("[一-鿿]{1,4}[区县市镇]$")
"""某区 before an address whose row names no district."""


def _phone(told: Told, poi: Poi, _ground: Ground) -> Status:
    stated = re.sub(r"\D", "", "".join(told.names))
    own = {re.sub(r"\D", "", part) for part in re.split(r"[;,/、]+", poi.tel or "") if part.strip()}
    if len(stated) < _PHONE_LEAST:
        return None
    return "verified" if stated in own else "contradicted" if own else "unsupported"


_PHONE_LEAST: Final = 5


def _city(told: Told, poi: Poi, ground: Ground) -> Status:
    own = fold(f"{ground.scene.place.city} {ground.scene.place.name} {poi.address or ''}")
    good = bool(told.names) and all(fold(name).removesuffix("市") in own for name in told.names)
    return "inferable" if good else "unsupported"


def _cuisine(told: Told, poi: Poi, _ground: Ground) -> Status:
    words = told.names or ((told.word,) if told.word else ())
    if not words:
        return None
    if _WRITTEN.search(told.quote) and not told.denied and _CHINESE.search(poi.type or ""):
        return label(replace(told, names=words), poi)
    answers: list[ClaimStatus] = []
    for word in words:
        flat = fold(word)
        meaning = _cuisine_named(flat)
        if shows_cuisine(poi, meaning) is not None or _of_type(poi, meaning) or flat in fold(poi.type or ""):
            answers.append("verified")
        elif meaning in CUISINES_KNOWN and meaning not in EATEN:
            answers.append("contradicted" if poi.cuisine else "unsupported")
        else:
            return None
    return turned(worst(answers)) if told.denied else worst(answers)


def _cuisine_named(word: str) -> str:
    """泰国餐厅 as 泰国菜, the cuisine."""
    stem = _PLACES.sub("", word) or word
    for name in (word, stem, f"{stem}菜", f"{stem}料理"):
        if name in LEXICON:
            return str(LEXICON[name][1])
        if name in CUISINES_KNOWN:
            return name
    return word


_CHINESE: Final = re.compile("[一-鿿]")
_WRITTEN: Final = re.compile("标签|[标写]的?[是着]")
"""What is written on the map is quoted: 重庆火锅 is a hotpot, and yet not what the tag says."""
_PLACES: Final = re.compile("(?:西?餐厅|餐馆|饭馆|饭店|馆子|菜馆|小馆|馆|店|菜系)$")


def _of_type(poi: Poi, word: str) -> bool:
    """Whether the kinds of the map's type hold one that the word names: 快餐 of fast_food;mexican."""
    kinds = re.split(r"[;|,\s]+", (poi.type or "").lower())
    return any(kind in _KINDS_OF.get(word, ()) for kind in kinds)


_KINDS_OF: Final = {
    **CUISINE_TOKENS,
    "冰淇淋": ("ice_cream",),
    "蛋糕": ("cake", "bakery", "pastry", "dessert"),
    "面包": ("bakery",),
    "甜点": ("dessert", "cake", "ice_cream"),
    "咖啡馆": CUISINE_TOKENS["咖啡"],
    "酒吧": ("bar", "pub"),
}


def _dish(told: Told, poi: Poi, ground: Ground) -> Status:
    if not told.names:
        return None
    if told.denied:
        marked = told.labelled or "招牌" in told.quote
        return worst(_without(name, poi, ground, marked=marked) for name in told.names)
    if all(holds(poi, fold(name)) for name in told.names):
        return "verified"
    if all(is_kind_of_dish(name) for name in told.names):
        shown = [_without(name, poi, ground, marked=False) == "contradicted" for name in told.names]
        unknown = not poi.specialities and not told.labelled
        return None if unknown else "inferable" if all(shown) else "contradicted"
    meant = all(_meant_by(fold(name), poi) or goes_with(fold(name), fold(told.quote), poi) for name in told.names)
    if meant:
        return "inferable"
    if any(_DESCRIBED.search(name) for name in told.names):
        return None  # 偏浓的菜
    listed = told.labelled or _SIGNED.search(told.quote) is not None
    return "unsupported" if listed or all(fold(name) in KNOWN_DISHES for name in told.names) else None


_BLOOD: Final = re.compile("血$")
"""鸭血: meat to some, and not to others."""
_DESCRIBED: Final = re.compile("的菜?品?$|^[偏很太较]")
_SHORTEST_SHARE: Final = 0.6


def _meant_by(name: str, poi: Poi) -> bool:
    """老火汤 of 老火靓汤, 牛排 of a steak house's name: a dish as people shorten it."""
    owns = [*map(fold, poi.specialities)]
    stem = re.sub("[鱼肉]$", "", name)
    if stem != name and stem in _INGREDIENTS and any(stem in own for own in owns):
        return True  # 有鳗鱼, of 日式烤鳗
    short = any(len(name) >= _SHORTEST_SHARE * len(own) and _is_within(name, own) for own in owns)
    return holds(poi, name) or short or name in fold(poi.name)


_SIGNED: Final = re.compile("招牌|主打|特色|列|登|写|标|菜单|推荐")
"""What claims that the map lists a dish: of any other word for food (烧味) nobody can tell whether it names one."""
_INGREDIENTS: Final = frozenset("鳗鲈鳜牛羊鸡鸭鹅猪虾蟹鳝")


def _is_within(name: str, own: str) -> bool:
    """Whether the characters of a name stand in another in their order."""
    rest = iter(own)
    return len(name) > 1 and all(char in rest for char in name)


def _without(name: str, poi: Poi, ground: Ground, *, marked: bool) -> ClaimStatus:
    """列出的菜里没有辣菜: of the dishes that the map lists, by name or by what every dish of a name is."""
    of_course = [is_course(fold(name), fold(own)) for own in poi.specialities]
    wanted = frozenset() if None not in of_course else tastes(name, ground)
    if (
        any(of_course)
        or holds(poi, fold(name))
        or any(wanted & tastes_of(fold(own)) for own in poi.specialities if not _BLOOD.search(own))
    ):
        return "contradicted"
    return "inferable" if poi.specialities or marked else "unsupported"  # whose dishes are not listed, lists none such


def _dish_is(told: Told, poi: Poi, ground: Ground) -> Status:
    """What every dish of a name is: the dish must be listed, and its name or the reviewed table must show it."""
    if not told.names or not told.word:
        return None
    if not all(holds(poi, fold(name)) for name in told.names):
        dishes = (*told.names, told.word)  # 清水锅底涮羊肉嘛, of a hotpot whose dishes are not listed
        return "inferable" if all(goes_with(fold(name), fold(told.quote), poi) for name in dishes) else "unsupported"
    answers: list[ClaimStatus] = []
    for name in told.names:
        status = dish_shows(fold(name), fold(told.word), ground, denied=told.denied)
        asked = status or ground.ask(f"{name}{told.word}", poi)
        if asked is None and not told.denied and is_common_sense(fold(told.word), ground):
            asked = "inferable"
        if asked is None:
            return None
        answers.append(asked)
    return turned(worst(answers)) if told.denied else worst(answers)


def _dish_count(told: Told, poi: Poi, _ground: Ground) -> Status:
    if told.number is None or not poi.specialities:
        return None
    quote = fold(told.quote)
    named = sum(fold(own) in quote for own in poi.specialities)
    if told.number.holds(len(poi.specialities)) or (named > 0 and told.number.holds(named)):  # 有一道地三鲜
        return "inferable"
    some = told.number.low == 1 and not _COUNTING.search(quote)  # 一道 of a clause that goes on
    return "inferable" if some else "contradicted"


_COUNTING: Final = re.compile("共|就|只|总|招牌|列|仅")


def _key(name: str, poi: Poi) -> str | None:
    flat = fold(name)
    if name in dict(poi.tags) or ":" in name or name == "keywords":
        return name
    char, meaning = LEXICON.get(flat, ("", ""))
    if char and "FEAT" in ROLES[char]:
        return str(meaning)
    return next((key for word, key in _TAGS.items() if word in flat or key == flat), None)


_PARTLY: Final = frozenset({"limited", "partial", "partly"})


def _tag(told: Told, poi: Poi, _ground: Ground) -> Status:
    answers: list[ClaimStatus] = []
    for name in told.names:
        key = _key(name, poi)
        if key is None:
            return None
        held = dict(poi.tags).get(key)
        if held is None:
            marked = not told.denied and (literal(name, poi) or literal(told.quote, poi))  # the map's key words
            answers.append("verified" if marked else "unsupported")
        elif held in HELD or (held not in DENIED and key == "website"):
            answers.append("contradicted" if told.denied else "verified")
        elif told.partly and held in _PARTLY:
            answers.append("verified")
        elif held in DENIED:
            answers.append("verified" if told.denied else "contradicted")
        else:
            return None
    return worst(answers) if answers else None


def _absent(told: Told, poi: Poi, _ground: Ground) -> Status:
    """Whether the map has nothing of a field or a tag."""
    name = told.fact or (told.names[0] if told.names else "")
    name = {"tel": "phone", "dishes": "dish", "close": "hours", "open": "hours", "walk": "distance"}.get(name, name)
    if name in {"rating", "price", "distance", "hours", "phone", "address", "dish", "cuisine"}:
        held = show(poi, name) is not None and not (name == "hours" and told.days and _no_hours_on(told, poi))
    else:
        key = _key(told.names[0] if told.names else name, poi)
        if key is None:
            return None
        held = key in dict(poi.tags)
    return "verified" if held == (told.kind == "present") else "contradicted"


def _no_hours_on(told: Told, poi: Poi) -> bool:
    """周日没写营业: the week's text has nothing of that day."""
    return not any(hours_of(poi).days[day] for day in weekdays(told.days))


def _is_closed(poi: Poi, ground: Ground) -> bool:
    return any(miss.kind == "closed" for miss in ground.scene.misses(poi))


def _closed(told: Told, poi: Poi, ground: Ground) -> Status:
    shut = _is_closed(poi, ground)
    return "inferable" if shut != told.denied else "contradicted"


def _label(told: Told, poi: Poi, ground: Ground) -> Status:
    """The map's own words; where it writes another language, what they mean: 类型写的是快餐 of fast_food."""
    status = label(told, poi)
    if status == "verified" or _CHINESE.search(poi.type or ""):
        return status
    meant = [_cuisine(told, poi, ground) or "unsupported", _tag(told, poi, ground) or "unsupported"]
    return "inferable" if GOOD & set(meant) else status


def _either(told: Told, poi: Poi, ground: Ground) -> Status:
    """标价不在100到200元里或没标价: one of several holds of each."""
    answers = [of_one(condition, poi, ground) for condition in told.where]
    if any(answer in GOOD for answer in answers):
        return "inferable"
    return "contradicted" if answers and all(answer == "contradicted" for answer in answers) else None


def _brand(told: Told, poi: Poi, _ground: Ground) -> Status:
    own = split_branch(fold(poi.name))[0] or ""
    stated = [split_branch(fold(name))[0] for name in told.names]
    return (
        None
        if not stated
        else "verified"
        if any(name and (own.startswith(name) or name == fold(poi.name)) for name in stated)
        else "contradicted"
    )


FACT_KINDS: Final[dict[str, Callable[[Told, Poi, Ground], Status]]] = {
    "rating": _amount,
    "price": _amount,
    "distance": _amount,
    "walk": _walk,
    "address": _address,
    "phone": _phone,
    "city": _city,
    "cuisine": _cuisine,
    "dish": _dish,
    "dish_is": _dish_is,
    "dish_count": _dish_count,
    "tag": _tag,
    "absent": _absent,
    "present": _absent,
    "closed": _closed,
    "vague": vague,
    "brand": _brand,
    "either": _either,
    "unsaid": lambda told, poi, _ground: unsaid(told, poi),
    "website": lambda told, poi, _ground: website(told, poi),
    "note": lambda told, poi, _ground: note(told, poi),
    "label": _label,
    "named": lambda told, poi, _ground: named(told, poi),
    "gap": lambda told, poi, ground: bounded(told, poi, ground.scene.wish),
    "fits": lambda told, poi, ground: fits(told, poi, ground.scene),
    "miss": lambda told, poi, ground: misses(told, poi, ground.scene),
}
