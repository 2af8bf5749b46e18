"""A second reader's claims: what may be believed of them, how code decides, what is cut, and what is kept or refused."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from factory.agents.order_run import OrderRun
from factory.agents.second_reader import Reading, UnreadClause, marked, questions_of, read_answer
from factory.maps.service import PoiPage
from factory.records import Candidate, Clause, Evidence, Order, Place, Poi, SearchRecord, Verification, Wish
from factory.verifier.extracted import Case, Extract, settle, unread, why_not
from factory.verifier.severing import cut
from tests.keyless import CLEAN

PLACE = Place("p", "石桥", "某市", None, 120.0, 30.0, "GCJ-02")
WISH = Wish("湘菜", None, None, None, 2000)
POIS = tuple(
    Poi(
        f"SBX{n}", name, f"竹山路{n}号", 120.0 + 0.002 * n, 30.0, cuisine="湘菜", rating=4.0 + n / 10, cost_cny=60.0 + n
    )
    for n, name in enumerate(("青禾湘菜馆", "云溪湘菜馆", "石塘湘味坊"), 1)
)
EVIDENCE = Evidence(
    POIS, (SearchRecord("湘菜", 2000, 1, True, 2000),), "sandbox", "GCJ-02", "", "", frozenset(), datetime.now(UTC)
)
ODD = "那股子劲头挺带感"
"""A clause that no grammar reads."""


def _candidate(first: str, closing: str = "") -> Candidate:
    rows = [
        f"1. {POIS[0].name}：{first}。",
        *(f"{n}. {poi.name}：评分{poi.rating}。" for n, poi in enumerate(POIS[1:], 2)),
    ]
    answer = "\n".join(["石桥附近可以看看：", *rows, *(["", closing] if closing else [])])
    pairs = tuple((poi.poi_id, "近") for poi in POIS)
    return Candidate("c", "o", 0, "我在石桥，想吃湘菜，2公里以内，有推荐吗？", answer, pairs, feasible=True)


CASE = Case(WISH, PLACE, EVIDENCE)
_check = CASE.check


def _settled(clause: str, *claims: dict[str, Any]) -> Verification:
    candidate = _candidate(f"评分4.1，{clause}")
    result = _check(candidate)
    (number,) = unread(result)
    return settle(result, [Extract(number, claims)], candidate, CASE)


def test_a_clause_that_only_the_reader_understood_is_decided_by_the_evidence() -> None:
    clause = f"{ODD}评分走到4.1"
    true = {"kind": "rating", "value": 4.1, "sign": "=", "quote": clause}
    assert _settled(clause, true).accepted
    clause = f"{ODD}评分走到4.7"
    false = _settled(clause, true | {"value": 4.7, "quote": clause})
    (finding,) = false.findings
    assert (finding.outcome, finding.clause) == ("contradicted", clause)


def test_the_reader_cannot_turn_a_clause_into_talk_and_what_cannot_be_verified_is_unsupported() -> None:
    nothing = _settled(ODD)
    assert [finding.outcome for finding in nothing.findings] == ["not_understood"]
    told = _settled(STUBBORN, {"kind": "unverifiable", "quote": STUBBORN})
    assert [finding.outcome for finding in told.findings] == ["not_understood"]  # of what it says nothing, nobody knows
    praise = f"{STUBBORN}热情"
    told = _settled(praise, {"kind": "unverifiable", "quote": praise})
    assert [finding.outcome for finding in told.findings] == ["unsupported"]


def test_what_can_be_cut_is_asked_too_and_found_wrong_only_where_the_evidence_says_so() -> None:
    assert [question.text for question in questions_of(0, _check(_candidate(ODD)), _candidate(ODD), CASE)] == [ODD]
    groundless = _settled(ODD, {"kind": "unverifiable", "quote": ODD})
    assert [(one.outcome, clause_of(groundless, ODD).detachable) for one in groundless.findings] == [
        ("not_understood", True)
    ]
    wrong = _settled(ODD, {"kind": "rating", "value": 4.9, "quote": ODD})
    assert [one.outcome for one in wrong.findings] == ["contradicted"]


def clause_of(result: Verification, text: str) -> Clause:
    """The account's row of a clause."""
    return next(clause for clause in result.clauses if clause.text == text)


