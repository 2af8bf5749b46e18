"""A checkout in which everything counts as installed, for tests of the Makefile."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def installed_checkout(folder: Path, command: str) -> Path:
    """The Makefile and what it looks at, in ``folder``; ``chidian`` there is the script ``command``."""
    for file in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / file, folder)
    (folder / "factory").symlink_to(ROOT / "factory")
    binaries, stamps = folder / ".venv" / "bin", folder / ".venv" / "stamps"
    binaries.mkdir(parents=True)
    stamps.mkdir()
    (binaries / "python").symlink_to(sys.executable)
    for stamp in ("base", "open", "train", "judge", "all"):
        (stamps / stamp).touch()
    put_command(folder, command)
    return folder


def put_command(folder: Path, command: str) -> None:
    """Have ``chidian`` of that checkout be another script."""
    script = folder / ".venv" / "bin" / "chidian"
    script.write_text(command, encoding="utf-8")
    script.chmod(0o755)
