"""Checkpoints that older readers load alike: key names of both generations, the source's tokenizer files, all end tokens."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

from transformers import Gemma3TextConfig, Qwen3Config

from train import tokenizer
from train.portable import copy_tokenizer, end_tokens, greedy, with_both_names, write_portable
from train.template import load_template


def _saved(config: Qwen3Config | Gemma3TextConfig, folder: Path) -> dict[str, object]:
    config.save_pretrained(folder)
    fields: dict[str, object] = json.loads((folder / "config.json").read_text())
    return fields


def test_a_rotary_base_stands_under_the_name_that_transformers_4_reads(tmp_path: Path) -> None:
    config = Qwen3Config(rope_parameters={"rope_type": "default", "rope_theta": 5e5}, dtype="bfloat16")
    both = with_both_names(_saved(config, tmp_path))
    assert both["rope_theta"] == 5e5
    assert both["rope_scaling"] is None
    assert both["torch_dtype"] == "bfloat16"
    assert both["rope_parameters"] == {"rope_type": "default", "rope_theta": 5e5}


def test_a_scaled_rotary_setting_keeps_its_scaling() -> None:
    rope = {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0, "original_max_position_embeddings": 32_768}
    both = with_both_names({"rope_parameters": rope})
    assert both["rope_theta"] == 1e6
    assert both["rope_scaling"] == {name: value for name, value in rope.items() if name != "rope_theta"}


def test_settings_a_kind_of_layer_get_both_old_names(tmp_path: Path) -> None:
    rope = {
        "full_attention": {"rope_type": "default", "rope_theta": 1e6},
        "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
    }
    both = with_both_names(_saved(Gemma3TextConfig(rope_parameters=rope), tmp_path))
    assert both["rope_theta"] == 1e6
    assert both["rope_local_base_freq"] == 1e4


def test_generation_is_greedy_and_ends_with_every_end_token() -> None:
    thinking = {"do_sample": True, "temperature": 0.6, "top_k": 20, "pad_token_id": 3}
    assert greedy(thinking, [7, 9]) == {"do_sample": False, "eos_token_id": [7, 9], "pad_token_id": 3}
    assert greedy({}, [7])["eos_token_id"] == 7


def test_the_trained_end_comes_first_and_the_source_loses_none() -> None:
    assert end_tokens(7, SimpleNamespace(eos_token_id=[9, 7]), SimpleNamespace(eos_token_id=11)) == [7, 9, 11]
    assert end_tokens(7, SimpleNamespace(eos_token_id=None), SimpleNamespace()) == [7]


def test_configuration_files_are_rewritten_in_place(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "qwen3", "eos_token_id": 1}))
    write_portable(tmp_path, [2, 1])
    assert json.loads((tmp_path / "config.json").read_text())["eos_token_id"] == [2, 1]
    assert json.loads((tmp_path / "generation_config.json").read_text())["do_sample"] is False


def test_a_source_keeps_its_tokenizer_files_but_for_template_and_end_word(tmp_path: Path) -> None:
    source, folder = tmp_path / "source", tmp_path / "checkpoint"
    tokenizer.save(tokenizer.pruned(["川菜"]), source, max_length=64, thinking="train")
    config = json.loads((source / "tokenizer_config.json").read_text()) | {
        "chat_template": "old",
        "local_files_only": True,
        "extra_special_tokens": {},
        "eos_token": "<|endoftext|>",
    }
    (source / "tokenizer_config.json").write_text(json.dumps(config))
    folder.mkdir()
    template = load_template(source, "off")
    template.save(folder)
    saved = json.loads((folder / "tokenizer_config.json").read_text())
    assert (folder / "tokenizer.json").read_bytes() == (source / "tokenizer.json").read_bytes()
    assert saved["eos_token"] == tokenizer.END
    assert saved["extra_special_tokens"] == {}
    assert not {"chat_template", "local_files_only"} & set(saved)
    assert (folder / "chat_template.jinja").read_text().startswith(tokenizer.with_thinking("", "off"))


def test_an_end_word_that_is_already_right_is_left_as_its_file_has_it(tmp_path: Path) -> None:
    described = {"content": tokenizer.END, "special": True, "lstrip": False}
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "tokenizer_config.json").write_text(json.dumps({"eos_token": described}))
    copy_tokenizer(tmp_path / "source", tmp_path, "template", {"eos_token": tokenizer.END})
    assert json.loads((tmp_path / "tokenizer_config.json").read_text())["eos_token"] == described
