"""A reader's claims about what the map's own texts say, or do not say: gaps of any kind, labels, notes beside hours, websites. Pure."""

from __future__ import annotations

import re
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.deciding import show
from factory.verifier.script import fold
from factory.verifier.told import Told

_TASTE: Final = re.compile(
    "辣度|辣不辣|多辣|口味|味道|咸淡|清淡|油盐|甜度|香菜|食材|原料|做法|分量|菜量|份量|新鲜|过敏|配料|放不放|加不加|忌口"
)
"""What is asked of a dish and never told by a map's list of names."""
_FIELDS: Final = {
    "门牌": "house_number", "评分|打分|分数|几分|星级": "rating", "人均|价格|价钱|价位|多少钱|标价|消费|贵不贵": "price", "营业|时间|几点|开门|关门|打烊|开到|钟点|时段|作息|中午开|晚上开|开不开": "hours",
    "电话|号码|联系方式|座机": "phone", "地址|地段|在哪|街名|路名": "address", "菜单|菜名|菜品|招牌|列菜|哪些菜|什么菜|菜色": "dish", "菜系": "cuisine", "距离|多远|远近": "distance",
}  # fmt: skip
_KEYS: Final = {
    "座位|包间|包厢|露天|户外": "outdoor_seating", "儿童|宝宝|小孩|孩子": "highchair", "停车|车位": "parking", "宠物|狗": "dog", "空调": "air_conditioning", "无线|wifi|上网": "internet_access",
    "烟": "smoking", "素": "diet:vegetarian", "纯素": "diet:vegan", "清真": "diet:halal", "轮椅|无障碍|台阶": "wheelchair", "外带|打包": "takeaway", "外卖|外送": "delivery", "预订|订位|订座|预约": "reservation",
    "网站|官网|网址": "website", "刷卡|支付|现金": "payment",
}  # fmt: skip
_DIGIT: Final = re.compile(r"\d|号")
_SHORTEST: Final = 2


def texts_of(poi: Poi) -> tuple[str, ...]:
    """Everything that the map wrote of a restaurant in words, folded."""
    parts = (poi.name, poi.type, poi.address, poi.open_hours, poi.open_week, *poi.specialities)
    return tuple(fold(text) for text in (*parts, *(value for _, value in poi.tags)) if text)


def unsaid(told: Told, poi: Poi) -> ClaimStatus | None:
    """资料里没写辣不辣: true where no field, no tag and no word of the map tells of the topic; ``not``: it does."""
    quote = fold(told.quote)
    if not told.denied and not _UNSAID.search(quote) and not _IN_QUESTION.search(quote):
        return None
    topic = fold("".join(told.names)) or fold(told.quote)
    held = _tells(topic, poi)
    return None if held is None else "verified" if held == told.denied else "contradicted"


_IN_QUESTION: Final = re.compile("([一-鿿])不\\1|是否|有没有|能不能|多[大少重辣]|什么|如何|怎[么样]|哪[些种]")
"""味道重不重: what is in question, of which the next clause says that it is not told."""
_UNSAID: Final = re.compile(
    "没|未|无|不(?:清楚|知|详|会写|写|列|标|明|含|给|登|提|见|确定|得而知)|空白|空着|缺|看不[到出见]|查不到|找不到|不在资料|别指望|(?:得|要|只能|需).{0,6}问|说不[准好]|难说|不好(?:断|判|说)|断定不了"
)
"""Words that say that something is not told."""


def _tells(topic: str, poi: Poi) -> bool | None:
    """Whether the map tells of a topic; ``None`` where a word of it stands there and may or may not be what is meant."""
    if not _TASTE.search(topic):
        for words, name in _FIELDS.items():
            if re.search(words, topic):
                return _DIGIT.search(poi.address or "") is not None if name == "house_number" else _shows(poi, name)
    keys = {key for words, key in _KEYS.items() if re.search(words, topic)}
    if any(key == own or own.startswith(f"{key}:") for key in keys for own, _ in poi.tags):
        return None if keys & {"outdoor_seating", "diet:vegetarian"} else True
    pieces: list[str] = re.findall(r"[一-鿿]{2,}", topic)
    return None if any(piece in text for piece in pieces for text in texts_of(poi)) else False


def _shows(poi: Poi, name: str) -> bool:
    return show(poi, name) is not None


def website(told: Told, poi: Poi) -> ClaimStatus | None:
    """官网是ilsiciliano.fi: the host, without www. and path, where the map has one."""
    stated = {_host(name) for name in told.names}
    own = {_host(value) for key, value in poi.tags if key.endswith(("website", "url"))}
    if not stated:
        return None
    return "verified" if stated <= own else "contradicted" if own else "unsupported"


