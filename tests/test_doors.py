"""What is refused at the door, with its neighbour that is not: JSON, paths, bytes, addresses, prompts, goals of make, streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import duckdb
import pytest

from factory.errors import UsageError
from factory.plan.identity import MOST_PROMPT, read_prompt
from factory.sandbox.faults import CHANNELS, Knobs, read_knobs
from factory.sending.addresses import checked_url
from factory.settings import of_factory, of_train, read, resolve
from factory.settings.kinds import DEEPEST
from factory.settings.reading import texts
from factory.settings.registry import SETTINGS
from tests.installed_checkout import ROOT, installed_checkout
from warehouse import connect
from warehouse.catalogue import FILE

ENV = {name: value for name, value in os.environ.items() if name not in SETTINGS and not name.startswith("MAKE")}
JSON_SETTINGS = (
    ("TEACHER_EXTRA", "synth"),
    ("SANDBOX_FAULTS", "synth"),
    ("JUDGE_EXTRA", "judge"),
    ("MAP_OPTIONS", "sandbox"),
)


def _nested(levels: int, name: str = "shares") -> str:
    return f'{{"{name}":' * levels + "1" + "}" * levels


@pytest.mark.parametrize(("name", "command"), JSON_SETTINGS)
def test_json_may_be_nested_so_deep_and_no_deeper(name: str, command: str) -> None:
    assert read(command, [], {name: _nested(DEEPEST)})[SETTINGS[name]] == _nested(DEEPEST)
    for text in (_nested(DEEPEST + 1), _nested(600), "[" * 2000, '{"shares":' + "[" * 100_000, _nested(100_000)):
        with pytest.raises(UsageError, match=f"{name} must be a JSON object") as told:
            read(command, [], {name: text})
        assert len(str(told.value)) < 1000


def test_json_of_numbers_that_json_does_not_have_is_refused() -> None:
    assert read("synth", [], {"TEACHER_EXTRA": '{"top_k": 1e3}'})
    with pytest.raises(UsageError, match="TEACHER_EXTRA must be"):
        read("synth", [], {"TEACHER_EXTRA": '{"top_k": NaN}'})


def test_a_knob_that_no_sandbox_has_is_refused_at_the_door() -> None:
    assert {*of_factory.FAULT_KNOBS} == {*CHANNELS} | {field.name for field in fields(Knobs)}
    good = '{"chat": {"always": "429"}}'
    assert read("synth", [], {"SANDBOX_FAULTS": good})[of_factory.SANDBOX_FAULTS] == good
    assert read_knobs(json.loads(good))["chat"].always == "429"
    with pytest.raises(UsageError, match="SANDBOX_FAULTS must be"):
        read("synth", [], {"SANDBOX_FAULTS": '{"foo": 1}'})


@pytest.mark.parametrize(("name", "command"), [("TEACHER_EXTRA", "synth"), ("JUDGE_EXTRA", "judge")])
def test_stream_is_true_false_or_null(name: str, command: str) -> None:
    for value in ("true", "false", "null"):
        assert read(command, [], {name: f'{{"stream": {value}}}'})
    for value in ('"yes"', "1", "[]"):
        with pytest.raises(UsageError, match="stream true, false or null"):
            read(command, [], {name: f'{{"stream": {value}}}'})


def test_python_gives_json_as_a_dict_and_paths_as_text() -> None:
    given = texts("synth", {"teacher_extra": {"seed": None, "stop": "句"}})
    assert json.loads(resolve("synth", given, {})[of_factory.TEACHER_EXTRA] or "") == {"seed": None, "stop": "句"}
    circle: dict[str, object] = {}
    circle["self"] = circle
    for wrong in ({"seed": {1, 2}}, circle):
        with pytest.raises(UsageError, match="teacher_extra holds"):
            texts("synth", {"teacher_extra": wrong})
    for word in ("data", "prompt"):
        with pytest.raises(UsageError, match=f"{word} is given as bytes"):
            texts("synth", {word: b"d"})
        with pytest.raises(UsageError, match=f"{word.upper()} must be"):
            resolve("synth", texts("synth", {word: "d\ud800"}), {})


def test_a_tilde_is_a_home_in_every_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    values = read("synth", ["--data=~/d", "--prompt=~/p", "--places=~/c", "--map=open:~/m"], {})
    assert [values[setting] for setting in (of_factory.DATA, of_factory.PROMPT, of_factory.PLACES)] == [
        tmp_path / "d",
        tmp_path / "p",
        tmp_path / "c",
    ]
    assert values[of_factory.MAP] == f"open:{tmp_path}/m"
    assert read("train", ["--model=~/m"], {})[of_train.MODEL] == f"{tmp_path}/m"
    assert read("train", ["--model=a~/m"], {})[of_train.MODEL] == "a~/m"
    assert read("complete", ["--from=file:~/a"], {})[of_train.FROM] == f"file:{tmp_path}/a"
    assert read("synth", ["--prompt=x~"], {})[of_factory.PROMPT] == Path("x~")


GOOD_NAMES = (
    "d",
    "a b",
    "d'q",
    'd"q',
    "{a,b}",
    "a-b:c",
    "a:b",
    "x/word:b",
    "数据",
    "a]b",
    "x~",
    "d\nd",
    "$HOME",
    "%41",
)
BAD_NAMES = (
    "d?d",
    "a*b",
    "a[b]",
    "a\\b",
    "s3:/b",
    "word:b",
    "./word:b",
    "~nobody-here/x",
    "./~/x",
    ":memory:",
    "a\udce4",
)


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_folder_that_is_taken_is_one_that_duckdb_opens(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = resolve("sql", {"DATA": name}, {})[of_factory.DATA]
    data.mkdir(parents=True)
    duckdb.connect(str(data / FILE)).close()
    assert (tmp_path / name / FILE).is_file()
    with connect(name) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_folder_that_duckdb_takes_for_another_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="DATA must be a path"):
        resolve("synth", {"DATA": name}, {})
    assert read("synth", ["--prompt", name], {})[of_factory.PROMPT] == Path(name)  # which only Python opens


def test_an_address_with_a_port_that_no_machine_has_is_told_so() -> None:
    assert checked_url("TEACHER_BASE_URL", "http://x:65535/") == "http://x:65535/"
    for text in ("http://x:65536/", "http://x:0/", "http://[::1"):
        with pytest.raises(UsageError, match=r"and a host, and a port behind it must be from 1 to 65535\.$"):
            checked_url("TEACHER_BASE_URL", text)


def test_a_prompt_has_an_end(tmp_path: Path) -> None:
    path = tmp_path / "prompt.md"
    path.write_text("写" * MOST_PROMPT, encoding="utf-8")
    assert len(read_prompt(path).text) == MOST_PROMPT
    path.write_text("写" * (MOST_PROMPT + 1), encoding="utf-8")
    with pytest.raises(UsageError, match="more than 1000000 characters"):
        read_prompt(path)
    os.mkfifo(tmp_path / "pipe")
    for endless in (Path("/dev/zero"), tmp_path / "pipe", tmp_path):
        with pytest.raises(UsageError, match="is no file"):
            read_prompt(endless)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every recipe that chidian does leaves a mark."""
    return installed_checkout(tmp_path_factory.mktemp("checkout"), "#!/bin/sh\necho ran $1\n")


