"""The report holds every section in both languages, asks the network for nothing, and no text of the data can act in it."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import jinja2
import numpy as np
import orjson
import pytest

from judge.faults import FAULTS
from judge.harmless import HARMLESS
from judge.report import write_report
from judge.report.data import read_losses, read_material
from judge.report.findings import find
from judge.report.page import embedded
from judge.report.words import CONCLUSIONS
from judge.statistics.agreement import reliability
from judge.statistics.bootstrap import places_of
from tests.judge.test_asking import attack
from tests.keyless import CLEAN

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
EVIL = "</script><img src=x onerror=\"document.title='OWNED'\"><svg/onload=document.title='OWNED'>"
TURNED = "\u202e"
"""From here on a line is read backwards."""
MODEL, SECOND_MODEL = "sandbox/judge-v1", "sandbox/judge-v2"


def _run(room: str, command: str, data: Path, **env: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", room, command],
        env={**CLEAN, "DATA": str(data), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("world")
    _run("factory", "synth", data, N="40")
    _run("judge", "run", data, REPLICATES="2")
    return data


@pytest.fixture
def copy(world: Path, tmp_path: Path) -> Path:
    """A world of its own for a test that changes it."""
    shutil.copy(world / "warehouse.duckdb", tmp_path / "warehouse.duckdb")
    return tmp_path


def _html(data: Path) -> str:
    return write_report(data, "r", MODEL, second=SECOND_MODEL).read_text(encoding="utf-8")


class _Tags(HTMLParser):
    """Which elements and attributes a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs


def test_a_report_has_its_numbers_its_pictures_and_every_section_in_both_languages(world: Path) -> None:
    text = _html(world)
    folder = world / "reports" / "r"
    report = orjson.loads((folder / "report.json").read_bytes())
    assert report["findings"]["simulated"] is True
    scores = report["scores"]
    assert text.index("SIMULATED") < text.index('id="headline"')
    with duckdb.connect(str(world / "warehouse.duckdb"), read_only=True) as connection:
        sql = "select avg(total) from scores where rubric = 'data' and judge = ? and item_kind = 'sample' "
        sql += "and design = 'standard' and item_id in (select sample_id from samples where split <> 'train')"
        [(mean,)] = connection.execute(sql, [MODEL]).fetchall()
    held_out = [row for row in scores["scored"] if (row["rubric"], row["split"]) == ("data", "held-out")]
    assert held_out[0]["mean"]["mean"] == pytest.approx(mean, abs=1e-9)
    # Replicates in the order of their calls: sorted by score they would seem to agree far better than they do.
    with duckdb.connect(str(world / "warehouse.duckdb"), read_only=True) as connection:
        sql = "select list(total order by replicate) from verdicts where judge = ? and design = 'standard' "
        sql += "and item_kind = 'sample' and rubric = 'data' group by item_id"
        table = np.array([row for (row,) in connection.execute(sql, [MODEL]).fetchall()])
    agreed = reliability(table, places_of([str(number) for number in range(len(table))]))
    assert agreed is not None
    trust = next(row for row in scores["trust"] if row["rubric"] == "data")["reliability"]
    assert trust["icc_2_1"]["value"] == pytest.approx(agreed.icc_2_1.value, abs=1e-9)
    assert trust["icc_3_k"]["value"] == pytest.approx(agreed.icc_3_k.value, abs=1e-9)
    assert [row["group"] for row in scores["headline"]] == ["data"]
    assert scores["headline"][0]["items"] == held_out[0]["mean"]["items"]
    assert scores["halo"]["same_call"]["items"] == 40
    for conclusion in CONCLUSIONS[scores["conclusion"]]:
        assert conclusion in text
    assert report["conclusion"]["en"] in text
    assert text.index(report["conclusion"]["en"]) < text.index("SIMULATED 模拟")
    assert text.index('id="data-good"') < text.index('id="model-good"') < text.index('id="trust-it"')
    # Planted errors and harmless edits are made and judged by default.
    edits = {row["edit"]: row["harmless"] for row in scores["responses"]}
    assert edits.items() <= (dict.fromkeys(FAULTS, False) | dict.fromkeys(HARMLESS, True)).items()
    assert len(edits) >= len(FAULTS) + len(HARMLESS) - 1  # few answers of a small world name three dishes
    slopes = [
        row["slope"] for row in scores["responses"] if not row["harmless"] and row["slope"]
    ]  # None: a single place
    assert all(row["slope"] < 0 for row in slopes)
    assert all(abs(row["slope"]["slope"]) < 0.5 for row in scores["responses"] if row["harmless"] and row["slope"])
    assert [row["rubric"] for row in scores["truth"]] == [
        "data",
        "answer",
    ]  # the answers' rubric on controls and single errors
    truth = scores["truth"][0]
    assert truth["auroc"]["value"] > 0.85
    assert report["findings"]["contradictions"]["compared"] > 0
    assert report["findings"]["corpora"][0]["diversity"]["near"] == 0
    bare = re.sub(r"<script.*?</script>|<style>.*?</style>", "", text, flags=re.DOTALL)
    assert not re.search(r"[{}]", bare)  # no piece of the template is left
    for table in bare.split("<table")[1:]:
        assert "<thead>" in table
    for heading in (
        "与原项目对照",
        "The original beside ours",
        "给做数据的人",
        "For the data maker",
        "For the model maker",
        "For the statistician",
        "Single items",
        "地点与推荐",
    ):
        assert heading in text
    for sentence in (
        "No student answers have been judged",
        "There is no training log yet",
    ):
        assert sentence in text
    assert {"scatter.en.png", "timeline.en.png", "distribution_data.en.png"} <= {file.name for file in folder.iterdir()}
    assert len(text.encode()) < 10_000_000


