"""One declaration a setting: flag, environment, make line, Python argument, help and docs agree; a slip is one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from factory import command as front
from factory.errors import UsageError
from factory.settings import of_factory, of_judge, of_train, of_warehouse, read, resolve
from factory.settings.commands import BY_NAME, COMMANDS
from factory.settings.kinds import Choice, Folder, JsonObject, Number, Switch, Whole
from factory.settings.page import PAGE, page
from factory.settings.reading import texts
from factory.settings.registry import SETTINGS, of_command
from factory.settings.setting import Setting
from judge.config import settings_of as judge_settings
from judge.instrument import SHIPPED
from tests.installed_checkout import installed_checkout, put_command
from train import hub, recipe
from warehouse.ask import FORMATS
from warehouse.export.layouts import LAYOUTS
from warehouse.export.writing import FILES

ROOT = Path(__file__).parent.parent
TARGETS = (
    "synth",
    "preview",
    "doctor",
    "sql",
    "export",
    "train",
    "chat",
    "judge",
    "ablate",
    "report",
    "warehouse",
    "sandbox",
)
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if name not in SETTINGS and not name.startswith("MAKE") and not name.endswith(("_KEY", "_SECRET", "_TOKEN"))
}
"""Neither what a user may have set, nor the marks of the make that may have started these tests."""
EXAMPLES = {
    "RUN": "sandbox-1a2b3c4d",
    "MAP": "open:a map.parquet",
    "TEACHER": "dashscope/qwen3-max",
    "AMAP_BASE_URL": "http://127.0.0.1:1/x",
    "TEACHER_BASE_URL": "http://127.0.0.1:2",
    "JUDGE_BASE_URL": "https://j/v1",
    "JUDGE2_BASE_URL": "https://k/v1",
    "COMPLETE_BASE_URL": "http://m/v1",
    "PUSH_BASE_URL": "http://hub",
    "REPO": "me/food",
    "Q": "select '$x', \"a\", 'it''s' from samples -- 100 %",
    "SQL": "from sft_train where question like '$(shell echo no)%'",
    "MODEL_NAME": "mine",
}


def example(setting: Setting[Any]) -> str:
    """A text that this setting takes and that is not its default."""
    if setting.name in EXAMPLES:
        return EXAMPLES[setting.name]
    kind = setting.kind
    if isinstance(kind, Whole):
        return str(kind.low + 1)
    if isinstance(kind, Number):
        return f"{kind.low + 0.5:g}"
    if isinstance(kind, Choice):
        return kind.choices[-1]
    if isinstance(kind, Switch):
        return "1"
    if isinstance(kind, JsonObject):
        return json.dumps({(*kind.names, "rpm")[0]: 3})
    return "a folder" if isinstance(kind, Folder) else "word"


def given(name: str) -> dict[str, str]:
    """An example of every setting that a command reads, as texts."""
    return {
        setting.name: example(setting)
        for setting in of_command(BY_NAME[name])
        if not setting.secret and not setting.flag_only
    }


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_flag_environment_and_argument_give_the_same_value(name: str) -> None:
    chosen = given(name)
    flags = [word for setting_name in chosen for word in (SETTINGS[setting_name].own_flags[-1], chosen[setting_name])]
    by_flag, by_env = read(name, flags, {}), read(name, [], chosen)
    by_argument = resolve(name, texts(name, {setting_name.lower(): text for setting_name, text in chosen.items()}), {})
    assert by_flag.by_name == by_env.by_name == by_argument.by_name
    assert all(by_flag[SETTINGS[setting_name]] != SETTINGS[setting_name].default for setting_name in chosen)
    assert read(name, flags, dict.fromkeys(chosen, "nonsense,")).by_name == by_flag.by_name  # flags go first


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Makefile in a folder where everything counts as installed; ``chidian`` is this interpreter's."""
    folder = tmp_path_factory.mktemp("checkout")
    return installed_checkout(folder, _script("import sys; from factory.command import main; sys.exit(main())"))


def _script(code: str) -> str:
    return f"#!{sys.executable}\n{code}\n"


def _install(folder: Path, code: str) -> None:
    put_command(folder, _script(code))


