"""The whole factory as people run it: exact, repeatable, growing, unkillable, with one clear sentence for each trouble."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from tests.keyless import CLEAN

FAULTS = json.dumps(
    {
        "map": {"shares": {"10021": 0.03, "5xx": 0.02, "html": 0.02}},
        "chat": {"shares": {"429": 0.04, "5xx": 0.02, "half_body": 0.02, "drop": 0.02}},
    }
)


def _run(room: str, command: str, data: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", room, command],
        env={**CLEAN, "DATA": str(data), **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _ask(data: Path, question: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(question).fetchall()


def _calls(data: Path) -> int:
    with sqlite3.connect(data / "calls.sqlite") as book:
        return int(book.execute("select count(*) from calls").fetchone()[0])


def test_a_run_with_faults_is_exact_and_a_second_one_pays_nothing(tmp_path: Path) -> None:
    first = _run("factory", "synth", tmp_path, N="50", SANDBOX_FAULTS=FAULTS)
    assert first.returncode == 0, first.stderr
    assert _ask(tmp_path, "select count(*), count(distinct sample_id) from samples") == [(50, 50)]
    assert _run("warehouse", "check", tmp_path).returncode == 0
    paid = _calls(tmp_path)
    again = _run("factory", "synth", tmp_path, N="50", SANDBOX_FAULTS=FAULTS)
    assert again.returncode == 0
    assert "Nothing to do" in again.stderr
    assert _calls(tmp_path) == paid


def test_a_larger_n_adds_only_what_is_missing_and_takes_surplus_first(tmp_path: Path) -> None:
    assert _run("factory", "synth", tmp_path, N="30").returncode == 0
    before = _ask(tmp_path, "select sample_id from samples")
    surplus = _ask(tmp_path, "select surplus from ledger")[0][0]
    assert isinstance(surplus, int)
    assert _run("factory", "synth", tmp_path, N="60").returncode == 0
    after = _ask(tmp_path, "select sample_id from samples")
    assert len(after) == 60
    assert set(before) <= set(after)
    assert _ask(tmp_path, "select accepted, target from ledger") == [(60, 60)]
    assert _run("warehouse", "check", tmp_path).returncode == 0


def test_the_same_plan_gives_the_same_samples(tmp_path: Path) -> None:
    question = "select sample_id, question, answer from samples order by sample_id"
    for name in ("a", "b"):
        assert _run("factory", "synth", tmp_path / name, N="40", SEED="3").returncode == 0
    assert _ask(tmp_path / "a", question) == _ask(tmp_path / "b", question)


def _reached(book: Path, wanted: int) -> bool:
    try:
        with sqlite3.connect(f"file:{book}?mode=ro", uri=True) as reader:
            return bool(reader.execute("select count(*) >= ? from calls", (wanted,)).fetchone()[0])
    except sqlite3.Error:
        return False


def test_ctrl_c_drains_commits_and_says_how_to_go_on(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "factory", "synth"],
        env={**CLEAN, "DATA": str(tmp_path), "N": "5000"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        while not _reached(tmp_path / "calls.sqlite", 60):
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "The same command goes on" in errors
    assert _ask(tmp_path, "select pending from ledger") == [(0,)]


def test_a_plain_client_reads_the_file_from_anywhere_while_a_run_goes_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with subprocess.Popen(
        [sys.executable, "-m", "factory", "synth"],
        env={**CLEAN, "DATA": str(data), "N": "400"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        reads = 0
        while child.poll() is None:
            if (data / "warehouse.duckdb").exists():
                read = (
                    f"duckdb.connect({str(data / 'warehouse.duckdb')!r}, read_only=True).sql('from samples').fetchall()"
                )
                code = f"import duckdb; {read}"
                assert subprocess.run([sys.executable, "-c", code], cwd="/", env=CLEAN, check=False).returncode == 0
                reads += 1
            time.sleep(0.02)
    assert reads
    assert child.returncode == 0


@pytest.mark.parametrize(
    ("env", "status", "words"),
    [
        ({"N": "0"}, 2, "N must be a whole number from 1"),
        ({"N": "abc"}, 2, "N must be a whole number"),
        ({"K": "99"}, 2, "K must be"),
        ({"MAP": "nowhere"}, 2, "MAP must be sandbox, amap or open:FILE"),
        ({"MAP": "amap"}, 2, "needs a web-service key"),
        ({"AMAP_KEY": "k-secret"}, 2, "name both MAP= and TEACHER="),
        ({"AMAP_KEY": "k-secret", "MAP": "amap", "TEACHER": "sandbox"}, 2, "AMAP_TERMS=accepted"),
        ({"PLACES": "/nowhere.csv"}, 2, "cannot be read"),
        (
            {"TEACHER": "qwen-unknown", "MAP": "sandbox", "BUDGET": "1", "DASHSCOPE_API_KEY": "k-secret"},
            2,
            "price of qwen-unknown",
        ),
        ({"TEACHER": "qwen-plus", "MAP": "sandbox"}, 2, "DASHSCOPE_API_KEY"),
        ({"SANDBOX_FAULTS": '{"chat": {"always": "429"}}', "GIVE_UP_S": "1"}, 1, "the same command goes on"),
        ({"SANDBOX_FAULTS": '{"chat": {"always": "500"}}', "GIVE_UP_S": "1"}, 1, "the same command goes on"),
        ({"SANDBOX_FAULTS": '{"map": {"always": "10001"}}'}, 1, "AMAP_KEY"),
        ({"SANDBOX_FAULTS": '{"map": {"always": "10044"}}'}, 1, "quota"),
        ({"N": "5000", "CANDIDATES": "40"}, 1, "CANDIDATES"),
    ],
)
def test_each_trouble_is_one_clear_sentence(tmp_path: Path, env: dict[str, str], status: int, words: str) -> None:
    done = _run("factory", "synth", tmp_path / "data", **({"N": "20"} | env))
    assert done.returncode == status, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "k-secret" not in done.stderr + done.stdout


def _files(data: Path) -> dict[str, bytes]:
    """What a run is made of: its commits and its plan."""
    paths = [*data.glob("commits/*/*.json"), *data.glob("plan/*")]
    return {str(path.relative_to(data)): path.read_bytes() for path in paths}


def test_an_n_that_surplus_meets_is_in_the_file(tmp_path: Path) -> None:
    assert _run("factory", "synth", tmp_path, N="23", SANDBOX_DEFECTS="0").returncode == 0
    assert _ask(tmp_path, "select accepted, surplus from ledger") == [(23, 7)]
    done = _run("factory", "synth", tmp_path, N="24", SANDBOX_DEFECTS="0")
    assert "Nothing to do" in done.stderr
    assert _ask(tmp_path, "select count(*) from samples") == [(24,)]
    assert _ask(tmp_path, "select accepted, surplus, target from ledger") == [(24, 6, 24)]


def test_what_a_kill_kept_from_the_file_is_shown_by_the_next_run(tmp_path: Path) -> None:
    assert _run("factory", "synth", tmp_path, N="10").returncode == 0
    (tmp_path / "warehouse.duckdb").unlink()  # as a kill between the last commit and the last refresh leaves it: older
    assert "Nothing to do" in _run("factory", "synth", tmp_path, N="10").stderr
    assert _ask(tmp_path, "select count(*) from samples") == [(10,)]


def test_a_dry_run_promises_surplus_and_changes_nothing(tmp_path: Path) -> None:
    assert _run("factory", "synth", tmp_path, N="23", SANDBOX_DEFECTS="0").returncode == 0
    before = _files(tmp_path)
    for n, further in (("24", "further samples 0"), ("40", "further samples 10")):
        dry = _run("factory", "synth", tmp_path, N=n, SANDBOX_DEFECTS="0", DRY="1")
        assert dry.returncode == 0, dry.stderr
        assert further in dry.stderr
    assert _files(tmp_path) == before


def test_a_dry_run_in_a_new_folder_leaves_it_free_for_any_world(tmp_path: Path) -> None:
    assert _run("factory", "synth", tmp_path, N="10", DRY="1").returncode == 0
    assert _files(tmp_path) == {}


def test_a_smaller_n_leaves_the_target_and_the_samples(tmp_path: Path) -> None:
    assert _run("factory", "synth", tmp_path, N="24").returncode == 0
    done = _run("factory", "synth", tmp_path, N="10")
    assert done.returncode == 0
    assert "holds 24 accepted samples" in done.stderr
    assert _ask(tmp_path, "select accepted, target from ledger") == [(24, 24)]
    assert _run("warehouse", "check", tmp_path).returncode == 0


def test_candidates_that_just_suffice_are_enough(tmp_path: Path) -> None:
    done = _run("factory", "synth", tmp_path, N="20", K="5", CANDIDATES="20", SANDBOX_DEFECTS="0")
    assert done.returncode == 0, done.stderr
    assert _ask(tmp_path, "select planned, accepted from ledger") == [(20, 20)]


def test_unknown_places_are_left_out_with_a_sentence(tmp_path: Path) -> None:
    places = tmp_path / "places.csv"
    places.write_text("name,city\n清华大学,北京市\n没有这个地方,北京市\n", encoding="utf-8")
    done = _run("factory", "synth", tmp_path / "data", N="10", PLACES=str(places))
    assert done.returncode == 0, done.stderr
    assert "left out" in done.stderr
    assert "没有这个地方" in done.stderr


def test_a_second_world_in_one_folder_is_refused(tmp_path: Path) -> None:
    assert _run("factory", "synth", tmp_path, N="10").returncode == 0
    env = {
        "AMAP_KEY": "k-secret",
        "MAP": "amap",
        "TEACHER": "qwen-plus",
        "DASHSCOPE_API_KEY": "k-secret",
        "AMAP_TERMS": "accepted",
    }
    done = _run("factory", "synth", tmp_path, **env)
    assert done.returncode == 2
    assert "Worlds never mix" in done.stderr


def test_an_unwritable_folder_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    done = _run("factory", "synth", tmp_path / "file" / "data", N="10")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


def test_doctor_tries_the_map_and_the_teacher(tmp_path: Path) -> None:
    done = _run("factory", "doctor", tmp_path)
    assert done.returncode == 0, done.stdout
    assert "called preference_gen" in done.stdout


def test_quotes_in_a_question_are_safe(tmp_path: Path) -> None:
    assert _run("factory", "synth", tmp_path, N="10").returncode == 0
    asked = "select 'it''s \"$HOME\"' as said, count(*) from samples"
    done = _run("warehouse", "sql", tmp_path, Q=asked, FORMAT="csv")
    assert done.returncode == 0
    assert "$HOME" in done.stdout
    bad = _run("warehouse", "sql", tmp_path, Q="select from")
    assert bad.returncode == 2
    assert "The question failed" in bad.stderr