@pytest.mark.parametrize(
    ("goals", "held"),
    [
        (("synth", "20"), "`make synth N=20`"),
        (("synth", "n3"), "`make synth N=3`"),
        (("synth", "sinth"), "try `make synth`"),
        (("synth", "it's;frob"), "`make help` lists"),
        (("synth",), None),
        (("synth", "sql"), None),
        (("synth", ".venv/stamps/base"), None),
    ],
)
def test_a_goal_that_does_not_exist_is_told_before_anything_runs(
    goals: tuple[str, ...], held: str | None, checkout: Path
) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", f"PYTHON={sys.executable}", *goals],
        cwd=checkout,
        env=ENV,
        capture_output=True,
        text=True,
        check=False,
    )
    if held is None:
        assert done.returncode == 0, done.stderr
        assert "ran synth" in done.stdout
    else:
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert held in done.stderr


@pytest.mark.parametrize("closed", ["", "2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_changes_nothing_but_what_is_heard(closed: str, tmp_path: Path) -> None:
    line = f"'{sys.executable}' -m factory synth --n 1 --data made --workers 1 {closed}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, env={**ENV, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with connect(tmp_path / "made") as connection:
        assert connection.execute("select count(*) from samples").fetchone() == (1,)
    refused = subprocess.run(
        ["bash", "-c", line.replace("--n 1", "--n 0")],
        cwd=tmp_path,
        env={**ENV, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
    )
    assert refused.returncode == UsageError.exit_code
