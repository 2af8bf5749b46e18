"""A whole small run of the judge in the sandbox, and the statistics that its first report needs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pytest

from judge.statistics.agreement import reliability
from judge.statistics.bootstrap import places_of
from judge.statistics.clustered_mean import clustered_mean
from tests.keyless import CLEAN


def test_the_clustered_mean_by_hand() -> None:
    # Clusters a: 1, 3; b: 5. Mean 3; cluster sums of residuals -2 and 2; SE = sqrt(2/1 * 8) / 3 = 4/3; t(1 df) = 12.7062.
    clustered = clustered_mean([1, 3, 5], ["a", "a", "b"])
    assert clustered is not None
    assert clustered.mean == 3
    assert clustered.high == pytest.approx(3 + 12.706204736432095 * 4 / 3, abs=1e-8)
    assert clustered_mean([], []) is None
    alone = clustered_mean([1.0, 2.0], ["a", "a"])
    assert alone is not None
    assert alone.low is None


def test_reliability_of_shrout_and_fleiss_table_2() -> None:
    # Shrout & Fleiss 1979, table 2 and 4: six targets, four judges; ICC(2,1) = .29, ICC(3,k) = .91.
    ratings = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=np.float64
    )
    agreement = reliability(ratings, places_of(list("abcdef")))
    assert agreement is not None
    assert agreement.icc_2_1.value == pytest.approx(0.29, abs=0.005)
    assert agreement.icc_3_k.value == pytest.approx(0.91, abs=0.005)


def _run(room: str, command: str, data: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", room, command],
        env={**CLEAN, "DATA": str(data), **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("world")
    assert _run("judge", "run", data).returncode == 2
    assert _run("factory", "synth", data, N="50").returncode == 0
    return data


def test_a_small_run_judges_each_question_once_and_reports_simulated(made: Path) -> None:
    dry = _run("judge", "run", made, REPLICATES="2", DRY="1")
    assert dry.returncode == 0
    assert "tokens in" in dry.stderr
    assert "set by" in dry.stderr
    assert not (made / "commits" / "judge-sandbox").exists()
    few = _run("judge", "run", made, REPLICATES="2", DRY="1", LIMIT="7", JUDGE2="none")
    assert "sandbox/judge-v1 (simulated): 7 questions" in few.stderr
    first = _run("judge", "run", made, REPLICATES="2")
    assert first.returncode == 0, first.stderr
    again = _run("judge", "run", made, REPLICATES="2")
    assert "0 questions (nothing to ask)" in again.stderr
    with duckdb.connect(str(made / "warehouse.duckdb"), read_only=True) as connection:
        counts = dict(
            connection.execute("select design || ' ' || item_kind, count(*) from verdicts group by 1").fetchall()
        )
        key = "item_id, design, rubric, replicate, judge"
        [(rows, keys)] = connection.execute(f"select count(*), count(distinct ({key})) from verdicts_shard").fetchall()
        # 50 samples, two rubrics: two replicates, the second judge once; the single call gives both rubrics.
        assert counts["standard sample"] == 50 * 2 * (2 + 1)
        assert counts["legacy sample"] == 50 * 2
        assert counts["standard control"] > 0
        assert rows == keys == sum(counts.values())
        requests = "select count(*), count(distinct request_id) from verdicts where design = 'legacy'"
        assert connection.execute(requests).fetchall() == [(100, 50)]
        means = "select count(*) from scores where design = 'standard' and item_kind = 'sample' and scored = 2 and "
        means += "dimensions is not null"
        assert connection.execute(means).fetchall() == [(100,)]
        floor = "select avg(total) from verdicts where edit = 'gibberish'"
        [(low,)] = connection.execute(floor).fetchall()
        [(begged,)] = connection.execute(floor.replace("gibberish", "begging")).fetchall()
        [(same,)] = connection.execute("select avg(total) from verdicts where edit = 'same'").fetchall()
        [(elsewhere,)] = connection.execute("select avg(total) from verdicts where edit = 'other_evidence'").fetchall()
        assert low < 2
        assert begged < 2
        assert elsewhere < same - 2
    page = next((made / "reports").glob("*/index.html")).read_text(encoding="utf-8")
    assert "SIMULATED" in page


def test_an_interrupted_run_commits_what_it_has_says_how_to_go_on_and_goes_on(made: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "judge", "run", "--judge2", "none", "--seed", "5", "--in-flight", "2", "--unit", "8"],
        env={**CLEAN, "DATA": str(made), "JUDGE": "sandbox-2"},
        stderr=subprocess.PIPE,
        text=True,
    )
    folder = made / "commits" / "judge-sandbox-2"
    deadline = time.monotonic() + 60
    while len(list(folder.glob("*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    assert "The same command goes on" in stderr
    with duckdb.connect(str(made / "warehouse.duckdb"), read_only=True) as connection:
        key = "item_id, design, rubric, replicate, judge"
        counts = f"count(*), count(distinct ({key})), count(*) filter (status = 'scored')"
        sql = f"select {counts} from verdicts_shard where judge like '%v2'"
        [(rows, keys, scored)] = connection.execute(sql).fetchall()
        assert rows == keys == scored
        assert rows >= 16


def test_no_key_reaches_anything_that_is_written_or_said(made: Path) -> None:
    secret = "neverneverland-0123456789"
    ran = _run("judge", "run", made, JUDGE="sandbox", SEED="9", DASHSCOPE_API_KEY=secret, REPLICATES="3", LIMIT="5")
    assert ran.returncode == 0, ran.stderr
    assert secret not in ran.stderr + ran.stdout
    for path in made.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"REPLICATES": "0"}, "REPLICATES"),
        ({"LIMIT": "many"}, "LIMIT"),
        ({"BUDGET": "-1"}, "BUDGET"),
        ({"JUDGE2": "sandbox"}, "JUDGE2"),
        ({"JUDGE": "qwen-plus"}, "BUDGET"),
        ({"JUDGE": "qwen-plus", "BUDGET": "1"}, "DASHSCOPE_API_KEY"),
        ({"JUDGE": "qwen-nobody-knows", "BUDGET": "1"}, "price"),
    ],
)
def test_settings_that_cannot_work_are_one_sentence(made: Path, env: dict[str, str], words: str) -> None:
    ran = _run("judge", "run", made, **env)
    assert ran.returncode == 2
    assert words in ran.stderr.splitlines()[-1]
