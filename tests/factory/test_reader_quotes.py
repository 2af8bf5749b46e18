"""What of a second reader's claims is believed: quotes that lose nothing of a clause, and no more than it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factory.records import Candidate, Clause
from factory.verifier.extracted import Extract, why_not
from tests.factory.reader_world import ANSWER, CASE, NAMES, verdict

H = "holds"
DEAR_AND_NEAR = [{"kind": "distance", "value": 1000, "sign": "<="}, {"kind": "price", "value": 100, "sign": ">"}]


@pytest.mark.parametrize(
    ("clause", "claims", "why"),
    [
        ("打分有4.1环境也好", [{"kind": "rating", "of": "A", "value": 4.1}], "unproved"),
        ("我站青禾因为评分顶尖", [{"kind": "pick", "of": "A"}], "more than a pick"),
        ("青禾同云溪一样打烊", [{"kind": "pick", "of": ["A", "B"]}], "more than a pick"),
        ("青禾未标", [{"kind": "fits", "of": "A", "condition": "budget"}], "relation"),
        ("青禾和云溪都有4.1分", [{"kind": "rating", "of": "A", "value": 4.1}], "untold"),
        ("两家都不到500米", [{"kind": "distance", "of": ["A", "B"], "value": 500, "sign": "<"}], ""),
        ("三家都不到500米", [{"kind": "distance", "of": ["A", "B"], "value": 500, "sign": "<"}], "untold"),
        (
            "周一和周二11:00-14:00",
            [{"kind": "hours", "of": "A", "days": "周一", "spans": [["11:00", "14:00"]]}],
            "untold",
        ),
        ("打分最高有4.4", [{"kind": "rating", "of": "B", "value": 4.4}], "relation"),
        ("路程193米", [{"kind": "distance", "of": "A", "value": 200, "sign": "~"}], "untold"),
        ("路程200米", [{"kind": "distance", "of": "A", "value": 200, "sign": "~"}], "untold"),
        ("路程193米以内", [{"kind": "distance", "of": "A", "value": 193}], "untold"),
        ("路程193米以内", [{"kind": "distance", "of": "A", "value": 193, "sign": "<="}], ""),
        ("路程大概200米", [{"kind": "distance", "of": "A", "value": 200, "sign": "~"}], ""),
        ("青禾在193米外", [{"kind": "distance", "of": "A", "value": 193}], ""),
        ("青禾在193米以外", [{"kind": "distance", "of": "A", "value": 193}], "untold"),
        ("①青禾", [{"kind": "pick", "of": "A"}], ""),
        ("4.9青禾", [{"kind": "pick", "of": "A"}], "untold"),
        ("那两天开到21:30", [{"kind": "closes", "of": "A", "days": "周一、周二", "time": "21:30"}], ""),
        ("那三天开到21:30", [{"kind": "closes", "of": "A", "days": "周一、周二", "time": "21:30"}], "untold"),
        ("两条一起守住的没有", [{"kind": "count", "number": 0, "among": "listed", "where": DEAR_AND_NEAR}], ""),
        ("五条一起守住的没有", [{"kind": "count", "number": 0, "among": "listed", "where": DEAR_AND_NEAR}], "untold"),
        ("去青禾不会扑空", [{"kind": "open_on", "of": "A", "days": "周一"}], ""),
        ("去青禾不会便宜", [{"kind": "rating", "of": "A", "value": 4.1}], "negation"),
        ("剁椒鱼头有没有打0571-85550001问", [{"kind": "phone", "of": "A", "text": "0571-85550001"}], ""),
        ("剁椒鱼头打0571-85550001问", [{"kind": "phone", "of": "A", "text": "0571-85550001"}], "untold"),
        ("你可能刷到青禾", [{"kind": "pick", "of": "A"}], ""),
        ("青禾口碑你可能刷到", [{"kind": "pick", "of": "A"}], "unproved"),
    ],
)
def test_what_a_claim_leaves_out_or_loosens_is_not_believed(
    clause: str, claims: list[dict[str, Any]], why: str
) -> None:
    assert verdict(clause, *claims).startswith(f"unread: {why}" if why else H)


@pytest.mark.parametrize(("answered", "believed"), [("云溪湘菜馆", False), ("可以", False), ("祝您吃得开心", True)])
def test_a_question_whose_answer_is_a_bare_name_states_what_nobody_else_states(
    answered: str, *, believed: bool
) -> None:
    answer = f"{ANSWER}轮椅进得去的是哪家？{answered}。"
    candidate = Candidate("c", "o", 0, "问", answer, (), feasible=True)
    result = CASE.check(replace(candidate, answer=ANSWER.strip()))
    asks, tells = answer.index("轮椅"), answer.index(answered, len(ANSWER))
    rows = (
        Clause("closing", "listed", answer[asks : tells - 1], "unread", asks, tells - 1, detachable=False),
        Clause("closing", "listed", answered, "talk", tells, tells + len(answered), detachable=False),
    )
    shown = replace(result, clauses=(*result.clauses, *rows))
    extract = Extract(len(result.clauses), ({"kind": "nothing", "quote": rows[0].text},))
    assert (why_not(shown, extract, candidate, CASE) == "") is believed


@pytest.mark.parametrize(("of", "believed"), [(["A", "B"], True), (["A"], False)])
def test_a_claim_on_a_question_speaks_of_all_whom_the_answer_names(of: list[str], *, believed: bool) -> None:
    asks, tells = "两百米开外都标了价吗", "青禾湘菜馆(东门店)、云溪湘菜馆"
    answer = f"{ANSWER}{asks}？{tells}。"
    candidate = Candidate("c", "o", 0, "问", answer, (), feasible=True)
    result = CASE.check(replace(candidate, answer=ANSWER.strip()))
    start = len(ANSWER)
    rows = (
        Clause("closing", "listed", asks, "unread", start, start + len(asks), detachable=False),
        Clause("closing", "listed", tells, "talk", start + len(asks) + 1, len(answer) - 1, detachable=False),
    )
    shown = replace(result, clauses=(*result.clauses, *rows))
    claim = {"kind": "present", "fact": "price", "of": [NAMES[name] for name in of], "quote": asks}
    doubt = why_not(shown, Extract(len(result.clauses), (claim,)), candidate, CASE)
    assert ("names others" in doubt) is not believed
