"""Answers in batches are the answers one by one; kills lose nothing; measures tell right from wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import torch

from factory.commit import schema
from factory.commit.commit import Commit, CommitKind
from factory.commit.rows import now_utc
from factory.commit.store import open_store
from factory.errors import UsageError
from factory.settings import read
from tests.keyless import CLEAN
from train import attention, completing, tokenizer
from train.completing import Student, answers, complete, identity, load_student, main, questions, visible
from train.measuring import AnswerGround, Grounds, measure, open_data, repetition
from train.model import tiny
from train.source import contents
from train.summary import interval, open_minus_closed
from warehouse.catalogue import refresh

PROMPTS = [
    "我在清华大学，想吃川菜。",
    "西湖边有什么江浙菜？两个人，晚餐，人均一百以内。",
    "火锅",
    "想吃日本料理，预算三百元。",
    "烧烤？",
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    command = [sys.executable, "-m", "factory", "synth"]
    done = subprocess.run(
        command, env={**CLEAN, "DATA": str(folder), "N": "30"}, capture_output=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def _save(folder: Path, seed: int) -> Path:
    attention.register()
    words = tokenizer.pruned([*PROMPTS, "<|im_start|>user\nassistant system"])
    model = tiny(words, seed)
    model.config._attn_implementation = "sdpa"
    model.config.use_cache = True
    model.save_pretrained(folder)
    tokenizer.save(words, folder, max_length=4096)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _save(tmp_path_factory.mktemp("models") / "tiny-closed-0", 4)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """An untrained model never ends by itself."""
    monkeypatch.setattr(completing, "longest_answer", lambda *_: 6)
    monkeypatch.setattr(completing, "BATCH_CPU", 8)


def _alone(student: Student, ids: list[int], most: int, end: int) -> list[int]:
    prompt = torch.tensor([ids])
    out = student.model.generate(
        input_ids=prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=most, do_sample=False, eos_token_id=end
    )
    written: list[int] = out[0, len(ids) :].tolist()
    return written


def test_a_batch_with_rows_that_end_early_answers_as_each_row_alone(folder: Path) -> None:
    student = load_student(folder)
    prompts = [student.prompt([{"role": "user", "content": text}]) for text in PROMPTS]
    free = [_alone(student, ids, 24, -1) for ids in prompts]
    # A token that some rows write and others do not serves as the end word.
    end = max(
        {token for row in free for token in row},
        key=lambda token: len({row.index(token) if token in row else -1 for row in free}),
    )
    student.tokenizer.eos_token = student.tokenizer.convert_ids_to_tokens(end)
    batched = answers(student, prompts, 24)
    alone = [_alone(student, ids, 24, end) for ids in prompts]
    assert [answer.ended for answer in batched] == [row[-1] == end for row in alone]
    assert len({len(row) for row in alone}) > 1
    wanted = [
        student.tokenizer.decode([token for token in row if token != end], skip_special_tokens=True) for row in alone
    ]
    assert [answer.text for answer in batched] == [text.strip() for text in wanted]


def test_a_thinking_block_is_no_part_of_the_answer() -> None:
    assert visible("<think>\n\n</think>\n\n您好。") == "您好。"


@pytest.mark.usefixtures("short")
def test_a_kill_loses_nothing_and_the_rest_alone_is_completed(
    data: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = answers
    batches: list[int] = []

    def killed(*arguments: Any) -> Any:
        if len(batches) == 1:
            raise KeyboardInterrupt
        batches.append(1)
        return whole(*arguments)

    monkeypatch.setattr(completing, "answers", killed)
    with pytest.raises(KeyboardInterrupt):
        complete(data, folder, "closed", train_sample=12)
    monkeypatch.setattr(completing, "answers", whole)
    asked = len(questions(data, "closed", 12, None))
    assert complete(data, folder, "closed", train_sample=12) == asked - 8
    assert complete(data, folder, "closed", train_sample=12) == 0
    with open_data(data) as connection:
        rows = connection.execute(
            "select count(*), count(distinct completion_id), count(distinct sample_id), any_value(finish_reason), "
            "count(*) filter (split = 'train') from completions"
        ).fetchone()
        measured = connection.execute("select count(*) from measures where kind = 'ended'").fetchone()
    assert rows == (asked, asked, asked, "length", 12)
    assert measured == (asked,)


@pytest.mark.usefixtures("short")
def test_a_retrained_checkpoint_of_the_same_name_answers_everything_anew(
    data: Path, folder: Path, tmp_path: Path
) -> None:
    again = _save(tmp_path / folder.name, 3)
    assert identity(again) != identity(folder)
    assert complete(data, again, "closed", train_sample=3, limit=2) == len(questions(data, "closed", 3, 2))


def test_more_training_questions_only_add_to_fewer(data: Path) -> None:
    few, more = ({question.sample_id for question in questions(data, "closed", size, None)} for size in (4, 9))
    assert few < more


def test_a_folder_without_weights_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no finished checkpoint"):
        load_student(tmp_path)


@pytest.fixture(scope="module")
def taught(data: Path) -> list[tuple[AnswerGround, str]]:
    with open_data(data) as connection:
        rows = connection.execute(
            "select sample_id, answer from samples where feasible and len(recommendations) > 1 order by sample_id"
        ).fetchall()
    with Grounds(data) as grounds:
        ground_of = grounds.of([sample for sample, _ in rows])
    return [(ground_of[sample], answer) for sample, answer in rows]


def _mean(taught: list[tuple[AnswerGround, str]], kind: str, change: Callable[[str], str] = str) -> float:
    values = [measure(ground, change(answer), ended=True)[kind][0] for ground, answer in taught]
    return sum(values) / len(values)


def test_the_teachers_own_answers_are_right_in_every_measure(taught: list[tuple[AnswerGround, str]]) -> None:
    kinds = ("well_formed", "exists_near", "in_evidence", "claims_right", "wish_respected")
    assert {kind: _mean(taught, kind) for kind in kinds} == dict.fromkeys(kinds, 1.0)
    assert _mean(taught, "repetition") < 0.05
    assert _mean(taught, "poi_in_training") > 0.5


def test_names_that_no_map_knows_exist_nowhere_and_their_facts_are_wrong(
    taught: list[tuple[AnswerGround, str]],
) -> None:
    invented = "为您推荐：\n1. 天外飞仙楼：地址天河路9号，评分4.6，人均78元，距离约342米。\n希望您喜欢。"
    measures = measure(taught[0][0], invented, ended=True)
    assert (measures["exists_near"], measures["in_evidence"][0], measures["claims_right"][0]) == (
        (0.0, "天外飞仙楼"),
        0.0,
        0.0,
    )
    assert measures["right_claims"][1] in {"of 3", "of 4"}
    assert measures["rating_right"] == (0.0, "评分4.6≠None")


def test_a_changed_rating_is_wrong_and_the_other_facts_stay_right(taught: list[tuple[AnswerGround, str]]) -> None:
    ground, _ = taught[0]
    poi = next(poi for poi in ground.nearby.pois if poi.poi_id in ground.shown and poi.rating and poi.cost_cny)
    text = f"推荐：\n1. {poi.name}：评分{(poi.rating or 0) - 1:.1f}，人均{poi.cost_cny:g}元，距离{poi.distance_m}米。"
    measures = measure(ground, text, ended=False)
    assert [measures[kind][0] for kind in ("rating_right", "price_right", "distance_right", "ended")] == [
        0.0,
        1.0,
        1.0,
        0.0,
    ]
    assert measures["claims_right"][0] == pytest.approx(2 / 3)


def test_an_answer_without_claims_has_no_share_of_right_ones(taught: list[tuple[AnswerGround, str]]) -> None:
    measures = measure(taught[0][0], "您好，祝您用餐愉快。", ended=True)
    assert [measures[kind][0] for kind in ("right_claims", "well_formed", "wish_respected")] == [0.0] * 3
    assert not {"claims_right", "rating_right", "exists_near"} & measures.keys()  # of nothing there is no share


def test_nothing_fits_is_wrong_where_something_does(taught: list[tuple[AnswerGround, str]]) -> None:
    assert measure(taught[0][0], "附近没有完全符合的餐厅。", ended=True)["wish_respected"][0] == 0.0


@pytest.mark.usefixtures("short")
def test_untrained_weights_answer_as_arm_base_and_stand_beside_the_tuned(
    data: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arm in ("base", "tuned"):
        complete(data, folder, "closed", arm=arm, train_sample=2, limit=1)
    assert "· base · closed" in capsys.readouterr().out
    with open_data(data) as connection:
        question = "select count(*), count(distinct sample_id) from completions where arm = 'base' and model = ?"
        counts = connection.execute(question, [folder.name]).fetchone()
    asked = len(questions(data, "closed", 2, 1))
    assert counts == (asked, asked)


@pytest.mark.usefixtures("short")
def test_weights_that_were_given_answer_too_and_those_that_are_gone_lose_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = _save(tmp_path / "given", 6)
    tuned = _save(data / "models" / "mine-closed-0", 7)
    trained = {"mode": "closed", "model": str(given), "hub": None, "demonstration": False}
    (tuned / "chidian.json").write_bytes(orjson.dumps(trained))
    assert main(read("complete", ["--data", str(data), "--limit", "1"])) == 0
    with open_data(data) as connection:
        arms = connection.execute(
            "select arm, model from completions where model in ('given', 'mine-closed-0') group by all order by 1"
        )
        assert arms.fetchall() == [("base", "given"), ("tuned", "mine-closed-0")]
    (tuned / "chidian.json").write_bytes(orjson.dumps(trained | {"model_hash": contents(given)}))
    assert main(read("complete", ["--data", str(data), "--limit", "1"])) == 0
    assert "arm=base" not in capsys.readouterr().err
    (given / "generation_config.json").write_text("{}")
    assert main(read("complete", ["--data", str(data), "--limit", "1"])) == 0
    refused = capsys.readouterr().err
    assert "given no longer holds the files that mine-closed-0 was trained from" in refused
    assert "make train MODEL_NAME=" in refused
    shutil.rmtree(given)
    assert main(read("complete", ["--data", str(data), "--limit", "1"])) == 0
    assert "arm=base" in capsys.readouterr().err
    shutil.rmtree(tuned)


def test_a_repeating_answer_is_seen() -> None:
    assert repetition("评分4.6，人均78元，距离约342米。" * 20) > 0.9
    assert repetition("短") == 0.0


def test_an_interval_over_places_is_wider_than_one_that_takes_answers_as_independent() -> None:
    values = [(f"p{place}", float(place % 2)) for place in range(10) for _ in range(20)]
    clustered, apart = interval(values), interval([(str(i), value) for i, (_, value) in enumerate(values)])
    lows = [mean.low for mean in (clustered, apart) if mean.low is not None]
    assert clustered.mean == apart.mean == 0.5
    assert lows[0] < lows[1] - 0.1
    assert interval([("p", 1.0)]).low is None


def _commit_answers(data: Path, model: str, rows: list[tuple[str, float]], unit: str) -> None:
    """Hand-made right shares of a checkpoint on unseen places."""
    mode = "open" if "-open-" in model else "closed"
    completions = [
        {
            "completion_id": f"{unit}-{sample}", "sample_id": sample, "split": "unseen", "mode": mode, "arm": "tuned",
            "model": model, "checkpoint": f"{model}@{unit}", "created_at": now_utc(),
        }
        for sample, _ in rows
    ]  # fmt: skip
    measures = [{"completion_id": f"{unit}-{sample}", "kind": "claims_right", "value": value} for sample, value in rows]
    tables = {"completions": schema.table("completions", completions), "measures": schema.table("measures", measures)}
    store = open_store(data)
    files = store.put(f"completions-{model}", unit, tables)
    answered = tuple(sample for sample, _ in rows)
    kind = CommitKind.COMPLETIONS
    assert store.commit_if_absent(Commit(f"completions-{model}", unit, kind, now_utc(), files, answered=answered))


def test_open_minus_closed_pairs_the_newest_checkpoints_of_both_modes(data: Path) -> None:
    with open_data(data) as connection:
        samples = [row[0] for row in connection.execute("select sample_id from samples order by 1 limit 12").fetchall()]
    assert open_minus_closed(data, "twin-open-0", "tuned", "claims_right") is None
    _commit_answers(data, "twin-open-0", [(sample, 0.0) for sample in samples], "aaa")
    _commit_answers(data, "twin-open-0", [(sample, 0.9) for sample in samples], "bbb")
    _commit_answers(data, "twin-closed-0", [(sample, 0.2) for sample in samples[:10]], "ccc")
    assert refresh(data) == 3
    for model in ("twin-open-0", "twin-closed-0"):
        gain = open_minus_closed(data, model, "tuned", "claims_right")
        assert gain is not None
        assert (gain.n, round(gain.mean, 6)) == (10, 0.7)
