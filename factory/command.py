"""``chidian`` and ``python -m ROOM``: read the settings, start the command's steps by module name, give sentences and a status.

The only place where an error becomes a line on stderr. Rooms are started by name, so that imports still point one way.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Final

from factory.errors import ChidianError, DiskTrouble, UsageError
from factory.settings import Values, read, spelling
from factory.settings.commands import Command, of_room
from factory.shown_text import print_line
from factory.termination import STATUS, Terminated, terminated, unwinding

ROOMS: Final = ("factory", "warehouse", "train", "judge")
INTERRUPTED: Final = 130
TROUBLES: Final = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EROFS: "make its folder writable",
    errno.EIO: "repair its disk",
    errno.EMFILE: "allow more open files (ulimit -n)",
    errno.ENFILE: "close other programs, or allow more open files",
}
"""The machine's troubles that may come anywhere, where no step has a better sentence, and the way back"""
QUERY_INTERRUPTED: Final = "Query interrupted"
"""What DuckDB makes of a signal that comes amid a query: a RuntimeError of these words, and no class of its own"""


def main() -> int:
    """The console command. Exit status: 0 done, 1 stopped, 2 bad settings, 130 interrupted, 143 terminated."""
    argv = sys.argv[1:]
    return guarded(lambda: _chidian(argv), last=True)


def run_room(room: str, argv: Sequence[str], *, last: bool = False) -> int:
    """``python -m ROOM WORD ...``, with the same statuses."""
    return guarded(lambda: _room(room, argv), last=last)


def guarded(work: Callable[[], int], *, last: bool = False) -> int:
    """Its status; an error on purpose as one sentence on stderr. ``last``: the process ends with it."""
    with unwinding(last=last):
        return _told(work)


def _open_what_is_closed() -> None:
    """Where a stream was closed (``2>&-``), what is said goes nowhere.

    Python has None there, and the next file that is opened would get its number, with whatever a library writes to it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, and those below have been looked at
            setattr(sys, name, open(number, mode, encoding="utf-8", errors="replace", closefd=False))  # noqa: SIM115 - lives as long as the process


def _told(work: Callable[[], int]) -> int:
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a locale without Chinese shows escapes, not a traceback
            stream.reconfigure(errors="backslashreplace")
    try:
        return work()
    except ChidianError as error:
        print_line(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt as error:
        return _stopped(by_sigterm=isinstance(error, Terminated))
    except RuntimeError as error:
        if str(error) != QUERY_INTERRUPTED:
            raise
        return _stopped(by_sigterm=terminated())
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not try to flush it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in TROUBLES:
            raise  # a mistake of ours
        print_line(f"error: {_trouble(error)}")
        return DiskTrouble.exit_code


def _trouble(error: OSError) -> DiskTrouble:
    file, way_back = error.filename or "A file", TROUBLES[error.errno or 0]
    return DiskTrouble(
        f"{file} could not be used ({error.strerror}): {way_back}, then run the same command again; what is committed is safe."
    )


def _stopped(*, by_sigterm: bool) -> int:
    how = "stopped by SIGTERM" if by_sigterm else "interrupted"
    sys.stderr.write(f"{how}: the same command goes on from what is committed.\n")
    return STATUS if by_sigterm else INTERRUPTED


def _chidian(argv: Sequence[str]) -> int:
    from factory.settings.flags import by_name, click_group  # noqa: PLC0415 - click: 30 ms that `python -m factory.x` saves

    if "_CHIDIAN_COMPLETE" in os.environ:
        return int(click_group().main(list(argv), prog_name="chidian", standalone_mode=False) or 0)
    if not argv or argv[0] in {"-h", "--help"}:
        with click_group().make_context("chidian", [], resilient_parsing=True) as context:
            sys.stdout.write(context.get_help() + "\n")
        return 0
    if argv[0] == "--version":
        from importlib.metadata import version  # noqa: PLC0415 - needed here only

        sys.stdout.write(version("chidian") + "\n")
        return 0
    return run(by_name(argv[0]), argv[1:])


def _room(room: str, argv: Sequence[str]) -> int:
    commands = of_room(room)
    if not argv or argv[0] in {"-h", "--help"}:
        sys.stdout.write(f"usage: python -m {room} WORD [--flag value ...], where WORD is one of\n")
        for word, command in commands.items():
            sys.stdout.write(f"  {word:<12} {command.help}\n")
        return 0 if argv else UsageError.exit_code
    if argv[0] not in commands:
        meant = spelling.close(argv[0], commands)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(commands)}."
        raise UsageError(f"There is no `python -m {room} {argv[0]}`: {hint}")
    return run(commands[argv[0]], argv[1:])


def run(command: Command, argv: Sequence[str]) -> int:
    """Read everything first, then take the steps in turn. Raises ChidianError."""
    spelling.judge_make_line(os.environ, command)
    os.environ.pop(spelling.MAKE_LINE, None)  # our children are not the user's line
    values = read(command.name, argv)
    for name in command.steps:
        status = _step(command, name)(values)
        if status:
            return status
    return 0


def _step(command: Command, name: str) -> Callable[[Values], int]:
    module, function = name.split(":")
    try:
        step: Callable[[Values], int] = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        if not error.name or error.name.split(".")[0] in ROOMS:
            raise  # a mistake of ours
        raise UsageError(missing(error.name, command.extra)) from error
    return step


def missing(package: str, extra: str) -> str:
    """The sentence for a package that is not installed."""
    wanted = f"chidian[{extra}]" if extra else "chidian"
    return (
        f"{package} is not installed: run pip install '{wanted}' (in a checkout, make installs what its targets need)."
    )
