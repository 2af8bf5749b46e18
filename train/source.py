"""Where the weights that a run starts from come from: a folder, a hub's id, a package's own, whole or cut to the words in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

from train import hub
from train.config import TrainSettings
from train.packaged import PREFIX, packaged_model
from train.portable import TOKENIZER_FILES
from train.pruning import pruned_model
from train.rows import Row
from train.template import Template

SOURCES: Final = "sources"
"""In ``DATA``: models that were unpacked or cut on this machine; they can be made again."""


def find_source(settings: TrainSettings) -> Path | None:
    """The folder of ``MODEL``; None for the embedded tiny model. Raises UsageError, DiskTrouble."""
    if settings.model is None:
        return None
    if settings.model.startswith(PREFIX):
        return packaged_model(settings.model, settings.data / SOURCES, {"GEMMA_TERMS": settings.gemma_terms})
    return hub.find_model(settings.model, settings.hub)


def cut_source(source: Path, template: Template, rows: Sequence[Row], data: Path) -> Path:
    """The folder of ``source`` with the words that these rows and the template need. Raises UsageError, DiskTrouble."""
    return pruned_model(source, spelt(template, rows), data / SOURCES)


def contents(folder: Path) -> str:
    """16 hex digits over the files that a model is made of (weights, configuration, tokenizer, template), whatever its name."""
    digest = blake2b(digest_size=8)
    names = ("config.json", "generation_config.json", "chat_template.jinja", *TOKENIZER_FILES)
    paths = [*folder.glob("*.safetensors"), *(folder / name for name in names if (folder / name).exists())]
    for path in sorted(paths):
        digest.update(f"{path.name}:{path.stat().st_size}:".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()


def spelt(template: Template, rows: Sequence[Row]) -> Iterator[str]:
    """Every text that is tokenised when these rows are trained and asked, in the pieces that are tokenised apart."""
    for row in rows:
        yield from template.pieces(row)
