"""Folded text to typed tokens: what is known by name, amounts, times, and the words of lexicon.toml. Pure.

Every character belongs to one token; one that nothing knows is a token of class U. A word with several roles carries them all;
each set of roles is one private-use character, so that a clause is a short string and its frames are regular expressions.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from factory.maps.cuisines import CUISINES_KNOWN
from factory.verifier.amounts import CN, match_amount, number_range, read_amount
from factory.verifier.clock import TIME, Clock, read_time
from factory.verifier.known import Entry, Known
from factory.verifier.numbers import Quantity
from factory.verifier.script import fold

_SEPARATORS: Final = frozenset(",。;!?()|—~·/\n[]=\\<>&+@")
_LEXICON: Final = tomllib.loads((Path(__file__).parent / "lexicon.toml").read_text(encoding="utf-8"))
_CUISINE_WORDS: Final = {
    "义大利菜": "意大利菜", "意式菜": "意大利菜", "泰式菜": "泰国菜", "法式菜": "法国菜", "墨西哥餐": "墨西哥菜", "印度餐": "印度菜", "日式菜": "日本料理",
    "日料": "日本料理", "日餐": "日本料理", "日式料理": "日本料理", "日式": "日本料理", "韩料": "韩国料理", "韩餐": "韩国料理", "韩式料理": "韩国料理", "烤肉": "烧烤", "烤串": "烧烤",
    "本帮菜": "上海菜", "淮扬菜": "江浙菜", "苏帮菜": "江浙菜", "浙菜": "江浙菜", "苏菜": "江浙菜", "闽菜": "福建菜", "滇菜": "云贵菜", "云南菜": "云贵菜", "鄂菜": "湖北菜",
    "广东菜": "粤菜", "四川菜": "川菜", "湖南菜": "湘菜", "徽州菜": "徽菜", "素食": "素菜", "清真": "清真菜", "俄餐": "俄国菜", "法餐": "法国菜", "意餐": "意大利菜", "泰餐": "泰国菜", "潮汕菜": "潮州菜",
    "串串": "火锅", "涮肉": "火锅", "串串香": "火锅", "牛扒": "西餐", "居酒屋": "日本料理", "烧腊": "粤菜", "广府菜": "粤菜", "京菜": "北京菜", "山东菜": "鲁菜", "日韩料理": "日本料理",
}  # fmt: skip
SUBKINDS: Final = {
    **dict.fromkeys(("重庆火锅", "牛肉火锅", "潮汕牛肉火锅", "铜锅涮肉", "铜锅", "羊蝎子火锅", "串串香火锅", "老火锅", "牛油火锅", "鱼火锅", "四川火锅"), "火锅"),
    **dict.fromkeys(("炭火烤肉", "炭火烧烤", "大排档烧烤", "东北烧烤", "铁签烤串"), "烧烤"), **dict.fromkeys(("早茶", "茶餐厅", "烧腊", "广式早茶"), "粤菜"),
    **dict.fromkeys(("寿司", "拉面", "回转寿司", "日式拉面", "割烹", "日式烤肉"), "日本料理"), **dict.fromkeys(("铁锅炖", "饺子馆", "东北饺子"), "东北菜"),
    **dict.fromkeys(("法式西餐", "意式西餐", "扒房", "牛排馆"), "西餐"), **dict.fromkeys(("淮扬菜", "本帮菜", "苏帮菜", "杭帮菜", "金陵菜", "浙菜"), "江浙菜"),
}  # fmt: skip
"""Kinds within a cuisine: a map's key words or a name tell them."""
_SHOP_TAILS: Final = ("馆", "店", "餐厅", "馆子", "餐馆", "饭店", "菜馆", "厅", "铺", "类餐厅", "小馆", "老店", "的店", "的餐厅", "馆儿")  # fmt: skip
_EATEN: Final = frozenset(
    {"甜品", "快餐", "咖啡", "茶馆", "海鲜", "披萨", "汉堡", "三明治", "沙拉", "面包", "牛排", "中餐", "清真", "素食"}
)
DYNAMIC: Final = [
    "N", "A", "STREET", "D", "PLACE", "BRANCH", "M", "L", "MIN", "S", "NUM", "T", "TR", "CNT",
    "PPL", "ORD", "PCT", "TIMES", "OTH", "PHONE", "CU", "SEP", "U", "FEAT", "COLON", "STREETLIKE", "NAMELIKE", "URL",
]  # fmt: skip
CLASSES: Final = (*DYNAMIC, *_LEXICON["words"])


