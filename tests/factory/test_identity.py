"""A run is its content: every part that decides is another run when it changes, and a stored plan goes on as it was made."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from factory.config import read_settings
from factory.errors import DamagedFile, UsageError
from factory.maps.registry import survey
from factory.plan.identity import Identity, Prompt, RequestSettings, read_prompt, verifier_version, vocabulary_hash
from factory.plan.plan_file import PlanFolder, RunPlan
from factory.plan.split import split_of
from factory.plan.vocabulary import CHINESE_WORDS
from factory.records import Place, Wish
from factory.run import planning

PLACE = Place("p1", "鼓楼", "北京市", "110101", 116.39, 39.94, "GCJ-02")
FAR = Place("p2", "春熙路", "成都市", "510104", 104.08, 30.65, "GCJ-02")


def _draft(data: Path, *flags: str, lines: list[str] | None = None) -> planning.DraftRun:
    settings = read_settings(["--data", str(data), *flags], {})
    folder = PlanFolder(data)
    return planning.draft(settings, folder, survey(settings.map, data), (lines if lines is not None else []).append)


def _stored(drafted: planning.DraftRun, target: int = 100) -> RunPlan:
    return RunPlan(
        drafted.run_id, target, drafted.identity.fingerprint, drafted.identity.parts, "sandbox", "sandbox/teacher-v1",
        drafted.prompt.version, (PLACE, FAR), (), drafted.prompt, drafted.request, drafted.words, {"x": "in"},
    )  # fmt: skip


def test_the_same_settings_are_the_same_run_whatever_n_is(tmp_path: Path) -> None:
    assert _draft(tmp_path, "--n", "5").run_id == _draft(tmp_path, "--n", "500", "--workers", "2").run_id


@pytest.mark.parametrize(
    "flags",
    [("--teacher-temperature", "0.7"), ("--teacher-top-p", "0.9"), ("--seed", "1"), ("--k", "4"), ("--repairs", "1")],
)
def test_another_value_of_a_setting_that_decides_is_another_run(tmp_path: Path, flags: tuple[str, str]) -> None:
    assert _draft(tmp_path, *flags).run_id != _draft(tmp_path).run_id


def test_one_character_of_the_prompt_is_another_run_and_the_files_name_is_not(tmp_path: Path) -> None:
    prompt, copy, edited = (tmp_path / f"{name}.md" for name in ("agent", "copy", "edited"))
    prompt.write_text("你写样本。", encoding="utf-8")
    copy.write_text("你写样本。\n", encoding="utf-8")
    edited.write_text("你写样本！", encoding="utf-8")
    first, same, other = (_draft(tmp_path, "--prompt", str(path)) for path in (prompt, copy, edited))
    assert first.run_id == same.run_id != other.run_id


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00"])
def test_a_prompt_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "prompt.md"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="PROMPT="):
        read_prompt(path)


def test_a_new_run_says_in_what_it_differs_and_how_the_unfinished_one_goes_on(tmp_path: Path) -> None:
    first = _draft(tmp_path)
    PlanFolder(tmp_path).save(_stored(first))
    lines: list[str] = []
    second = _draft(tmp_path, "--teacher-temperature", "0.2", lines=lines)
    assert len(lines) == 1
    assert second.run_id in lines[0]
    assert "temperature" in lines[0]
    assert f"RUN={first.run_id}" in lines[0]


def test_run_goes_on_with_the_stored_prompt_and_settings(tmp_path: Path) -> None:
    prompt = tmp_path / "agent.md"
    prompt.write_text("第一版提示。", encoding="utf-8")
    first = _draft(tmp_path, "--prompt", str(prompt), "--teacher-temperature", "0.4", "--k", "3")
    PlanFolder(tmp_path).save(_stored(first))
    prompt.write_text("第二版提示。", encoding="utf-8")
    again = _draft(tmp_path, "--prompt", str(prompt), "--run", first.run_id)
    assert (again.run_id, again.prompt.text, again.request.temperature) == (first.run_id, "第一版提示。", 0.4)
    assert again.settings.k == 3
    assert again.stored is not None
    assert again.stored.places == (PLACE, FAR)


def test_a_run_goes_on_with_the_reader_and_the_unread_answers_that_it_was_planned_with(tmp_path: Path) -> None:
    plain = _draft(tmp_path)
    kept = _draft(tmp_path, "--reader", "sandbox", "--unread", "keep")
    for run in (plain, kept):
        PlanFolder(tmp_path).save(_stored(run))
    again = _draft(tmp_path, "--reader", "sandbox", "--run", kept.run_id)
    assert (again.settings.reader, again.settings.unread) == ("sandbox", "keep")
    assert _draft(tmp_path, "--unread", "keep", "--run", plain.run_id).settings.unread == "refuse"
    with pytest.raises(UsageError, match="name READER=sandbox"):
        _draft(tmp_path, "--run", kept.run_id)
    with pytest.raises(UsageError, match="leave READER out"):
        _draft(tmp_path, "--reader", "sandbox", "--run", plain.run_id)


def test_run_of_another_teacher_map_or_vocabulary_or_of_no_plan_is_refused(tmp_path: Path) -> None:
    first = _draft(tmp_path)
    folder = PlanFolder(tmp_path)
    for change in ({"teacher": "dashscope/qwen3-max"}, {"map": "amap"}, {"vocabulary": "0" * 16}):
        folder.save(replace(_stored(first), parts={**first.identity.parts, **change}))
        with pytest.raises(UsageError, match=first.run_id):
            _draft(tmp_path, "--run", first.run_id)
    with pytest.raises(UsageError, match="no plan"):
        _draft(tmp_path, "--run", "sandbox-00000000")


def test_differences_pass_over_what_an_older_plan_does_not_know() -> None:
    now = Identity({"seed": 1, "prompt": "a"})
    assert now.differences({"seed": 1}) == []
    assert now.differences({"seed": 2, "prompt": "a"}) == ["SEED"]


def test_words_that_change_are_another_vocabulary() -> None:
    assert vocabulary_hash(CHINESE_WORDS) == vocabulary_hash(replace(CHINESE_WORDS))
    assert vocabulary_hash(CHINESE_WORDS) != vocabulary_hash(replace(CHINESE_WORDS, radii_m=(2000,)))


def test_the_verifiers_version_names_its_sources() -> None:
    number, _, sources = verifier_version().partition("-")
    assert number.isdecimal()
    assert len(sources) == 8


def test_request_settings_are_equal_whatever_the_order_of_their_parameters() -> None:
    ways = [(("a", 1), ("b", 2)), (("b", 2), ("a", 1))]
    assert len({RequestSettings(0.8, 0.95, extra).hash for extra in ways}) == 1


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    plan = _stored(_draft(tmp_path))
    folder = PlanFolder(tmp_path)
    folder.save(plan)
    assert folder.load(plan.run_id) == replace(plan, updated_at=folder.plans()[0].updated_at)


@pytest.mark.parametrize("name", ["run", "world.json", "cells.json"])
def test_no_flipped_bit_of_a_plan_file_goes_unnoticed(tmp_path: Path, name: str) -> None:
    folder = PlanFolder(tmp_path)
    drafted = _draft(tmp_path)
    folder.save(_stored(drafted))
    folder.claim_world("sandbox", "sandbox")
    folder.sides((PLACE, FAR))
    path = folder.path / (f"{drafted.run_id}.json" if name == "run" else name)
    body, dice = path.read_bytes(), random.Random(3)
    for _ in range(300):
        flipped = bytearray(body)
        flipped[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        path.write_bytes(flipped)
        if _same_json(bytes(flipped), body):  # white space
            continue
        with pytest.raises(DamagedFile) as trouble:
            _read_all(folder, drafted.run_id)
        assert trouble.value.file == str(path)


def _read_all(folder: PlanFolder, run: str) -> None:
    folder.load(run)
    folder.claim_world("sandbox", "sandbox")
    folder.sides((PLACE, FAR))


def _same_json(mine: bytes, other: bytes) -> bool:
    try:
        return bool(orjson.loads(mine) == orjson.loads(other))
    except orjson.JSONDecodeError:
        return False


def test_lost_cells_and_a_lost_world_are_known_from_the_plans(tmp_path: Path) -> None:
    folder = PlanFolder(tmp_path)
    drafted = _draft(tmp_path)
    folder.claim_world("sandbox", "sandbox")
    sides = folder.sides((PLACE, FAR))
    moved = {cell: "unseen" if side == "in" else "in" for cell, side in sides.items()}
    folder.save(replace(_stored(drafted), sides=moved))
    (folder.path / "cells.json").unlink()
    (folder.path / "world.json").unlink()
    assert folder.sides((PLACE, FAR)) == moved  # not what would be assigned anew
    with pytest.raises(UsageError, match="Worlds never mix"):
        folder.claim_world("amap", "dashscope/qwen3-max")


def test_plans_of_before_checksums_are_read(tmp_path: Path) -> None:
    folder = PlanFolder(tmp_path)
    folder.path.mkdir()
    old = {
        "updated_at": "2026-01-01T00:00:00+00:00", "run_id": "sandbox-1", "target": 7, "fingerprint": "f",
        "plan": {"seed": 3, "k": 5, "prompt": "agent_v1"}, "map_provider": "sandbox", "teacher": "sandbox/teacher-v1",
        "prompt_version": "agent_v1", "places": [], "unresolved": [],
    }  # fmt: skip
    (folder.path / "sandbox-1.json").write_bytes(orjson.dumps(old))
    (folder.path / "cells.json").write_bytes(orjson.dumps({"a-cell": "unseen"}))
    (folder.path / "world.json").write_bytes(orjson.dumps({"map": "sandbox", "teacher_kind": "sandbox"}))
    plan = folder.load("sandbox-1")
    assert plan is not None
    assert (plan.target, plan.parts, plan.prompt) == (7, {"seed": 3, "k": 5}, None)
    assert folder.sides((PLACE,))["a-cell"] == "unseen"
    folder.claim_world("sandbox", "sandbox")


def test_a_wish_at_a_place_is_on_one_side_in_every_run() -> None:
    wishes = [Wish("川菜", f"taste {number}", None, 50, 2000) for number in range(200)]
    sides = [split_of(PLACE, wish, {}) for wish in wishes]
    assert 8 <= sides.count("seen") <= 35  # about a tenth
    assert sides == [split_of(PLACE, replace(wish, style="terse", diet="少油少盐"), {}) for wish in wishes]


def test_prompts_are_told_apart_by_their_text() -> None:
    assert Prompt("a", "x").hash == Prompt("b", "x").hash != Prompt("a", "y").hash