@pytest.mark.parametrize(
    ("clause", "claims", "believed"),
    [
        ("评分冲到4.1", [{"kind": "rating", "value": 4.1, "quote": "评分冲到4.1"}], True),
        ("评分冲到4.1", [{"kind": "rating", "value": 4.1, "quote": "评分到4.1"}], False),
        ("评分冲到4.1离你193米", [{"kind": "rating", "value": 4.1, "quote": "评分冲到4.1"}], False),
        ("评分冲到4.1离你193米", [{"kind": "rating", "value": 4.1, "quote": "评分冲到4.1离你193米"}], False),
        ("评分冲到了四点一", [{"kind": "rating", "value": 4.1, "sign": "~", "quote": "评分冲到了四点一"}], False),
        ("评分没冲到4.1", [{"kind": "rating", "value": 4.1, "quote": "评分没冲到4.1"}], False),
        ("评分没冲到4.2", [{"kind": "rating", "value": 4.2, "sign": "<", "quote": "评分没冲到4.2"}], True),
        ("评分冲到4.1，排场不小", [{"kind": "rating", "value": 4.1, "quote": "评分冲到4.1"}], False),
        ("不过呢评分冲到4.1的", [{"kind": "rating", "value": 4.1, "quote": "评分冲到4.1"}], True),
        ("评分冲到4.1", [], False),
    ],
)
def test_quotes_are_the_clauses_own_words_and_leave_nothing_over(
    clause: str,
    claims: list[dict[str, Any]],
    believed: bool,  # noqa: FBT001
) -> None:
    assert (_doubt(clause, *claims) == "") is believed


def _doubt(clause: str, *claims: dict[str, Any], wish: Wish = WISH) -> str:
    """Why a reading of a clause of the first restaurant's is not believed, as if the grammar had not read the clause."""
    candidate = _candidate("评分4.1，" + clause)
    result = Case(wish, PLACE, EVIDENCE).check(candidate)
    start = candidate.answer.index(clause)
    row = Clause("item", POIS[0].poi_id, clause, "unread", start, start + len(clause), detachable=False)
    shown = replace(result, clauses=(*result.clauses, row))
    return why_not(shown, Extract(len(result.clauses), claims), candidate, Case(wish, PLACE, EVIDENCE))


def test_the_readers_json_is_read_in_any_wrapping_and_anything_else_says_nothing() -> None:
    asked = [UnreadClause(0, number, "x", 0, 1, None, "", "x", ()) for number in (3, 4)]
    wrapped = '好的：```json\n{"clauses": [{"id": 0, "claims": [{"kind": "dish"}]}, {"id": 9, "claims": []}]}\n```'
    assert read_answer(wrapped, asked) == {(0, 3): ({"kind": "dish"},)}
    assert read_answer('[{"id": "1", "claims": {"kind": "dish"}}]', asked) == {(0, 4): ({"kind": "dish"},)}
    broken = '{"clauses": [{"id": 0, "claims": [{"kind": "dish"}]}, {"id": 1, "claims": [{"kind": "di'
    assert read_answer(broken, asked) == {(0, 3): ({"kind": "dish"},)}
    half = '{"clauses": [{"id": 0, "claims": [{"kind": "dish"}, 7]}, {"id": 1, "claims": []}]}'
    assert read_answer(half, asked) == {(0, 4): ()}
    for odd in ("", "[]", "{", '{"clauses": 4}', '{"clauses": [{"id": true, "claims": []}]}'):
        assert read_answer(odd, asked) == {}, odd


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"评分4.1，{ODD}，人均61元", "评分4.1，人均61元"),
        (f"评分4.1，{ODD}", "评分4.1"),
        (f"{ODD}。评分4.1", "评分4.1"),
    ],
)
def test_a_detachable_clause_goes_with_its_own_comma_or_stop(before: str, after: str) -> None:
    candidate = _candidate(before)
    text, gone = cut(candidate.answer, _check(candidate))
    assert gone == (ODD,)
    assert text == _candidate(after).answer
    assert _check(_candidate(after)).accepted


