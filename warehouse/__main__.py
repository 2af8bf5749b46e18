"""``python -m warehouse refresh|check|sql|export|runs|forget``: settings are flags, then environment, then defaults."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from factory.config import switch
from factory.errors import ChidianError, UsageError
from factory.shown_text import print_line
from warehouse.ask import ask, prompt
from warehouse.catalogue import check, refresh_file
from warehouse.comparing import show
from warehouse.export import ExportSettings, export
from warehouse.forget import forget


def run(argv: Sequence[str]) -> int:
    """Exit status: 0 done, 1 a check failed or the disk refused, 2 bad input."""
    env = os.environ
    parser = argparse.ArgumentParser(prog="python -m warehouse", description="The DuckDB file under the views.")
    parser.add_argument("command", choices=("refresh", "check", "sql", "export", "runs", "forget"))
    parser.add_argument("run", nargs="?", default=env.get("RUN") or None, help="a run id (forget, export)")
    parser.add_argument("--data", type=Path, default=Path(env.get("DATA") or "data"))
    parser.add_argument("--q", default=env.get("Q") or None)
    parser.add_argument("--format", default=env.get("FORMAT") or "table")
    parser.add_argument("--layout", default=env.get("LAYOUT") or "messages")
    parser.add_argument("--mode", default=env.get("MODE") or "closed")
    parser.add_argument("--files", default=env.get("FILES") or "jsonl")
    parser.add_argument("--proof", default=env.get("PROOF") or "0")
    parser.add_argument("--out", type=Path, default=Path(env.get("OUT") or "export"))
    flags = parser.parse_args(list(argv))
    try:
        return _do(flags, rebuild=bool(env.get("REBUILD")))
    except ChidianError as error:
        print_line(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


def _do(flags: argparse.Namespace, *, rebuild: bool) -> int:
    if flags.command == "refresh":
        done = refresh_file(flags.data, rebuild=rebuild)
        seconds = f"copy {done.copy_s:.1f} s, load {done.load_s:.1f} s, dedupe {done.dedupe_s:.1f} s"
        sys.stderr.write(f"{done.commits} new commits, {done.dropped} duplicates dropped ({seconds})\n")
    elif flags.command == "check":
        failed = False
        for name, count, first in check(flags.data):
            print_line(
                f"{'ok  ' if not count else 'FAIL'} {name}" + (f": {count} rows, first {first}" if count else ""),
                sys.stdout,
            )
            failed |= bool(count)
        return 1 if failed else 0
    elif flags.command == "sql":
        if flags.q:
            ask(flags.data, flags.q, flags.format)
        else:
            prompt(flags.data)
    elif flags.command == "export":
        settings = ExportSettings(flags.layout, flags.mode, flags.files, switch(flags.proof), flags.run)
        count = export(flags.data, flags.out, settings)
        print_line(f"{count} samples and their card are in {flags.out}")
    elif flags.command == "runs":
        show(flags.data, flags.format, flags.run)
    else:
        if flags.run is None:
            raise UsageError("Name the run to forget: python -m warehouse forget RUN.")
        for line in forget(flags.data, flags.run):
            print_line(f"removed {line}", sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
