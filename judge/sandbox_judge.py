"""The simulated judge: reads the question that it was sent and computes its scores from item against evidence.

Pure. A latent score falls with restaurants and facts that the evidence does not hold, with needs that are missed, with facts
and form that are missing; then come the shared error of a call (halo), private noise and a bias, seeded by the request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import cos, log, pi, sqrt

from judge.asking import facts_of

_MARK = re.compile(r"^<(?:证据|evidence) ([0-9a-f]+)>$", re.MULTILINE)
_FENCES = {"证据": "evidence", "提问": "question", "回答": "answer"}
_LISTED = re.compile(r"^\s*(\d+)[.、．)]\s*(.+)$")
_NUMBERS = (
    ("评分", re.compile(r"(?:评分|综合评分|口碑)[^\d，。；、]{0,5}(\d(?:\.\d)?)(?!\d|[:：])"), 1.0),
    ("评分", re.compile(r"(\d\.\d)分?的(?:综合)?评分"), 1.0),
    ("人均", re.compile(r"(?:人均|每人|每位|一个人)[^\d，。；、不超预]{0,6}(\d+(?:\.\d+)?)(?:元|块)"), 1.0),
    ("距离", re.compile(r"(\d+(?:\.\d+)?)(?:米|m)(?!以?内)"), 1.0),
    ("距离", re.compile(r"(\d+(?:\.\d+)?)(?:公里|千米|km)(?!以?内)"), 1000.0),
)
_HOUSE = re.compile(r"\d+号(?!线)")
_TIME = re.compile(r"\d{1,2}:\d{2}")
_DISHES = re.compile(
    r"(?:(?:招牌菜?|特色菜?|拿手菜?|推荐菜)(?:有|是|为|包括|：)|不妨试试|可以尝尝|可以点)([^，。；！]+)"
)
_KITCHEN = re.compile(
    r"(?:主营|主打|专做|做的是|是一家)([^，。；、！（(]{2,6}?)(?:店|馆|餐厅|厅)?(?=[，。；、！（(]|$)"
)
_RELATION = re.compile(r"[^，。；！]*(?:比|差|上一家|上限|下限|超出|高出|少花|多走|当中|家里|之间)[^，。；！]*")
"""A clause that sets a restaurant beside another, or beside a wish: a simple reader has no opinion of it."""
_HAN = {"一": "1", "两": "2", "三": "3"}
_FAR = re.compile(
    r"(?:不超过|别超过|不出|超不过)(\d+(?:\.\d+)?|[一两三])(米|公里)|(\d+(?:\.\d+)?|[一两三])(米|公里)(?:以内|范围|内|之内|就)"
)
_BETWEEN = re.compile(r"(\d+)(?:元|块)?钱?(?:-|~|～|–|至|到)(\d+)(?:元|块)")
_AT_MOST = re.compile(r"(?:超过|超|最多)(\d+)(?:元|块)|(\d+)(?:元|块)钱?(?:以内|以下|之内|内)")
_AT_LEAST = re.compile(r"(?:不低于|至少)(\d+)(?:元|块)|(\d+)(?:元|块)钱?(?:以上|往上|起)")
_NOTHING = re.compile(r"没有完全|没有(?:找到)?.{0,8}符合|最接近|不太凑巧")


@dataclass(frozen=True, slots=True)
class Temper:
    """How a simulated judge errs, in points of the 1 to 5 scale (standard deviations, and a constant)."""

    noise: float = 0.5
    halo: float = 0.0
    bias: float = 0.0
    position: float = 0.0
    """Added to the answer that is shown first, where two are compared."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found in one item."""

    listed: int
    distinct: int
    invented: int
    wrong: int
    missed: int
    told: float
    """Share of the facts that the evidence has and the answer tells."""
    form: int
    """Of: an opening, numbered without gaps, a closing; 0 to 3."""
    abstained: bool = False
    """Says that nothing fits, and lists nothing."""
    could: bool = False
    """Some restaurant of the evidence misses neither cuisine nor distance nor budget."""


def look(prompt: str) -> Look:
    """Read the last message. Nothing outside the marked fences counts."""
    fence = _MARK.search(prompt)
    if fence is None:
        return Look(0, 0, 0, 0, 0, 0.0, 0)
    evidence, question, answer = (_block(prompt, name, fence[1]) for name in ("证据", "提问", "回答"))
    shops = {facts["店名"]: facts for facts in map(facts_of, evidence.splitlines()) if "店名" in facts}
    lines = [line for line in re.sub(r"[*【】#`]", "", answer).splitlines() if line.strip()]
    items = [(position, match) for position, line in enumerate(lines) if (match := _LISTED.match(line))]
    names = [_named(match[2], shops) for _, match in items]
    real = [shops[name] for name in names if name is not None]
    texts = [match[2] for (_, match), name in zip(items, names, strict=True) if name is not None]
    numbered = [int(match[1]) for _, match in items] == list(range(1, len(items) + 1)) and bool(items)
    form = (bool(items) and items[0][0] > 0) + numbered + (bool(items) and items[-1][0] < len(lines) - 1)
    return Look(
        listed=len(items),
        distinct=len({name for name in names if name is not None}) + names.count(None),
        invented=names.count(None),
        wrong=sum(_wrong(text, facts, shops) for text, facts in zip(texts, real, strict=True)),
        missed=0 if _NOTHING.search(answer) else sum(_missed(question, facts, shops) for facts in real),
        told=sum(map(_told, texts, real)) / len(real) if real else 0.0,
        form=form,
        abstained=not items and _NOTHING.search(answer) is not None,
        could=any(not _missed(question, facts, shops) and _affordable(question, facts) for facts in shops.values()),
    )


