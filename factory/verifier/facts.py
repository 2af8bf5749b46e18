"""Claims of one list item about its restaurant: rating, price, distance, hours, address, cuisine. Pure; dishes: dishes.py.

Each reader takes the item's text and the poi and returns Claims. What is stated and not in the evidence is unsupported;
what follows by a written rule (rules.py) is inferable.
"""

from __future__ import annotations

import re

from factory.maps.cuisines import CUISINES_KNOWN
from factory.records import Claim, ClaimKind, ClaimStatus, Poi
from factory.verifier import rules
from factory.verifier.items import tight
from factory.verifier.numbers import AFTER, BEFORE, CN, NUMBER, Quantity, plain, quantity

_RATING = re.compile(
    r"(?:评分|评价|口碑|星级|打分)[^\d一二三四五,。;、\n]{0,8}?(?P<a>(?:约|近|接近|超过|高于|不低于)?\s*(?:[0-5](?:\.\d+)?|[一二三四五]点[零一二三四五六七八九]|[四五]分))"
    r"\s*(?:分|星)?(?P<aw>以上|左右|多)?"
    r"|(?P<b>[0-5]\.\d)\s*(?:分|星)?\s*的?\s*(?:高|好|综合|地图|用户)*(?:评分|评价|口碑)"
    r"|(?P<c>[0-5]\.\d)\s*(?:分|星)(?!钟)"
)
_HIGH = re.compile(r"评分(?:很|非常|相当|特别|极)高|高评分|评分(?:都)?(?:较|比较|挺|也)高|高分(?:餐厅|店)")
_BUDGET_NEAR = re.compile(r"(?:预算|价位|想要|要求|期望)[^,。;]{0,6}$")
_PRICE_CUE = r"(?:人均|每人|每位|消费|价格|均价|客单价|单价|花费|价钱|一个人)"
_MONEY = re.compile(
    rf"(?P<cue>{_PRICE_CUE}[^\d{CN},。;\n]{{0,6}}?)?(?P<q>{BEFORE}\s*(?:{NUMBER}\s*(?:元|块)?\s*(?:-|–|~|至|到)\s*)?{NUMBER}\s*{AFTER})\s*(?P<u>元|块钱|块|rmb|cny|¥)"
    rf"(?P<w>左右|上下|出头|多|以内|之内|以下|以上)?(?P<after>(?:/人|每人)?的?(?:预算|价位|要求)?)",
    re.IGNORECASE,
)
_BARE_MONEY = re.compile(
    r"(?:¥|￥|(?:rmb|cny))\s*(?P<y>\d+(?:\.\d+)?)|(?:人均|均价|客单价)(?:约|大约|大概)?:?\s*(?P<b>\d+(?:\.\d+)?)(?=\s*(?:左右|上下)?\s*(?:[,。;!)(\n]|$))",
    re.IGNORECASE,
)
"""A price by its sign, or by its cue alone."""
_DISTANCE = re.compile(
    rf"(?P<q>{BEFORE}\s*(?:\d+(?:\.\d+)?|[{CN}]+(?:点[{CN}]+)?)\s*(?:多|来)?)\s*(?P<u>米|m(?![a-z])|公里|千米|km|里地|里路)(?P<w>左右|上下|开外|多|出头)?(?P<in>以内|之内|内|范围)?",
    re.IGNORECASE,
)
_WALK = re.compile(
    rf"(?:步行|走路|走|徒步|溜达)[^\d{CN},。;]{{0,6}}?(?P<q>{BEFORE}\s*(?:\d+|[{CN}]+))\s*(?:多|来)?\s*分钟"
)
_MINUTES_AWAY = re.compile(
    rf"(?P<q>{BEFORE}\s*(?:\d+|[{CN}]+))\s*(?:多|来)?\s*分钟(?:左右)?(?:的)?(?:步行|路程|脚程|就能走|就走|走到|能走|可走|就到|的路|即可到)"
)
_RIDE = re.compile(rf"(?:骑车|骑行|开车|打车|驾车|坐车|公交|地铁)[^\d{CN},。;]{{0,6}}(?:\d+|[{CN}]+)\s*分钟")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_SPOKEN_TIME = re.compile(rf"(早上|上午|中午|下午|傍晚|晚上|夜里|凌晨|晚)(\d{{1,2}}|[{CN}]+)点(半)?")
_ALL_DAY = re.compile(r"24\s*小时|全天(?:营业|候)|通宵")
_ADDRESS_CUE = re.compile(
    r"(?:门店地址|地址|位置|位于|坐落(?:于|在)?|开在|具体位置|就在|在)(?:在|是|为|:)?\s*(?P<a>[^,。;\n]{2,60})"
)
_ADDRESS_LIKE = re.compile(
    r"[\u4e00-\u9fff\w]*(?:路|街|巷|道|胡同|弄|大街|里|村|区)[\u4e00-\u9fff\w]{0,8}?\d+\s*(?:号|弄|栋|幢|座)?|\d+\s*号|[a-zà-öø-ÿ][a-zà-öø-ÿ'’.-]{3,}\d+[a-z]?(?:-\d+)?"
)
_EATEN_ANYWHERE = {"甜品", "快餐", "咖啡", "茶馆", "海鲜", "披萨", "汉堡", "三明治", "沙拉", "面包", "牛排", "中餐"}
_CUISINES = tuple(word for word in CUISINES_KNOWN if word not in _EATEN_ANYWHERE)
"""Words that name a restaurant's kitchen; the others also name what one eats anywhere."""