def test_nothing_in_the_page_points_outside_it(world: Path) -> None:
    tags = _Tags(_html(world))
    assert not {"img", "iframe", "link", "object", "embed"} & set(tags.names)
    for name, value in tags.attributes:
        if name in {"src", "href", "xlink:href", "action", "data"}:
            assert (value or "").startswith("#"), (name, value)
        assert not name.startswith("on"), name


def test_json_in_the_page_cannot_end_its_script_and_reads_back_as_it_was() -> None:
    value = {"name": EVIL, "more": ["<!--", "]]>", "\u2028", "&lt;"]}
    assert not re.search(r"[<>&\u2028]", str(embedded(value)))
    assert orjson.loads(str(embedded(value))) == value


def test_ten_thousand_hostile_texts_stay_data_in_the_page() -> None:
    dice = random.Random(8)
    hostile = [EVIL + attack(dice).encode(errors="replace").decode() for _ in range(10_000)]  # as DuckDB gives text
    text = str(embedded(hostile))
    assert not re.search(r"[<>&\u2028\u2029]", text)
    assert orjson.loads(text) == hostile
    shown = jinja2.Environment(autoescape=True).from_string('<p title="{{ text }}">{{ text }}</p>')
    for raw in hostile:
        assert _Tags(shown.render(text=raw)).names == ["p"]


def _poison(data: Path) -> None:
    evil = EVIL + TURNED
    with duckdb.connect(str(data / "warehouse.duckdb")) as connection:
        connection.execute("update samples_shard set question = ? || question, answer = ? || answer", [evil, evil])
        connection.execute("update orders_shard set place = ? || place, city = ?, licence = ?", [evil, evil, evil])
        named = "list_transform(evidence, lambda e: struct_update(e, name := ? || e.name))"
        connection.execute(f"update orders_shard set evidence = {named}", [evil])
        connection.execute("update verdicts_shard set rationale = ?", [evil])
        connection.execute("update rejects_shard set reason = ?", [evil])


