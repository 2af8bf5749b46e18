"""Comparisons, superlatives, counts and totals for the independent check, each recomputed from the map's rows.

Shares no code with the verifier, and reads other signs of a sentence: the unit and the direction word of a clause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMERALS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
DOWN = re.compile("近|少|便宜|低")
DIETS = {
    "不吃牛羊肉": (r"牛|羊", r"牛油果|牛蛙|蜗牛|牛奶"),
    "海鲜过敏": (r"鱼|虾|蟹|贝|蚝|鱿|海鲜|鳗|刺身|寿司|蛤|蛏|螺|鲍|海参", r"鱼香|鲍菇"),
    "不吃内脏": (r"毛肚|鲜鸭肠|肥肠|大肠|肝|腰花|肺片|黄喉|血旺|胗|爆肚|脑花", r"\0"),
    "不吃香菜": (r"香菜", r"\0"),
}


@dataclass(frozen=True)
class Row:
    """What the map says of one listed restaurant."""

    rating: float | None
    cost: float | None
    metres: float


def against_diet(diet: str | None, name: str, dishes: list[str]) -> bool:
    """Whether the name or one of its own dishes stands against a diet."""
    if diet not in DIETS:
        return False
    sign, harmless = DIETS[diet]
    return any(re.search(sign, re.sub(harmless, "", text)) for text in (name, *dishes))


def relation_faults(bodies: list[str], rows: list[Row], frame: str, party: int | None) -> list[str]:
    """Wrong relations in a list's items and in the text around it."""
    faulty: list[str] = []
    for place, body in enumerate(bodies):
        for clause in re.split("[，。；]", body):
            faulty += (
                _against_last(clause, rows, place) + _top(clause, rows, place) + _total(clause, rows[place], party)
            )
    for match in re.finditer(
        r"(?:这|有|排了|列|剩|是|挑了|给你|给您)(?:出|下)?([一两二三四五六七八九十]|\d+)家", frame
    ):
        count = NUMERALS.get(match[1]) or int(match[1])
        if count != len(rows) and not re.search("没有|只能去", frame[max(0, match.start() - 6) : match.start()]):
            faulty.append(f"count {match[0]}")
    span = re.search(r"人均从(\d+(?:\.\d+)?)元到(\d+(?:\.\d+)?)元", frame)
    costs = [row.cost for row in rows if row.cost is not None]
    if span and (not costs or abs(float(span[1]) - min(costs)) > 1 or abs(float(span[2]) - max(costs)) > 1):
        faulty.append(f"span {span[0]}")
    return faulty


def _value(row: Row, unit: str) -> float | None:
    return row.metres if unit == "米" else row.cost if unit == "元" else row.rating


def _against_last(clause: str, rows: list[Row], place: int) -> list[str]:
    match = re.search(r"(\d+(?:\.\d+)?)(米|元|分)", clause)
    if "上一家" not in clause or match is None:
        return []
    mine = _value(rows[place], match[2])
    theirs = _value(rows[place - 1], match[2]) if place else None
    if mine is None or theirs is None:
        return [f"comparison without values: {clause}"]
    signed = -float(match[1]) if DOWN.search(clause.replace("多走", "")) else float(match[1])
    slack = {"米": 5.0, "元": 1.01, "分": 0.051}[match[2]]
    return [] if abs(mine - theirs - signed) <= slack else [f"comparison: {clause}"]


def _top(clause: str, rows: list[Row], place: int) -> list[str]:
    match = re.search(r"(?:([一两二三四五六七八九十]|\d+)家).*?最(近|高|低|便宜)|最(近|高|低|便宜)", clause)
    if match is None or match[1] is None:
        return []
    word = match[2]
    unit = "米" if word == "近" else "分" if word == "高" else "元"
    values = [_value(row, unit) for row in rows]
    stated = [value for value in values if value is not None]
    mine = values[place]
    edge = max(stated) if word == "高" else min(stated)
    count = NUMERALS.get(match[1]) or int(match[1])
    wrong = mine is None or len(stated) < len(values) or abs(mine - edge) > 1e-6 or count != len(rows)
    return [f"superlative: {clause}"] if wrong else []


def _total(clause: str, row: Row, party: int | None) -> list[str]:
    match = re.search(r"(?:([一两二三四五六七八九十]|\d+)(?:个人|位)).*?(\d+(?:\.\d+)?)元", clause)
    if match is None:
        return []
    people = NUMERALS.get(match[1]) or int(match[1])
    wrong = people != party or row.cost is None or abs(float(match[2]) - people * row.cost) > 0.1 * people * row.cost
    return [f"total: {clause}"] if wrong else []
