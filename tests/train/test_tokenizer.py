"""Qwen3's tokenizer from the shipped vocabulary: ids, special tokens, round trips; and the pruned copy."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path

from transformers import AutoTokenizer

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


PUBLISHED = [
    (
        (
            "Transformers (formerly known as pytorch-transformers and pytorch-pretrained-bert) provides "
            "general-purpose architectures (BERT, GPT-2, RoBERTa, XLM, DistilBert, XLNet...) for Natural "
            "Language Understanding (NLU) and Natural Language Generation (NLG) with over 32+ pretrained "
            "models in 100+ languages and deep interoperability between Jax, PyTorch and TensorFlow."
        ),
        (
            "8963 388 320 69514 3881 438 4510 27414 32852 388 323 4510 27414 21334 35722 1455 529 8 5707 4586 "
            "58238 77235 320 61437 11 479 2828 12 17 11 11830 61437 64 11 1599 10994 11 27604 321 33 529 11 "
            "29881 6954 32574 369 18448 11434 45451 320 45 23236 8 323 18448 11434 23470 320 30042 38 8 448 916 "
            "220 18 17 10 80669 4119 304 220 16 15 15 10 15459 323 5538 94130 2897 1948 619 706 11 5355 51 21584 "
            "323 94986 13"
        ),
    ),
    (
        (
            "🤗 Transformers 提供了可以轻松地下载并且训练先进的预训练模型的 API 和工具。"
            "使用预训练模型可以减少计算消耗和碳排放，并且节省从头训练所需要的时间和资源。"
        ),
        (
            "144834 80532 93685 83744 34187 73670 104261 29490 62189 103937 104034 102830 98841 104034 104949 "
            "9370 5333 58143 102011 1773 37029 98841 104034 104949 73670 101940 100768 104997 33108 100912 "
            "105054 90395 100136 106831 45181 64355 104034 113521 101975 33108 85329 1773"
        ),
    ),
    (
        '```python\ntokenizer = AutoTokenizer.from_pretrained("Qwen/Qwen-tokenizer")\ntokenizer("世界，你好！")```',
        (
            "73594 12669 198 85593 284 8979 37434 6387 10442 35722 445 48 16948 45274 16948 34841 3135 1138 "
            "85593 445 99489 3837 108386 6313 899 73594"
        ),
    ),
]
"""Texts with the ids of Qwen/Qwen-tokenizer, from transformers' tests/models/qwen2/test_tokenization_qwen2.py."""


def test_the_published_texts_have_the_published_ids() -> None:
    words = tokenizer.qwen3()
    for text, ids in PUBLISHED:
        assert words.encode(text).ids == [int(token) for token in ids.split()]


def test_a_saved_folder_gives_the_published_ids_too(tmp_path: Path) -> None:
    tokenizer.save(tokenizer.qwen3(), tmp_path, max_length=512)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    for text, ids in PUBLISHED:
        assert loaded(text)["input_ids"] == [int(token) for token in ids.split()]


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
