"""What other programs use: the public names, runs in a script and in a running loop, the examples of docs/python.md."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import factory
import judge
import train
import warehouse
from factory.errors import DiskTrouble, RunStopped, UsageError
from tests.test_settings import CLEAN

ROOT = Path(__file__).parent.parent
PUBLIC = {
    factory: ["ChidianError", "RunResult", "Snapshot", "Synthesis", "Verification", "synthesize", "verify"],
    warehouse: ["connect"],
    train: ["fine_tune"],
    judge: ["Evaluation", "MeanScore", "RestaurantDataEvaluator", "evaluate"],
}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "N", "SEED", "AMAP_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def _rows(data: str) -> list[dict[str, Any]]:
    with warehouse.connect(data) as connection:
        cursor = connection.execute("from samples order by sample_id")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("room", PUBLIC, ids=lambda room: room.__name__)
def test_the_public_names_are_these_and_each_is_there_and_documented(room: Any) -> None:
    assert sorted(room.__all__) == sorted(PUBLIC[room])
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    for name in room.__all__:
        assert getattr(room, name).__doc__
        assert name in page
    with pytest.raises(AttributeError):
        room.nothing_of_that_name  # noqa: B018


def test_importing_the_rooms_loads_nothing_heavy() -> None:
    code = "import sys, factory, warehouse, train, judge; print(sorted({'torch', 'aiohttp', 'duckdb', 'click'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_running_loop_synthesizes_and_verifies_each_twice() -> None:
    async def cells() -> None:
        first = await factory.synthesize(n=12, data="world")
        again = await factory.synthesize(n=12, data="world")
        assert first.accepted == again.accepted == 12
        assert again.run_id == first.run_id
        rows = _rows("world")
        assert len(rows) == 12
        for _ in range(2):
            assert [result.accepted for result in factory.verify(rows)] == [True] * 12
            assert not factory.verify({**rows[0], "answer": rows[0]["answer"] + "\n这家店评分0.1分。"}).accepted
        steps = [snapshot.accepted async for snapshot in factory.synthesize(n=40, data="world")]
        assert steps == sorted(steps)
        assert steps[-1] == 40
        waited = factory.synthesize(n=41, data="world").result()  # blocks the loop for a moment, but works
        assert waited.accepted == 41

    asyncio.run(cells())


def test_a_script_waits_iterates_and_runs_it_as_a_coroutine() -> None:
    run = factory.synthesize(n=6, data="world")
    assert "not begun" in repr(run)
    assert not Path("world").exists()
    assert run.result().accepted == 6
    assert run.result() is run.result()
    going = factory.synthesize(n=40, data="world")
    assert [snapshot.target for snapshot in going][-1] == 40
    assert going.result().accepted == 40
    assert asyncio.run(factory.synthesize(n=41, data="world")).accepted == 41
    assert [(step.accepted, step.target) for step in factory.synthesize(n=41, data="world")] == [
        (41, 41)
    ]  # nothing to do
    lines: list[str] = []
    factory.synthesize(n=41, data="world", say=lines.append).result()
    assert "Nothing to do" in lines[-1]


def test_troubles_reach_whoever_waits() -> None:
    with pytest.raises(UsageError, match="did you mean budget"):
        factory.synthesize(n=3, buget=2)
    with pytest.raises(UsageError, match="N must be"):
        factory.synthesize(n=0)
    with pytest.raises(RunStopped, match="CANDIDATES"):
        factory.synthesize(n=500, candidates=10, data="small").result()
    with pytest.raises(RunStopped, match="CANDIDATES"):
        asyncio.run(factory.synthesize(n=500, candidates=10, data="small"))
    with pytest.raises(DiskTrouble, match="run `make synth`"):
        warehouse.connect("nowhere")
    with pytest.raises(UsageError, match="did you mean epochs"):
        train.fine_tune(epoch=1)
    with pytest.raises(UsageError, match="There is no"):
        judge.evaluate(data="nowhere")


BAD_ROWS = [{}, {"question": 3}, {"question": "q", "answer": "a", "evidence": 7, "lng": 1, "lat": 2}, {"lng": "x"}]


@pytest.mark.parametrize("row", BAD_ROWS, ids=range(len(BAD_ROWS)))
def test_a_bad_row_is_refused_with_a_reason_and_never_raises(row: dict[str, Any]) -> None:
    result = factory.verify(row)
    assert not result.accepted
    assert result.findings[0].detail
    assert [verification.accepted for verification in factory.verify([row, row])] == [False, False]


def test_the_evaluator_judges_beside_a_running_loop_and_reads_again() -> None:
    factory.synthesize(n=4, data="world").result()
    evaluator = judge.RestaurantDataEvaluator(data="world", replicates=1, judge2="none")

    async def cell() -> judge.Evaluation:
        return evaluator.evaluate()

    judged = asyncio.run(cell())
    assert judged.report.exists()
    assert {mean.item_kind for mean in judged.means} >= {"sample"}
    assert all(mean.mean is None or 0 <= mean.mean <= 10 for mean in judged.means)
    assert evaluator.read() == judged


def _examples() -> list[tuple[str, str]]:
    """The Python blocks of the page, each with the heading it stands under; those that need torch are said to."""
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    blocks = []
    for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        heading = part.splitlines()[0]
        blocks += [(heading, block) for block in re.findall(r"```python\n(.*?)```", part, re.DOTALL)]
    return blocks


@pytest.mark.timeout(300)  # a busy machine is no failure
def test_the_examples_of_the_page_run_in_their_order() -> None:
    blocks = [block for heading, block in _examples() if "minutes" not in heading]
    assert len(blocks) >= 4
    script = "import asyncio\nasync def notebook():\n"
    script += "".join("    " + line + "\n" for block in blocks for line in block.splitlines())
    script += "asyncio.run(notebook())\n"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**CLEAN, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=270,
        check=False,
    )
    assert done.returncode == 0, done.stderr