def _block(prompt: str, name: str, mark: str) -> str:
    fence = name if f"<{name} {mark}>" in prompt else _FENCES[name]
    return prompt.partition(f"<{fence} {mark}>\n")[2].partition(f"\n</{fence} {mark}>")[0]


def _named(text: str, shops: Mapping[str, object]) -> str | None:
    return max((name for name in shops if text.startswith(name)), key=len, default=None)


def _number(facts: Mapping[str, str], name: str) -> float | None:
    number = re.match(r"\d+(?:\.\d+)?", facts.get(name, ""))
    return float(number[0]) if number else None


def _wrong(text: str, facts: Mapping[str, str], shops: Mapping[str, Mapping[str, str]]) -> int:
    """Statements that this restaurant's evidence contradicts or does not hold."""
    # "80 metres east of the crossing" is no distance, and a name may hold a dish or a kitchen.
    for own in (facts["店名"], facts.get("地址", "")):
        text = text.replace(own, "") if own else text
    count, text = _elsewhere(_RELATION.sub("", text), facts, shops)
    for name, pattern, unit in _NUMBERS:
        truth = _number(facts, name)
        for number in pattern.finditer(text):
            stated = float(number[1]) * unit
            slack = {"评分": 0.049, "人均": 0.06 * (truth or 0) + 1, "距离": 0.06 * (truth or 0) + 50}[name]
            count += truth is None or abs(stated - truth) > slack
    where = facts.get("地址", "") + facts["店名"]
    count += sum(house not in where for house in _HOUSE.findall(text))
    hours = facts.get("营业时间", "") + facts.get("一周营业时间", "")
    count += sum(time.zfill(5) not in hours for time in _TIME.findall(text))
    count += sum(str(kitchen) != facts.get("菜系") for kitchen in _KITCHEN.findall(text))
    return count + _not_served(text, facts, shops)


def _elsewhere(text: str, facts: Mapping[str, str], shops: Mapping[str, Mapping[str, str]]) -> tuple[int, str]:
    """Addresses of other restaurants, and the text without them."""
    others = {shop["地址"] for shop in shops.values() if "地址" in shop} - {facts.get("地址", "")}
    stated = sorted((address for address in others if address in text), key=len, reverse=True)
    for address in stated:
        text = text.replace(address, "")
    return int(bool(stated)), text


def _not_served(text: str, facts: Mapping[str, str], shops: Mapping[str, Mapping[str, str]]) -> int:
    """Dishes that are other restaurants', and dishes offered in so many words that are nobody's here."""
    own = facts.get("招牌菜", "").split("、")
    for dish in sorted(filter(None, own), key=len, reverse=True):
        text = text.replace(dish, "")
    others = {dish for shop in shops.values() for dish in shop.get("招牌菜", "").split("、") if dish}
    count = 0
    for dish in sorted(others.difference(own), key=len, reverse=True):
        count += dish in text
        text = text.replace(dish, "")
    offered = [
        dish_named.strip(" 等") for group in _DISHES.findall(text) for dish_named in re.split(r"[、和与及]", group)
    ]
    return count + sum(bool(dish) for dish in offered)


def _missed(question: str, facts: Mapping[str, str], shops: Mapping[str, Mapping[str, str]]) -> int:
    """Needs of the question that this restaurant does not meet: its cuisine, the distance."""
    wanted = {shop.get("菜系", "") for shop in shops.values()} - {""}
    wanted = {cuisine for cuisine in wanted if cuisine in question}
    far = _FAR.search(question)
    number, unit = (far[1] or far[3], far[2] or far[4]) if far else ("", "")
    limit = float(_HAN.get(number, number)) * (1000.0 if unit == "公里" else 1.0) if number else None
    away = _number(facts, "距离")
    return (bool(wanted) and facts.get("菜系") not in wanted) + (
        limit is not None and away is not None and away > limit
    )


