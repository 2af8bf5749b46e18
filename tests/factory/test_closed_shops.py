"""A shop that does not serve: it can be named as closed, it cannot be sold, and an open one cannot be called closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from factory.records import Candidate, Evidence, Place, Poi, SearchRecord, Verification, Wish
from factory.verifier import verify
from tests.factory.reader_world import CASE, A, B, C, verdict

SHUT = Poi("B0TEST1", "柳庄涮肉(东门店)(暂停营业)", "柳庄路1号", 120.001, 30.0, cuisine="火锅", distance_m=96)
OPEN = replace(SHUT, name="柳庄涮肉(东门店)")


def _checked(poi: Poi, answer: str, *, listed: bool, feasible: bool = False) -> Verification:
    search = SearchRecord("火锅", 2000, 1, exhausted=True, covered_m=2000)
    evidence = Evidence((poi,), (search,), "amap", "GCJ-02", "", "", frozenset(), datetime.now(UTC))
    pairs = ((poi.poi_id, "近"),) if listed else ()
    candidate = Candidate("c", "o", 0, "我在柳庄，想吃火锅，2公里以内，有推荐吗？", answer, pairs, feasible)
    place = Place("p", "柳庄", "某市", None, 120.0, 30.0, "GCJ-02")
    return verify(candidate, wish=Wish("火锅", None, None, None, 2000), place=place, evidence=evidence)


@pytest.mark.parametrize(
    "answer",
    [
        "柳庄2公里内没有完全符合要求的火锅：柳庄涮肉(东门店)目前暂停营业。",
        "柳庄2公里内没有完全符合要求的火锅，柳庄涮肉(东门店)(暂停营业)暂停营业。",
    ],
)
def test_an_answer_may_say_in_words_why_nothing_fits(answer: str) -> None:
    result = _checked(SHUT, answer, listed=False)
    assert result.findings == ()
    assert [claim.status for claim in result.claims if claim.kind == "open_at"] == ["inferable"]


def test_listed_it_must_be_called_closed_and_is_never_a_recommendation() -> None:
    head = "柳庄2公里内没有完全符合要求的火锅，最接近的选择是："
    item = f"1. {SHUT.name}：距离96米"
    assert _checked(SHUT, f"{head}\n{item}，目前暂停营业。", listed=True).findings == ()
    assert "misses_closed" in {finding.reason for finding in _checked(SHUT, f"{head}\n{item}。", listed=True).findings}
    sold = _checked(SHUT, f"柳庄附近有一家火锅：\n{item}。", listed=True, feasible=True)
    assert "misses_closed" in {finding.reason for finding in sold.findings}


def test_an_open_shop_is_not_called_closed() -> None:
    answer = f"柳庄附近有一家火锅：\n1. {OPEN.name}：距离96米{{}}。"
    assert _checked(OPEN, answer.format(""), listed=True, feasible=True).findings == ()
    lied = _checked(OPEN, answer.format("，目前暂停营业"), listed=True, feasible=True)
    assert "contradicted" in {finding.outcome for finding in lied.findings}


def test_nobody_can_go_tonight_where_a_shop_is_closed() -> None:
    answer = "柳庄2公里内没有完全符合要求的火锅：柳庄涮肉(东门店)目前停业，今晚去不了。"
    assert _checked(SHUT, answer, listed=False).accepted
    assert not _checked(OPEN, answer, listed=False).accepted


SHUT_AT, OPEN_AT = ({"kind": kind, "of": "B", "meal": "晚餐"} for kind in ("shut_at", "open_at"))


@pytest.mark.parametrize(
    ("clause", "claim", "of_shut", "of_open"),
    [
        ("晚饭指望不上", SHUT_AT, "holds", "wrong"),
        ("晚饭不是指望不上", {**SHUT_AT, "not": True}, "wrong", "holds"),
        ("晚饭接得住", OPEN_AT, "wrong", "holds"),
        ("晚饭接不住", {**OPEN_AT, "not": True}, "holds", "wrong"),
        ("周六照样接客", {"kind": "open_on", "of": "B", "days": "周六"}, "wrong", "holds"),
    ],
)
def test_what_a_second_reader_says_of_hours_is_held_against_a_shop_that_does_not_serve(
    clause: str, claim: dict[str, Any], of_shut: str, of_open: str
) -> None:
    pois = (A, replace(B, status="resting"), C)
    shut = replace(CASE, evidence=replace(CASE.evidence, pois=pois))
    assert (verdict(clause, claim, case=shut), verdict(clause, claim)) == (of_shut, of_open)
