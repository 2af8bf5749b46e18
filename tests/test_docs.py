"""The pages name what exists: files, commands, settings; the way of one sample is that of the files."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from factory.settings.commands import BY_NAME
from factory.settings.registry import SETTINGS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")])
MADE_BY_USE = ("data/", "export/", "plan/", "shards/", "commits/", "models/", "reports/", "samples/", "logs/")


@pytest.mark.parametrize(
    "page", [ROOT / "docs" / "architecture.md", ROOT / "docs" / "original.md"], ids=lambda path: path.name
)
def test_every_file_that_the_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:factory|warehouse|train|judge|tests|bench|docs)/[\w./*{},-]*)`", text):
        if "*" not in name and "{" not in name:
            assert (ROOT / name).exists(), f"{page.name} names {name}"


@pytest.mark.parametrize("room", ["factory", "warehouse", "train", "judge", "bench", "tests"])
def test_every_file_that_a_module_names_at_its_head_exists(room: str) -> None:
    files = {f"/{path.relative_to(ROOT).as_posix()}" for path in ROOT.glob("[a-z]*/**/*.py")}
    for path in (ROOT / room).rglob("*.py"):
        if "verifier" in path.parts:  # its sources are part of each run's name, and change with its next version only
            continue
        head = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        for name in re.findall(r"(?<![\w*./-])[\w/]+\.py\b", head):
            assert any(file.endswith(f"/{name}") for file in files), f"{path.relative_to(ROOT)} names {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    for word in re.findall(r"`chidian ([a-z][a-z-]*)", page.read_text(encoding="utf-8")):
        assert word in BY_NAME, f"{page.name} names chidian {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_variable_on_a_make_line_of_a_page_is_a_setting(page: Path) -> None:
    for line in re.findall(r"\bmake [a-z-]+((?: [A-Za-z_0-9]+=[^\s`]+)+)", page.read_text(encoding="utf-8")):
        for name in re.findall(r" ([A-Za-z_0-9]+)=", line):
            assert name in SETTINGS or name == "PYTHON", f"{page.name} gives {name}"


def test_readmes_are_short_and_in_step() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert all(len(text.splitlines()) <= 120 for text in (english, chinese))
    assert english.count("\n## ") == chinese.count("\n## ")
    for pattern in (r"\bmake [a-z-]+", r"docs/[\w-]+\.md"):
        assert set(re.findall(pattern, english)) - set(re.findall(pattern, chinese)) == set(), (
            "README.zh-CN.md lacks these"
        )
