"""How a wheel is built: as setuptools does, with the pure inner loops compiled by mypyc where there is a C compiler.

More than half of a run's CPU goes into reading answers and making rows; compiled it is some four tenths less (docs/decisions/0036).
A checkout is an editable install and stays plain Python, as does a wheel built with CHIDIAN_PURE=1: the same code, for every
platform. Nothing but speed differs, and the sources lie in the wheel, too. pyproject.toml names this file as its build backend.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import setuptools
from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

SELDOM = ("__init__", "command", "exported", "public", "cutting", "extracted", "quotes", "told*")
"""Of the verifier, what a run seldom comes to: the command and rows of files, the second reader's claims."""
BESIDE = (
    "factory/commit/neardup.py",
    "factory/commit/rows.py",
    "factory/geo.py",
    "factory/llm/tool_calls.py",
    "factory/llm/usage.py",
    "factory/loose_json.py",
    "factory/maps/amap/menus.py",
    "factory/maps/amap/parsing.py",
    "factory/records.py",
    "factory/sending/pace.py",
    "factory/wire_text.py",
)


MYPY = ("--config-file=", "--ignore-missing-imports", "--follow-imports=silent", "--no-site-packages")
"""What the package depends on is not there while it is built, and where it is, it is not read: torch takes minutes and 8 GB."""


def compiles() -> bool:
    """Whether a wheel is compiled here."""
    return not os.environ.get("CHIDIAN_PURE") and bool(shutil.which("cc") or shutil.which("gcc"))


def inner_loops(root: Path) -> list[str]:
    """Paths of what is compiled, relative to the root of the checkout."""
    verifier = sorted((root / "factory" / "verifier").glob("*.py"))
    reading = [path for path in verifier if not any(path.match(f"{name}.py") for name in SELDOM)]
    return [*(str(path.relative_to(root)) for path in reading), *BESIDE]


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """Setuptools' own, and mypyc, which comes with mypy."""
    return [*build_meta.get_requires_for_build_wheel(config_settings), *(["mypy"] if compiles() else [])]


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """As setuptools does, which takes extensions from whoever calls ``setup``: here that is itself.

    Raises SystemExit with what to do where something cannot be compiled.
    """
    if not compiles():
        return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))
    from mypyc.build import mypycify  # noqa: PLC0415 - there only while a wheel is built

    plain = setuptools.setup
    try:
        extensions = mypycify([*MYPY, *inner_loops(Path.cwd())], opt_level="2", debug_level="0")
        setuptools.setup = lambda **given: plain(**given, ext_modules=extensions)
        return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))
    except (SystemExit, Exception) as error:
        raise SystemExit(
            f"The inner loops could not be compiled ({error}): with CHIDIAN_PURE=1 the wheel is plain Python."
        ) from error
    finally:
        setuptools.setup = plain
