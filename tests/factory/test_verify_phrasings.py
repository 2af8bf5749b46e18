"""Facts as people word them (tests/data/phrasings.toml, by hand): the truth passes in every wording, a lie in none."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from factory.records import Candidate
from factory.verifier import verify
from tests.factory.test_verify import EVIDENCE, PLACE, QUESTION, WISH

PHRASINGS = tomllib.loads((Path(__file__).parents[1] / "data" / "phrasings.toml").read_text(encoding="utf-8"))
NAME = "川香园(清河店)"
TRUE = {
    "rating": {"v": "3.8", "c": "三点八"},
    "price": {"v": "61", "c": "六十一", "h": "60"},
    "distance": {"v": "390", "c": "三百九十", "h": "400", "k": "0.4", "w": "5"},
    "hours": {"o": "10:30", "e": "22:00", "s": "晚上十点"},
    "dish": {"v": "回锅肉"},
    "address": {"v": "双榆树北里3号"},
}
FALSE = {
    "rating": [{"v": "4.6", "c": "四点六"}, {"v": "4.1", "c": "四点一"}],
    "price": [{"v": "88", "c": "八十八", "h": "90"}, {"v": "45", "c": "四十五", "h": "40"}],
    "distance": [
        {"v": "620", "c": "六百二十", "h": "600", "k": "1.3", "w": "16"},
        {"v": "150", "c": "一百五十", "h": "200", "k": "0.1", "w": "1"},
    ],
    "hours": [{"o": "09:00", "e": "23:30", "s": "晚上十一点半"}, {"o": "11:30", "e": "21:00", "s": "晚上九点"}],
    "dish": [{"v": "佛跳墙"}, {"v": "水煮鱼"}],
    "address": [{"v": "双榆树北里36号"}, {"v": "中关村东路18号"}],
}
FRAMES = (
    (
        "清华大学附近有三家川菜符合您的要求：\n1. {name}：{fact}。\n2. 蜀味轩：评分3.9分，离您600米。\n"
        "3. 渝阁小馆：人均不到100元，距离约810米。\n{closing}"
    ),
    (
        "您好，按您的要求挑了这几家：\n1. 蜀味轩：人均80元左右。\n2. **{name}**：店不大，{fact}，和您的需求合得上。\n"
        "3. 渝阁小馆：双榆树北里5号，营业到22:00。\n{closing}"
    ),
)


def _findings(answer: str) -> list[str]:
    recommendations = tuple((f"SBX{number:08d}", "合适") for number in (1, 2, 3))
    candidate = Candidate("x-0", "x", 0, QUESTION, answer, recommendations, feasible=True)
    return [finding.reason for finding in verify(candidate, wish=WISH, place=PLACE, evidence=EVIDENCE).findings]


def _facts(values: dict[str, list[dict[str, str]]]) -> list[tuple[str, str]]:
    return [
        (kind, frame.format(name=NAME, fact=phrase.format(**words), closing="祝您用餐愉快！"))
        for kind, options in values.items()
        for phrase in PHRASINGS[kind]
        for words in options
        for frame in FRAMES
    ]


def _prose(which: str) -> list[tuple[str, str]]:
    return [
        (
            "prose",
            frame.format(
                name=NAME, fact="评分3.8，人均61元", closing=pair[which].format(a=NAME if number == 0 else "蜀味轩")
            ),
        )
        for number, frame in enumerate(FRAMES)
        for pair in PHRASINGS["prose"]
        if which == "false" or number == 0 or "{a}" not in pair[which]
    ]


def test_hardly_a_lie_passes_in_any_wording() -> None:
    planted = _facts(FALSE) + _prose("false")
    missed = [answer for _, answer in planted if not _findings(answer)]
    assert len(planted) >= 500
    assert len(missed) <= len(planted) / 100, "\n\n".join(missed)


def test_hardly_a_truth_is_rejected_in_any_wording() -> None:
    clean = _facts({kind: [words] for kind, words in TRUE.items()}) + _prose("true")
    rejected = [(findings, answer) for _, answer in clean if (findings := _findings(answer))]
    assert len(clean) >= 400
    assert len(rejected) <= len(clean) / 100, "\n\n".join(f"{findings} {answer}" for findings, answer in rejected)


@pytest.mark.parametrize("kind", list(FALSE))
def test_what_is_caught_is_caught_for_its_own_reason(kind: str) -> None:
    caught = [_findings(answer) for stated, answer in _facts({kind: FALSE[kind]}) if stated == kind]
    rightly = [findings for findings in caught if f"wrong_{kind}" in findings]
    assert len(rightly) >= 0.97 * len(caught)


def test_what_no_map_row_tells_is_never_accepted() -> None:
    for phrase in PHRASINGS["unproved"]:
        for frame in FRAMES:
            answer = frame.format(name=NAME, fact=phrase.format(v="回锅肉"), closing="祝您用餐愉快！")
            assert _findings(answer), answer