def test_a_restaurant_named_like_a_script_is_inert_and_turns_no_line(world: Path, copy: Path) -> None:
    clean = _Tags(_html(world))
    _poison(copy)
    text = _html(copy)
    tags = _Tags(text)
    assert "img" not in tags.names
    assert tags.names.count("script") == clean.names.count("script")
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert EVIL not in text
    assert TURNED not in text


def _complete(data: Path) -> None:
    """Rows as training and error injection write them, made from the samples that are there."""
    with duckdb.connect(str(data / "warehouse.duckdb")) as connection:
        rows = "from samples s, (select unnest(['base', 'tuned']) as arm) a"
        connection.execute(
            "insert into completions_shard by name select s.sample_id || '-' || arm as completion_id, s.sample_id, s.run_id, "
            "s.split, 'closed' as mode, arm, 'tiny' as model, 'tiny@1' as checkpoint, s.question, s.answer, "
            f"timestamptz '2026-11-02 00:00:00+00' as created_at {rows}"
        )
        connection.execute(  # an older training of the same model: no part of any number
            "insert into completions_shard by name select s.sample_id || '-old' as completion_id, s.sample_id, s.run_id, s.split, "
            "'closed' as mode, 'tuned' as arm, 'tiny' as model, 'tiny@0' as checkpoint, s.question, '' as answer, "
            "timestamptz '2026-11-01 00:00:00+00' as created_at from samples s"
        )
        connection.execute(
            "insert into measures_shard by name select s.sample_id || '-old' as completion_id, 'claims_right' as kind, "
            "0.0 as value from samples s"
        )
        connection.execute(
            "insert into measures_shard by name select s.sample_id || '-' || arm as completion_id, k.kind, "
            f"case arm when 'base' then 0.1 else 0.6 end as value {rows}, (select unnest(['claims_right', 'in_evidence'])) k(kind)"
        )
        scores = (
            "map {'理解能力': 3.0, '推荐合理性': 2.0} as scores, 'scored' as status, s.sample_id, 'standard' as design"
        )
        connection.execute(
            "insert into verdicts_shard by name select s.sample_id || '-' || arm as item_id, 'completion' as item_kind, "
            f"s.run_id, arm, 'answer' as rubric, r as replicate, '{MODEL}' as judge, {scores}, "
            f"case arm when 'base' then 2.0 else 6.0 + r end as total {rows}, range(2) t(r)"
        )


def test_losses_are_read_from_the_training_log_a_torn_line_left_out(tmp_path: Path) -> None:
    log = tmp_path / "models" / "m" / "metrics.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text(
        '{"step":1,"loss":7.5}\n{"step":2,"loss":7.0}\n{"step":2,"validation_loss":{"seen":6.5}}\n{"step":3,"loss":null}\n{"step":3,"lo'
    )
    [losses] = read_losses(tmp_path)
    assert (losses.model, losses.losses, losses.validation) == ("m", ((1, 7.5), (2, 7.0)), {"seen": ((2, 6.5),)})


def test_student_answers_measures_and_planted_errors_fill_their_sections(copy: Path) -> None:
    _complete(copy)
    text = _html(copy)
    report = orjson.loads((copy / "reports" / "r" / "report.json").read_bytes())
    scores, findings = report["scores"], report["findings"]
    held_out = {
        row["group"]: row["mean"]["mean"]
        for row in scores["scored"]
        if (row["rubric"], row["split"]) == ("answer", "held-out") and row["group"] != "data"
    }
    assert held_out == {"base closed": pytest.approx(2.0), "tuned closed": pytest.approx(6.5)}
    assert [(row["arm"], row["mean"]["mean"]) for row in findings["measured"] if row["kind"] == "claims_right"] == [
        ("base", pytest.approx(0.1)),
        ("tuned", pytest.approx(0.6)),
    ]
    ends = [(row["mean"]["low"], row["mean"]["high"]) for row in findings["measured"] if row["kind"] == "claims_right"]
    assert all(low is None or 0 <= low <= high <= 1 for low, high in ends)
    assert [row["group"] for row in scores["headline"]] == ["base closed", "tuned closed"]
    assert scores["compared"][0]["total"]["difference"]["mean"] == pytest.approx(4.5)
    # Faults are the students' alone and sound texts the teacher's: what tells them apart may be their style.
    assert [row["rubric"] for row in scores["truth"]] == ["data", "answer"]
    side = report["sides"][0]
    assert (side["left"], side["right"]) == ("tuned/closed", "base/closed")
    rows = {row["measure"]: row["paired"]["difference"]["mean"] for row in side["rows"]}
    assert rows["dependable"] == pytest.approx(0.5)
    assert rows["total"] == pytest.approx(4.5)
    copies = next(row for row in findings["corpora"] if row["group"] == "tuned closed")["copied"]
    assert 0 < copies["mean"] <= 1
    assert "Side by side: " in text
    assert "No student answers" not in text
    assert (copy / "reports" / "r" / "dose_response.en.png").exists()