@dataclass(slots=True, init=False)
class Token:
    """One token: its class character, its span in the folded text, its value (entry, quantity, clock times, word).

    Never written to. Not frozen, since that makes it five times dearer, and an answer has some two hundred.
    """

    char: str
    start: int
    end: int
    value: Any
    text: str

    def __init__(self, char: str, start: int, end: int, value: Any, text: str) -> None:
        self.char, self.start, self.end, self.value, self.text = char, start, end, value, text


def _build() -> tuple[dict[str, tuple[str, Any]], dict[str, frozenset[str]], dict[frozenset[str], str]]:
    """(word → class character and value, class character → classes, classes → character)."""
    roles: dict[str, set[str]] = {}
    values: dict[str, Any] = {}
    for name, words in _LEXICON["words"].items():
        for word in words.split():
            roles.setdefault(fold(word), set()).add(name)
    for key, words in _LEXICON["features"].items():
        for word in words.split():
            roles.setdefault(fold(word), set()).add("FEAT")
            values[fold(word)] = key
    for word in CUISINES_KNOWN:
        for form in _forms(word):
            roles.setdefault(form, set()).add("CU")
            values.setdefault(form, word)
    for word, kind in SUBKINDS.items():
        if fold(word) not in roles and word not in _CUISINE_WORDS:
            roles.setdefault(fold(word), set()).add("CU")
            values.setdefault(fold(word), kind)
    for short, word in _CUISINE_WORDS.items():
        for form in _forms(short):
            roles.setdefault(form, set()).add("CU")
            values.setdefault(form, word)
    chars: dict[frozenset[str], str] = {}
    for name in CLASSES:
        chars[frozenset({name})] = chr(0xE000 + len(chars))
    for names in roles.values():
        chars.setdefault(frozenset(names), chr(0xE000 + len(chars)))
    lexicon = {word: (chars[frozenset(names)], values.get(word, word)) for word, names in roles.items()}
    return lexicon, {char: names for names, char in chars.items()}, chars


_OF_A_LAND: Final = 3
_LAND_TAILS: Final = ("餐厅", "餐馆", "饭店", "馆子", "小馆", "餐", "料理")


def _forms(word: str) -> list[str]:
    """A cuisine and the shops named by it: 川菜, 川菜馆, 火锅店; of a land without 菜, too: 越南餐厅."""
    plain = fold(word)
    land = plain[:-1] if plain[-1] == "菜" and len(plain) >= _OF_A_LAND else None
    shops = [land + tail for tail in _LAND_TAILS] if land else []
    return [plain, *(plain + tail for tail in _SHOP_TAILS), *shops]


LEXICON, ROLES, CHARS = _build()


def chars_of(*names: str) -> frozenset[str]:
    """The class characters of all words that have one of these roles."""
    wanted = frozenset(names)
    return frozenset(char for char, roles in ROLES.items() if roles & wanted)


def _lengths_by_beginning() -> dict[str, tuple[int, ...]]:
    """For the first two characters of a word the lengths of the words that begin so, the longest first."""
    lengths: dict[str, set[int]] = {}
    for word in (word for word in LEXICON if len(word) > 1):
        lengths.setdefault(word[:2], {1} if word[0] in LEXICON else set()).add(len(word))
    return {beginning: tuple(sorted(row, reverse=True)) for beginning, row in lengths.items()}


