"""``python -m train run|complete|chat``: parse, train, turn an error into a sentence and a status."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from factory.errors import ChidianError
from factory.shown_text import print_line


def _run(argv: Sequence[str]) -> int:
    from train.run import main  # noqa: PLC0415 - torch takes seconds to import

    return main(argv)


def _complete(argv: Sequence[str]) -> int:
    from train.completing import main  # noqa: PLC0415 - as above

    return main(argv)


def _chat(argv: Sequence[str]) -> int:
    from train.chat import main  # noqa: PLC0415 - as above

    return main(argv)


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"run": _run, "complete": _complete, "chat": _chat}


def run(argv: Sequence[str]) -> int:
    """Exit status: 0 done, 1 stopped, 2 bad input, 130 interrupted."""
    if not argv or argv[0] not in COMMANDS:
        sys.stderr.write(f"usage: python -m train {'|'.join(COMMANDS)} ...\n")
        return 2
    try:
        return COMMANDS[argv[0]](argv[1:])
    except ChidianError as error:
        print_line(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: the same command goes on from what is saved.\n")
        return 130


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