def _browse(page: Path, fragment: str) -> str:
    """The DOM after the page's script ran. Fails on any message in the console: an error, or a request that was refused."""
    done = subprocess.run(
        [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"),
            *(
                "--window-size=390,844",
                "--virtual-time-budget=3000",
                f"--user-data-dir={page.parent / 'profile'}",
                f"{page.as_uri()}#{fragment}",
            ),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in done.stderr, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout


def test_only_the_second_judge_that_was_named_stands_beside_and_a_simulated_one_stamps(copy: Path) -> None:
    def told(second: str | None) -> tuple[str | None, bool]:
        write_report(copy, "r", MODEL, second=second)
        report = orjson.loads((copy / "reports" / "r" / "report.json").read_bytes())
        return report["scores"]["second"], report["findings"]["simulated"]

    assert told(None) == (None, True)
    assert told(SECOND_MODEL) == (SECOND_MODEL, True)
    with duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as connection:
        material = replace(read_material(connection, copy, None), runs=())
    assert not find(material, "qwen-plus").simulated
    assert find(material, "qwen-plus", SECOND_MODEL).simulated


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_browser_shows_items_and_map_in_both_languages_without_a_complaint(copy: Path, language: str) -> None:
    _complete(copy)
    _poison(copy)
    page = write_report(copy, "r", MODEL)
    with duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as connection:
        [(sample,)] = connection.execute("select min(sample_id) from samples").fetchall()
    shown = _browse(page, f"lang={language}&item={sample}")
    assert f'data-lang="{language}"' in shown
    assert re.search(r'<mark class="claim (verified|inferable)"', shown)
    assert 'class="poi rec"' in shown
    assert "OWNED" not in re.search(r"<title>(.*?)</title>", shown)[1]  # type: ignore[index]
    tags = _Tags(shown)
    assert "img" not in tags.names
    assert not [name for name, _ in tags.attributes if name.startswith("on")]


UNSCORED = "update verdicts_shard set status = 'unscored', total = null, scores = map {}, reason = 'refused'"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (UNSCORED, "got a score that can be read"),
        (f"{UNSCORED} where hash(item_id) % 10 <> 0", "of the questions without a score"),
        ("update orders_shard set place_id = 'p'", "is not certified yet"),
        ("update verdicts_shard set total = null where hash(item_id || rubric) % 3 = 0", "without a score"),
        ("delete from verdicts_shard where item_id <> (select min(item_id) from verdicts_shard)", "was not measured"),
    ],
)
def test_judges_that_refuse_or_leave_little_to_count_get_a_report_that_says_so(
    copy: Path, change: str, words: str
) -> None:
    with duckdb.connect(str(copy / "warehouse.duckdb")) as connection:
        connection.execute(change)
    text = _html(copy)
    report = orjson.loads((copy / "reports" / "r" / "report.json").read_bytes())
    assert words in report["conclusion"]["en"]
    assert report["conclusion"]["overall"] in {"fails", "unmeasured", "open"} or "not measured" in words
    assert report["conclusion"]["en"] in text