_ADDRESS_BARE = re.compile(
    r"[\u4e00-\u9fff]{0,8}?[\u4e00-\u9fff](?:路|街|巷|道|胡同|弄|大街|里|村|条)[\u4e00-\u9fff]{0,3}?\d+(?:[-—]\d+)?\s*号(?!线)"
)
"""A street and a number, in any sentence."""


def claim(poi: Poi, kind: ClaimKind, stated: str, truth: str | None, status: ClaimStatus) -> Claim:
    """A claim bound to a poi."""
    return Claim(poi.poi_id, kind, stated.strip(), truth, status)


def ratings(text: str, poi: Poi) -> list[Claim]:
    """评分4.6, 4.6分, 四点六, 4.5以上, 评分很高."""
    found: list[Claim] = []
    truth = None if poi.rating is None else f"{poi.rating:g}"
    for one in _RATING.finditer(text):
        raw = (one["a"] or one["b"] or one["c"] or "").strip().removesuffix("分")
        stated = quantity(raw + (one["aw"] or ""))
        if stated is None:
            continue
        found.append(claim(poi, "rating", one[0], truth, _rating_status(stated, poi.rating)))
    if _HIGH.search(_RATING.sub("", text)):
        status: ClaimStatus = (
            "inferable" if poi.rating is not None and poi.rating >= rules.HIGH_RATING else "unsupported"
        )
        found.append(claim(poi, "rating", "评分高", truth, status))
    return found


def _rating_status(stated: Quantity, truth: float | None) -> ClaimStatus:
    if truth is None:
        return "unsupported"
    if stated.exact:
        return "verified" if abs(stated.low - truth) < rules.RATING_EXACT else "unsupported"
    if stated.about:
        return "inferable" if abs(stated.low - truth) <= rules.RATING_ABOUT + 1e-9 else "unsupported"
    return "inferable" if stated.holds(truth) else "unsupported"


def prices(text: str, poi: Poi) -> list[Claim]:
    """人均78元, 约80元, 七八十块, 五十来块; what restates the user's budget is no claim."""
    found: list[Claim] = []
    truth = None if poi.cost_cny is None else f"{poi.cost_cny:g}"
    for one in _MONEY.finditer(text):
        if re.search(r"预算|价位|要求", one["after"] or "") or (
            not one["cue"] and _BUDGET_NEAR.search(text[: one.start()])
        ):
            continue
        stated = quantity((one["q"] or "").strip() + (one["w"] or ""))
        if stated is not None:
            found.append(claim(poi, "price", one[0], truth, price_status(stated, poi.cost_cny)))
    for one in _BARE_MONEY.finditer(text):
        stated = quantity(one["y"] or one["b"])
        if stated is not None:
            found.append(claim(poi, "price", one[0], truth, price_status(stated, poi.cost_cny)))
    return found


def price_status(stated: Quantity, truth: float | None) -> ClaimStatus:
    """A stated price against a poi's."""
    if truth is None:
        return "unsupported"
    if stated.exact:
        return "verified" if abs(stated.low - truth) < rules.PRICE_EXACT else "unsupported"
    if stated.about:
        slack = max(rules.PRICE_ABOUT_LEAST, rules.PRICE_ABOUT_SHARE * truth)
        return "inferable" if abs(stated.low - truth) <= slack else "unsupported"
    return "inferable" if stated.holds(truth) else "unsupported"


def distances(text: str, poi: Poi) -> list[Claim]:
    """342米, 约340米, 1.2公里, 500米以内, 步行五分钟, 几步路. ``poi.distance_m`` is recomputed from coordinates."""
    found: list[Claim] = []
    truth_m = float(poi.distance_m or 0)
    truth = f"{truth_m:.0f}米"
    for one in _DISTANCE.finditer(text):
        stated = quantity(one["q"].strip() + (one["w"] or "") + ("以内" if one["in"] else ""))
        if stated is not None:
            kilo = one["u"].lower() in {"公里", "千米", "km"}
            factor = 1000.0 if kilo else (500.0 if one["u"].startswith("里") else 1.0)
            found.append(claim(poi, "distance", one[0], truth, distance_status(stated, factor, truth_m)))
    walked = _RIDE.sub("", text)
    for one in (*_WALK.finditer(walked), *_MINUTES_AWAY.finditer(_WALK.sub("", walked))):
        stated = quantity(one["q"].strip())
        if stated is not None:
            found.append(claim(poi, "distance", one[0], truth, _walk_status(stated, truth_m)))
    found += [claim(poi, "distance", one[0], truth, "unsupported") for one in _RIDE.finditer(text)]
    if re.search(r"几步路|几步就到|近在咫尺|就在旁边|紧挨着|出门就是", text):
        found.append(claim(poi, "distance", "几步路", truth, "inferable" if truth_m <= rules.NEAR_M else "unsupported"))
    return found


