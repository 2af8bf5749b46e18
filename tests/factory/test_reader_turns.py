"""Turns in which a second reader's claims come back, and what of them is called wrong: each pair differs in one thing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factory.records import Candidate
from factory.verifier.amounts import match_amount, read_amount
from factory.verifier.extracted import Extract, settle
from factory.verifier.numbers import Quantity
from tests.factory.reader_world import ANSWER, CASE, A, B, C, verdict

WEEK_BUT_SUNDAY = "周一、周二、周三、周四、周五、周六"
NEAREST = {"kind": "only", "of": "A", "among": "area", "where": [{"kind": "distance", "value": 300, "sign": "<="}]}

PAIRS: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    # a bound that is asked after; another number may not be left out
    (
        "到不到得先问，是否落在50到100元里没准",
        {"kind": "absent", "of": "B", "fact": "tag", "tag": "清真"},
        "到不到得先问，是否落在60到90元里没准",
        {"kind": "absent", "of": "B", "fact": "tag", "tag": "清真"},
    ),
    # a place in the list
    (
        "1和2打分都过4",
        {"kind": "rating", "of": ["A", "B"], "value": 4, "sign": ">"},
        "1和3打分都过4",
        {"kind": "rating", "of": ["A", "B"], "value": 4, "sign": ">"},
    ),
    # nobody else
    (
        "300米内再没有第二家",
        NEAREST,
        "400米内再没有第二家",
        NEAREST | {"where": [{"kind": "distance", "value": 400, "sign": "<="}]},
    ),
    # the other days
    (
        "除周日外都开",
        {"kind": "open_on", "of": "A", "days": WEEK_BUT_SUNDAY},
        "除周六外都开",
        {"kind": "open_on", "of": "A", "days": "周一、周二、周三、周四、周五、周日"},
    ),
    # a drawback is no claim on the others
    (
        "唯一要留神的是青禾周日歇",
        {"kind": "day_off", "of": "A", "days": "周日"},
        "唯一周日歇的是青禾",
        {"kind": "day_off", "of": "A", "days": "周日"},
    ),
    (
        "青禾周日不做生意",
        {"kind": "day_off", "of": "A", "days": "周日"},
        "青禾周六不做生意",
        {"kind": "day_off", "of": "A", "days": "周六"},
    ),
    # a denial of hours and of an extreme
    (
        "青禾周一开不到23:00",
        {"kind": "closes", "of": "A", "time": "23:00", "days": "周一", "not": True},
        "青禾周一开不到21:30",
        {"kind": "closes", "of": "A", "time": "21:30", "days": "周一", "not": True},
    ),
    (
        "云溪并不是最近的",
        {"kind": "most", "fact": "distance", "end": "least", "of": "B", "among": ["A", "B", "C"], "not": True},
        "青禾并不是最近的",
        {"kind": "most", "fact": "distance", "end": "least", "of": "A", "among": ["A", "B", "C"], "not": True},
    ),
    # a district that the map's address does not name
    (
        "青禾地址：竹山路1号",
        {"kind": "address", "of": "A", "text": "竹山路1号"},
        "青禾地址：江口区竹山路1号",
        {"kind": "address", "of": "A", "text": "江口区竹山路1号"},
    ),
    # how long, how many
    (
        "云溪一天里开得最久",
        {"kind": "most", "fact": "hours", "end": "most", "of": "B", "among": ["A", "B"]},
        "青禾一天里开得最久",
        {"kind": "most", "fact": "hours", "end": "most", "of": "A", "among": ["A", "B"]},
    ),
    (
        "青禾列的菜最多",
        {"kind": "most", "fact": "dish_count", "end": "most", "of": "A", "among": ["A", "B"]},
        "云溪列的菜最多",
        {"kind": "most", "fact": "dish_count", "end": "most", "of": "B", "among": ["A", "B"]},
    ),
    (
        "青禾列了辣菜",
        {"kind": "dish", "of": "A", "name": "辣菜"},
        "云溪列了辣菜",
        {"kind": "dish", "of": "B", "name": "辣菜"},
    ),
    # what one character of a dish's name shows
    (
        "清蒸鲈鱼是蒸的",
        {"kind": "dish_is", "of": "B", "name": "清蒸鲈鱼", "word": "蒸"},
        "清蒸鲈鱼是炸的",
        {"kind": "dish_is", "of": "B", "name": "清蒸鲈鱼", "word": "炸"},
    ),
]


@pytest.mark.parametrize(("good", "claim", "bad", "other"), PAIRS)
def test_of_two_turns_that_differ_in_one_thing_one_holds(
    good: str, claim: dict[str, Any], bad: str, other: dict[str, Any]
) -> None:
    assert verdict(good, claim) == "holds"
    assert verdict(bad, other) != "holds"


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("一公里三", 1300, 1300),
        ("一公里三四", 1300, 1400),
        ("一公里", 1000, 1000),
        ("一百六七十元", 160, 179),
        ("一百六十元", 160, 160),
    ],
)
def test_numbers_as_they_are_spoken(text: str, low: float, high: float) -> None:
    match = match_amount(text, 0)
    read = read_amount(match) if match else None
    assert read is not None
    assert match is not None
    assert match.end() == len(text)
    assert isinstance(read[1], Quantity)
    assert (read[1].low, read[1].high) == pytest.approx((low, high))


@pytest.mark.parametrize(("text", "ends"), [("还差11元到200元", 5), ("还有11元到200元", 10)])
def test_what_is_missing_to_a_bound_is_no_range(text: str, ends: int) -> None:
    match = match_amount(text, 2)
    assert match is not None
    assert match.end() == ends


def test_what_a_reader_only_suggests_or_asks_is_never_called_wrong() -> None:
    wrong = {"kind": "rating", "of": "B", "value": 4.9}
    assert verdict("云溪打4.9分", wrong) == "wrong"
    assert verdict("云溪也许打4.9分", wrong | {"maybe": True}).startswith("unread: less sure")
    assert verdict("云溪不合口味这一条", {"kind": "miss", "of": "B", "condition": "budget"}).startswith("unread")
    assert {A.rating, B.rating, C.rating} == {4.1, 4.4, 3.9}


def test_of_a_clause_that_a_reader_says_is_of_a_shop_nothing_is_cut() -> None:
    """灶台在大堂里 is no chatter; what is called unverifiable of nobody may go."""
    for of, goes in ((None, True), ("青禾湘菜馆(东门店)", False)):
        claim = {"kind": "unverifiable", "quote": "灶台摆在当中"} | ({"of": of} if of else {})
        assert _cuttable("灶台摆在当中", claim) is goes


def test_who_calls_nothing_what_the_grammar_calls_wrong_is_not_believed() -> None:
    assert not _cuttable("第二家走过去大概36分钟", {"kind": "nothing", "quote": "第二家走过去大概36分钟"})
    assert _cuttable("改天再寻个湘菜馆子凑凑", {"kind": "nothing", "quote": "改天再寻个湘菜馆子凑凑"})


def _cuttable(clause: str, claim: dict[str, Any]) -> bool:
    """Whether a clause of the closing is cut when this is said of it."""
    answer = f"{ANSWER}{clause}。"
    candidate = Candidate("c", "o", 0, "问", answer, (), feasible=True)
    case = replace(CASE, asking=True)
    result = case.check(candidate)
    number = next(number for number, row in enumerate(result.clauses) if row.text == clause)
    assert result.clauses[number].account == "unread"
    settled = settle(result, [Extract(number, (claim,))], candidate, case)
    return settled.clauses[number].detachable
