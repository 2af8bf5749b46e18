"""``python -m factory synth|doctor|sandbox|verify|calls``: parse, call the step, turn its error into a sentence and a status."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from factory.errors import ChidianError
from factory.shown_text import print_line


def _synth(argv: Sequence[str]) -> int:
    from factory.run.synth import main  # noqa: PLC0415 - a command imports only what it needs

    return main(argv)


def _doctor(argv: Sequence[str]) -> int:
    from factory.doctor import main  # noqa: PLC0415 - as above

    return main(argv)


def _sandbox(argv: Sequence[str]) -> int:
    from factory.sandbox.serve import main  # noqa: PLC0415 - as above

    return main(argv)


def _verify(argv: Sequence[str]) -> int:
    from factory.verifier.command import main  # noqa: PLC0415 - as above

    return main(argv)


def _calls(argv: Sequence[str]) -> int:
    from factory.sending.calls_command import main  # noqa: PLC0415 - as above

    return main(argv)


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "synth": _synth,
    "doctor": _doctor,
    "sandbox": _sandbox,
    "verify": _verify,
    "calls": _calls,
}


def run(argv: Sequence[str]) -> int:
    """Exit status: 0 done, 1 stopped, 2 bad settings, 130 interrupted."""
    if not argv or argv[0] not in COMMANDS:
        sys.stderr.write(f"usage: python -m factory {'|'.join(COMMANDS)} ...\n")
        return 2
    try:
        return COMMANDS[argv[0]](argv[1:])
    except ChidianError as error:
        print_line(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: the same command goes on from what is committed.\n")
        return 130


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
