"""The ablation: arms of one size and of the stated shares, effects whose intervals cover, and a small study to its end."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import t

from factory.errors import RunStopped, UsageError
from factory.settings import read
from judge.ablation import children
from judge.ablation.config import settings_of
from judge.ablation.findings import PRIMARY, SLOPE, find
from judge.ablation.outcomes import WishBounds, stated
from judge.ablation.results import LOSS, Value
from judge.ablation.rows import SHARES, Arm, TrainingRow, chars, fingerprint, mix, rejected_arms, tier_arms
from judge.ablation.study import Origin, make_rejects
from judge.statistics.crossed import crossed_mean
from tests.keyless import CLEAN

TOKENS = 20_000


def _rows(count: int, reason: str | None = None, *, seed: int = 0, asked: str = "q") -> list[TrainingRow]:
    lengths = np.random.default_rng(seed).integers(150, 400, count)
    kind = "bad" if reason else "good"
    return [
        TrainingRow(f"{kind}-{number}", f"{asked}-{number}", (), "字" * int(length), reason)
        for number, length in enumerate(lengths)
    ]


def test_mixed_arms_are_of_one_size_hold_the_stated_share_and_no_question_twice() -> None:
    verified, rejected = _rows(800), _rows(700, "price", seed=1)
    arms, lacking = rejected_arms(verified, rejected, 10**6)
    assert lacking is None
    sizes = [chars(arm.rows) for arm in arms]
    assert max(sizes) / min(sizes) < 1.005
    for arm, share in zip(arms, SHARES, strict=True):
        assert arm.rejected_share == pytest.approx(share, abs=0.005)
        questions = [row.question for row in arm.rows]
        assert len(questions) == len(set(questions))
    # Every rejected row here is the twin of a verified one: it stands in its place.
    assert mix(verified, rejected, 0.0, 5_000) == mix(verified, [], 0.0, 5_000)


def test_the_same_rows_give_the_same_study_and_another_row_another() -> None:
    first, _ = rejected_arms(_rows(300), _rows(300, "price"), 10**5)
    again, _ = rejected_arms(_rows(300), _rows(300, "price"), 10**5)
    other, _ = rejected_arms(_rows(301)[1:], _rows(300, "price"), 10**5)
    assert fingerprint(first, 1) == fingerprint(again, 1)
    assert len({fingerprint(first, 1), fingerprint(first, 2), fingerprint(other, 1)}) == 3


def test_too_few_rejects_and_no_verdicts_are_sentences() -> None:
    arms, lacking = rejected_arms(_rows(300), _rows(12, "price"), 10**6)
    assert not arms
    assert lacking is not None
    assert "300 verified and 12 rejected rows" in lacking
    nothing, lacking = tier_arms([], 10**6)
    assert not nothing
    assert lacking is not None
    assert "`make judge`" in lacking
    few, lacking = tier_arms([(1 + number % 3, 9.0, row) for number, row in enumerate(_rows(30))], 10**6)
    assert not few
    assert lacking is not None
    assert "Only 30 training rows have a verdict" in lacking


def test_thirds_by_the_judge_are_of_one_size() -> None:
    arms, lacking = tier_arms([(1 + number % 3, 9.5 - number % 3, row) for number, row in enumerate(_rows(600))], 10**6)
    assert lacking is None
    assert [arm.mean_score for arm in arms] == [9.5, 8.5, 7.5]
    sizes = [chars(arm.rows) for arm in arms]
    assert max(sizes) - min(sizes) <= 400


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("1. **甲店**：人均90元，距离500米。\n2. **乙店**：人均150元，距离800米。", 0.75),
        ("1. **甲店**：人均90元，步行5分钟。", 1.0),
        ("1. **甲店**：味道不错。", 0.0),
        ("附近没有符合要求的餐厅。", 0.0),
    ],
)
def test_a_wish_is_kept_or_broken_by_the_answers_own_words(answer: str, kept: float) -> None:
    assert stated(WishBounds(50, 100, 1000, feasible=True), answer)["wish_kept"] == kept


def test_the_crossed_mean_by_hand() -> None:
    # Seeds a, b; places p, q; values a: 1 3, b: 2 6; mean 3, N 4. Sums of residuals by seed -2, 2; by place -3, 3.
    # V_s = 2/1 * 8 / 16 = 1; V_c = 2 * 18 / 16 = 2.25; residuals after both means +-0.5, V_sc = 4 * 1 / 16 = 0.25.
    # V = 1 + 2.25 - 0.25 = 3; freedom = 9 / (1 + 2.25^2 + 0.25^2) = 1.4694.
    crossed = crossed_mean([1, 3, 2, 6], ["a", "a", "b", "b"], ["p", "q", "p", "q"])
    assert crossed is not None
    assert crossed.mean == 3
    assert crossed.error == pytest.approx(3**0.5, abs=1e-12)
    freedom = 9 / (1 + 2.25**2 + 0.25**2)
    assert crossed.detectable == pytest.approx(float(t.ppf(0.975, freedom) + t.ppf(0.8, freedom)) * 3**0.5, abs=1e-8)
    # With so few degrees of freedom, what can be detected is more than half the interval.
    assert crossed.low is not None
    assert crossed.detectable > crossed.mean - crossed.low


def test_where_nothing_varies_there_is_no_interval() -> None:
    crossed = crossed_mean([1e-17, -1e-17, 0, 0], [0, 0, 1, 1], ["p", "q", "p", "q"])
    assert crossed is not None
    assert str(crossed.mean) == "0.0"
    assert crossed.low is None
    assert not crossed.shown
    assert crossed_mean([], [], []) is None


@pytest.mark.parametrize(
    ("seeds", "places", "of_seeds", "of_places"), [(3, 56, 0.1, 0.5), (5, 56, 0.5, 0.5), (3, 11, 0.1, 0.5)]
)
def test_intervals_over_seeds_and_places_cover(seeds: int, places: int, of_seeds: float, of_places: float) -> None:
    generator, draws, hits = np.random.default_rng(1), 600, 0
    for _ in range(draws):
        place = np.repeat(np.arange(places), generator.integers(1, 4, places))
        questions = generator.normal(0, of_places, places)[place] + generator.normal(0, 1, len(place))
        runs = generator.normal(0, of_seeds, seeds)[:, None] + generator.normal(0, 1, (seeds, len(place)))
        values = (questions[None] + runs).ravel()
        crossed = crossed_mean(
            values.tolist(), np.repeat(np.arange(seeds), len(place)).tolist(), [*map(str, place)] * seeds
        )
        assert crossed is not None
        assert crossed.low is not None
        assert crossed.high is not None
        hits += crossed.low <= 0 <= crossed.high
    # 0.93 to 0.98, and 2.6 standard errors of 600 draws at either side.
    assert 0.905 <= hits / draws <= 0.995


def _values(slope: float, seeds: int = 3, places: int = 40) -> tuple[list[Value], list[Arm]]:
    """Each arm's answers, lower by ``slope`` for each ten points of rejected rows."""
    generator = np.random.default_rng(2)
    arms = [Arm(f"rejected-{round(100 * share):02d}", "rejected", share, tuple(_rows(2))) for share in SHARES]
    hard = generator.normal(0, 0.3, places)
    values = [
        Value(
            arm.name,
            seed,
            f"q-{place}",
            "seen",
            f"p-{place}",
            PRIMARY,
            0.5 + hard[place] + noise - 10 * slope * arm.level,
        )
        for arm in arms
        for seed in range(seeds)
        for place, noise in enumerate(generator.normal(0, 0.1, places))
    ]
    values += [
        Value(arm.name, seed, "seen", "seen", "seen", LOSS, 2.0 + arm.level) for arm in arms for seed in range(seeds)
    ]
    return values, arms


