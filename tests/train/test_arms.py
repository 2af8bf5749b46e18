"""Answers of any origin stand beside the student's: programs, files, endpoints, the teacher's own; measured alike."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aiohttp import web

from factory.errors import UsageError
from factory.settings import read
from tests.keyless import CLEAN
from train.answering import questions
from train.arms import Brought, author_of, bring, brought_of, read_answers
from train.baselines import LIST, copied, drawn, read_prompt, read_question

NEAR = "东篱小馆｜湘菜｜地址甲街1号｜评分4.2｜人均60元｜距离300米｜营业10:00-22:00｜招牌剁椒鱼头"
DEAR = "西窗小馆｜湘菜｜地址乙街2号｜人均190元｜距离200米"
FAR = "南山小馆｜湘菜｜人均70元｜距离1900米"
OTHER = "北海小馆｜粤菜｜人均60元｜距离100米"
PROMPT = "想吃湘菜，人均50到100元，一公里以内。" + LIST + f"{FAR}\n{OTHER}\n{NEAR}\n{DEAR}"


def test_copying_takes_what_fits_and_says_so_where_nothing_does() -> None:
    answer = copied(PROMPT, "")
    assert "东篱小馆：地址：甲街1号，评分4.2，人均60元，距离300米，营业时间10:00-22:00。" in answer
    assert not [name for name in ("西窗", "南山", "北海") if name in answer]
    none = copied(PROMPT.replace("50到100", "20到30"), "")
    assert "没有完全符合" in none
    assert none.index("西窗") < none.index("东篱") < none.index("南山")
    assert "北海" not in none


@pytest.mark.parametrize(
    ("words", "radius", "low", "high"),
    [
        ("1500米内，人均不超过50元", 1500.0, None, 50.0),
        ("两公里之内，每人100-200块", 2000.0, 100.0, 200.0),
        ("不低于200块钱都行", None, 200.0, None),
        ("人均200元以上", None, 200.0, None),
        ("随便吃点", None, None, None),
    ],
)
def test_a_question_is_read_by_its_words(
    words: str, radius: float | None, low: float | None, high: float | None
) -> None:
    wanted = read_question(words, [])
    assert (wanted.radius_m, wanted.budget_min, wanted.budget_max) == (radius, low, high)


def test_chance_is_the_same_chance_again() -> None:
    assert drawn(PROMPT, "a") == drawn(PROMPT, "a")
    assert len({drawn(PROMPT, str(seed)) for seed in range(20)}) > 1
    assert len(read_prompt(PROMPT)[1]) == 4


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{}", "sample_id"),
        ("no json", "line 1"),
        ('{"sample_id": "a", "answer": 3}', "texts"),
        ('{"sample_id": "a", "answer": "x"}\n{"sample_id": "a", "answer": "y"}', "twice"),
    ],
)
def test_a_file_that_is_no_answers_is_refused_by_line(line: str, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        read_answers(line.encode(), "answers.jsonl")


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--from", "wish"], "FROM"),
        (["--from", "file:"], "FROM"),
        (["--from", "file:a.jsonl"], "ARM"),
        (["--from", "file:a.jsonl", "--arm", "a-b"], "ARM"),
        (["--from", "copy", "--limit", "none"], "LIMIT"),
    ],
)
def test_flags_that_cannot_work_are_one_sentence(flags: list[str], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        _flags(flags)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("world")
    made = [sys.executable, "-m", "factory", "synth"]
    subprocess.run(made, env={**CLEAN, "DATA": str(data), "N": "40"}, check=True, stderr=subprocess.DEVNULL)
    return data


def _flags(flags: list[str]) -> Brought:
    return brought_of(read("complete", flags, {}))


def _ask(data: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_programs_and_the_teacher_stand_in_the_views_and_no_torch_is_loaded(world: Path) -> None:
    code = "import sys; from factory.command import run_room; status = run_room('train', sys.argv[1:]); "
    code += "sys.exit(status or 9 * ('torch' in sys.modules))"
    for source in ("copy", "random", "teacher"):
        asked = [sys.executable, "-c", code, "complete", "--from", source, "--data", str(world)]
        done = subprocess.run(asked, env=CLEAN, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    total = len(questions(world, "open", 60, None))
    arms = _ask(
        world,
        "select arm, mode, count(*) from completions where arm in ('copy', 'random', 'teacher') group by all order by 1",
    )
    assert arms == [(arm, "open", total) for arm in ("copy", "random", "teacher")]
    sql = "select arm, avg(value) from measures join completions using (completion_id) where kind = '{}' group by 1"
    wish, facts = (dict(_ask(world, sql.format(kind))) for kind in ("wish_respected", "claims_right"))
    assert wish["teacher"] == 1.0
    assert wish["copy"] > 0.8 > wish["random"]
    assert min(facts.values()) > 0.95
    assert bring(_flags(["--from", "copy", "--data", str(world)])) == 0


def test_a_file_and_a_program_are_named_by_their_content(world: Path, tmp_path: Path) -> None:
    [first, second, *_] = questions(world, "closed", 60, None)
    file = tmp_path / "theirs.jsonl"
    file.write_text(json.dumps({"sample_id": first.sample_id, "answer": "没有合适的。"}) + "\n", encoding="utf-8")
    flags = ["--from", f"file:{file}", "--arm", "theirs", "--mode", "closed", "--data", str(world)]
    brought = _flags(flags)
    assert bring(brought) == 1
    before = author_of(brought)
    with file.open("a", encoding="utf-8") as more:
        more.write(json.dumps({"sample_id": second.sample_id, "answer": "没有。", "finish_reason": "length"}) + "\n")
    assert author_of(brought) != before
    assert bring(brought) == 2
    rows = _ask(world, "select finish_reason, count(*) from completions where arm = 'theirs' group by 1 order by 1")
    assert rows == [("length", 1), ("stop", 2)]
    program = tmp_path / "program.py"
    program.write_text(
        "import json, sys\nfor line in sys.stdin:\n    row = json.loads(line)\n"
        "    print(json.dumps({'sample_id': row['sample_id'], 'answer': row['messages'][-1]['content'][:9]}))\n",
        encoding="utf-8",
    )
    flags = ["--from", f"program:{sys.executable} {program}", "--arm", "own", "--data", str(world), "--limit", "2"]
    assert bring(_flags(flags)) >= 2
    program.write_text("raise SystemExit('no answers today')\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no answers today"):
        bring(_flags(flags))


def test_an_endpoint_is_asked_each_question_once(world: Path) -> None:
    asked: list[dict[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        asked.append(body)
        message = {"role": "assistant", "content": f"附近没有合适的（{len(body['messages'])}）。"}
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        choices = [{"index": 0, "finish_reason": "stop", "message": message}]
        return web.json_response({"id": "x", "model": body["model"], "choices": choices, "usage": usage})

    async def scene() -> tuple[int, int]:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        brought = _flags(
            [
                "--from",
                "model:openai/theirs",
                "--arm",
                "served",
                "--data",
                str(world),
                "--limit",
                "3",
                "--mode",
                "open",
                "--complete-base-url",
                base,
            ]
        )
        try:
            return await asyncio.to_thread(bring, brought), await asyncio.to_thread(bring, brought)
        finally:
            await runner.cleanup()

    new, again = asyncio.run(scene())
    assert new == len(asked) == len({body["messages"][-1]["content"] for body in asked})
    assert again == 0
    assert {body["model"] for body in asked} == {"theirs"}
    assert LIST in asked[0]["messages"][-1]["content"]


def test_a_real_endpoint_is_not_asked_without_a_word_about_money(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BUDGET", "YES", "COMPLETE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="spends money"):
        bring(_flags(["--from", "model:deepseek/deepseek-chat", "--arm", "real", "--data", str(world)]))