@pytest.mark.parametrize(
    ("clause", "goes"),
    [
        ("这题可真有点拗手", True),
        ("就不充那个内行啦", True),
        ("那家可真有点拗手", False),
        ("这题可真有4.1分拗手", False),
        ("云溪湘菜馆可真有点拗手", False),
        ("停车可真有点拗手", False),
        ("中午照常", False),
        ("先问问中午照不照常", True),
        ("周二到周四别去", False),
        ("口味这头我说不好", True),
        ("口味这头是老字号", False),
    ],
)
def test_what_a_reader_calls_nothing_is_cut_where_no_word_of_it_speaks_of_a_restaurant(clause: str, goes: bool) -> None:  # noqa: FBT001
    """这 in 这题 refers to nothing that is listed; it stays unread, and is cut, never talk."""
    candidate = _candidate("评分4.1", f"{clause}。")
    read = _check(_candidate("评分4.1"))
    start = candidate.answer.index(clause)
    row = Clause("closing", "listed", clause, "unread", start, start + len(clause), detachable=False)
    number = len(read.clauses)
    result = replace(read, clauses=(*read.clauses, row))  # as if the grammar had not read it
    told = settle(result, [Extract(number, ({"kind": "nothing", "quote": clause},))], candidate, CASE)
    assert (told.clauses[number].account == "unread" and told.clauses[number].detachable) is goes
    assert told.clauses[number].account != "talk"
    assert cut(candidate.answer, told)[1] == ((clause,) if goes else ())


def test_what_the_reader_settled_stays_settled_when_a_clause_beside_it_is_cut() -> None:
    clause = "比不上云溪湘菜馆的评分走到4.2"
    less = {"kind": "compare", "fact": "rating", "of": "青禾湘菜馆", "other": "云溪湘菜馆", "direction": "less"}
    value = {"kind": "rating", "of": "云溪湘菜馆", "value": 4.2}
    reader = _Reader({(0, 0): tuple(claim | {"quote": clause} for claim in (less, value))})
    run = _submitted([f"评分4.1，{ODD}，{clause}"], reader=reader)
    assert [(attempt.accepted, attempt.cut) for attempt in run.attempts] == [(True, (ODD,))]
    assert clause in run.slots[0].candidate.answer


def test_an_item_is_never_left_empty() -> None:
    candidate = _candidate(ODD)
    assert cut(candidate.answer, _check(candidate)) == (candidate.answer, ())


class _NoMap:
    provider, datum, licence, attribution, facts = "sandbox", "GCJ-02", "", "", frozenset[str]()

    async def around(self, *_: object, **__: object) -> PoiPage:
        return PoiPage(POIS, 1, True, False, 2000, datetime.now(UTC))


class _Reader:
    """Answers with what it was made with, and counts."""

    def __init__(self, claims: dict[tuple[int, int], tuple[dict[str, Any], ...]]) -> None:
        self.claims, self.asked = claims, 0

    async def read(self, order: Order, questions: list[UnreadClause]) -> Reading:  # noqa: ARG002
        self.asked += 1
        return Reading(
            {(question.wish_index, question.number): self.claims.get((0, 0), ()) for question in questions}, None
        )


def _submitted(answers: list[str], *, keep: bool = False, reader: _Reader | None = None) -> OrderRun:
    run = OrderRun(Order("o", "r", 0, PLACE, (WISH,), ("train",), 0), _NoMap(), 2, reader, keep)  # type: ignore[arg-type]

    async def all_of() -> None:
        await run.search(2000, "湘菜", 1)
        for answer in answers:
            candidate = _candidate(answer)
            pairs = [{"poi_id": poi_id, "reason": reason} for poi_id, reason in candidate.recommendations]
            sample = {"wish": 0, "question": candidate.question, "answer": candidate.answer, "feasible": True}
            await run.submit([sample | {"recommendations": pairs}])

    asyncio.run(all_of())
    return run


STUBBORN = f"{ODD}比不上这家"
"""Not understood, and not detachable: it relates."""