_LENGTHS: Final = _lengths_by_beginning()
_CHAR: Final = {name: CHARS[frozenset({name})] for name in CLASSES}
_ORDINAL: Final = re.compile(
    rf"(?:第([{CN}\d]+)(?:[家个间名位项处店条]|行(?![业政程驶]))?|首[家个]|no\.?(\d+)|([①-⑩]))"
)
_A_HEAD: Final = re.compile(rf"[{CN}]{{2,}}?(?=一(?:位|个人|人))")
"""一百九十四一位 is 194 a head."""
_PHONE: Final = re.compile(
    r"(?:(?:\+?86-?)?(?:0\d{2,3}-\d{7,8}|1\d{10}|0\d{10,11}|400-?\d{3}-?\d{4})(?:[,;、/]\d{3,}(?!:))*|\+?(?:\d{2,4}-)*\d{8,13}(?:-\d{2,4})?)"
    r"(?![\d.]|元|块|米|公里|m(?![a-z]))"
)
"""No amount that is said of a restaurant has eight digits."""
_IN_PHONES: Final = frozenset("0123456789-")
_URL: Final = re.compile(r"(?:https?://)?(?:www\.)?[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:/[a-z0-9_/.-]*)?")
_AMOUNT_STARTS: Final = frozenset(f"¥半点{CN}上过破约大将接近差不低少没未达小最至顶多别超高突逾足出起人r控估预")
_STREETLIKE: Final = re.compile(
    r"[\u4e00-\u9fff]{1,10}?(?:路|街|巷|道|胡同|弄|大街|大道|[里村区条](?=\d+号))(?:[东南西北中]段)?(?:与[\u4e00-\u9fff]{1,8}(?:路|街|巷|道|胡同|弄)(?:的?交叉口|交汇处|路口)(?:[东南西北]\d+米)?|\d+(?:-\d+)?(?!\d|:\d|点)号?(?:院|[a-z]座|\d+号楼|\d+层|\d+室|底商|附\d+号|[\u4e00-\u9fff]{2,6}?(?:广场|大厦|中心|商场|大楼|购物城|天地)(?:\d+层|\d+楼|[a-z]座)*)*(?:(?<=[层楼室座])\d{2,4}(?![\d.:%元块米分家人位公千]))?)?"
)
_HOUSE: Final = re.compile(r"\d+(?:-\d+)?号|与")
_NAMELIKE: Final = re.compile(r"[\u4e00-\u9fffa-z]{2,12}\([\u4e00-\u9fff]{1,10}(?:店|馆)\)")


def lex(text: str, known: Known) -> list[Token]:
    """Tokens of a folded text; they partition it."""
    tokens: list[Token] = []
    position, size, last = 0, len(text), ""
    numbered = max([found.end() for found in _NUMBERED_STREET.finditer(text)], default=0)
    while position < size:
        char = text[position]
        token = None
        if (char == "近" and (last not in _BEFORE_ABOUT or text.startswith(("近一点", "近一些"), position))) or (
            last in _MOST and char in "早晚"  # 最早10:30
        ):
            token = _word(text, position)
        if token is None and position < numbered and _addressed(tokens):
            token = _house(text, position, known)
        if token is None:
            token = _token(text, position, known)
        if token.char in _AMBIGUOUS or char == "两":
            token = _behind(last, token)
        tokens.append(token)
        position, last = token.end, token.char
    return tokens


def _behind(last: str, token: Token) -> Token:
    """An amount as the word before it has it."""
    if token.char == _OTH and last in _YOU and token.text.endswith("个"):
        return Token(_PPL, token.start, token.end, token.value, token.text)  # 咱们五个
    if token.text == "两点" and last in _BEFORE_TWO:
        return Token(_CHAR["T"], token.start, token.end, (Clock(120, either=True),), token.text)
    if token.char == _M and last in _EATING and token.text.endswith("块") and token.value.high < 10:
        return Token(_OTH, token.start, token.end, token.value, token.text)  # 尝一两块 is no price
    return token


