"""A vocabulary cut to what rows need: the same words on those rows, any text still spelt, the logits of kept words unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, trainers
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from factory.errors import UsageError
from train.pruning import KEPT, cut_tokenizer, pruned_model

CORPUS = [
    "我在清华大学附近想吃川菜",
    "推荐蜀味轩评分四点六人均七十八元",
    "火锅 烧烤 日本料理 hotpot and noodles",
    "营业到晚上十点",
]
ROWS = ["想吃川菜", "推荐蜀味轩", "人均七十八元"]


def _whole(*, fallback: bool) -> Tokenizer:
    """A byte-pair tokenizer of some hundred words; with ``fallback`` it spells the unknown by bytes, as Gemma's does."""
    bytes_ = [f"<0x{value:02X}>" for value in range(256)] if fallback else []
    words = Tokenizer(models.BPE(unk_token="<unk>" if fallback else None, byte_fallback=fallback, fuse_unk=fallback))
    words.normalizer = normalizers.Replace(" ", "▁")
    words.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    special = ["<pad>", "<eos>", "<unk>", "<unused0>", "<end>"]
    words.train_from_iterator(CORPUS * 4, trainers.BpeTrainer(vocab_size=500, special_tokens=[*special, *bytes_]))
    whole = json.loads(words.to_str())
    # The trainer marks bytes as special words; they are vocabulary.
    whole["added_tokens"] = [token for token in whole["added_tokens"] if not token["content"].startswith("<0x")]
    return Tokenizer.from_str(json.dumps(whole))


@pytest.fixture(params=[True, False], ids=["bytes", "letters"])
def whole(request: pytest.FixtureRequest) -> Tokenizer:
    return _whole(fallback=request.param)


def test_rows_keep_their_words_one_to_one(whole: Tokenizer) -> None:
    cut = cut_tokenizer(json.loads(whole.to_str()), ROWS)
    small = Tokenizer.from_str(json.dumps(cut.tokenizer))
    assert small.get_vocab_size() == len(cut.kept) < whole.get_vocab_size()
    for row in ROWS:
        assert [cut.kept[number] for number in small.encode(row).ids] == whole.encode(row).ids


def test_a_text_that_no_row_holds_is_still_spelt() -> None:
    cut = cut_tokenizer(json.loads(_whole(fallback=True).to_str()), ROWS)
    small = Tokenizer.from_str(json.dumps(cut.tokenizer))
    for text in ("火锅 hotpot", "龘靐", "🍜 noodles"):
        assert small.decode(small.encode(text).ids) == text


def test_reserved_words_go_and_special_ones_stay(whole: Tokenizer) -> None:
    cut = cut_tokenizer(json.loads(whole.to_str()), ROWS)
    kept = {token["content"] for token in cut.tokenizer["added_tokens"]}
    assert {"<pad>", "<eos>", "<end>"} <= kept
    assert "<unused0>" not in kept


def test_a_tokenizer_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="Unigram"):
        cut_tokenizer({"model": {"type": "Unigram"}, "added_tokens": []}, ROWS)


def _source(folder: Path, *, tied: bool) -> Path:
    whole = _whole(fallback=True)
    whole.add_special_tokens([AddedToken("<end>", special=True)])
    whole.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<end>", "pad_token": "<pad>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    torch.manual_seed(1)
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    ends = whole.token_to_id("<end>")
    model = LlamaForCausalLM(
        LlamaConfig(vocab_size=whole.get_vocab_size(), eos_token_id=ends, tie_word_embeddings=tied, **small)
    )
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("tied", [True, False])
def test_the_logits_of_kept_words_are_the_whole_models(tmp_path: Path, *, tied: bool) -> None:
    source = tmp_path / "whole"
    source.mkdir()
    folder = pruned_model(_source(source, tied=tied), ROWS, tmp_path)
    kept = torch.tensor(json.loads((folder / KEPT).read_text()))
    large, small = (AutoModelForCausalLM.from_pretrained(path) for path in (source, folder))
    words: Any = AutoTokenizer.from_pretrained(folder)
    ids = words(ROWS[0], return_tensors="pt", add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        mine, whole = small(ids).logits, large(kept[ids]).logits[..., kept]
    assert float((mine - whole).abs().max()) <= 1e-5
    assert small.config.eos_token_id == words.convert_tokens_to_ids("<end>")
    assert pruned_model(source, ROWS, tmp_path) == folder
