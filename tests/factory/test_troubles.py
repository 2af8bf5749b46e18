"""Troubles with services that are not ours to start: wrong model, wrong key, dead at the start, dead in the middle and back."""

from __future__ import annotations

import http.server
import json
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from factory.sandbox.serve import Sandbox
from tests.factory.sandbox_wire import served
from tests.factory.test_synth import CLEAN, _ask, _calls, _reached, _run

SECRET = "k-live-secret"


def _env(base: str, **more: str) -> dict[str, str]:
    """Real clients for a named teacher and map, whose addresses happen to be on loopback."""
    return {
        "AMAP_KEY": SECRET,
        "MAP": "amap",
        "AMAP_TERMS": "accepted",
        "AMAP_BASE_URL": base,
        "AMAP_QPS": "200",
        "TEACHER": "openai/sandbox/teacher-v1",
        "TEACHER_BASE_URL": f"{base}/v1",
        "TEACHER_API_KEY": SECRET,
        "YES": "1",
        "N": "20",
    } | more


def _set_faults(base: str, **knobs: object) -> None:
    request = urllib.request.Request(  # noqa: S310 - our own server on loopback
        f"{base}/_faults", json.dumps(knobs).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=5).read()  # noqa: S310 - our own server on loopback


def _no_secret(data: Path, *texts: str) -> None:
    assert all(SECRET not in text for text in texts)
    held = [path for path in data.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert not held


def test_named_services_run_end_to_end_and_the_keys_are_nowhere(tmp_path: Path) -> None:
    with served(sandbox=Sandbox(chat_keys=(SECRET,))) as base:
        done = _run("factory", "synth", tmp_path, **_env(base))
    assert done.returncode == 0, done.stderr
    assert _ask(tmp_path, "select distinct map_provider, teacher from samples") == [
        ("amap", "openai/sandbox/teacher-v1")
    ]
    _no_secret(tmp_path, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"TEACHER": "openai/no-such-model"}, "there is no model no-such-model"),
        ({"TEACHER_API_KEY": "k-wrong"}, "the key is refused"),
        ({"TEACHER_BASE_URL": "http://127.0.0.1:9/v1", "GIVE_UP_S": "1"}, "the same command goes on"),
        ({"AMAP_BASE_URL": "http://127.0.0.1:9", "GIVE_UP_S": "1"}, "the same command goes on"),
    ],
)
def test_a_service_that_cannot_serve_is_one_sentence(tmp_path: Path, more: dict[str, str], words: str) -> None:
    with served(sandbox=Sandbox(chat_keys=(SECRET,))) as base:
        done = _run("factory", "synth", tmp_path, **_env(base, **more))
    assert done.returncode == 1, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    _no_secret(tmp_path, done.stdout, done.stderr)


def test_a_provider_that_dies_in_the_middle_loses_nothing_and_is_not_paid_twice(tmp_path: Path) -> None:
    with served() as base:
        env = _env(base, N="400", GIVE_UP_S="1")
        with subprocess.Popen(
            [sys.executable, "-m", "factory", "synth"],
            env={**CLEAN, "DATA": str(tmp_path), **env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            while child.poll() is None and not _reached(tmp_path / "calls.sqlite", 100):
                time.sleep(0.02)
            _set_faults(base, always="500")
            _, errors = child.communicate(timeout=60)
        assert child.returncode == 1, errors
        assert "the same command goes on" in errors
        committed = _ask(tmp_path, "select count(*) from samples")[0][0]
        _set_faults(base)
        done = _run("factory", "synth", tmp_path, **env)
    assert done.returncode == 0, done.stderr
    assert isinstance(committed, int)
    assert committed < 400
    assert _ask(tmp_path, "select count(*), count(distinct sample_id) from samples") == [(400, 400)]
    twice = "select count(*) from (select key from calls where status = 'kept' group by key having count(*) > 1)"
    with sqlite3.connect(tmp_path / "calls.sqlite") as book:
        assert book.execute(twice).fetchone() == (0,)
    assert _calls(tmp_path)


def test_a_month_that_is_used_up_stops_and_says_when_to_go_on(tmp_path: Path) -> None:
    with served() as base:
        done = _run("factory", "synth", tmp_path, **_env(base, AMAP_MONTH="3", N="200"))
    assert done.returncode == 1
    assert "map searches are used up" in done.stderr


def test_what_the_month_has_used_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with served() as base:
        env = _env(base, AMAP_MONTH="5000", N="200", DRY="1")
        fresh = _run("factory", "synth", tmp_path, **env)
        assert _run("factory", "synth", tmp_path, **_env(base, N="2", YES="1")).returncode == 0
        with sqlite3.connect(tmp_path / "map.sqlite") as held:
            month = "strftime('%Y-%m', 'now')"
            held.execute(f"insert or replace into requests values ({month}, 'amap', 'search', 4990)")
        late = _run("factory", "synth", tmp_path, **env)
    assert (fresh.returncode, late.returncode) == (0, 0), late.stderr
    assert "the month's quota" not in fresh.stderr
    assert "the month's quota is 5000, 4990 of it used: it will not do this month" in late.stderr


def test_an_empty_circle_gives_honest_answers(tmp_path: Path) -> None:
    """A map with its only restaurant far away: every answer says that nothing fits, and names none."""
    body = {"status": "1", "infocode": "10000", "info": "OK", "count": "0"}
    row = {"province": "北京市", "city": [], "adcode": "110108", "level": "兴趣点", "location": "116.3265,39.9997"}

    class Script(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pois = [{"id": "B0FAR", "name": "远店", "location": "116.7,40.2"}] if "radius=50000" in self.path else []
            rows = {"geocodes": [row]} if "geocode" in self.path else {"pois": pois}
            raw = json.dumps(body | rows).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Script)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    places = tmp_path / "places.csv"
    places.write_text("name,city\n清华大学,北京市\n", encoding="utf-8")
    env = {"MAP": "amap", "AMAP_KEY": SECRET, "AMAP_TERMS": "accepted", "AMAP_QPS": "200", "TEACHER": "sandbox"}
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        done = _run("factory", "synth", tmp_path / "data", N="5", PLACES=str(places), AMAP_BASE_URL=base, **env)
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stderr
    told = _ask(tmp_path / "data", "select feasible, len(recommendations), contains(answer, '没有') from samples")
    assert told == [(False, 0, True)] * 5
