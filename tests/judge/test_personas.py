"""The first sentence names what is wrong with each bad judge, and certifies a good one."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest

from judge.asking import Item
from judge.designs import Design, Judged, questions
from judge.edits import SCANNED, edited_items
from judge.faults import UNFIT
from judge.harmless import HARMLESS
from judge.items import Selection, read_items
from judge.report import judge_words
from judge.statistics.examination import Examination
from judge.statistics.summary import summarise
from tests.judge.personas import STYLE, Shown, rows_of, shown
from tests.keyless import CLEAN

pytestmark = pytest.mark.timeout(400)  # a world of 1,200 samples, once
SAMPLES, STUDENTS = 150, 60
ONE_WORLD = """
import sys
import factory.plan.identity as identity
identity.verifier_version = lambda: "2-d9a3357b"
from factory.command import run_room
sys.exit(run_room("factory", sys.argv[1:], last=True))
"""
"""The verifier's hash names the run, the run its samples, and their names choose which of them are judged. Without a name that
stays, each change of the verifier drew another world, and some held too little of something to certify a good judge by."""


@pytest.fixture(scope="module", name="asks")
def _asks(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Shown]:
    """All questions of a world with samples, edits, controls, and two students that answer alike but for their style."""
    data = tmp_path_factory.mktemp("world")
    # Edits are made of the first samples that can carry them, of all that a judging looks at: one in thirty carries three unfit
    # restaurants, and with fewer of them a good judge is not certified. Of the samples themselves fewer do.
    made = [sys.executable, "-c", ONE_WORLD, "synth"]
    subprocess.run(made, env={**CLEAN, "DATA": str(data), "N": str(SCANNED)}, check=True, capture_output=True)
    selection = Selection(None, 0)
    items = list(read_items(data, selection, edited_items(data, selection)))
    samples = [item for item in items if item.kind == "sample"][:SAMPLES]
    chosen = {item.item_id for item in samples}
    items = [item for item in items if item.kind != "sample" or item.item_id in chosen]
    items += [_student(item, arm) for item in samples[:STUDENTS] for arm in ("base", "tuned")]
    random.Random(0).shuffle(items)  # as a judging asks: nobody's texts come last
    return shown(questions(items, Design(3, legacy_items=0), Judged()))


def _student(item: Item, arm: str) -> Item:
    opening = STYLE if arm == "tuned" else "以下推荐"
    return replace(
        item, item_id=f"{item.item_id}-{arm}", kind="completion", arm=arm, answer=f"{opening}：\n{item.answer}"
    )


def _examined(asks: Sequence[Shown], persona: str) -> Examination:
    students = {call.ask.item.item_id for call in asks if call.ask.item.kind == "completion"}
    rows = rows_of(persona, asks, dict.fromkeys(students, "closed"))
    sound = {
        row.item_id: row.item_kind in {"sample", "completion"} or row.edit in HARMLESS or row.edit == "same"
        for row in rows
        if row.edit not in {UNFIT, "gibberish", "begging", "begging_after"}
    }
    rightness = dict.fromkeys(students, (1.0, 1.0, 1.0))
    return summarise(rows, "p", sound, harmless=frozenset(HARMLESS), rightness=rightness, resamples=200).examination


BAD = {
    "constant": ("nearly everything the same score", "几乎给一切同样的分"),
    "liking": ("likes or dislikes a text", "好恶前后一致"),
    "saturating": ("crowded at the top", "挤在高处"),
    "refusing": ("refuses what has faults", "拒评有错的文字"),
    "silent": ("got a score that can be read", "没有给出一个可读的分"),
    "length-loving": ("it rewards length", "写得长就加分"),
    "layout-loving": ("it rewards layout", "加格式就加分"),
    "position-bound": ("bound to position", "受位置摆布"),
    "plea-obeying": ("obeys pleas", "求分就加分"),
    "self-preferring": ("plays favourites", "偏爱某一来源"),
    "drifting": ("it drifts: it grows stricter", "越评越严"),
    "inverse": ("upside down", "反的"),
    "coin-tossing": ("tossing a coin", "掷硬币"),
    "half-blind": ("blind to others", "只看得见一部分错误"),
    "short-loving": ("it punishes length", "写得长就扣分"),
    "place-biased": ("likes and dislikes what is not about facts", "与事实无关的好恶"),
    "by place": ("likes or dislikes a text", "好恶前后一致"),
    "ratings only": ("blind to others: wrong address", "只看得见一部分错误，看不见：错误地址"),
    "one level higher": ("misses an error that stands alone", "只有一处错误时它常常看不见"),
    "data alone": ("(model performance)", "（模型表现）"),
    "pitying": ("too lenient with invention", "对编造太宽"),
    "refusing the worst": ("refuses what has faults", "拒评有错的文字"),
    "late-drifting": ("it drifts: it grows stricter", "越评越严"),
    "first restaurant only": ("only now and then|an error that stands alone", "偶尔看得见|只有一处错误"),
    "restless": ("does not repeat itself", "再问一遍就变"),
}


BLIND_TO_UNFIT = frozenset({"pitying", "first restaurant only"})
"""They do not see unfit restaurants either, which is the graver fault and said first; without these the other one is."""


@pytest.mark.parametrize("persona", BAD)
def test_the_first_sentence_says_what_is_wrong(asks: Sequence[Shown], persona: str) -> None:
    if persona in BLIND_TO_UNFIT:
        asks = [call for call in asks if f"~{UNFIT}~" not in call.ask.item.item_id]
    examination = _examined(asks, persona)
    zh, en = judge_words.headline(examination)
    print(f"{persona}: {en}")
    assert examination.overall == "fails"
    assert en.startswith("Do not trust this judge: ")
    assert zh.startswith("不要相信这位评审：")
    assert any(words in en for words in BAD[persona][0].split("|"))
    assert any(words in zh for words in BAD[persona][1].split("|"))


def test_of_two_faults_the_graver_is_said_and_the_other_is_among_the_checks(asks: Sequence[Shown]) -> None:
    examination = _examined(asks, "pitying")
    assert "blind to others: unfit restaurant" in judge_words.headline(examination)[1]
    assert any(check.what == "invented" and check.word == "fails" for check in examination.checks)


@pytest.mark.parametrize("persona", ["good", "strict", "one level lower"])
def test_a_judge_without_a_vice_is_certified_and_what_was_not_measured_is_named(
    asks: Sequence[Shown], persona: str
) -> None:
    examination = _examined(asks, persona)
    zh, en = judge_words.headline(examination)
    print(f"{persona}: {en}")
    assert examination.overall == "holds", [
        check for check in examination.checks if check.word not in {"holds", "unmeasured"}
    ]
    assert en.startswith("This judge can be trusted: it tells faulty from sound texts (AUROC ")
    assert "not measured: whether it agrees with another judge" in en
    assert zh.startswith("可以相信这位评审")
    assert "没有测：与另一位评审一致" in zh
