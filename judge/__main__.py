"""``python -m judge run|report|sandbox``: parse, call the step, turn its error into a sentence and a status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from factory.errors import ChidianError


def run(argv: Sequence[str]) -> int:
    """Exit status: 0 done, 1 stopped, 2 bad input, 130 interrupted."""
    command = argv[0] if argv else ""
    try:
        if command == "run":
            from judge.run import main  # noqa: PLC0415 - the sandbox needs none of it

            return main(argv[1:])
        if command == "sandbox":
            from judge.sandbox import main as serve  # noqa: PLC0415 - as above

            return serve(argv[1:])
        if command == "report":
            return _report()
    except ChidianError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: the same command goes on from what is committed.\n")
        return 130
    sys.stderr.write("usage: python -m judge run|report|sandbox ...\n")
    return 2


def _report() -> int:
    from judge.report import write_report  # noqa: PLC0415 - as above
    from judge.sandbox import MODEL  # noqa: PLC0415 - as above

    judge = os.environ.get("JUDGE") or "sandbox"
    model = MODEL if judge == "sandbox" else judge.partition("/")[2] or judge
    data = Path(os.environ.get("DATA") or "data")
    sys.stderr.write(f"report: {write_report(data, f'judge-{judge}'.replace('/', '-'), model)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