def distance_status(stated: Quantity, factor: float, truth_m: float) -> ClaimStatus:
    """A stated distance (in units of ``factor`` metres) against the true one."""
    if stated.exact or stated.about:
        value = stated.low * factor
        exact = max(rules.DISTANCE_EXACT_LEAST, rules.DISTANCE_EXACT_SHARE * truth_m)
        if factor == 1000.0:
            exact = max(exact, rules.KILOMETRE_STEP)
        about = max(rules.DISTANCE_ABOUT_LEAST, rules.DISTANCE_ABOUT_SHARE * truth_m)
        if abs(value - truth_m) <= exact:
            return "verified" if stated.exact else "inferable"
        return "inferable" if stated.about and abs(value - truth_m) <= about else "unsupported"
    return "inferable" if stated.low * factor - 1 <= truth_m <= stated.high * factor + 1 else "unsupported"


def _walk_status(stated: Quantity, truth_m: float) -> ClaimStatus:
    minutes = truth_m / rules.WALK_M_PER_MIN
    low = min(minutes * rules.WALK_FASTEST, minutes - rules.WALK_LEAST_MIN)
    high = max(minutes * rules.WALK_SLOWEST, minutes + rules.WALK_LEAST_MIN)
    if not stated.exact and not stated.about:
        return "inferable" if stated.high >= low and stated.low <= high else "unsupported"
    return "inferable" if low <= stated.low <= high else "unsupported"


def hours(text: str, poi: Poi) -> list[Claim]:
    """营业时间10:00-22:00, 营业到22:00, 营业到晚上十点, 24小时: every stated time must stand in the poi's hours."""
    found: list[Claim] = []
    known = {(int(h) % 24, int(m)) for h, m in _TIME.findall(tight(f"{poi.open_hours or ''} {poi.open_week or ''}"))}
    stated_times = [(int(h) % 24, int(m), f"{h}:{m}") for h, m in _TIME.findall(text)]
    for part, hour_text, half in _SPOKEN_TIME.findall(text):
        hour = plain(hour_text)
        if hour is not None and hour <= 24:
            late = part in {"下午", "傍晚", "晚上", "夜里", "晚"} and hour < 12
            stated_times.append((int(hour + 12 * late) % 24, 30 if half else 0, f"{part}{hour_text}点{half}"))
    for h, m, said in stated_times:
        found.append(claim(poi, "hours", said, poi.open_hours, "verified" if (h, m) in known else "unsupported"))
    if _ALL_DAY.search(text):
        all_day = bool(re.search(r"0?0:00-(?:24:00|23:59)|24小时", tight(poi.open_hours or "")))
        found.append(claim(poi, "hours", "24小时", poi.open_hours, "verified" if all_day else "unsupported"))
    return found


def addresses(text: str, poi: Poi) -> tuple[list[Claim], str]:
    """Address claims, and the text without the true address (whose numbers are nobody's price)."""
    found: list[Claim] = []
    flat = tight(text)
    own = tight(poi.address or "")
    if own and own in flat:
        found.append(claim(poi, "address", poi.address or "", poi.address, "verified"))
        flat = flat.replace(own, "")
    for one in _ADDRESS_CUE.finditer(flat):
        stated = one["a"]
        part = _ADDRESS_LIKE.search(stated)
        if part is None:
            continue
        if len(stated) >= rules.ADDRESS_LEAST and own and (stated in own or tight(part[0]) in own):
            found.append(claim(poi, "address", stated, poi.address, "inferable"))
        else:
            found.append(claim(poi, "address", stated, poi.address, "unsupported"))
        flat = flat.replace(stated, "")
    for part in _ADDRESS_BARE.findall(flat):
        held = bool(own) and any(part[start:] in own for start in range(max(1, len(part) - rules.ADDRESS_LEAST)))
        found.append(claim(poi, "address", part, poi.address, "inferable" if held else "unsupported"))
        flat = flat.replace(part, "")
    return found, flat


def cuisines(text: str, poi: Poi, wished: str) -> list[Claim]:
    """A cuisine word about the restaurant must be its own; a denial (不是川菜) is none."""
    body = tight(text).replace(tight(poi.name), "")
    for dish in sorted(map(tight, poi.specialities), key=len, reverse=True):
        body = body.replace(dish, "")
    found = []
    for word in _CUISINES:
        if word not in body:
            continue
        for one in re.finditer(re.escape(word), body):
            before = body[max(0, one.start() - 6) : one.start()]
            if re.search(r"不是|非|并非|换成|不算|不属于|想吃|要的|而不", before) or (
                word == wished and word != poi.cuisine
            ):
                continue
            status: ClaimStatus = "verified" if word == poi.cuisine else "unsupported"
            found.append(claim(poi, "cuisine", word, poi.cuisine, status))
            break
    return found
