"""The data factory: orders, agents, verification, admission, commit. From Python: ``synthesize`` and ``verify`` (docs/python.md).

Names are imported when they are first used, so that ``import factory`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from factory.errors import ChidianError
    from factory.records import Verification
    from factory.run.producing import RunResult
    from factory.run.progress import Snapshot
    from factory.synthesis import Synthesis, synthesize
    from factory.verifying import verify

__all__ = ["ChidianError", "RunResult", "Snapshot", "Synthesis", "Verification", "synthesize", "verify"]
_HOMES = {
    "ChidianError": "factory.errors",
    "RunResult": "factory.run.producing",
    "Snapshot": "factory.run.progress",
    "Synthesis": "factory.synthesis",
    "Verification": "factory.records",
    "synthesize": "factory.synthesis",
    "verify": "factory.verifying",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'factory' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
