"""``chidian calls``, a book that was lost, a free server without BUDGET, and a doctor's record that can be played back."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import orjson
from aiohttp import web

from factory.llm.answers import decode, read
from factory.llm.usage import usage_of
from factory.sandbox.serve import Sandbox
from tests.factory.sandbox_wire import served
from tests.factory.test_money import PRICES, _bill, _env
from tests.factory.test_synth import _run
from tests.keyless import CLEAN

SECRET = "sk-never-to-be-seen-0123456789"


def _words(data: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "factory", *words],
        env={**CLEAN, "DATA": str(data), **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_calls_are_listed_and_one_that_is_dropped_is_asked_again_and_still_counts(tmp_path: Path) -> None:
    with served() as base:
        assert _run("factory", "synth", tmp_path, **_env(base, N="5", BUDGET="50", **PRICES)).returncode == 0
        listed = _run("factory", "calls", tmp_path)
        assert listed.returncode == 0, listed.stderr
        keys = re.findall(r"^([0-9a-f]{32}):0 kept", listed.stdout, re.MULTILINE)
        assert keys
        spent = _bill(tmp_path)
        assert _words(tmp_path, "calls", "drop", keys[0]).returncode == 0
        assert _words(tmp_path, "calls", "drop", keys[0]).returncode == 2
        assert _bill(tmp_path) == spent
        assert f"{keys[0]}:0 unreadable" in _run("factory", "calls", tmp_path).stdout


def test_a_lost_book_is_rebuilt_from_the_shards_so_that_the_cap_goes_on(tmp_path: Path) -> None:
    with served() as base:
        assert _run("factory", "synth", tmp_path, **_env(base, N="20", BUDGET="50", **PRICES)).returncode == 0
        spent = _bill(tmp_path)
        for path in tmp_path.glob("calls.sqlite*"):
            path.unlink()
        done = _run("factory", "synth", tmp_path, **_env(base, N="40", BUDGET=str(spent * 1.01), **PRICES))
    assert done.returncode == 1, done.stderr
    assert "are counted again" in done.stderr.replace("\n", " ")
    assert "BUDGET" in done.stderr
    assert spent <= _bill(tmp_path) <= spent * 1.01


def test_a_server_on_this_machine_that_costs_nothing_needs_no_budget_and_one_with_a_price_does(tmp_path: Path) -> None:
    with served() as base:
        free = _run("factory", "synth", tmp_path / "free", **_env(base, N="5", PRICE_IN="0", PRICE_OUT="0"))
        paid = _run("factory", "synth", tmp_path / "paid", **_env(base, N="5", **PRICES))
    assert free.returncode == 0, free.stderr
    assert (paid.returncode, "BUDGET" in paid.stderr) == (2, True)


def test_a_doctors_record_holds_no_key_and_is_read_again_as_it_was(tmp_path: Path) -> None:
    with served(sandbox=Sandbox(chat_keys=(SECRET,))) as base:
        record = tmp_path / "exchanges.jsonl"
        env = _env(base, TEACHER_API_KEY=SECRET, **PRICES)
        done = _words(tmp_path / "data", "doctor", "--record", str(record), **env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert SECRET not in record.read_text() + done.stdout + done.stderr
    exchanges = [orjson.loads(line) for line in record.read_bytes().splitlines()]
    assert {exchange["wire"] for exchange in exchanges} == {"chat", "map"}
    chats = [exchange for exchange in exchanges if exchange["wire"] == "chat"]
    assert len(chats) == 2
    for exchange in chats:
        body = decode(exchange["answer"].encode())
        assert read(body).model == "sandbox/teacher-v1"
        told = usage_of(body)
        assert told is not None
        assert f"{told.input_tokens} tokens in, {told.output_tokens} out" in done.stdout
    assert isinstance(web.json_response(orjson.loads(chats[0]["answer"])), web.Response)


def test_calls_of_a_folder_without_any_are_said(tmp_path: Path) -> None:
    done = _run("factory", "calls", tmp_path)
    assert (done.returncode, "nothing was asked there" in done.stderr) == (2, True)
    with sqlite3.connect(tmp_path / "calls.sqlite"):
        pass
    assert "Traceback" not in _run("factory", "calls", tmp_path).stderr
