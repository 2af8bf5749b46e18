"""How a wheel is built; that the compiled one reads as the sources do is .ci/wheel's to show."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.wheel import wheel_backend

ROOT = Path(__file__).parent.parent


def test_what_is_compiled_is_the_reading_and_the_rows_without_what_a_run_seldom_comes_to() -> None:
    paths = wheel_backend.inner_loops(ROOT)
    assert {"factory/verifier/lexer.py", "factory/verifier/acts_values.py", "factory/commit/rows.py"} <= set(paths)
    assert not {"factory/verifier/command.py", "factory/verifier/told.py", "factory/verifier/told_sets.py"} & set(paths)
    assert [path for path in paths if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize(("pure", "path", "compiled"), [("", "cc", True), ("1", "cc", False), ("", "nothing", False)])
def test_a_wheel_is_compiled_where_there_is_a_compiler_and_nobody_wants_it_pure(
    pure: str, path: str, *, compiled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / path).write_text("#!/bin/sh\n")
    (tmp_path / path).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CHIDIAN_PURE", pure)
    assert wheel_backend.compiles() == compiled
    assert ("mypy" in wheel_backend.get_requires_for_build_wheel()) == compiled