def test_what_can_be_cut_is_cut_and_marked() -> None:
    run = _submitted([f"评分4.1，{ODD}"])
    assert [(attempt.accepted, attempt.cut) for attempt in run.attempts] == [(True, (ODD,))]
    assert ODD not in run.slots[0].candidate.answer


def test_what_the_grammar_would_call_wrong_is_the_readers_once_and_then_the_grammars() -> None:
    """A comparison is less sure, by grammar and reader: asked, blind; a submission after that is told by the grammar alone."""
    clause = "评分比云溪湘菜馆高0.4"
    claim = {
        "kind": "compare",
        "fact": "rating",
        "of": "青禾湘菜馆",
        "other": "云溪湘菜馆",
        "direction": "more",
        "amount": 0.4,
    }
    reader = _Reader({(0, 0): (claim | {"quote": clause},)})
    run = _submitted([f"评分4.1，{clause}", f"评分4.1，{clause}"], reader=reader)
    first, second = ([finding.reason for finding in attempt.findings] for attempt in run.attempts)
    assert reader.asked == 1
    assert (first, second) == (["not_understood"], ["wrong_comparison"])
    silent = _submitted([f"评分4.1，{clause}", f"评分4.1，{clause}"], reader=_Reader({}))
    outcomes = [[finding.outcome for finding in attempt.findings] for attempt in silent.attempts]
    assert outcomes == [["not_understood"], ["contradicted"]]
    alone = _submitted([f"评分4.1，{clause}"])
    assert [finding.outcome for finding in alone.attempts[0].findings] == ["contradicted"]


def test_what_stays_unread_is_returned_once_and_then_refused_or_kept() -> None:
    refused = _submitted([f"评分4.1，{STUBBORN}", f"评分4.1，{STUBBORN}", "评分4.1"])
    assert [attempt.accepted for attempt in refused.attempts] == [False, False]
    assert not refused.outcomes(None)[0].accepted  # type: ignore[arg-type]
    kept = _submitted([f"评分4.1，{STUBBORN}", f"评分4.1，{STUBBORN}"], keep=True)
    assert [attempt.accepted for attempt in kept.attempts] == [False, True]
    assert any(clause.account == "unread" for clause in kept.slots[0].verification.clauses)


def test_a_reader_sees_the_whole_answer_with_its_unread_clauses_marked_and_names_but_no_evidence() -> None:
    clause = "那股劲头比不上云溪湘菜馆"
    candidate = _candidate(f"评分4.1，{clause}")
    (question,) = questions_of(0, _check(candidate), candidate, CASE)
    assert marked(candidate.answer, [(7, question)]) == candidate.answer.replace(clause, f"⟦7:{clause}⟧")
    assert (question.restaurant, question.names) == (POIS[0].name, tuple(poi.name for poi in POIS))
    shown = f"{question}"
    assert not any(word in shown for poi in POIS for word in (poi.poi_id, str(poi.address), str(poi.cost_cny)))


def test_the_reader_is_asked_once_an_order() -> None:
    reader = _Reader({})
    _submitted([f"评分4.1，{STUBBORN}", f"评分4.1，{STUBBORN}"], reader=reader)
    assert reader.asked == 1


