"""Several samples in one row, each seeing only itself: ids, positions, document borders, targets.

Shapes: T tokens of the row, D documents, A trained positions. The last token of a document predicts nothing, since the
next document begins with its prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import torch

from train.rows import Encoded

IGNORED = -100
"""The label that cross-entropy leaves out, in torch and transformers."""


class PackedRow(TypedDict):
    """One row for the model, as keywords of its forward."""

    input_ids: torch.Tensor
    """[1, T]"""
    position_ids: torch.Tensor
    """[1, T], from 0 in each document"""
    borders: tuple[int, ...]
    """D + 1 offsets into T, for the loop over documents"""
    offsets: torch.Tensor
    """[D + 1] the same as int32 on the model's device, for the variable-length kernel"""
    trained: torch.Tensor
    """[A] positions whose next token is trained"""
    targets: torch.Tensor
    """[A] that next token"""


def pack(samples: Sequence[Encoded]) -> PackedRow:
    """Concatenate samples."""
    ids: list[int] = []
    positions: list[int] = []
    borders = [0]
    trained: list[int] = []
    for sample in samples:
        start = len(ids)
        ids += sample.ids
        positions += range(len(sample.ids))
        borders.append(len(ids))
        trained += range(start + sample.answer_start - 1, len(ids) - 1)
    row = torch.tensor(ids)
    where = torch.tensor(trained)
    return PackedRow(
        input_ids=row[None],
        position_ids=torch.tensor(positions)[None],
        borders=tuple(borders),
        offsets=torch.tensor(borders, dtype=torch.int32),
        trained=where,
        targets=row[where + 1],
    )


def plain(sample: Encoded) -> dict[str, torch.Tensor]:
    """One sample as the library's own loss wants it: ids and labels, both [1, T]."""
    ids = torch.tensor(sample.ids)
    labels = ids.clone()
    labels[: sample.answer_start] = IGNORED
    return {"input_ids": ids[None], "labels": labels[None]}
