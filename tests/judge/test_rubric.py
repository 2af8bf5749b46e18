"""Rubrics are files: read or refused with a sentence, named by their content, and asked anew when that changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from factory.commit.commit import Commit, CommitKind
from factory.commit.schema import table
from factory.commit.store import open_store
from factory.errors import UsageError
from judge.asking import Ask
from judge.in_force import changes, put_in_force, rows
from judge.instrument import LEGACY, SHIPPED, Instrument
from judge.items import judged_before
from judge.parsing import Verdict, read_verdict, unscored
from judge.rubric import ANSWER, DATA, parse, read_rubric, shipped
from judge.verdicts import Outcome, tables
from judge.verdicts import rows as verdict_rows
from tests.judge.judge_wire import ITEM
from warehouse.catalogue import refresh

OWN = """
name = "tone"
about = "data"
language = "en"
low = 0
high = 2
intro = "You review the tone of a recommendation."
rules = ["Length does not matter."]
[[dimension]]
name = "Warmth"
aliases = ["warm"]
anchors = ["cold", "polite", "warm"]
[[dimension]]
name = "Truth"
anchors = ["invented", "one error", "none"]
caps = [1.0, 6.0, 10.0]
counted = true
"""


def test_a_rubric_of_ones_own_has_its_scale_its_language_and_its_cap() -> None:
    rubric = parse(OWN, "own.toml")
    instrument = replace(SHIPPED, rubrics={DATA: rubric, ANSWER: shipped(ANSWER)})
    system = instrument.system(DATA)
    assert "- Warmth: 2 warm; 1 polite; 0 cold" in system
    assert (
        '"Warmth": {"reason": "……", "score": whole number}, "Truth": {"reason": "……", "count": whole number,' in system
    )
    reply = '{"scores": {"warm": 2, "truth": %s}, "code": "0123456789abcdef"}'
    # (2 + 2) / 4 of 10; one error: 7.5, and no more than 6; invented: 5, and no more than 1
    totals = [read_verdict(reply % mark, "stop", rubric, "0123456789abcdef").total for mark in (2, 1, 0)]
    assert totals == [10.0, 6.0, 1.0]
    assert read_verdict(reply % 3, "stop", rubric, "0123456789abcdef").reason == "off_scale"


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("low = 0", "low = 3", "low"),
        ("high = 2", "high = 4", "anchors"),
        ("high = 2", "high = 90", "11"),
        ('about = "data"', 'about = "page"', "about"),
        ('language = "en"', 'language = "fr"', "language"),
        ('name = "Truth"', 'name = "Warmth"', "twice"),
        ("caps = [1.0, 6.0, 10.0]", "caps = [1.0]", "caps"),
        ('intro = "You review the tone of a recommendation."', "", "intro"),
        ("counted = true", 'counted = "yes"', "true or false"),
        ("[[dimension]]", "[dimension", "TOML"),
    ],
)
def test_a_rubric_that_cannot_be_used_is_refused_by_the_field_to_mend(old: str, new: str, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        parse(OWN.replace(old, new), "own.toml")


def test_a_rubric_about_one_thing_is_not_taken_for_the_other(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    assert read_rubric(path, DATA).name == "tone"
    with pytest.raises(UsageError, match="about 'data'"):
        read_rubric(path, ANSWER)
    with pytest.raises(UsageError, match="cannot be read"):
        read_rubric(tmp_path / "none.toml", DATA)


def test_what_changes_a_question_changes_its_digest_and_nothing_else_does() -> None:
    rubric = shipped(DATA)
    edited = replace(SHIPPED, rubrics={DATA: replace(rubric, rules=rubric.rules[1:]), ANSWER: shipped(ANSWER)})
    capless = tuple(replace(dimension, caps=()) for dimension in rubric.dimensions)
    uncapped = replace(SHIPPED, rubrics={DATA: replace(rubric, dimensions=capless), ANSWER: shipped(ANSWER)})
    for other in (edited, uncapped):
        assert other.digest(DATA) != SHIPPED.digest(DATA)
        assert other.digest(LEGACY) != SHIPPED.digest(LEGACY)
        assert other.digest(ANSWER) == SHIPPED.digest(ANSWER)
    assert replace(SHIPPED, temperature=0.2).digest(DATA) != SHIPPED.digest(DATA)
    assert replace(SHIPPED, most_evidence=20).digest(DATA) != SHIPPED.digest(DATA)
    assert replace(SHIPPED, max_tokens=9_000).digest(DATA) == SHIPPED.digest(DATA) == Instrument().digest(DATA)


def test_an_answer_that_invents_a_restaurant_has_a_low_total_whatever_else_it_is() -> None:
    for role, fact in ((DATA, "准确性"), (ANSWER, "推荐合理性")):
        best = dict.fromkeys(shipped(role).names, 5.0)
        assert [shipped(role).total(best | {fact: float(mark)}) for mark in (5, 4, 3, 2, 1)] == [
            10.0,
            8.0,
            6.0,
            4.0,
            2.0,
        ]


_LESS = replace(shipped(DATA), rules=shipped(DATA).rules[1:])
EDITED = {
    "a rubric": (replace(SHIPPED, rubrics={DATA: _LESS, ANSWER: shipped(ANSWER)}), "rubric data_v2, "),
    "JUDGE_EXTRA": (replace(SHIPPED, extra={"top_k": 20}), 'JUDGE_EXTRA {"top_k":20}'),
}


@pytest.mark.parametrize("what", EDITED)
def test_what_is_edited_is_asked_anew_and_the_earlier_verdicts_come_back_with_it(tmp_path: Path, what: str) -> None:
    edited, told = EDITED[what]
    store = open_store(tmp_path)
    refresh(tmp_path)

    def judged(instrument: Instrument, total: int, unit: str) -> None:
        assert list(changes(tmp_path, "m", instrument)) == [] or instrument is edited
        put_in_force(store, tmp_path, "judge-m", rows("m", instrument))
        ask = Ask(ITEM, "standard", DATA, (DATA,), 0, instrument=instrument)
        verdict = Verdict((("准确性", 5.0),), float(total), "scored", "")
        made = verdict_rows(Outcome(ask, (verdict,), "m", None, None, None, None, replayed=False))
        files = store.put("judge-m", unit, {"verdicts": table("verdicts", made)})
        store.commit_if_absent(Commit("judge-m", unit, CommitKind.VERDICTS, datetime.now(UTC), files))
        refresh(tmp_path)

    def shown() -> list[float]:
        with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
            return [total for (total,) in connection.execute("select total from verdicts").fetchall()]

    question = (ITEM.item_id, "standard", DATA, 0)
    judged(SHIPPED, 9, "U000100")
    assert question in judged_before(tmp_path, "m", SHIPPED).done
    assert question not in judged_before(tmp_path, "m", edited).done
    [sentence] = changes(tmp_path, "m", edited)
    assert "asked anew" in sentence
    assert told in sentence
    assert shown() == [9.0]
    judged(edited, 3, "U000200")
    assert shown() == [3.0]
    put_in_force(store, tmp_path, "judge-m", rows("m", SHIPPED))
    refresh(tmp_path)
    assert shown() == [9.0]
    assert question in judged_before(tmp_path, "m", edited).done
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        sql = "select prompt, count(*), sum(in_force::integer) from rubrics group by 1 order by 1"
        assert connection.execute(sql).fetchall() == [
            (prompt, 1 + (edited.digest(prompt) != SHIPPED.digest(prompt)), 1) for prompt in (ANSWER, DATA, LEGACY)
        ]
        assert connection.execute("select count(*) from all_verdicts").fetchall() == [(2,)]


def test_a_single_call_with_one_half_unscored_is_asked_again(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    refresh(tmp_path)
    good = Verdict((("准确性", 5.0),), 9.0, "scored", "")
    for number, half in enumerate((unscored("missing_dimension"), good)):
        ask = Ask(replace(ITEM, item_id=f"s-{number}"), LEGACY, LEGACY, (DATA, ANSWER), 0)
        made = tables([Outcome(ask, (good, half), "m", None, None, None, None, replayed=False)])
        files = store.put("judge-m", f"U00000{number}", made)
        store.commit_if_absent(Commit("judge-m", f"U00000{number}", CommitKind.VERDICTS, datetime.now(UTC), files))
    refresh(tmp_path)
    judged = judged_before(tmp_path, "m", SHIPPED)
    assert judged.done == {("s-1", LEGACY, DATA, 0)}
    assert judged.failures == {("s-0", LEGACY, DATA, 0): 1}
