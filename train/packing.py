"""Several samples in one row, each seeing only itself: ids, positions, document borders, labels.

Shapes: T tokens of the row, D documents, A trained positions. The last token of a document predicts nothing, since the
next document begins with its prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from train.rows import Encoded


@dataclass(frozen=True, slots=True)
class PackedRow:
    """One row for the model."""

    input_ids: torch.Tensor
    """[1, T]"""
    position_ids: torch.Tensor
    """[1, T], from 0 in each document"""
    borders: tuple[int, ...]
    """D + 1 offsets into T"""
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
    return PackedRow(row[None], torch.tensor(positions)[None], tuple(borders), where, row[where + 1])
