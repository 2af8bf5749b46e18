"""``python -m judge run|report|sandbox|probe|batch|ablate``: parse, call the step, turn its error into a sentence and a status."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from factory.errors import ChidianError
from factory.shown_text import print_line


def _run(argv: Sequence[str]) -> int:
    from judge.run import main  # noqa: PLC0415 - a command imports only what it needs

    return main(argv)


def _sandbox(argv: Sequence[str]) -> int:
    from judge.sandbox import main  # noqa: PLC0415 - as above

    return main(argv)


def _probe(argv: Sequence[str]) -> int:
    from judge.probe import main  # noqa: PLC0415 - as above

    return main(argv)


def _batch(argv: Sequence[str]) -> int:
    from judge.batch import main  # noqa: PLC0415 - as above

    return main(argv)


def _report(argv: Sequence[str]) -> int:
    from judge.config import read_settings  # noqa: PLC0415 - as above
    from judge.providers import model_of  # noqa: PLC0415 - as above
    from judge.report import write_report  # noqa: PLC0415 - as above

    settings = read_settings(argv)
    second = model_of(settings.second) if settings.second else None
    where = write_report(settings.data, settings.name, model_of(settings.judge), settings.run, second=second)
    sys.stderr.write(f"report: {where}\n")
    return 0


def _ablate(argv: Sequence[str]) -> int:
    from judge.ablation.command import main  # noqa: PLC0415 - as above

    return main(argv)


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": _run,
    "report": _report,
    "sandbox": _sandbox,
    "probe": _probe,
    "batch": _batch,
    "ablate": _ablate,
}


def run(argv: Sequence[str]) -> int:
    """Exit status: 0 done, 1 stopped, 2 bad input, 130 interrupted."""
    if not argv or argv[0] not in COMMANDS:
        sys.stderr.write(f"usage: python -m judge {'|'.join(COMMANDS)} ...\n")
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
