"""Nothing lies in DATA after an estimate, or after a command that was wrong; a good one begins there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.keyless import run_factory


@pytest.mark.parametrize("command", ["synth", "preview"])
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"PLACES": "/nowhere/places.csv"}, "PLACES=/nowhere/places.csv cannot be read"),
        ({"PLACES": "empty.csv"}, "is empty"),
        ({"PROMPT": "/nowhere/agent.md"}, "PROMPT=/nowhere/agent.md cannot be read"),
        ({"MAP": "sandbox", "TEACHER": "deepseek/deepseek-chat", "BUDGET": "1"}, "price of deepseek-chat is not known"),
        ({"MAP": "sandbox", "TEACHER": "deepseek/deepseek-chat", "YES": "1"}, "needs a key"),
    ],
)
def test_a_command_that_is_wrong_leaves_no_folder(
    tmp_path: Path, command: str, settings: dict[str, str], words: str
) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    given = {name: str(tmp_path / value) if value == "empty.csv" else value for name, value in settings.items()}
    refused = run_factory(command, tmp_path / "data", **given)
    assert refused.returncode == 2, refused.stderr
    assert words in refused.stderr
    assert not (tmp_path / "data").exists()


def test_an_estimate_leaves_nothing_in_a_new_folder_and_nothing_changed_in_one_with_a_run(tmp_path: Path) -> None:
    data = tmp_path / "data"
    dry = run_factory("synth", data, N="20", DRY="1")
    assert dry.returncode == 0, dry.stderr
    assert "map searches about" in dry.stderr
    assert not data.exists()
    assert run_factory("synth", data, N="20").returncode == 0
    before = {path.relative_to(data) for path in data.rglob("*")}
    assert {Path("plan/world.json"), Path("calls.sqlite")} <= before
    grown = run_factory("synth", data, N="60", DRY="1")
    assert grown.returncode == 0, grown.stderr
    assert {path.relative_to(data) for path in data.rglob("*")} == before
