"""All rooms at N=50 with fault knobs on, as a newcomer runs them: synth, sql, export, train, judge, report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.keyless import CLEAN

FACTORY_FAULTS = {
    "map": {"shares": {"10021": 0.03, "5xx": 0.02, "html": 0.02, "drop": 0.02}},
    "chat": {"shares": {"429": 0.04, "5xx": 0.02, "half_body": 0.02, "drop": 0.02}},
}
JUDGE_FAULTS = {"shares": {"rate_quota": 0.04, "drop": 0.02, "prose": 0.04}}


def _run(data: Path, room: str, command: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", room, command],
        env={**CLEAN, "DATA": str(data), **env},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _judge(data: Path) -> None:
    """The judge of the sandbox in a process of its own, with faults, asked over the wire like a real one."""
    with subprocess.Popen(
        [sys.executable, "-m", "judge", "sandbox", "--faults", json.dumps(JUDGE_FAULTS)],
        env=CLEAN,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        port = json.loads(child.stdout.readline())["port"]
        try:
            _run(data, "judge", "run", JUDGE_BASE_URL=f"http://127.0.0.1:{port}/compatible-mode/v1", JUDGE2="none")
        finally:
            child.stdin.close()
            child.wait(20)


@pytest.mark.timeout(900)  # six programs in turn; a busy machine is no failure
def test_fifty_samples_go_through_every_room_while_services_fail(tmp_path: Path) -> None:
    data = tmp_path / "data"
    _run(data, "factory", "synth", N="50", SANDBOX_FAULTS=json.dumps(FACTORY_FAULTS))
    counted = _run(data, "warehouse", "sql", Q="select count(*), count(distinct place) from samples", FORMAT="csv")
    assert counted.splitlines()[1].startswith("50,")
    _run(data, "warehouse", "export", OUT=str(tmp_path / "export"))
    assert "INVENTED" in (tmp_path / "export" / "README.md").read_text(encoding="utf-8")
    _run(data, "train", "run", EPOCHS="1")
    assert (data / "models" / "tiny-closed-0" / "model.safetensors").exists()
    _run(data, "train", "complete", LIMIT="3")
    _judge(data)
    _run(data, "warehouse", "check")
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        refused = connection.execute("select sum(refusals) from usage").fetchone()
        judged = connection.execute(
            "select count(distinct item_id), count(*) filter (status <> 'scored' and reason is null) from verdicts "
            "where item_kind = 'sample'"
        ).fetchone()
        answers, measured = connection.execute(
            "select count(distinct completion_id), count(distinct m.completion_id) from completions "
            "left join measures m using (completion_id)"
        ).fetchone() or (0, 0)
        [(students,)] = connection.execute(
            "select count(distinct item_id) from verdicts where item_kind = 'completion'"
        ).fetchall()
    assert 3 <= answers == measured == students
    assert refused is not None
    assert refused[0] > 0
    assert judged == (50, 0)
    page = next((data / "reports").glob("judge-*/index.html")).read_text(encoding="utf-8")
    assert "SIMULATED" in page