_NUMBERED_STREET: Final = re.compile(r"(?:[路街巷道弄里村]|胡同)\d+号")
_MOST: Final = chars_of("MOST")
_YOU: Final = chars_of("YOU")
_EATING: Final = chars_of("DISHF", "EAT", "D")
_BEFORE_TWO: Final = chars_of("UNTIL", "PERIOD", "SESSION", "TOUP", "OPENV", "CLOSE")
"""Behind these 两点 is a time; elsewhere it may be two points."""
_BEFORE_ABOUT: Final = chars_of("PRICE", "DIST", "YOU", "PLACE", "COP", "ONLY", "WALK", "NEED", "AT")
"""近400米 is about 400 m after these; elsewhere it is 400 m nearer."""


def _token(text: str, at: int, known: Known) -> Token:
    char, pair = text[at], text[at : at + 2]
    if char == "+" and (phone := _PHONE.match(text, at)):
        return Token(_CHAR["PHONE"], at, phone.end(), phone[0], phone[0])
    if char in _SEPARATORS and pair not in LEXICON:
        return Token(_SEP, at, at + 1, None, char)
    days = _DAYS.match(text, at) if char in "周星礼" else None
    if days is not None:
        return Token(_CHAR["DAY"], at, days.end(), days[0], days[0])
    entry = known.at(text, at) if pair in known.masks else None
    if entry is not None and entry.kind == "STREET" and _HOUSE.match(text, at + len(entry.text)):
        whole = _STREETLIKE.match(text, at)
        if whole and whole.end() > at + len(entry.text):
            return Token(_STREET_LIKE, at, whole.end(), whole[0], whole[0])
    word = _word(text, at)
    if entry is not None and entry.alias and (_no_alias(text, at, entry, word) or _runs_into(text, at, entry, known)):
        entry = None
    if entry is not None and (word is None or len(entry.text) >= word.end - at or entry.kind == "N"):
        end = at + len(entry.text)
        stranger = _OTHER_BRANCH.match(text, end) if entry.kind == "N" else None
        if stranger is not None:
            return Token(_NAME_LIKE, at, stranger.end(), text[at : stranger.end()], text[at : stranger.end()])
        return Token(_CHAR[entry.kind], at, end, entry, entry.text)
    number = _number(text, at) if char in _NUMBER_STARTS or char.isdecimal() else None
    if number is not None and (
        word is None
        or number.end > word.end
        or (number.end == word.end and number.char not in _WEAK_NUMBERS and "ALLDAY" not in ROLES[word.char])
    ):
        return number
    if word is not None:
        return word if word.end == at + 1 else _before_names(text, at, word, known)
    if char < "\u0080" and (url := _URL.match(text, at)):
        return Token(_CHAR["URL"], at, url.end(), url[0], url[0])
    if char == "-":
        return Token(_SEP, at, at + 1, None, char)
    if char == ":":
        return Token(_COLON, at, at + 1, ":", char)
    street = _STREETLIKE.match(text, at)
    if street and _streetlike(street[0]):
        return Token(_STREET_LIKE, at, street.end(), street[0], street[0])
    name = _NAMELIKE.match(text, at)
    if name and not any(text[i : i + 2] in LEXICON or known.at(text, i) for i in range(at, name.end() - 1)):
        return Token(_NAME_LIKE, at, name.end(), name[0], name[0])
    return Token(_U, at, at + 1, char, char)


_DAYS: Final = re.compile(
    r"(?:周|星期|礼拜)[一二三四五六日天](?:(?:至|到|-|~|—)(?:周|星期|礼拜)?[一二三四五六日天]|[一二三四五六日天]{1,3})(?![点时])"
)
"""周一至周四, 周五六."""
_OTHER_BRANCH: Final = re.compile(r"\([\u4e00-\u9fff\d]{1,10}店\)")
"""In brackets behind a name that is known without it: a branch that nobody knows."""


