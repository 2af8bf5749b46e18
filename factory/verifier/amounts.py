"""Numbers as people write them, with unit and hedges: 约80元, 七八十块, 1.2公里, 不到三百米, 十几分钟, 28%, 三家, 第二家. Pure.

Part of the lexer: each match is one typed token, whose value is a ``Quantity`` in the unit's base (CNY, metres, minutes).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from factory.verifier.numbers import DIGITS, UNITS, Quantity

CN: Final = "零〇一二两三四五六七八九十百千万几俩仨"
_NUMBER = rf"(?:\d+(?:,\d{3}(?!\d))*(?:\.\d+)?(?:[千万百](?!米|里|克|瓦))?|(?:点)?[{CN}]+(?:点[零一二三四五六七八九]+)?(?:个半)?|半)"
_UNDER = [
    "不到",
    "不足",
    "低于",
    "少于",
    "没到",
    "未到",
    "不满",
    "达不到",
    "没达到",
    "没有达到",
    "未达到",
    "未达",
    "不及",
    "够不到",
    "够不上",
    "还不够",
    "不够",
    "小于",
    "达不到了",
]
_ATMOST = [
    "不出",
    "没出",
    "未出",
    "不超过",
    "没超过",
    "没有超过",
    "未超过",
    "没有超出",
    "最多",
    "至多",
    "不高于",
    "不多于",
    "顶多",
    "不大于",
    "别超过",
    "不要超过",
    "没超出",
    "没超",
    "未超",
    "没破",
    "没过",
    "没高过",
    "没有超",
    "不超",
    "不会超过",
]
_OVER = ["超过", "高于", "多于", "不止", "大于", "突破", "超过了", "高过", "多过", "逾", "足足"]
_EXCESS = ["超出", "超出了"]
_ATLEAST = ["至少", "不低于", "不少于", "起码", "最少", "不小于", "没有低于"]
_ABOUT = [
    "约",
    "大约",
    "大概",
    "差不多",
    "将近",
    "接近",
    "近",
    "约莫",
    "大致",
    "估计",
    "预计",
    "大概在",
    "约在",
    "大约在",
    "大概要",
    "大约要",
    "约合",
    "约为",
    "大约是",
    "大概是",
    "约等于",
    "大致在",
    "估摸",
]
_MID = ["多", "来", "几", "余"]
_A_ABOUT = ["左右", "上下", "前后", "附近"]
_A_UNDER = ["以内", "之内", "内", "以下", "之下", "范围内", "范围以内", "以里", "封顶", "往下", "不到"]
_A_OVER = [
    "以上",
    "之上",
    "之外",
    "以远",
    "往上",
    "起",
    "开外",
    "起步",
    "打底",
    "以外",
    "外",
    "多一点",
    "多一些",
    "出去",
    "好几",
]
_A_BIT = ["出头", "多", "多点", "挂零", "冒头", "余"]
_HEDGES: Final = {
    **dict.fromkeys((*_UNDER,), "under"),
    **dict.fromkeys((*_ATMOST, *_A_UNDER), "atmost"),
    **dict.fromkeys((*_OVER,), "over"),
    **dict.fromkeys(_EXCESS, "excess"),
    **dict.fromkeys((*_ATLEAST, *_A_OVER), "atleast"),
    **dict.fromkeys((*_ABOUT, *_A_ABOUT), "about"),
    **dict.fromkeys(_A_BIT, "bit"),
    "不到": "under",
    "上": "atleast",
    "过": "over",
    "破": "over",
}


def _words(words: list[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_UNITS: Final = {
    "M": r"元|块钱|块(?!儿)|rmb|cny|人民币|圆",
    "L": r"公尺|公里半|千米半|里半地|米(?!饭|线|粉|其|其林)|m(?![a-z])|公里[一二三四五六七八九]{1,2}(?![家个人位块元分条点十百千号楼层店里公年天种站折成倍])|公里|千米|km|里地|里路",
    "MIN": r"分钟|min(?:s|utes?)?|个小时|个钟头|小时|钟头|刻钟",
    "S": r"分(?!钟|店|别|之|量|享|开|明|吃|辣|数|外|散|类|布)|星(?!期|级|汇|光|巴|亭|湖)|颗星",
    "CNT": r"店(?![里家员名内长铺主方])|(?:家|间)(?!常|乡|庭|人(?!均)|里人|长|味|里的|宴|客|园|族)",
    "PPL": r"个人|人(?!均|气|民|少|多|家(?!宴|庭|聚)|间|份|数|流|头|工)|位(?!于|置|子|列|数)|口人|名(?=朋友|同事|同学|客人)|个(?=朋友|同事|同学|大人|小孩|孩子|老人)",
    "PCT": r"%|成(?!都|人|为|立|本|熟)|个百分点",
    "TIMES": r"倍半|倍",
    "OTH": r"欧元|美元|港币|日元|英镑|卢布|年|条|份|只|折|层|楼|号线|号口|号|天|种|道|桌|串|碗|盘|次|款|万|瓶|杯|岁|个月|月|日|周|张|平米|平方米|盏|颗|站|档|斤|克|席|批|项|处(?=不|没|未)|点(?!半|左|右)|毛|度|个(?!人)",
}
_AFTERS = _words([*_A_ABOUT, *_A_UNDER, *_A_OVER, *_A_BIT])
AMOUNT: Final = re.compile(
    rf"(?P<pre>{_words([*_UNDER, *_ATMOST, *_OVER, *_EXCESS, *_ATLEAST, *_ABOUT])}|[上过破](?=\d))?"
    rf"(?P<sign>¥|rmb|人民币)?"
    rf"(?P<a>{_NUMBER})(?:(?P<au>元|块钱|块|米|m|公里|km|分)?(?:-|~|—|至|到|(?<=\d)、(?=\d+分钟))(?:¥)?(?P<b>{_NUMBER}))?"
    rf"(?P<mid>(?!多[出了花走付])(?:{_words(_MID)}))?"
    rf"(?:{'|'.join(f'(?P<{name}>{unit})' for name, unit in _UNITS.items())})?"
    rf"(?P<post>(?:{_AFTERS})(?!(?<=外)[卖带面])(?!(?<=不到)(?:您|你|预算|[\d¥一二三四五六七八九]))(?!(?<=多)[\d一二三四五六七八九十]))?(?P<span>之间|不等|区间)?"
)
_FACTORS: Final = {
    "公里": 1000.0,
    "公里半": 1000.0,
    "千米半": 1000.0,
    "千米": 1000.0,
    "km": 1000.0,
    "里地": 500.0,
    "里路": 500.0,
    "小时": 60.0,
    "个小时": 60.0,
    "钟头": 60.0,
    "个钟头": 60.0,
    "刻钟": 15.0,
}
_PLAIN = re.compile(r"\d+(?:\.\d+)?")
_ADJACENT = re.compile(r"([一二两三四五六七八])([二三四五六七八九])(十|百|千|万)?")
_BETWEEN_TENS = re.compile(r"([一二三四五六七八九百两]*十)([一二三四五六七八])([二三四五六七八九])")
_HUNDREDS_AND_TENS = re.compile(r"([一二两三四五六七八九])百([一二三四五六七八])([二三四五六七八九])十")
_ONE_OR_TWO = re.compile(r"一两(十|百|千|万)?")


def number_range(text: str) -> tuple[float, float] | None:
    """The values that a bare numeral may mean: 80 → (80, 80), 七八十 → (70, 89), 十几 → (11, 19), 几百 → (200, 999)."""
    if _PLAIN.fullmatch(text):
        return float(text), float(text)
    text = text.replace(",", "").replace("俩", "两").replace("仨", "三")
    if text.endswith("个半"):
        whole = number_range(text.removesuffix("个半"))
        return None if whole is None else (whole[0] + 0.5, whole[1] + 0.5)
    teens = _BETWEEN_TENS.fullmatch(text)
    if teens and DIGITS[teens[3]] == DIGITS[teens[2]] + 1:
        base = number_range(teens[1])
        return None if base is None else (base[0] + DIGITS[teens[2]], base[0] + DIGITS[teens[3]])
    hundreds = _HUNDREDS_AND_TENS.fullmatch(text)
    if hundreds and DIGITS[hundreds[3]] == DIGITS[hundreds[2]] + 1:  # 一百六七十
        floor = 100.0 * DIGITS[hundreds[1]]
        return floor + 10 * DIGITS[hundreds[2]], floor + 10 * DIGITS[hundreds[3]] + 9
    if text == "半":
        return 0.5, 0.5
    digits = _PLAIN.match(text)
    if digits:
        factor = {"百": 100.0, "千": 1000.0, "万": 10000.0}.get(text[digits.end() :], 1.0)
        value = float(digits[0]) * factor
        return value, value
    adjacent = _ADJACENT.fullmatch(text)
    if adjacent and DIGITS[adjacent[2]] == DIGITS[adjacent[1]] + 1:
        unit = UNITS.get(adjacent[3] or "", 1)
        return float(DIGITS[adjacent[1]] * unit), float((DIGITS[adjacent[2]] + 1) * unit - 1)
    pair = _ONE_OR_TWO.fullmatch(text)
    if pair:
        unit = UNITS.get(pair[1] or "", 1)
        return float(unit), float(3 * unit - 1 if pair[1] else 2)
    if "几" in text:
        low = _chinese(text.replace("几", "一" if text.endswith("几") and len(text) > 1 else "二"))
        high = _chinese(text.replace("几", "九"))
        if low is None or high is None:
            return None
        last = UNITS.get(text[-1], 1)
        return low, high + last - 1
    value_cn = _chinese(text)
    return None if value_cn is None else (value_cn, value_cn)


def _chinese(text: str) -> float | None:
    whole, point, fraction = text.partition("点")
    total, current, seen, unit = 0.0, 0, False, 0
    for char in whole:
        if char in DIGITS:
            if seen and current and unit == 0 and char not in "零〇":
                return _digit_string(text)
            current, seen = DIGITS[char], True
            unit = 0
        elif char in UNITS:
            if char == "万":
                total, current = (total + current or 1) * 10000, 0
            else:
                total += (current or (0 if char == "零" else 1)) * UNITS[char]
                current = 0
            seen, unit = True, UNITS[char]
        else:
            return None
    if not seen:
        return None
    tail = re.search(r"([百千万])([一二三四五六七八九])$", whole)
    total += current * UNITS[tail[1]] // 10 if tail else current
    if not point:
        return total
    if not fraction or any(char not in DIGITS for char in fraction):
        return None
    return total + float("0." + "".join(str(DIGITS[char]) for char in fraction))


def _digit_string(text: str) -> float | None:
    """一二三 read digit by digit."""
    if all(char in DIGITS for char in text) and len(text) <= 6:
        return float("".join(str(DIGITS[char]) for char in text))
    return None


_TENTHS: Final = re.compile("公里([一二三四五六七八九]{1,2})")


def match_amount(text: str, at: int) -> re.Match[str] | None:
    """An amount of a folded text from a place on; 还差11元到200元 is what is missing, and no range."""
    found = AMOUNT.match(text, at)
    if found and found["b"] and found["au"] and at and text[at - 1] in "差缺欠":
        return AMOUNT.match(text, at, found.end("au"))
    return found


def read_amount(match: re.Match[str]) -> tuple[str, Quantity] | None:
    """(class, quantity) of an AMOUNT match; None where it is no number after all."""
    kind = next((name for name in _UNITS if match[name]), "NUM")
    if match["sign"]:
        kind = "M"
    span = number_range(match["a"])
    if span is None or (kind == "NUM" and not _bare(match)):
        return None
    low, high = span
    if kind in {"L", "TIMES"} and match[kind].endswith("半"):
        low, high = low + 0.5, high + 0.5
    unit = match[kind] if kind != "NUM" and not match["sign"] else ""
    tenths = _TENTHS.fullmatch(unit)
    if tenths:  # 一公里三, 一公里三四
        unit = "公里"
        low, high = low + DIGITS[tenths[1][0]] / 10, high + DIGITS[tenths[1][-1]] / 10
    if match["b"]:
        upper = number_range(match["b"])
        if upper is None or upper[1] < low:
            return None
        factor = _FACTORS.get(unit, 1.0)
        own = _FACTORS.get(match["au"] or unit, factor) if match["au"] not in {None, "米", "m"} else 1.0
        return kind, Quantity(low * (own if match["au"] else factor), upper[1] * factor, exact=False)
    factor = _FACTORS.get(unit, 1.0)
    hedge = _HEDGES.get(match["pre"] or "", "") or _HEDGES.get(match["post"] or "", "")
    second = _HEDGES.get(match["post"] or "", "")
    if hedge == "about" and second == "bit":
        hedge = "bit"
    stated = _hedged(low * factor, high * factor, hedge, match["mid"] or "")
    return kind, replace(stated, kilo=True) if factor == 1000.0 else stated


def _bare(match: re.Match[str]) -> bool:
    """Whether a number without a unit may stand as one: digits, or a numeral of at least two characters."""
    text = match["a"]
    return text[0].isdigit() or (len(text) >= 2 and any(char in text for char in "十百千万点"))


def _hedged(low: float, high: float, hedge: str, mid: str) -> Quantity:
    inf = float("inf")
    if hedge == "under":
        return Quantity(0.0, high, exact=False, strict=True)
    if hedge == "atmost":
        return Quantity(0.0, high, exact=False)
    if hedge == "over":
        return Quantity(low, inf, exact=False, strict=True)
    if hedge == "atleast":
        return Quantity(low, inf, exact=False)
    if hedge == "excess":
        return Quantity(low, inf, exact=False, strict=True, excess=True)
    if low != high:
        return Quantity(low, high, exact=False)
    if mid == "来":
        return Quantity(low, low, exact=False, about=True)
    if hedge == "bit" or mid in {"多", "余", "几"}:
        step = 10.0 if low < 100 and low % 10 == 0 else 100.0 if low % 100 == 0 and low >= 100 else max(1.0, low * 0.1)
        if low % 1000 == 0 and low >= 1000:
            step = 500.0
        return Quantity(low, low + (low * 0.2 if hedge == "bit" and mid == "" else step) - 0.01, exact=False)
    about = hedge == "about"
    return Quantity(low, low, exact=not about, about=about)
