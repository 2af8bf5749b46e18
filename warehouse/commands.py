"""The room's commands as ``chidian`` starts them: settings in, a status out; the work is in the files beside this one."""

from __future__ import annotations

import sys
from pathlib import Path

from factory.commit.working_folder import store_url
from factory.errors import UsageError
from factory.run.refresh import AGAIN
from factory.settings import Values, of_factory, of_train, of_warehouse
from factory.shown_text import print_line
from warehouse.ask import ask, prompt
from warehouse.catalogue import check, refresh_file
from warehouse.compacting import compact
from warehouse.comparing import show
from warehouse.export import ExportSettings, export
from warehouse.forget import forget


def sql(values: Values) -> int:
    """Answer one question, or many at a prompt. Raises UsageError."""
    data, question = values[of_factory.DATA], values[of_warehouse.Q]
    if question is None:
        prompt(data)
    else:
        ask(data, question, values[of_warehouse.FORMAT])
    return 0


def export_samples(values: Values) -> int:
    """Write samples and their card. Raises UsageError, DiskTrouble."""
    out = values[of_warehouse.OUT] or Path("export")
    settings = ExportSettings(
        values[of_warehouse.LAYOUT],
        values[of_train.MODE],
        values[of_warehouse.FILES],
        values[of_warehouse.PROOF],
        values[of_factory.RUN],
    )
    count = export(values[of_factory.DATA], out, settings)
    print_line(f"{count} samples and their card are in {store_url(out) or out}")
    return 0


def runs(values: Values) -> int:
    """The runs of a folder beside each other. Raises UsageError."""
    show(values[of_factory.DATA], values[of_warehouse.FORMAT], values[of_factory.RUN])
    return 0


def refresh(values: Values) -> int:
    """Bring the file up to the commits. Raises DiskTrouble."""
    refreshed = refresh_file(values[of_factory.DATA], rebuild=values[of_warehouse.REBUILD])
    seconds = f"copy {refreshed.copy_s:.1f} s, load {refreshed.load_s:.1f} s, dedupe {refreshed.dedupe_s:.1f} s"
    sys.stderr.write(f"{refreshed.commits} new commits, {refreshed.dropped} duplicates dropped ({seconds})\n")
    if refreshed.again:
        print_line(f"{AGAIN} {refreshed.again}", sys.stderr)
    return 0


def check_all(values: Values) -> int:
    """1 when a check finds rows."""
    status = 0
    for name, count, first in check(values[of_factory.DATA]):
        print_line(f"FAIL {name}: {count} rows, first {first}" if count else f"ok   {name}", sys.stdout)
        status = 1 if count else status
    return status


def compact_runs(values: Values) -> int:
    """Say what was packed. Raises UsageError, DiskTrouble."""
    for run, done in compact(values[of_factory.DATA], values[of_factory.RUN], values[of_warehouse.PACK_MB] * 10**6):
        print_line(
            f"{run}: {done.files_before} files are {done.files_after} ({done.packs} packed, {done.size / 1e6:.1f} MB in all)"
        )
    return 0


def forget_run(values: Values) -> int:
    """Say what went. Raises UsageError."""
    run = values[of_factory.RUN]
    if run is None:
        raise UsageError(
            "Name the run to forget: chidian forget RUN (`chidian sql 'select run_id from runs'` lists them)."
        )
    for line in forget(values[of_factory.DATA], run):
        print_line(f"removed {line}", sys.stdout)
    return 0
