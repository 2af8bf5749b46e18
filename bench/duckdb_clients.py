"""Does every DuckDB client from 1.2 on open a finished DATA's file and read all its views? Each in an environment of its own.

``bench/duckdb_clients.py DATA [--place FOLDER]``; environments are made in FOLDER (a temporary one without it) and used again.
Prints JSON as its last line; exit status 1 when a client fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

VERSIONS: Final = ("1.2.2", "1.4.1", "2.0.0")
READ: Final = """
import duckdb, json, sys
client = duckdb.connect(sys.argv[1], read_only=True)
client.execute("set enable_progress_bar = false")
failed, rows = {}, {}
for (view,) in client.execute("select view_name from duckdb_views() where not internal order by 1").fetchall():
    try:
        rows[view] = len(client.execute(f'from "{view}"').fetchall())
    except duckdb.Error as error:
        failed[view] = str(error)[:200]
print(json.dumps({"version": duckdb.__version__, "views": len(rows), "rows": sum(rows.values()), "failed": failed}))
"""


def client(version: str, place: Path) -> Path:
    """The interpreter of an environment that holds nothing but this client."""
    folder = place / f"duckdb-{version}"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"duckdb=={version}"], check=True)
    return python


def main() -> int:
    """0 when all clients read all views."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--place", type=Path, default=None)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clients-") as folder:
        place = flags.place or Path(folder)
        answers = []
        for version in VERSIONS:
            command = [client(version, place), "-c", READ, flags.data / "warehouse.duckdb"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            answers.append(
                json.loads(done.stdout) if done.returncode == 0 else {"version": version, "failed": done.stderr[-300:]}
            )
    sys.stdout.write(json.dumps(answers) + "\n")
    return int(any(answer["failed"] for answer in answers))


if __name__ == "__main__":
    sys.exit(main())
