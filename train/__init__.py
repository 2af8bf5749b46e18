"""Training: rows from a SQL view to a checkpoint, completions and measures. From Python: ``fine_tune``.

Names are imported when they are first used, so that ``import train`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from train.tuning import fine_tune

__all__ = ["fine_tune"]
_HOMES = {
    "fine_tune": "train.tuning",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'train' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
