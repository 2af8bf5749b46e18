"""An edited prompt is a new run that says so; both reach their N in one DATA; the unfinished one goes on as it was planned."""

from __future__ import annotations

from pathlib import Path

from factory.plan.identity import read_prompt
from tests.factory.test_synth import _ask, _run


def test_two_prompts_in_one_folder_are_two_runs_and_each_goes_on_as_planned(tmp_path: Path) -> None:
    data, prompt = tmp_path / "data", tmp_path / "agent.md"
    prompt.write_text(read_prompt(None).text, encoding="utf-8")
    asked = {"PROMPT": str(prompt), "CANDIDATES": "20", "K": "2"}
    first = _run("factory", "synth", data, N="60", **asked)  # 20 slots are not enough: it stays unfinished
    assert first.returncode == 1, first.stderr
    [(run, before)] = _ask(data, "select run_id, prompt_hash from runs")
    prompt.write_text(prompt.read_text(encoding="utf-8") + "\n回答要简短。", encoding="utf-8")
    second = _run("factory", "synth", data, N="20", K="2", PROMPT=str(prompt))
    assert second.returncode == 0, second.stderr
    assert "another value of the prompt" in second.stderr
    assert f"RUN={run}" in second.stderr
    third = _run("factory", "synth", data, N="30", RUN=run, PROMPT=str(prompt))
    assert third.returncode == 0, third.stderr
    counted = "select run_id, prompt_hash, count(*), count(distinct verifier) from samples group by all order by 3"
    rows = _ask(data, counted)
    assert [(row[0] == run, row[2], row[3]) for row in rows] == [(False, 20, 1), (True, 30, 1)]
    assert rows[1][1] == before != rows[0][1]
    assert _ask(data, "select distinct slots from orders_shard") == [(2,)]  # K is the plan's where none was given
    checked = _run("warehouse", "check", data)
    assert checked.returncode == 0, checked.stdout
    compared = _run("warehouse", "runs", data)
    assert compared.returncode == 0, compared.stderr
    assert all(f"prompt agent {row[1][:8]}" in compared.stdout for row in rows)
