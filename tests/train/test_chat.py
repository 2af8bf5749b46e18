"""A conversation from a pipe: streamed, several turns, evidence as in training."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from factory.commit.schema import STUDENT_SYSTEM
from factory.config import read_settings
from factory.errors import UsageError
from factory.records import Poi
from train import attention, chat, tokenizer
from train.chat import Conversation, line, surroundings, talk
from train.completing import Student, load_student
from train.model import tiny


@pytest.fixture
def student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Student:
    """Untrained, so that it writes to its last token; template and folder are the real ones."""
    attention.register()
    words = tokenizer.pruned(
        ["我在清华大学，想吃川菜。附近的餐厅", STUDENT_SYSTEM, "<|im_start|>user\nassistant system"]
    )
    model = tiny(words, 0)
    model.config._attn_implementation = "sdpa"
    model.config.use_cache = True
    model.save_pretrained(tmp_path)
    tokenizer.save(words, tmp_path, max_length=4096)
    monkeypatch.setattr(chat, "MOST_TOKENS", 8)
    return load_student(tmp_path)


def test_a_second_turn_stands_on_the_first_and_a_new_conversation_does_not(
    student: Student, capsys: pytest.CaptureFixture[str]
) -> None:
    conversation = Conversation(student)
    first = conversation.ask("想吃川菜。")
    conversation.ask("还有吗？")
    assert [turn["role"] for turn in conversation.turns] == ["user", "assistant", "user", "assistant"]
    assert conversation.turns[1]["content"] == first
    assert first in capsys.readouterr().out
    talk(student, ["想吃川菜。\n", "\n", "/new\n", "想吃川菜。\n", "/what\n"], None)
    output = capsys.readouterr()
    answers = output.out.strip().splitlines()
    assert answers[0].strip() == answers[-1].strip()
    assert "/new begins" in output.err


def test_a_full_window_drops_the_oldest_turns_and_refuses_what_never_fits(student: Student) -> None:
    student.model.config.max_position_embeddings = 120
    conversation = Conversation(student)
    for _ in range(6):
        conversation.ask("想吃川菜。")
    assert len(conversation.turns) < 12
    with pytest.raises(UsageError, match="shorter"):
        conversation.ask("想吃川菜。" * 60)


def test_evidence_is_written_as_the_training_view_writes_it() -> None:
    poi = Poi(
        "SBX1",
        "川香园",
        "学院路5号",
        116.3,
        40.0,
        None,
        None,
        "川菜",
        4.6,
        78.0,
        342,
        "10:00-22:00",
        None,
        ("鱼", "鸡"),
    )
    assert line(poi) == "川香园｜川菜｜地址学院路5号｜评分4.6｜人均78元｜距离342米｜营业10:00-22:00｜招牌鱼、鸡"
    assert line(Poi("SBX2", "小馆", None, 116.3, 40.0)) == "小馆"
    sql = Path("warehouse/views/sft_open_rows.sql").read_text(encoding="utf-8")
    block = sql.split("string_agg(")[1].split("chr(10) order by")[0].strip().rstrip(",")
    columns = (
        "{'name': '川香园', 'cuisine': '川菜', 'address': '学院路5号', 'rating': 4.6, 'cost_cny': 78.0, 'distance_m': 342, "
        "'open_hours': '10:00-22:00', 'specialities': ['鱼', '鸡']}"
    )
    assert duckdb.connect().execute(f"select {block} from (select {columns} as poi)").fetchall() == [(line(poi),)]


def test_an_open_conversation_asks_the_map_and_says_when_it_knows_no_place(
    student: Student, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Conversation, "ask", lambda _, text: asked.append(text))
    lines = ["想吃川菜。", "我在清华大学，想吃川菜。", "那火锅呢？", "/at 北京大学 北京市", "/at 无名之地 北京市"]
    with surroundings(read_settings([], {})) as around:
        talk(student, lines, around)
    stderr = capsys.readouterr().err
    assert "Where are you?" in stderr
    assert "you are at 北京大学" in stderr
    assert "无名之地" in stderr
    assert len(asked) == 2
    assert all("\n\n附近的餐厅：\n" in text for text in asked)
    assert "｜川菜｜" in asked[0]
    assert asked[0].startswith("我在清华大学，想吃川菜。\n\n")
    assert "｜火锅｜" in asked[1]
