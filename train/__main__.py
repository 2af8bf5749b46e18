"""``python -m train run``: parse, train, turn an error into a sentence and a status."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from factory.errors import ChidianError


def run(argv: Sequence[str]) -> int:
    """Exit status: 0 done, 1 stopped, 2 bad input, 130 interrupted."""
    if list(argv[:1]) != ["run"]:
        sys.stderr.write("usage: python -m train run ...\n")
        return 2
    from train.run import main  # noqa: PLC0415 - torch takes seconds to import

    try:
        return main(argv[1:])
    except ChidianError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: the same command goes on from the last checkpoint.\n")
        return 130


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
