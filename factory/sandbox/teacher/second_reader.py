"""The sandbox's second reader over the wire: extracts typed claims from clauses by patterns of its own, imperfectly.

Beside teacher.py; server.py asks it when the request names its model. It knows no evidence and no grammar of the verifier's: what
it does not recognise it leaves empty, and what sounds like praise it calls unverifiable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

MODEL: Final = "sandbox/reader-v1"
_PRAISE: Final = re.compile(
    "服务|环境|味道|口味|口感|新鲜|排队|老板|氛围|装修|口碑|人气|网红|停车|包间|正宗|地道|好吃|入味|历史|老店|回头客|卫生|热情|安静|适合"
)
_TIMES: Final = r"\d{1,2}:\d{2}"
_SIGNS: Final = (("不低于|以上|起", ">="), ("不超过|以内|以下|不到", "<="), ("约|大概|左右|上下|差不多|近", "~"))


def answer(messages: Sequence[Mapping[str, Any]]) -> str:
    """The reader's JSON for the last user message."""
    try:
        answers = orjson.loads(str(messages[-1].get("content"))).get("answers", [])
        rows = [row | {"names": answer["names"]} for answer in answers for row in answer["clauses"]]
    except (orjson.JSONDecodeError, AttributeError, IndexError, KeyError, TypeError):
        rows = []
    return orjson.dumps({"clauses": [{"id": row["id"], "claims": _claims(row)} for row in rows]}).decode()


def _claims(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    text = str(row["text"])
    for read in (_compared, _superlative, _hours, _value, _denied):
        claim = read(text, row)
        if claim is not None:
            own = {"of": row["restaurant"]} if row.get("restaurant") else {}
            return [own | claim | {"quote": text}]
    if _PRAISE.search(text):
        return [{"kind": "unverifiable", "quote": text}]
    return []


def _number(text: str) -> float | None:
    digits = re.findall(r"\d+(?:\.\d+)?", text)
    return float(digits[0]) if len(digits) == 1 else None


def _sign(text: str) -> str:
    return next((sign for words, sign in _SIGNS if re.search(words, text)), "=")


def _value(text: str, _row: Mapping[str, Any]) -> dict[str, Any] | None:
    value = _number(text)
    if value is None:
        return None
    if re.search("评分|打分|星", text) and value <= 5 and not re.search("比|上一家|[多少高低]", text):
        return {"kind": "rating", "value": value, "sign": _sign(text)}
    if re.search("元|块|花费|人均|消费", text) and not re.search("预算|便宜|贵|多|少|差", text):
        return {"kind": "price", "value": value, "sign": _sign(text)}
    if re.search("公里|千米", text):
        return {"kind": "distance", "value": value * 1000, "sign": "~"}
    if re.search("米", text) and not re.search("比|多|少|超", text):
        return {"kind": "distance", "value": value, "sign": _sign(text)}
    if re.search("分钟", text) and re.search("走|步行", text):
        return {"kind": "walk", "minutes": int(value)}
    return None


def _hours(text: str, _row: Mapping[str, Any]) -> dict[str, Any] | None:
    times = re.findall(_TIMES, text)
    days = re.search("每天|天天|今天|周[一二三四五六日](?:至周[一二三四五六日])?", text)
    when = {"days": days[0]} if days else {}
    if len(times) == 2 and re.search("-|到|至|~", text):
        return {"kind": "hours", "spans": [times], **when}
    if len(times) == 1 and re.search("关|打烊|收|到", text):
        return {"kind": "closes", "time": times[0], **when}
    return {"kind": "opens", "time": times[0]} if len(times) == 1 and re.search("开", text) else None


_NOT_OF: Final = re.compile(r".{0,6}?(?:并)?不是[你您]?(?:想吃|要吃)?的?([一-鿿]{2,4}(?:菜|料理|餐)|火锅|烧烤|西餐)")


def _denied(text: str, _row: Mapping[str, Any]) -> dict[str, Any] | None:
    denial = _NOT_OF.fullmatch(text)
    return {"kind": "cuisine", "word": denial[1], "not": True} if denial else None


def _compared(text: str, row: Mapping[str, Any]) -> dict[str, Any] | None:
    names, own = list(row.get("names") or ()), row.get("restaurant")
    other = next((name for name in names if name != own and name in text), None)
    if other is None and "上一家" in text and own in names and names.index(own) > 0:
        other = names[names.index(own) - 1]
    if other is None or "比" not in text:
        return None
    rest = text.replace(str(other), "")
    amount = _number(rest)
    for word, fact, direction in (
        ("近", "distance", "less"),
        ("远", "distance", "more"),
        ("便宜|省", "price", "less"),
        ("贵", "price", "more"),
        ("低", "rating", "less"),
        ("高", "rating", "more"),
    ):
        if re.search(word, rest):
            return {"kind": "compare", "fact": fact, "other": other, "direction": direction, "amount": amount}
    return None


def _superlative(text: str, _row: Mapping[str, Any]) -> dict[str, Any] | None:
    if "比" in text or re.search(r"\d", text):
        return None
    for word, fact, end in (
        ("最近", "distance", "least"),
        ("最远", "distance", "most"),
        ("评分.*最高|最高.*评分", "rating", "most"),
        ("最便宜|人均.*最低|花费.*最", "price", "least"),
        ("最贵|人均.*最高", "price", "most"),
    ):
        if re.search(word, text):
            return {"kind": "most", "fact": fact, "end": end, "among": "listed"}
    return None
