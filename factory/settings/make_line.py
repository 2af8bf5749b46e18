"""``python -m factory.settings.make_line TARGET...``: judge a ``make`` line before anything is installed. Standard library only."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from factory.errors import UsageError
from factory.settings.commands import BY_NAME
from factory.settings.reading import resolve
from factory.settings.spelling import judge_make_line


def main(targets: Sequence[str]) -> int:
    """0, or 2 with a sentence on stderr."""
    try:
        for target in targets:
            if target in BY_NAME:
                judge_make_line(os.environ, BY_NAME[target])
                resolve(target, {})
    except UsageError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
