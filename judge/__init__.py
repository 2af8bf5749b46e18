"""The judge: blind questions, verdicts, statistics, report. From Python: ``evaluate``, ``RestaurantDataEvaluator``.

Names are imported when they are first used, so that ``import judge`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.evaluator import Evaluation, MeanScore, RestaurantDataEvaluator, evaluate

__all__ = ["Evaluation", "MeanScore", "RestaurantDataEvaluator", "evaluate"]
_HOMES = {
    "Evaluation": "judge.evaluator",
    "MeanScore": "judge.evaluator",
    "RestaurantDataEvaluator": "judge.evaluator",
    "evaluate": "judge.evaluator",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'judge' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
