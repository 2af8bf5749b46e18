"""An unread clause that may state something goes where the rest stands without it; edge pairs of each rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factory.records import Clause, Verification
from factory.verifier.naming import names_of
from factory.verifier.severing import MOST_GONE, cut, once_cut, severed, shortened, without_sentences
from tests.factory.test_second_reader import CASE, _candidate, _submitted

ODD = "肠粉吃着像云彩糊了嗓子"
"""Nobody reads it, and it speaks of a dish: no chatter that may go by itself."""


def _severed(item: str, closing: str = "") -> tuple[str, tuple[str, ...]]:
    candidate = _candidate(item, closing)
    return severed(candidate.answer, CASE.check(candidate))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"评分4.1，{ODD}，人均61元", "评分4.1，人均61元"),
        (f"评分4.1，人均61元，{ODD}", "评分4.1，人均61元"),
        (f"评分4.1，人均61元。{ODD}", "评分4.1，人均61元"),
    ],
)
def test_it_goes_with_its_comma_or_stop_and_the_rest_passes(before: str, after: str) -> None:
    text, gone = _severed(before)
    assert gone == (ODD,)
    assert text.rstrip("。") == _candidate(after).answer.rstrip("。")
    assert CASE.check(replace(_candidate(before), answer=text)).accepted


@pytest.mark.parametrize(
    ("item", "goes"),
    [
        (f"评分4.1，{ODD}，人均61元", True),
        (f"评分4.1，{ODD}，但人均61元", True),  # the statement stays, without the word that joined it
        (f"评分4.1，按两个人算约122元，{ODD}", True),  # a statement stands by itself
        (f"评分4.1，虽然人均61元，{ODD}", False),
        (f"评分4.1，{ODD}，不过人均61元", True),
        (f"评分4.1，{ODD}。但人均61元", True),
        (f"评分4.1，想吃得清淡。{ODD}，人均61元", True),
        (f"评分4.1，{ODD}、人均61元", False),  # one of a list
        (f"评分4.1。{ODD}？人均61元", False),  # a question, with its answer
        (f"评分4.1，{ODD}？人均61元", True),  # the end of a sentence
        (f"评分4.1，{ODD}～人均61元", True),
        (f"评分4.1（{ODD}），人均61元", True),
        (f"评分4.1（{ODD}的人均61元", False),
        (f"{ODD}，人均61元", False),  # too little is left
    ],
)
def test_it_goes_only_where_neither_neighbour_hangs_on_it(item: str, goes: bool) -> None:  # noqa: FBT001
    assert [went.startswith(ODD) for went in _severed(item)[1]] == [True] * goes


@pytest.mark.parametrize("word", ["但", "也", "不过", "而且"])
def test_a_statement_that_goes_on_from_it_stays_without_the_word_that_joined_it(word: str) -> None:
    text, gone = _severed(f"评分4.1，{ODD}，{word}人均61元")
    assert (text, gone) == (_candidate("评分4.1，人均61元").answer, (f"{ODD}，{word}",))


def test_what_waits_for_it_goes_with_it() -> None:
    text, gone = _severed(f"评分4.1，想吃得清淡，{ODD}，人均61元")
    assert (text, gone) == (_candidate("评分4.1，人均61元").answer, ("想吃得清淡", ODD))


def test_a_closing_may_go_whole_and_loses_a_line_whole() -> None:
    text, gone = _severed("评分4.1，人均61元", f"{ODD}。")
    assert (text, gone) == (_candidate("评分4.1，人均61元").answer.rstrip(), (ODD,))
    text, gone = _severed("评分4.1，人均61元", f"祝您用餐愉快。\n\n{ODD}。")
    assert gone == (ODD,)
    assert text == _candidate("评分4.1，人均61元", "祝您用餐愉快。").answer


def test_a_name_that_is_introduced_goes_with_what_is_said_of_it() -> None:
    """Where an answer does not stand without the clause alone, its sentence goes."""
    odd = "肠粉吃着像云彩糊了嗓子的那家是隔壁的青禾湘菜馆"
    closing = f"祝您用餐愉快。{odd}，就在同一条路上，走过去就到。"
    candidate = _candidate("评分4.1，人均61元，地址是竹山路1号，评分4.1，人均61元", closing)
    read = CASE.check(candidate)
    text, gone = without_sentences(candidate.answer, read)
    assert gone[0] == odd
    assert len(gone) > 1
    assert text.endswith("祝您用餐愉快。")


def test_what_becomes_unread_by_a_cut_goes_once_more_and_what_fails_is_not_sold() -> None:
    candidate = _candidate(f"评分4.1，{ODD}，人均61元")
    read = CASE.check(candidate)

    def never(_text: str) -> Verification:
        return read

    names = names_of(CASE)
    assert shortened(candidate.answer, read, never, names) is None
    short = shortened(candidate.answer, read, lambda text: CASE.check(replace(candidate, answer=text)), names)
    assert short is not None
    assert (short.cut, short.result.accepted) == ((ODD,), True)
    assert shortened(candidate.answer, read, never, names, chatter_alone=True) is None


@pytest.mark.parametrize(
    ("closing", "left", "gone"),
    [
        (f"祝您用餐愉快。想吃得清淡的话，{ODD}。", "祝您用餐愉快。", ("想吃得清淡的话", ODD)),
        (f"祝您用餐愉快。{ODD}，祝您也用餐愉快。", "祝您用餐愉快。", (ODD, "祝您也用餐愉快")),
        (f"青禾湘菜馆评分4.1，{ODD}；祝您用餐愉快。", "青禾湘菜馆评分4.1；祝您用餐愉快。", (ODD,)),
        (f"祝您用餐愉快。{ODD}过敏。", None, ()),
    ],
    ids=[
        "a condition without its advice",
        "what goes on from it",
        "a semicolon stays",
        "what a guest may not eat stays",
    ],
)
def test_what_hangs_on_it_goes_with_it(closing: str, left: str | None, gone: tuple[str, ...]) -> None:
    item = "评分4.1，人均61元，地址是竹山路1号，评分4.1，人均61元"
    candidate = _candidate(item, closing)
    read = CASE.check(candidate)
    assert any(row.account == "unread" for row in read.clauses)
    assert severed(candidate.answer, read) == ((_candidate(item, left) if left else candidate).answer, gone)


def test_a_line_of_which_signs_alone_are_left_goes() -> None:
    item = "评分4.1，人均61元，地址是竹山路1号，评分4.1，人均61元"
    candidate = _candidate(item, f"🍰 {ODD}。\n\n🍵 祝您用餐愉快。")
    text, gone = severed(candidate.answer, CASE.check(candidate))
    assert gone == (ODD,)
    assert text == _candidate(item, "🍵 祝您用餐愉快。").answer


def test_of_an_answer_half_goes_and_no_more() -> None:
    few, many = (
        f"评分4.1，人均61元，{ODD}",
        "，".join(["评分4.1", "人均61元", *[f"{ODD}{n}" for n in "甲乙丙丁戊己庚辛"]]),
    )
    assert _severed(few)[1]
    rows = CASE.check(_candidate(many)).clauses
    assert sum(row.account == "unread" for row in rows) > MOST_GONE * len([row for row in rows if row.end > row.start])
    assert _severed(many)[1] == ()


def test_an_opening_goes_whole_and_an_item_keeps_two_statements() -> None:
    candidate = _candidate("评分4.1，人均61元")
    read = CASE.check(candidate)
    unread = [replace(row, account="unread") if row.part == "opening" else row for row in read.clauses]
    opening = [row.text for row in unread if row.part == "opening"]
    text, gone = severed(candidate.answer, replace(read, clauses=tuple(unread)))
    assert list(gone) == opening
    assert not any(words in text for words in opening)
    assert _severed(f"评分4.1，人均61元，{ODD}")[1] == (ODD,)
    assert _severed(f"评分4.1，{ODD}")[1] == ()


NAMED = "肠粉吃着像云彩糊了嗓子的那家就数青禾湘菜馆"


@pytest.mark.parametrize(
    ("closing", "left"),
    [
        (f"{NAMED}，评分4.1。", "青禾湘菜馆，评分4.1。"),
        (f"祝您用餐愉快。{NAMED}（评分4.1）。", "祝您用餐愉快。青禾湘菜馆（评分4.1）。"),
        (f"想吃得清淡的话，{NAMED}，评分4.1。", "青禾湘菜馆，评分4.1。"),
        (f"祝您用餐愉快。{NAMED}。", "祝您用餐愉快。"),  # nothing is said of it
        (
            f"祝您用餐愉快。{NAMED}，青禾湘菜馆评分4.1。",
            "祝您用餐愉快。青禾湘菜馆评分4.1。",
        ),  # who is meant is said again
    ],
)
def test_a_clause_that_introduces_whom_the_next_one_speaks_of_leaves_the_name(closing: str, left: str) -> None:
    item = "评分4.1，人均61元，地址是竹山路1号，评分4.1，人均61元"
    candidate = _candidate(item, closing)
    text, gone = severed(candidate.answer, CASE.check(candidate), names_of(CASE))
    assert text == _candidate(item, left).answer
    assert gone[-1] == NAMED
    assert CASE.check(replace(candidate, answer=text)).accepted


@pytest.mark.parametrize(
    ("closing", "left"),
    [
        (f"祝您用餐愉快。{ODD}（评分4.1，人均61元）。", "祝您用餐愉快。"),
        (f"祝您用餐愉快。青禾湘菜馆评分4.1（{ODD}，人均61元）。", "祝您用餐愉快。青禾湘菜馆评分4.1（人均61元）。"),
        (f"祝您用餐愉快。\n【口感】{ODD}。", "祝您用餐愉快。"),
    ],
    ids=["brackets go with what they are about", "a clause of them goes alone", "a heading goes with its only line"],
)
def test_brackets_and_headings(closing: str, left: str) -> None:
    item = "评分4.1，人均61元，地址是竹山路1号，评分4.1，人均61元"
    candidate = _candidate(item, closing)
    text, gone = severed(candidate.answer, CASE.check(candidate))
    assert gone
    assert text.rstrip() == _candidate(item, left).answer.rstrip()


def test_a_span_that_is_not_the_clauses_text_is_left_alone() -> None:
    candidate = _candidate(f"评分4.1，人均61元，{ODD}")
    read = CASE.check(candidate)
    moved: list[Clause] = [
        replace(row, start=row.start - 1, end=row.end - 1) if row.account == "unread" else row for row in read.clauses
    ]
    assert severed(candidate.answer, replace(read, clauses=tuple(moved))) == (candidate.answer, ())


@pytest.mark.parametrize(("text", "goes"), [("周五嗡11", False), ("周五嗡", True)])
def test_a_time_is_not_cut_in_two(text: str, goes: bool) -> None:  # noqa: FBT001
    """Its colon is none that a clause stands before: a wire that bends texts had left 21:30:00-23."""
    item = f"评分4.1，{text}{':' if not goes else '，'}00到23:30营业，人均61元"
    answer = _candidate(item).answer
    start = answer.index(text)
    read = CASE.check(_candidate(item))
    rows = [row for row in read.clauses if row.end <= start or row.start >= start + len(text)]
    odd = Clause("item", rows[-1].scope, text, "unread", start, start + len(text), detachable=True)
    scope = next(row.scope for row in rows if row.part == "item")
    kept = [Clause("item", scope, "评分4.1", "claim", start - 6, start - 1, detachable=False)] * 10
    bent = replace(read, clauses=(*kept, replace(odd, scope=scope), *kept))
    assert (cut(answer, bent)[1] == (text,)) is goes


def test_a_run_cuts_what_it_cannot_check_and_says_so_instead_of_asking_again() -> None:
    run = _submitted([f"评分4.1，{ODD}，人均61元"])
    assert [(attempt.accepted, attempt.cut) for attempt in run.attempts] == [(True, (ODD,))]
    assert ODD not in run.slots[0].candidate.answer


def test_a_lie_beside_it_is_no_reason_to_cut() -> None:
    run = _submitted([f"评分4.3，{ODD}，人均61元"])
    assert [(attempt.accepted, attempt.cut) for attempt in run.attempts] == [(False, ())]
    assert ODD in run.slots[0].candidate.answer


def test_a_lie_is_not_cut_with_the_sentence_that_holds_an_unread_clause() -> None:
    """It is told: without the whole sentence the answer would pass, and nobody would hear of it."""
    closing = f"祝您用餐愉快。青禾湘菜馆评分4.3，{ODD}。"
    candidate = _candidate("评分4.1，人均61元，地址是竹山路1号，评分4.1，人均61元", closing)
    read = CASE.check(candidate)
    assert {finding.outcome for finding in read.findings} == {"contradicted", "not_understood"}
    text, gone = without_sentences(candidate.answer, read)
    assert gone
    assert CASE.check(replace(candidate, answer=text)).accepted
    assert once_cut(candidate, read, CASE) is None