def test_a_planted_slope_is_found_and_the_loss_varies_by_seed_alone() -> None:
    findings = find(*_values(0.05))
    slope, largest = findings.effect(PRIMARY, SLOPE), findings.effect(PRIMARY, "rejected-60")
    assert slope is not None
    assert slope.shown
    assert slope.mean == pytest.approx(-0.05, abs=0.01)
    assert largest is not None
    assert largest.mean == pytest.approx(-0.3, abs=0.06)
    loss = findings.effect(LOSS, SLOPE)
    assert loss is not None
    assert loss.mean == pytest.approx(0.1, abs=1e-9)
    assert loss.places == 1


def test_without_a_slope_none_is_shown() -> None:
    slope = find(*_values(0.0)).effect(PRIMARY, SLOPE)
    assert slope is not None
    assert not slope.shown
    assert slope.detectable is not None


def test_two_ablations_of_one_folder_are_refused(tmp_path: Path) -> None:
    with children.locked(tmp_path), pytest.raises(UsageError, match="is at work"), children.locked(tmp_path):
        pass
    with children.locked(tmp_path):
        pass


def test_a_childs_failure_is_its_own_last_line(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "one.log"
    with (
        children.locked(tmp_path) as lock,
        pytest.raises(RunStopped, match="`python -m train run` ended with status 2: error: "),
    ):
        asyncio.run(children.run("train", ["run", "--data", str(tmp_path / "none")], log, lock))


def test_with_a_real_map_or_teacher_the_rejects_are_those_that_exist(tmp_path: Path) -> None:
    settings = settings_of(read("ablate", ["--data", str(tmp_path)]))
    real = Origin("r", "dashscope/qwen3-max", simulated=False, sandbox=False, train_rows=100)
    assert asyncio.run(make_rejects(settings, real, lock=-1)) == tmp_path
    assert not (tmp_path / "ablation").exists()


def _run(data: Path, room: str, command: str, *flags: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", room, command, *flags],
        env={**CLEAN, "WANDB_MODE": "disabled", "DATA": str(data), **env},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.mark.timeout(600)
def test_a_small_study_to_its_end_and_again(tmp_path: Path) -> None:
    empty = _run(tmp_path, "judge", "ablate")
    assert empty.returncode == 2
    assert "make synth" in empty.stderr
    assert _run(tmp_path, "factory", "synth", N="120").returncode == 0
    before = sorted(path.name for path in (tmp_path / "commits").iterdir())
    done = _run(tmp_path, "judge", "ablate", "--questions", "1", TOKENS=str(TOKENS), SEEDS="1")
    assert done.returncode == 0, done.stderr
    assert "There are no verdicts on training rows" in done.stderr
    _check_rows(tmp_path)
    told = json.loads((tmp_path / "reports" / "ablation" / "ablation.json").read_bytes())
    assert [round(arm["rejected_share"], 1) for arm in told["arms"]] == list(SHARES)
    assert any(effect["measure"] == PRIMARY and effect["name"] == SLOPE for effect in told["effects"])
    section = (tmp_path / "reports" / "ablation" / "section.html").read_text(encoding="utf-8")
    assert "SIMULATED" in section
    assert sorted(path.name for path in (tmp_path / "commits").iterdir()) == before
    again = _run(tmp_path, "judge", "ablate", "--questions", "1", TOKENS=str(TOKENS), SEEDS="1")
    assert again.returncode == 0, again.stderr
    assert "runs are to be made" not in again.stderr
    assert (tmp_path / "reports" / "ablation" / "section.html").read_text(encoding="utf-8") == section


def _check_rows(data: Path) -> None:
    """What was trained on asks about no held-out question, and no rejected row stands where none may train."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        held_out = {question for (question,) in connection.execute("select question from sft_validation").fetchall()}
        unseen = {
            place for (place,) in connection.execute("select place_id from samples where split = 'unseen'").fetchall()
        }
    with duckdb.connect(str(data / "ablation" / "rejected" / "warehouse.duckdb"), read_only=True) as connection:
        places = dict(connection.execute("select candidate_id, place_id from rejects").fetchall())
    for path in (data / "ablation" / "rows").glob("*.parquet"):
        rows = pq.read_table(path).to_pylist()
        assert not held_out & {row["question"] for row in rows}
        assert not unseen & {places[row["sample_id"]] for row in rows if row["reason"]}
