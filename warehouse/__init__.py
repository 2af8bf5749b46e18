"""The warehouse: commits into DuckDB, dedupe, views. From Python: ``connect``.

Names are imported when they are first used, so that ``import warehouse`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.connecting import connect

__all__ = ["connect"]
_HOMES = {
    "connect": "warehouse.connecting",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'warehouse' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
