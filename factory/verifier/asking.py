"""Findings in a question: it must carry the wish, the place, the cuisine, and no number that contradicts it. Pure."""

from __future__ import annotations

import re

from factory.records import Finding, Place, Wish
from factory.verifier import rules
from factory.verifier.lexer import LEXICON, ROLES
from factory.verifier.numbers import BEFORE, NUMBER, plain
from factory.verifier.script import fold

_MONEY = re.compile(
    rf"({BEFORE}\s*{NUMBER}(?:\s*(?:元|块)?\s*(?:-|~|至|到)\s*{NUMBER})?)\s*(?:元|块钱|块(?!儿))(以内|之内|以下|以上|左右)?"
)
_METRES = re.compile(rf"({BEFORE}\s*{NUMBER})\s*(米|公里|千米|km)(以内|之内|内|范围|左右)?")


_NUMBER = re.compile(NUMBER)
_LIST_NUMBER = re.compile(r"(?m)^[^\S\n]*\d{1,2}(?:[.．][^\S\n]+|[、)）][^\S\n]*)(?=\d)|[①-⑳⑴-⒇➀-➓❶-❿㈠-㈩]")
"""A list's number before a value: folded, "4. 2公里" would be 4.2 km, and "③ 1000米" 31000 m."""


def _means(flat: str, cuisine: str) -> bool:
    """Whether a question asks for a cuisine in another word: 日料 for 日本料理."""
    return any(word in flat for word, (char, meant) in LEXICON.items() if meant == cuisine and "CU" in ROLES[char])


def question_findings(question: str, wish: Wish, place: Place) -> list[Finding]:
    """Everything in which a question leaves its wish."""
    flat = fold(
        _LIST_NUMBER.sub("", question).replace("\n", "；")
    )  # folded, lines would run into each other: 预算100 / 2公里
    found = []
    if fold(place.name) not in flat:
        found.append(Finding("wish", "question_without_place", f"提问中没有写出地点“{place.name}”。", "wish"))
    if wish.cuisine not in flat and wish.cuisine.removesuffix("菜") not in flat and not _means(flat, wish.cuisine):
        found.append(Finding("wish", "question_without_cuisine", f"提问中没有写出菜系“{wish.cuisine}”。", "wish"))
    bounds = {float(bound) for bound in (wish.budget_min_cny, wish.budget_max_cny) if bound is not None}
    for money in _MONEY.finditer(flat):
        values = {value for part in _NUMBER.findall(money[1]) if (value := plain(part)) is not None}
        if not values <= bounds:
            found.append(Finding("wish", "question_budget", f"提问中的“{money[0]}”与需求的预算不符。", "wish"))
    for metres in _METRES.finditer(flat):
        number = _NUMBER.search(metres[1])
        value = plain(number[0]) if number else None
        factor = 1.0 if metres[2] == "米" else 1000.0
        if value is not None and abs(value * factor - wish.radius_m) > max(rules.KILOMETRE_STEP * (factor > 1), 1.0):
            sentence = f"提问中的“{metres[0]}”与需求的半径{wish.radius_m}米不符。"
            found.append(Finding("wish", "question_radius", sentence, "wish"))
    return found
