"""The sandbox's start: one that never says its port is told and ended; one that dies is told by its status."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from factory.errors import ProviderDown
from factory.sandbox import process
from factory.sandbox.process import SandboxProcess


def _instead(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Another program in the sandbox's place."""
    program = folder / "python"
    program.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


async def _start() -> None:
    async with SandboxProcess():
        pass


def test_a_sandbox_that_never_says_its_port_is_told_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(tmp_path, monkeypatch, "import sys; sys.stdin.read()")
    monkeypatch.setattr(process, "START_S", 1)
    with pytest.raises(ProviderDown, match="did not start within 1 s"):
        asyncio.run(_start())


def test_a_sandbox_that_dies_at_once_is_told_by_its_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(tmp_path, monkeypatch, "raise SystemExit(3)")
    with pytest.raises(ProviderDown, match="ended with status 3 before it listened"):
        asyncio.run(_start())


def test_a_sandbox_that_says_its_port_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(tmp_path, monkeypatch, "print('{\"port\": 7}', flush=True); import sys; sys.stdin.read()")

    async def port() -> str:
        async with SandboxProcess() as sandbox:
            return sandbox.amap_base_url

    assert asyncio.run(port()) == "http://127.0.0.1:7"