def _affordable(question: str, facts: Mapping[str, str]) -> bool:
    """Whether a known price meets the budget that the question names."""
    price = _number(facts, "人均")
    low = high = None
    if budget := _BETWEEN.search(question):
        low, high = float(budget[1]), float(budget[2])
    elif budget := _AT_LEAST.search(question):
        low = float(budget[1] or budget[2])
    elif budget := _AT_MOST.search(question):
        high = float(budget[1] or budget[2])
    if low is None and high is None:
        return True
    return price is not None and (low is None or price >= low) and (high is None or price <= high)


def _told(text: str, facts: Mapping[str, str]) -> float:
    there = [name for name in ("地址", "评分", "人均", "距离", "营业时间") if name in facts]
    signs = {"评分": "分", "人均": "元块", "距离": "米里", "营业时间": ":"}
    return (
        sum(any(sign in text for sign in signs.get(name, (facts[name],))) for name in there) / len(there)
        if there
        else 1.0
    )


def latent(dimension: str, seen: Look) -> float:
    """One dimension's score without any error, by the shipped rubrics' anchors; may lie outside 1 to 5."""
    if seen.listed == 0:
        return {True: 5.0, False: 1.0}[seen.abstained and not seen.could]
    facts = 1.5 * seen.invented + 1.0 * seen.wrong
    return {
        "准确性": _counted(seen, seen.wrong),
        "一致性": max(2.0, 5.0 - seen.missed),
        "理解能力": max(2.0, 5.0 - seen.missed),
        "推荐合理性": _counted(seen, seen.wrong + seen.missed),
        "多样性": max(2.0, 5.0 - (seen.listed - seen.distinct)),
        "规范性": 2.0 + seen.form,
        "逻辑清晰性": 3.0 + 2 * seen.form / 3,
        "实用性": 1.5 + 3.5 * seen.told - 0.5 * facts,
        "信息完整性": 1.0 + 4.0 * seen.told,
    }.get(dimension, 3.0)


def _counted(seen: Look, errors: int) -> float:
    """One error is a 4, two are a 3, more, or an invented restaurant, a 2, most of them invented a 1."""
    if seen.invented:
        return 1.0 if 2 * seen.invented > seen.listed else 2.0
    return max(2.0, 5.0 - errors)


def scores(system: str, prompt: str, seed: object, temper: Temper) -> dict[str, dict[str, int]]:
    """Per rubric (one, named "", unless the system message asks for several) the dimensions' scores, 1 to 5.

    ``seed``: whose error it is; two judges that are to err apart need two.
    """
    seen = look(prompt)
    # Halo: one error for all that this very call scores.
    shared = temper.halo * _normal(seed, system, prompt, "halo") + temper.bias
    given: dict[str, dict[str, int]] = {}
    for rubric, names in asked_dimensions(system).items():
        given[rubric] = {
            name: max(
                1,
                min(5, round(latent(name, seen) + shared + temper.noise * _normal(seed, system, prompt, rubric, name))),
            )
            for name in names
        }
    return given


SIDES = (("甲", "A"), ("乙", "B"))
TIE = 0.5
"""Points of one dimension within which two answers are alike."""


def compares(prompt: str) -> bool:
    """Whether a question shows two answers."""
    return "<回答乙 " in prompt or "<answerB " in prompt


def better(system: str, prompt: str, seed: object, temper: Temper) -> str:
    """Which of two answers is better, in the question's own word for it, or that they are alike."""
    english = "<answerB " in prompt
    first, second = (_worth(prompt, side[english]) for side in SIDES)
    ahead = first - second + temper.position + temper.noise * _normal(seed, system, prompt, "pair")
    if abs(ahead) < TIE:
        return "tie" if english else "平"
    return SIDES[ahead < 0][english]


def _worth(prompt: str, side: str) -> float:
    """One answer's facts first, then what it tells."""
    alone = prompt.replace(f"回答{side} ", "回答 ").replace(f"answer{side} ", "answer ")
    seen = look(alone)
    return 2 * latent("推荐合理性", seen) + latent("理解能力", seen) + latent("信息完整性", seen)


def asked_dimensions(system: str) -> dict[str, Sequence[str]]:
    """The dimensions that the rubric lists, under the names that its form uses."""
    groups: dict[str, list[str]] = {}
    rubric = ""
    for line in system.splitlines():
        if heading := re.search(r"（(data|answer)）", line):
            rubric = heading[1]
        if dimension := re.match(r"- (.+?)(?:：|: )\d", line):
            groups.setdefault(rubric, []).append(dimension[1])
    return dict(groups)


def _normal(*words: object) -> float:
    """A standard normal deviate (Box & Muller 1958) from a hash, so that the same request errs the same way."""
    digest = blake2b("\x1f".join(map(str, words)).encode(errors="replace"), digest_size=16).digest()
    first = (int.from_bytes(digest[:8], "big") + 1) / (2**64 + 1)
    return sqrt(-2.0 * log(first)) * cos(2 * pi * int.from_bytes(digest[8:], "big") / 2**64)
