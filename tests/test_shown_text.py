"""Whatever came from outside is inert where people see it: terminal, table, CSV, JSON, Markdown and page."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import duckdb
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from rich.console import Console

from factory.errors import ProviderDown
from factory.run.progress import Progress, Quota, Snapshot
from factory.shown_text import HIDDEN, csv_cell, json_shown, markdown, print_line, shown
from judge.report.page import _inert, embedded
from warehouse import ask as asking
from warehouse.export.card import _table

HOSTILE = (
    "\x1b[31m红\x1b[0m",  # colours
    "\x1b]0;title\x07",  # the window's title
    "\x1b]8;;http://x.example\x1b\\click\x1b]8;;\x1b\\",  # a link
    "\x9b2J",  # the same by one byte
    "a\rb",  # writes over its own line
    "a\x08\x08b",
    "\u202egnp.exe",  # reads backwards
    "\u2066x\u2069",
    "面\u200b馆",  # two names that look alike
    "\ufeff面馆",
    "\u2028x",
    "\ud800",  # half a character, as JSON may carry
    "\U000e0041",  # a tag: invisible letters
)
SEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_hides_or_steers_is_written_out_on_a_terminal(text: str) -> None:
    assert not SEEN.search(shown(text))
    assert "\\" in shown(text)


@pytest.mark.parametrize("text", ["川菜馆（总店）", "Café Ñandú", "🍜 拉面", "a  b", "全角\u3000空格", "", "C:\\Users"])
def test_ordinary_words_of_any_script_stay_as_they_are(text: str) -> None:
    assert shown(text) == text


def test_a_provider_writes_no_line_of_its_own_and_an_answer_keeps_its_lines() -> None:
    assert shown("busy\nerror: all is well") == "busy\\nerror: all is well"
    assert shown("1. 甲\n2. 乙", lines=True) == "1. 甲\n2. 乙"


@given(st.text(alphabet=st.characters(), max_size=40))
def test_nothing_hidden_is_left_of_any_text(text: str) -> None:
    import unicodedata  # noqa: PLC0415 - the oracle

    assert not [char for char in shown(text) if unicodedata.category(char) in HIDDEN]


@given(st.recursive(st.text(max_size=20), lambda inner: st.lists(inner, max_size=3), max_leaves=6))
def test_json_says_the_same_and_hides_nothing(value: object) -> None:
    text = json_shown(orjson.dumps(value).decode())
    assert json.loads(text) == value
    assert not SEEN.search(text)


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "＝1+1", " =cmd|'/c calc'!A0", "\n+1"])
def test_a_formula_is_text_in_a_csv(text: str) -> None:
    assert str(csv_cell(text)).startswith("'")


@pytest.mark.parametrize("value", [-2, 3.5, None, True, "2-3人", "a=b", "", "评分4.5"])
def test_numbers_and_plain_words_stay_in_a_csv(value: object) -> None:
    assert csv_cell(value) == value


@pytest.mark.parametrize(
    ("text", "active"),
    [
        ("<img src=x onerror=alert(1)>", "<img"),
        ("[免费](http://x.example)", "]("),
        ("![x](http://x.example/p)", "!["),
        ("https://x.example", "https:"),
        ("www.x.example", "www."),
        ("甲|乙", "甲|"),
        ("`rm`", "`rm"),
        ("**b**", "**b"),
        ("_i_", "_i_"),
        ("甲\n# 乙", "\n"),
        ("&lt;b&gt;", "&lt"),
        ("- 甲", "- 甲"),
        ("1. 甲", "1. "),
        ("1) 甲", "1) "),
        ("a\\", "a\\ "),
    ],
)
def test_markdown_shows_the_words_and_runs_none_of_them(text: str, active: str) -> None:
    cell = " ".join(_table(("x",), [(text,)])[2].split("|")[1:-1]) if "|" not in text else markdown(text)
    bare = re.sub(r"\\[\\`*\[\]<>|~&#$@_!.)-]", "", markdown(text)) + " "
    assert active not in bare
    assert "\n" not in cell


def test_a_word_with_underscores_and_a_licence_stay_readable() -> None:
    assert markdown("not_in_evidence") == "not_in_evidence"
    assert markdown("ODbL-1.0 (© contributors)") == "ODbL-1.0 (© contributors)"


@pytest.mark.parametrize("text", [*HOSTILE[:-2], "</script><script>alert(1)</script>", "<!--", "&lt;"])
def test_a_page_holds_no_tag_and_no_turning_mark(text: str) -> None:
    body = str(embedded([text]))
    assert not re.search(r"[<>&]", body)
    assert not SEEN.search(body)
    assert json.loads(body) == [text]
    assert not re.search(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069]", _inert(text))


def test_html_of_our_own_is_left_alone_on_a_page() -> None:
    assert _inert(Markup("<b>\u200b</b>")) == Markup("<b>\u200b</b>")
    assert _inert(3) == 3


def test_a_line_and_the_panel_show_provider_words_inert() -> None:
    out = io.StringIO()
    print_line(ProviderDown("said \x1b[2J\nok"), out)
    assert out.getvalue() == "said \\x1b[2J\\nok\n"
    progress = Progress(1, 0, io.StringIO())
    progress.rejects["[red]\x1b[31m[/red]"] += 1
    now = Snapshot(0, 1, 0, 0, None, 0.0, 0, (Quota("\u202eRPM", 0, None),))
    seen = io.StringIO()
    Console(file=seen, width=200, force_terminal=False).print(progress._panel(now))
    progress.show(now, force=True)
    assert isinstance(progress.stream, io.StringIO)
    for text in (seen.getvalue(), progress.stream.getvalue()):
        assert not SEEN.search(text.replace("\n", ""))
        assert "[red]\\x1b[31m[/red]" in text


@pytest.mark.parametrize("form", asking.FORMATS)
def test_sql_shows_hostile_cells_and_headers_inert_in_every_format(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create table t as select chr(27) || '[31m红' as a, '=1+1' as b, '[bold]' as c, -1 as d")
    asking.ask(tmp_path, 'select a, b, c, d, 1 as "[red]\u202ex" from t', form)
    text = capsys.readouterr().out
    assert not SEEN.search(text.replace("\n", ""))
    assert "[bold]" in text
    assert "[red]" in text
    if form == "csv":
        assert next(csv.DictReader(io.StringIO(text)))["b"] == "'=1+1"
        assert next(csv.DictReader(io.StringIO(text)))["d"] == "-1"
    if form == "json":
        assert json.loads(text)[0]["a"] == "\x1b[31m红"
