"""Two answers are compared both ways round, and a judge that prefers a place in the question shows it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from factory.commit.commit import Commit, CommitKind
from factory.commit.store import open_store
from factory.errors import UsageError
from judge.asking import Ask, Pair, mark_of, messages, request
from judge.designs import Judged
from judge.in_force import put_in_force, rows
from judge.instrument import SHIPPED
from judge.pairs import Side, pair_asks, paired_before, sides_of
from judge.parsing import read_choice
from judge.rubric import PAIR
from judge.sandbox_judge import Temper
from judge.verdicts import Outcome, tables
from tests.judge.judge_wire import ITEM, bench
from warehouse.catalogue import refresh

MARK = "0123456789abcdef"
GOOD = replace(ITEM, item_id="good", kind="completion", arm="tuned")
BAD = replace(
    ITEM, item_id="bad", kind="completion", arm="copy", answer="为您找到：\n1. 不存在的店：评分4.6，人均78元。\n祝好。"
)


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("tuned:copy", Side("tuned", None, None), Side("copy", None, None)),
        ("tuned/open:tuned/closed", Side("tuned", "open", None), Side("tuned", "closed", None)),
        ("tuned@a-1:tuned@b@0f", Side("tuned", None, "a-1"), Side("tuned", None, "b@0f")),
    ],
)
def test_two_arms_are_named(text: str, left: Side, right: Side) -> None:
    assert sides_of(text) == (left, right)


@pytest.mark.parametrize("text", ["tuned", "tuned:tuned", "a:b:c", "tuned/ajar:copy", ":copy"])
def test_what_names_no_two_arms_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="PAIRS"):
        sides_of(text)


@pytest.mark.parametrize(
    ("reply", "choice", "reason"),
    [
        (f'{{"better": "甲", "code": "{MARK}"}}', "first", ""),
        (f'{{"better": "回答乙更好", "code": "{MARK}"}}', "second", ""),
        (f'结论：{{"better": "平局。", "code": "<{MARK}>"}}', "tie", ""),
        ('{"better": "B"}', "second", ""),
        (f'{{"winner": "tie", "code": "{MARK}"}}', "tie", ""),
        ('甲更好：{"better": "甲"}', "", "no_mark"),
        (f'{{"better": "甲", "code": "{"f" * 16}"}}', "", "wrong_mark"),
        (f'{{"better": "都不错", "code": "{MARK}"}}', "", "no_choice"),
        (f'{{"better": "", "code": "{MARK}"}}', "", "no_choice"),
        (f'{{"better": "甲", "better": "乙", "code": "{MARK}"}}', "", "two_verdicts"),
        (f'{{"better": "甲", "code": "{MARK}"}} {{"better": "乙", "code": "{MARK}"}}', "", "two_verdicts"),
        ("甲", "", "no_json"),
    ],
)
def test_a_choice_is_read_by_the_same_ladder(reply: str, choice: str, reason: str) -> None:
    verdict = read_choice(reply, "stop", MARK)
    assert (verdict.choice, verdict.reason) == (choice, reason)
    assert verdict.status == ("scored" if choice else "unscored")


def _asks(pairs: list[Pair], judged: Judged | None = None) -> list[Ask]:
    return list(pair_asks(pairs, SHIPPED, judged or Judged()))


def test_each_pair_is_shown_both_ways_round_and_names_no_arm() -> None:
    first, second = _asks([Pair(GOOD, BAD, "left")])
    assert mark_of(first, 0) != mark_of(second, 0)
    for ask, shown in ((first, (GOOD, BAD)), (second, (BAD, GOOD))):
        body = messages(ask, 0)[1].content
        places = [body.index(item.answer.splitlines()[1]) for item in shown]
        assert body.index("<回答甲 ") < places[0] < body.index("<回答乙 ") < places[1]
        assert not [word for word in ("tuned", "copy", "good", "bad") if word in body]
    again = request(first, "m", 0, {}, again=("都不错", "no_choice")).messages[-1].content
    assert again.endswith(mark_of(first, 0))
    assert "哪一份更好" in again


async def _judged(data: Path, temper: Temper, asks: list[Ask]) -> list[Outcome]:
    async with bench(data, temper=temper) as wire:
        return [await wire.ask(ask) for ask in asks]


def _pairs(data: Path, temper: Temper) -> list[tuple[str, str, str | None]]:
    """Judge one pair over the wire; rows of the view: (left, first shown, outcome)."""
    outcomes = asyncio.run(
        _judged(data, temper, _asks([Pair(GOOD, BAD, "left"), Pair(GOOD, replace(GOOD, item_id="twin"), "left")]))
    )
    store, judge = open_store(data), outcomes[0].model
    files = store.put("judge-x", "U000009", tables(outcomes))
    store.commit_if_absent(Commit("judge-x", "U000009", CommitKind.VERDICTS, datetime.now(UTC), files))
    refresh(data)
    put_in_force(store, data, "judge-x", rows(judge, SHIPPED, (PAIR,)))
    refresh(data)
    assert len(_asks([Pair(GOOD, BAD, "left")], paired_before(data, judge, SHIPPED))) == 0
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        sql = "select right_id, first_shown, outcome from pairs order by all"
        return connection.execute(sql).fetchall()


def test_a_fair_judge_finds_the_better_one_in_both_orders_and_calls_twins_equal(tmp_path: Path) -> None:
    assert _pairs(tmp_path, Temper(0.0)) == [
        ("bad", "left", "left"),
        ("bad", "right", "left"),
        ("twin", "left", "tie"),
        ("twin", "right", "tie"),
    ]


def test_a_judge_bound_to_a_place_contradicts_itself(tmp_path: Path) -> None:
    assert _pairs(tmp_path, Temper(0.0, position=40.0)) == [
        ("bad", "left", "left"),
        ("bad", "right", "right"),
        ("twin", "left", "left"),
        ("twin", "right", "right"),
    ]
