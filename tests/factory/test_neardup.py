"""Near duplicates against labelled pairs, and what a fingerprint must not depend on."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.commit.neardup import (
    BANDS,
    NEAR_PERCENT,
    Fingerprint,
    bands,
    fingerprint,
    gram_bits,
    grams,
    is_near,
    may_be_near,
)
from tests.factory.neardup_pairs import labelled_pairs, labelled_texts, recall_and_precision

QUESTION = "我在天坛公园，晚上想吃火锅，2公里以内。"


@pytest.mark.parametrize("held_out", [False, True])
def test_labelled_pairs_are_told_apart(held_out: bool) -> None:  # noqa: FBT001 - a parameter of the test
    pairs = [pair for pair in labelled_pairs() if pair.held_out is held_out]
    recall, precision = recall_and_precision(pairs, NEAR_PERCENT)
    assert recall >= 0.95
    assert precision >= 0.98
    assert all(pair.proposed for pair in pairs if pair.near)


def test_a_paraphrase_changes_little_and_facts_change_much() -> None:
    listed = grams(QUESTION, "1. **蜀香阁**：位于屯溪路193号，距离约1.2公里，评分4.5分，招牌菜是水煮鱼和毛血旺。")
    same = grams(QUESTION, "① 蜀香阁，屯溪路193号，离你1200m，评分4.5；推荐毛血旺、水煮鱼")
    other = grams(QUESTION, "1. **湘里人家**：位于宁国路88号，距离约850米，评分4.2分，招牌菜是小炒肉和剁椒鱼头。")
    assert is_near(listed, same)
    assert not is_near(listed, other)


def _pairs(text: str) -> set[str]:
    return {chr(pair >> 16) + chr(pair & 0xFFFF) for pair in grams("", text)}


def test_list_numbers_and_frame_words_are_left_out_but_no_facts() -> None:
    assert _pairs("2. 位于淮河路193号，距离1.5公里") == {
        "淮河",
        "河路",
        "路1",
        "19",
        "93",
        "3号",
        "15",
        "50",
        "00",
        "0米",
    }
    assert _pairs("② 淮河路：评分4.5分") == {"淮河", "河路"}
    assert "15" in _pairs("1.5公里以内有三家")
    assert _pairs("推荐鱼头和鱼丸。") == {"鱼头", "鱼丸"}
    assert len(grams("", "Hämeentie 12号")) == 3  # the word, 12, 2号


def test_layout_and_punctuation_do_not_make_another_text_and_a_fact_does() -> None:
    text_hash = fingerprint(QUESTION, "蜀香阁：评分4.5。").text_hash
    assert fingerprint(QUESTION, "蜀香阁，评分４.５！").text_hash == text_hash
    assert fingerprint(QUESTION, "蜀香阁：评分4.6。").text_hash != text_hash


@pytest.mark.parametrize("text", ["", "。", "好", "\ud800", "𠮷野家𠮷野家"])
def test_odd_texts_have_fingerprints(text: str) -> None:
    assert len(fingerprint(text, text).bands) == BANDS


@given(st.text(max_size=60), st.text(max_size=200))
def test_a_text_is_near_itself_and_shares_every_band(question: str, answer: str) -> None:
    prints = fingerprint(question, answer)
    assert prints == fingerprint(question, answer)
    assert is_near(prints.grams, prints.grams)


def test_bands_propose_as_the_curve_says() -> None:
    dice = random.Random(0)
    hits = 0
    for _ in range(400):
        # 103 shared of 197 in all: Jaccard 0.523, just above the threshold; missed once in 600.
        numbers = dice.sample(range(2**32), 197)
        left, right = frozenset(numbers[:150]), frozenset(numbers[:103] + numbers[150:])
        assert is_near(left, right)
        hits += any(x == y for x, y in zip(bands(left), bands(right), strict=True))
    assert hits >= 395


GRAMS = st.integers(0, 2**32 - 1)


def _may_be_near(own: frozenset[int], other: frozenset[int]) -> bool:
    bits = np.frombuffer(gram_bits(other), np.uint64).reshape(1, -1)
    return bool(may_be_near(Fingerprint(b"", own, bands(own), gram_bits(own)), bits)[0])


@given(st.frozensets(GRAMS, max_size=900), st.frozensets(GRAMS, max_size=400), st.frozensets(GRAMS, max_size=400))
def test_bits_never_rule_out_what_is_near(common: frozenset[int], left: frozenset[int], right: frozenset[int]) -> None:
    own, other = common | left, common | right
    assert _may_be_near(own, other) or not is_near(own, other)


def test_bits_rule_out_what_shares_too_little() -> None:
    rng = random.Random(3)
    numbers = [rng.getrandbits(32) for _ in range(200)]
    own = frozenset(numbers[:100])
    assert _may_be_near(own, frozenset(numbers[30:100] + numbers[100:130]))  # 70 of 130, just near
    assert not _may_be_near(own, frozenset(numbers[80:180]))  # 20 of 180


def test_of_labelled_texts_bits_leave_the_near_and_few_others() -> None:
    kept = {True: 0, False: 0}
    seen = {True: 0, False: 0}
    for (place, *_, question, answer), (elsewhere, *_, asked, told) in combinations(labelled_texts(), 2):
        if place == elsewhere:
            own, other = grams(question, answer), grams(asked, told)
            seen[is_near(own, other)] += 1
            kept[is_near(own, other)] += _may_be_near(own, other)
    assert kept[True] == seen[True] > 0
    assert kept[False] < 0.1 * seen[False]
