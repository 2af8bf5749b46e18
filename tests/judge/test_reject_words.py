"""Reasons of rejects are told in both languages, whatever the verifier names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factory import verifier
from judge.report.reject_words import reject

NAMED = re.compile(r'Finding\(\s*"(\w+)",\s*"([a-z_]+)"')


def _named() -> set[str]:
    folder = Path(verifier.__file__).parent
    sources = (path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    return {" ".join(reason) for source in sources for reason in NAMED.findall(source)}


def test_every_reason_that_the_verifier_writes_has_chinese_words() -> None:
    named = _named()
    assert len(named) > 15
    assert not [name for name in named if re.search(r"[a-z]", reject(name)[0])]


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("grounding wrong_price", "有据：人均说错", "grounding: wrong price"),
        ("wish misses_diet", "合乎要求：不合要求：忌口", "wish: misses the wish: diet"),
        ("grounding wrong_moon_phase", "有据：moon phase说错", "grounding: wrong moon phase"),
        ("order some_new_reason", "没有产出：some new reason", "no candidate came: some new reason"),
    ],
)
def test_a_reason_is_put_together_from_its_parts(name: str, zh: str, en: str) -> None:
    assert reject(name) == (zh, en)
