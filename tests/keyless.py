"""The environment of the programs that tests start: this process's, without a key of any provider; the factory in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

CLEAN: Final = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}


def run_factory(command: str, data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """``python -m factory COMMAND`` on a DATA, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "factory", command],
        env={**CLEAN, "DATA": str(data), **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
