"""The PyPI package amap-cli, which takes a base URL: its commands as a shell runs them, against the sandbox's map server."""

from __future__ import annotations

import json
import subprocess
import sys


def _run(*words: str) -> dict:
    done = subprocess.run([sys.executable, "-m", "amap_cli", *words], capture_output=True, text=True, check=False)
    reply = json.loads(done.stdout or done.stderr)
    assert reply["success"], reply
    return reply["data"]


def check_every_command(base: str) -> None:
    _run("config", "set", "--api-key", "any", "--base-url", base)
    assert _run("geocode", "--address", "清华大学", "--city", "北京市")
    assert _run("distance", "--from", "清华大学", "--to", "北京大学")
    for kind in ("driving", "walking", "riding"):
        assert _run("route", "--from", "清华大学", "--to", "北京大学", "--type", kind)
    assert _run("route", "--from", "清华大学", "--to", "北京大学", "--type", "transit", "--city", "北京市")