def _make(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=folder,
        env={**CLEAN, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("target", TARGETS)
def test_a_make_line_gives_every_variable_as_typed(target: str, checkout: Path) -> None:
    chosen = given(target)
    _install(checkout, "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))")
    try:
        done = _make(checkout, target, *(f"{name}={text}" for name, text in chosen.items()))
    finally:
        _install(checkout, "import sys; from factory.command import main; sys.exit(main())")
    argv, env = json.loads(done.stdout)
    assert argv == [target]
    assert set(env["CHIDIAN_MAKE_LINE"].split()) == set(chosen)
    front.spelling.judge_make_line(env, BY_NAME[target])
    assert resolve(target, {}, env).by_name == resolve(target, chosen, {}).by_name


def test_the_page_of_settings_is_what_the_declarations_say() -> None:
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written == page(), "python -m factory.settings.page writes it anew"
    assert all(f"| `{setting.name}` |" in written or setting.flag_only for setting in SETTINGS.values())


def test_choices_are_the_names_of_what_is_there() -> None:
    def choices(setting: Setting[Any]) -> set[str]:
        return set(setting.kind.choices)

    assert choices(of_train.RECIPE) == set(recipe.names())
    assert choices(of_train.HUB) == set(hub.HUBS)
    assert choices(of_warehouse.FORMAT) == set(FORMATS)
    assert choices(of_warehouse.LAYOUT) == set(LAYOUTS)
    assert choices(of_warehouse.FILES) == set(FILES)
    assert judge_settings(read("judge", [], {})).instrument == SHIPPED
    from train.rows import MODES  # noqa: PLC0415 - torch, for this test only
    from train.template import THINKING  # noqa: PLC0415 - as above

    assert choices(of_train.MODE) == set(MODES)
    assert choices(of_train.THINKING) == set(THINKING)


def test_settings_need_nothing_installed() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import factory.settings.make_line; print(len(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_help_exits_with_0_and_names_every_flag(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = BY_NAME[name]
    words = [] if command.hidden else ["--help"]
    if words:
        with pytest.raises(SystemExit) as ended:
            front.run(command, words)
        assert ended.value.code == 0
        told = capsys.readouterr().out
        assert all(setting.own_flags[0] in told for setting in of_command(command) if not setting.secret)
    assert front.run_room(command.room, ["--help"]) == 0


# What was typed, and a word that the one sentence must hold.
FLAG_SLIPS = [
    (("synth", "-n", "0"), "N must be a whole number from 1"),
    (("synth", "-n", "1e3"), "N must be"),
    (("synth", "-n", " 20"), "not ' 20'"),
    (("synth", "-n", ""), "N is empty"),
    (("synth", "-n", "２０"), "N must be"),
    (("synth", "-N", "20"), "did you mean --n"),
    (("synth", "--seed", "1_0"), "SEED must be"),
    (("synth", "--seed", "-1"), "SEED must be"),
    (("synth", "--budget", "0"), "BUDGET must be a number of CNY above 0"),
    (("synth", "--budget", "inf"), "BUDGET must be"),
    (("synth", "--budget", "nan"), "BUDGET must be"),
    (("synth", "--budget", "20 CNY"), "BUDGET must be"),
    (("synth", "--bugdet", "20"), "did you mean --budget"),
    (("synth", "--cuisines", "川菜"), "--cuisines"),
    (("synth", "--epochs", "3"), "`chidian train` does"),
    (("synth", "--dry", "maybe"), "DRY must be 1 (on) or 0 (off)"),
    (("synth", "N=20"), "--n 20"),
    (("synth", "--map", "opne:x"), "MAP must be sandbox, amap or open:FILE"),
    (("synth", "--map", "sandbx"), "did you mean sandbox"),
    (("synth", "--sandbox-faults", "{"), "SANDBOX_FAULTS must be a JSON object"),
    (("synth", "--sandbox-faults", "[1]"), "SANDBOX_FAULTS must be a JSON object"),
    (("synth", "--amap-base-url", "localhost"), "AMAP_BASE_URL must be a URL"),
    (("synth", "--price-in", "1"), "without PRICE_OUT"),
    (("synth", "--data", ""), "DATA is empty"),
    (("synth", "--n"), "requires an argument"),
    (("sinth",), "did you mean `chidian synth`"),
    (("frobnicate",), "the commands are"),
    (("train", "--recipe", "exakt"), "did you mean exact"),
    (("train", "--epochs", "0"), "EPOCHS must be"),
    (("train", "--name", "a/b"), "MODEL_NAME must be one folder name"),
    (("sql", "--format", "tabel", "select 1"), "did you mean table"),
    (("sql", "select 1", "select 2"), "takes no word 'select 2'"),
    (("export", "--layout", "Messages"), "did you mean messages"),
    (("judge", "--replicates", "2.5"), "REPLICATES must be a whole number"),
    (("judge", "--judge2", "sandbox"), "JUDGE2=sandbox is the same judge"),
    (("warehouse", "--rebuild=2"), "REBUILD must be 1 (on) or 0 (off)"),
    (("sandbox", "--port", "70000"), "PORT must be a whole number from 0 to 65535"),
    (("ablate", "--tokens", "100"), "TOKENS must be at least 20000"),
]


@pytest.mark.parametrize(("words", "held"), FLAG_SLIPS, ids=[" ".join(words) for words, _ in FLAG_SLIPS])
def test_a_slip_on_the_command_line_is_one_sentence(
    words: tuple[str, ...],
    held: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["chidian", *words])
    assert front.main() == UsageError.exit_code
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert held in error
    assert not list(tmp_path.iterdir())  # nothing was claimed


MAKE_SLIPS = [
    (("synth", "n=10"), "written in capitals, N="),
    (("synth", "CUISINES=川菜"), "CUISINES is not a variable of `make synth`"),
    (("synth", "SEEDS=3"), "`chidian ablate` does"),
    (("synth", "TEACHERS=sandbox"), "did you mean TEACHER="),
    (("synth", "BUDGET="), "BUDGET is empty"),
    (("synth", "BUDGET=0"), "BUDGET must be"),
    (("synth", "N=1 000"), "not '1 000'"),
    (("synth", "AMAP_KEY=k"), "export it in the environment"),
    (("warehouse", "REBUILT=1"), "did you mean REBUILD="),
    (("train", "EPOCH=1"), "did you mean EPOCHS="),
    (("sandbox", "PORTS=1"), "did you mean PORT="),
    (("sql", "q=select 1"), "written in capitals, Q="),
]


@pytest.mark.parametrize(("words", "held"), MAKE_SLIPS, ids=[" ".join(words) for words, _ in MAKE_SLIPS])
def test_a_slip_on_a_make_line_is_one_sentence(words: tuple[str, ...], held: str, checkout: Path) -> None:
    done = _make(checkout, *words)
    sentences = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert done.returncode == UsageError.exit_code
    assert len(sentences) == 1
    assert held in sentences[0]
    assert not (checkout / "data").exists()


def test_a_variable_of_the_environment_that_nobody_declared_is_not_our_business(checkout: Path) -> None:
    done = _make(checkout, "sql", "Q=select 1", "DATA=none", CUISINES="川菜", n="3")
    assert "CUISINES" not in done.stderr
    assert "`make synth`" in done.stderr  # there is no warehouse yet, and it says so


def test_an_empty_variable_of_the_environment_is_not_set_but_a_wrong_one_is_refused() -> None:
    assert read("synth", [], {"BUDGET": "", "N": ""})[of_factory.N] == 1000
    with pytest.raises(UsageError, match="N must be"):
        read("synth", [], {"N": "x"})
    assert read("sql", [], {"N": "x"})[of_warehouse.Q] is None  # sql does not read N


def test_switches_stand_alone_or_have_a_value() -> None:
    for flags, value in ((["--dry"], True), (["--dry", "0"], False), (["--dry=yes"], True), ([], False)):
        assert read("synth", flags, {})[of_factory.DRY] is value
    assert read("warehouse", [], {"REBUILD": "0"})[of_warehouse.REBUILD] is False


def test_a_key_is_no_flag_and_is_never_shown() -> None:
    with pytest.raises(UsageError, match="no flag --amap-key"):
        read("synth", ["--amap-key", "k"], {})
    with pytest.raises(UsageError, match="AMAP_KEY must be a key") as told:
        read("synth", [], {"AMAP_KEY": "a secret"})
    assert "a secret" not in str(told.value)
    values = read("synth", [], {"AMAP_KEY": "geheim"})
    assert values[of_factory.AMAP_KEY] == "geheim"
    assert "geheim" not in repr(values)


def test_python_arguments_are_answered_like_flags() -> None:
    with pytest.raises(UsageError, match="did you mean budget="):
        texts("synth", {"buget": 3})
    with pytest.raises(UsageError, match="did you mean n="):
        texts("synth", {"N": 3})
    values = resolve("synth", texts("synth", {"n": 3, "dry": True, "data": Path("x"), "budget": None}), {})
    assert (values[of_factory.N], values[of_factory.DRY], values[of_factory.DATA]) == (3, True, Path("x"))
    with pytest.raises(UsageError, match="N must be"):
        resolve("synth", texts("synth", {"n": 2.5}), {})


def test_what_a_command_does_not_read_has_its_default() -> None:
    values = read("report", [], {"REPLICATES": "2", "BUDGET": "x"})
    assert judge_settings(values).replicates == 2
    assert values[of_factory.BUDGET] is None
    assert values[of_judge.JUDGE_UNIT] == 192


def test_completion_knows_commands_flags_and_choices(capsys: pytest.CaptureFixture[str]) -> None:
    assert front.run(BY_NAME["completion"], ["bash"]) == 0
    assert "_CHIDIAN_COMPLETE" in capsys.readouterr().out
    for words, expected in (
        ("chidian syn", "synth"),
        ("chidian synth --bud", "--budget"),
        ("chidian train --recipe ex", "exact"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", "from factory.command import main; main()"],
            env={
                **CLEAN,
                "PYTHONPATH": str(ROOT),
                "_CHIDIAN_COMPLETE": "bash_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": str(len(words.split()) - 1),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"plain,{expected}" in done.stdout