def _host(text: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", fold(text).lower()).split("/")[0].strip(" .。")


def note(told: Told, poi: Poi) -> ClaimStatus | None:
    """冬季以店内公告为准, 节假日除外: words that stand beside the map's hours; what is not written there nobody can tell."""
    own = fold(f"{poi.open_hours or ''};{poi.open_week or ''}")
    stated = _worded(fold("".join(told.names) or told.quote))
    stated = re.sub("(?:营业)?(?:时间|钟点|时段)", "", stated)  # 夏季时间
    if len(stated) < _SHORTEST:
        return None
    if not _WORDED.search(re.sub("每天|全天|[周至、每日一二三四五六]|次日|工作日|周末", "", own)):
        return "unsupported"
    best = max((_alike(stated, _worded(part)), part) for part in re.split("[;,。()]", own))
    if best[0] < _LIKE:
        return None
    return "verified" if bool(_REST.search(stated)) == bool(_REST.search(_worded(best[1]))) else "contradicted"


def _worded(text: str) -> str:
    """The Chinese characters of a text, with one word for each way to say that nobody is served."""
    return _HOLIDAYS.sub("假", _RESTING.sub("休", re.sub(r"[^一-鿿]", "", text)))


def _alike(stated: str, own: str) -> float:
    """The share of a text's pairs of characters that stand in another, too."""
    pairs = [stated[at : at + 2] for at in range(len(stated) - 1)]
    return sum(pair in own for pair in pairs) / max(1, len(pairs))


_HOLIDAYS: Final = re.compile("(?:法定|公众|公共|国定)?(?:节假日|假期|假日|节日)")
_RESTING: Final = re.compile("除外|休息|歇业|停业|不营业|不开门?|不接待|关门|闭店")
_REST: Final = re.compile("休")
_WORDED: Final = re.compile(r"[一-鿿]")
_LIKE: Final = 0.5


def label(told: Told, poi: Poi) -> ClaimStatus | None:
    """标签写的是牛肉火锅: the very words of the map."""
    parts = [part for name in told.names for part in re.split("[、,，和]", fold(name)) if part]
    if not parts:
        return None
    own = texts_of(poi)
    if all(
        any(re.search(_SAME_WORDS.get(part.lower(), re.escape(part)), text, re.IGNORECASE) for text in own)
        for part in parts
    ):
        return "verified"
    return "contradicted" if _KEYWORDS & {key for key, _ in poi.tags} else None


_SAME_WORDS: Final = dict.fromkeys(("wifi", "wi-fi", "无线网", "无线网络", "无线"), "wi-?fi|无线")


def named(told: Told, poi: Poi) -> ClaimStatus | None:
    """名字里带着寿司: the word, or the foreign one for it, stands in the name."""
    own = fold(poi.name).lower()
    if not told.names:
        return None
    held = [
        fold(name).lower() in own
        or any(re.search(words, own) for word, words in _FOREIGN.items() if word in fold(name))
        for name in told.names
    ]
    if all(held):
        return "contradicted" if told.denied else "verified"
    foreign = not re.search(r"[一-鿿]", own)
    return None if foreign else "verified" if told.denied else "contradicted"


_FOREIGN: Final = {
    "寿司": "sushi", "咖啡": "coffee|cafe|café|kahvi", "披萨": "pizza|pizzeria", "汉堡": "burger", "拉面": "ramen", "烧烤": "grill|bbq", "厨房": "kitchen", "酒吧": "bar|pub", "面包": "bakery|leipomo", "面": "noodle", "茶": "tea",
}  # fmt: skip
"""Words of foreign names for what their translation says."""


def literal(quote: str, poi: Poi) -> bool:
    """Whether a remark that was called unverifiable repeats a keyword of the map: 它标签里写了停车方便、可带宠物."""
    stated = fold(quote)
    keys = [
        part for key, value in poi.tags if key in _KEYWORDS for part in re.split("[、,，;；|]", fold(value)) if part
    ]
    pieces = [piece for piece in re.split("[、,，和与及]", stated) if piece]
    return bool(keys) and all(any(_repeats(key, piece) for key in keys) for piece in pieces)


def _repeats(key: str, piece: str) -> bool:
    """Whether a remark holds a keyword, or without denying it what it tells of: 想要包间就去某某, of 有包间."""
    if len(key) >= _SHORTEST and key in piece:
        return True
    core = _HAVING.sub("", key)
    return len(core) >= _SHORTEST and core in piece and _DENIED.search(piece) is None


_HAVING: Final = re.compile("^(?:有|可以?|能|带|设有?|支持|提供)")
_DENIED: Final = re.compile("[没无不未非别]")


_KEYWORDS: Final = frozenset({"keywords", "keytag", "rectag", "label"})
