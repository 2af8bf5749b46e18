"""What a bucket holds, counted in an empty folder: the warehouse that is built there, the commits, every shard's checksum."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from factory.commit.object_store import ObjectStore
from factory.commit.working_folder import working_folder
from factory.errors import DamagedFile

CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
ROOT = Path(__file__).parent.parent


def counted(url: str, env: dict[str, str], home: Path) -> dict[str, Any]:
    """Counts of one DATA, in a new folder ``home``; ``env`` leads clients to the store, and must be in this process's, too."""
    home.mkdir()
    command = [sys.executable, "-m", "warehouse", "all", "--data", url]
    env = {**CLEAN, **env, "PYTHONPATH": str(ROOT)}
    checked = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, check=False)
    data = home / working_folder(url)
    if not (data / "warehouse.duckdb").exists():
        raise SystemExit(f"no warehouse of {url}: {checked.stderr[-800:]}")
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute("select sample_id, question || chr(10) || answer from samples").fetchall()
    store, admitted, torn = ObjectStore(url, data), [], 0
    for run in store.runs():
        for commit in store.commits(run):
            admitted += commit.admitted
            for file in commit.files:
                try:
                    with store.local(file):
                        pass
                except DamagedFile:
                    torn += 1
    ids = {row[0] for row in rows}
    double = len(rows) - len(ids) + len(rows) - len({row[1] for row in rows}) + len(admitted) - len(set(admitted))
    return {
        "samples": len(rows),
        "lost": len(set(admitted) - ids),
        "double": double,
        "torn": torn,
        "warehouse_check": "ok" if checked.returncode == 0 else (checked.stdout + checked.stderr)[-400:],
    }