def _no_alias(text: str, at: int, entry: Entry, word: Token | None) -> bool:
    """Whether what could be a shortened name is a word, made of words, or the beginning of a street with a number."""
    if word is not None and word.end - at >= len(entry.text):
        return True
    if word is not None and entry.text[word.end - at :] in LEXICON:
        return True
    street = None if text.startswith(("在", "位于", "坐落"), at + len(entry.text)) else _STREETLIKE.match(text, at)
    return street is not None and street.end() - at > len(entry.text) and bool(re.search(r"\d", street[0]))


def _runs_into(text: str, at: int, entry: Entry, known: Known) -> bool:
    """Whether a known dish begins within what could be a shortened name and goes beyond it: 和意 in 和意大利肉酱面."""
    end = at + len(entry.text)
    others = ((inside, known.at(text, inside)) for inside in range(at + 1, end))
    return any(one is not None and one.kind == "D" and inside + len(one.text) > end for inside, one in others)


def _addressed(tokens: list[Token]) -> bool:
    """Whether an address may follow: after 位于, 地址：, 地址是, 在, and where a clause begins."""
    if not tokens or tokens[-1].char in _LEADS_IN:
        return True
    if tokens[-1].char in _JOINS:
        return len(tokens) > 1 and tokens[-2].char in _ADDRESS
    return tokens[-1].char in _ADDRESS


_LEADS_IN: Final = chars_of("SEP", "AT")
_JOINS: Final = chars_of("COLON", "COP")
_ADDRESS: Final = chars_of("ADDR")


def _house(text: str, at: int, known: Known) -> Token | None:
    """A street with its number behind 位于, whatever word it seems to begin with: 中关村大街12号."""
    street = _STREETLIKE.match(text, at)
    if (
        street is None
        or not re.search(r"(?:路|街|巷|道|弄|胡同|里|村)\d+号", street[0])
        or street[0][0] in "在是为于就"
    ):
        return None
    inside = range(at, street.end())
    if any(text[n : n + 2] in LEXICON for n in inside[:-1]) or any(known.at(text, n) is not None for n in inside):
        return None
    return Token(_STREET_LIKE, at, street.end(), street[0], street[0])


def _before_names(text: str, at: int, word: Token, known: Known) -> Token:
    """A word that runs into a known name (从中 in 从中央大街) gives way to a shorter one that ends before it."""
    for inside in range(at + 1, word.end):
        entry = known.at(text, inside) if text[inside : inside + 2] in known.masks else None
        if entry is not None and entry.kind in _NAMES and not entry.alias and inside + len(entry.text) > word.end:
            shorter = _word(text[:inside], at)
            return shorter if shorter is not None else Token(_U, at, at + 1, text[at], text[at])
    return word


_NAMES: Final = frozenset({"N", "PLACE", "A"})


def _streetlike(text: str) -> bool:
    """A number, or a street of at least three characters that hides no word of the language."""
    return bool(re.search(r"\d", text)) or (
        len(text) >= 3 and not any(text[i : i + 2] in LEXICON for i in range(len(text) - 1))
    )


def _word(text: str, at: int) -> Token | None:
    lengths = _LENGTHS.get(text[at : at + 2])
    if lengths is None:
        meant = LEXICON.get(text[at])
        return None if meant is None else Token(meant[0], at, at + 1, meant[1], text[at])
    for length in lengths:
        word = text[at : at + length]
        meant = LEXICON.get(word) if len(word) == length else None
        if meant is not None and not (word[-1] in _RUNNING and _runs_on(text, at + length, word)):
            return Token(meant[0], at, at + length, meant[1], word)
    return None


def _runs_on(text: str, end: int, word: str) -> bool:
    """Whether a word only seems to end here: 家里人 in 这几家里人均."""
    if word[-1] == "的" and len(word) > 1 and text.startswith("话", end) and not text.startswith("话题", end):
        return True
    return word in _NOT_BEFORE and text[end : end + 1] in _NOT_BEFORE[word]


