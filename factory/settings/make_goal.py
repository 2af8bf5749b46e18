"""``python -m factory.settings.make_goal GOAL TARGET...``: what to tell of a goal that the Makefile does not have.

Standard library only; make asks before it runs anything.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from factory.settings.spelling import close

_A_NUMBER = re.compile(r"[nN]?([0-9]+)")


def told(goal: str, targets: Sequence[str]) -> str:
    """One sentence; make ends it with a dot."""
    number = _A_NUMBER.fullmatch(goal)
    if number:
        return f"there is no `make {goal}`: a number is given with its name, such as `make synth N={number[1]}`"
    meant = close(goal, targets)
    return f"there is no `make {goal}`: " + (f"try `make {meant}`" if meant else "`make help` lists what there is")


if __name__ == "__main__":
    sys.stdout.write(told(sys.argv[1], sys.argv[2:]))