def test_a_run_with_a_second_reader_asks_it_over_the_wire_and_books_its_calls(tmp_path: Path) -> None:
    env = CLEAN | {"DATA": str(tmp_path), "N": "200", "READER": "sandbox", "SANDBOX_DEFECTS": "0.3"}
    done = subprocess.run(
        [sys.executable, "-m", "factory", "synth"], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        calls = connection.execute(
            "select order_id, count(*) from calls where purpose = 'reader' group by 1"
        ).fetchall()
        assert calls
        assert {count for _, count in calls} == {1}
        booked = connection.execute("select model, calls from usage where purpose = 'reader'").fetchall()
        assert booked == [("sandbox/reader-v1", len(calls))]


def test_a_value_that_the_reader_calls_unverifiable_stays_unread() -> None:
    clause = f"{ODD}走到4.1"
    told = _settled(clause, {"kind": "unverifiable", "quote": clause})
    assert [finding.outcome for finding in told.findings] == ["not_understood"]


def test_a_miss_that_only_an_unread_clause_could_say_is_asked_for_once_it_is_read() -> None:
    """The second restaurant is too dear: silence about it is held only as long as something of it is not understood."""
    wish = Wish("湘菜", None, None, 61, 2000)
    candidate = _candidate("评分4.1").__class__(
        "c", "o", 0, "我在石桥，想吃湘菜，61元以内，2公里以内，有推荐吗？",
        f"石桥附近可以看看：\n1. 青禾湘菜馆：评分4.1。\n2. 云溪湘菜馆：{ODD}评分走到4.2。",
        (("SBX1", "近"), ("SBX2", "近")), feasible=True,
    )  # fmt: skip

    case = Case(wish, PLACE, EVIDENCE)
    result = case.check(candidate)
    assert "misses_budget" not in {finding.reason for finding in result.findings}
    (number,) = unread(result)
    clause = result.clauses[number].text
    rating = Extract(number, ({"kind": "rating", "value": 4.2, "quote": clause},))
    over = Extract(number, ({"kind": "gap", "bound": "budget_max", "direction": "over", "quote": clause},))
    assert "misses_budget" in {finding.reason for finding in settle(result, [rating], candidate, case).findings}
    told = settle(result, [over], candidate, case)
    assert "misses_budget" not in {finding.reason for finding in told.findings}


def _odd_row() -> dict[str, Any]:
    """One whose clause needs a second reader."""
    return {
        "question": "我在石桥，想吃湘菜，2公里以内，有推荐吗？",
        "answer": _candidate(f"{ODD}评分4.1分").answer,
        "cuisine": "湘菜", "radius_m": 2000, "place": "石桥", "lng": 120.0, "lat": 30.0,
        "evidence": [
            {"poi_id": poi.poi_id, "name": poi.name, "lng": poi.lng, "lat": poi.lat, "cuisine": "湘菜", "rating": poi.rating}
            for poi in POIS
        ],
    }  # fmt: skip


def test_a_second_reader_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(orjson.dumps(_odd_row()) + b"\n")
    nobody = {"READER": "some-model", "TEACHER_BASE_URL": "http://127.0.0.1:1/v1", "GIVE_UP_S": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "factory", "verify", str(file)],
        env=CLEAN | {"DATA": str(tmp_path), "PRICE_IN": "0", "PRICE_OUT": "0"} | nobody,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert done.stderr.startswith("error: The teacher service does not answer (network)")


def test_a_file_of_rows_is_read_by_the_second_reader_over_the_wire_once(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(orjson.dumps(_odd_row()) + b"\nnot json\n")
    command = [sys.executable, "-m", "factory", "verify", "--json", str(file)]
    plain, read, again = (
        subprocess.run(
            command, env=CLEAN | {"DATA": str(tmp_path)} | env, capture_output=True, text=True, timeout=60, check=False
        )
        for env in ({}, {"READER": "sandbox"}, {"READER": "sandbox"})
    )
    told = [[orjson.loads(line) for line in done.stdout.splitlines()] for done in (plain, read)]
    assert [[result["accepted"] for result in rows] for rows in told] == [[False, False], [True, False]], read.stderr
    assert read.stdout == again.stdout
    with sqlite3.connect(tmp_path / "verify" / "calls.sqlite") as kept:
        assert kept.execute("select count(*) from calls").fetchone() == (1,)


def test_a_run_that_keeps_what_was_not_understood_marks_it_on_row_and_clause(tmp_path: Path) -> None:
    env = CLEAN | {"DATA": str(tmp_path), "N": "400", "SEED": "5", "UNREAD": "keep"}
    done = subprocess.run(
        [sys.executable, "-m", "factory", "synth"], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select any_value(unread_share), avg((account = 'unread')::int) from samples join clauses using (sample_id) "
            "where part <> 'question' group by sample_id"
        ).fetchall()
    assert any(share > 0 for share, _ in rows)
    assert all(share == pytest.approx(counted, abs=0.01) for share, counted in rows)