_NOT_BEFORE: Final = {"家里人": ("均", "气"), "没有营业": ("时",), "没营业": ("时",), "未营业": ("时",)}
_RUNNING: Final = frozenset("的") | {word[-1] for word in _NOT_BEFORE}
_HUNDREDS: Final = re.compile(r"[上过破]([百千])(?![米里个人家多来余几])")
"""过百, 上千: no less than a hundred, a thousand."""
_PART: Final = re.compile(r"一半|([一二三四五六七八九十])分之([一二三四五六七八九])")
"""一半, 四分之一: a share of another value."""


def _number(text: str, at: int) -> Token | None:
    char = text[at]
    whole = _HUNDREDS.match(text, at) if char in "上过破" else None
    if whole:
        least = 100.0 if whole[1] == "百" else 1000.0
        return Token(_NUM, at, whole.end(), Quantity(least, float("inf"), exact=False), whole[0])
    part = _PART.match(text, at) if char >= "\u4e00" else None
    if part:
        share = 0.5 if part[1] is None else (number_range(part[2]) or (1,))[0] / (number_range(part[1]) or (1,))[0]
        return Token(_CHAR["TIMES"], at, part.end(), Quantity(share, share, exact=True), part[0])
    phone = _PHONE.match(text, at) if char.isdecimal() and text[at + 4 : at + 5] in _IN_PHONES else None
    if phone:
        return Token(_CHAR["PHONE"], at, phone.end(), phone[0], phone[0])
    ordinal = None
    if char in _ORDINAL_STARTS and not text.startswith(("第二天", "第二日"), at):
        ordinal = _ORDINAL.match(text, at)
    if ordinal:
        span = (
            number_range(ordinal[1] or ordinal[2] or "1")
            if not ordinal[3]
            else (float("①②③④⑤⑥⑦⑧⑨⑩".index(ordinal[3]) + 1),) * 2
        )
        if span:
            return Token(_CHAR["ORD"], at, ordinal.end(), int(span[0]), ordinal[0])
    heads = _A_HEAD.match(text, at) if char in CN else None
    if heads and len(heads[0]) > 1:
        span = number_range(heads[0])
        if span is not None:
            return Token(_NUM, at, heads.end(), Quantity(span[0], span[1], exact=span[0] == span[1]), heads[0])
    amount = match_amount(text, at)
    time = TIME.match(text, at) if char in _TIME_STARTS or char.isdecimal() else None
    read = read_amount(amount) if amount and amount.end() > at else None
    if time:
        clock = read_time(time)
        if clock and (read is None or time.end() >= (amount.end() if amount else 0) or read[0] in {"NUM", "OTH"}):
            return Token(_CHAR[clock[0]], at, time.end(), clock[1], time[0])
    if read is None or amount is None:
        return None
    return Token(_CHAR[read[0]], at, amount.end(), read[1], amount[0])


_TIME_STARTS: Final = frozenset("凌后早上清一中正午下傍晚夜深当今半子次第翌隔转零两二三四五六七八九十")
_ORDINAL_STARTS: Final = frozenset("第首n①②③④⑤⑥⑦⑧⑨⑩")
_NUMBER_STARTS: Final = _AMOUNT_STARTS | _TIME_STARTS | _ORDINAL_STARTS | {"o"}
_SEP: Final = _CHAR["SEP"]
_U: Final = _CHAR["U"]
_NUM: Final = _CHAR["NUM"]
_OTH: Final = _CHAR["OTH"]
_PPL: Final = _CHAR["PPL"]
_M: Final = _CHAR["M"]
_AMBIGUOUS: Final = frozenset({_OTH, _M})
_WEAK_NUMBERS: Final = frozenset({_NUM, _OTH})
_COLON: Final = _CHAR["COLON"]
_STREET_LIKE: Final = _CHAR["STREETLIKE"]
_NAME_LIKE: Final = _CHAR["NAMELIKE"]
SEP_CHAR = _SEP
INERT: Final = _CHAR["INERT"]
MAYBE_INERT: Final = "".join(char for char, names in ROLES.items() if "INERT" in names and len(names) > 1)
EATEN = _EATEN
