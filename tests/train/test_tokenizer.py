"""Qwen3's tokenizer from the shipped vocabulary: ids, special tokens, round trips; and the pruned copy."""

from __future__ import annotations

import random
import unicodedata

from train import tokenizer


def test_known_ids_of_the_published_tokenizer() -> None:
    words = tokenizer.qwen3()
    assert words.encode("Hello, world!").ids == [9707, 11, 1879, 0]
    assert words.encode("2026").ids == [17, 15, 17, 21]
    assert words.get_vocab_size() == 151_669
    named = {
        "<|endoftext|>": 151_643,
        "<|im_start|>": 151_644,
        "<|im_end|>": 151_645,
        "<think>": 151_667,
        "</think>": 151_668,
    }
    assert {word: words.token_to_id(word) for word in named} == named


def _strings(count: int) -> list[str]:
    dice = random.Random(5)
    pools = [
        range(0x4E00, 0x9FA5),
        range(0x20, 0x7F),
        range(0x3040, 0x30FF),
        range(0x1F300, 0x1F64F),
        range(0xC0, 0x24F),
    ]
    return ["".join(chr(dice.choice(dice.choice(pools))) for _ in range(dice.randrange(1, 30))) for _ in range(count)]


def test_ten_thousand_mixed_strings_come_back_in_normal_form() -> None:
    words = tokenizer.qwen3()
    strings = _strings(10_000)
    for text, encoding in zip(strings, words.encode_batch(strings), strict=True):
        assert words.decode(encoding.ids, skip_special_tokens=False) == unicodedata.normalize("NFC", text)


def test_a_pruned_vocabulary_splits_its_texts_as_the_whole_one_and_encodes_any_other() -> None:
    texts = [
        "我在清华大学附近，想吃川菜，人均50到100元。",
        "1. 川香园(五道口店)：评分4.6，距离约340米。",
        "Ravintola Kosmos, 12 min",
    ]
    whole, small = tokenizer.qwen3(), tokenizer.pruned(texts)
    assert small.get_vocab_size() < 1_000
    for text in texts:
        assert small.encode(text).tokens == whole.encode(text).tokens
    for text in _strings(200):
        assert small.decode(small.encode(text).ids, skip_special_tokens=False) == unicodedata.normalize("NFC", text)
