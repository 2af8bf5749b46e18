"""What each recipe does: the same steps in fewer rows, a rate for larger steps, a random split; and the modes of thinking."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import pytest
from transformers import AutoTokenizer

from tests.train.running import metrics, run
from train import recipe, tokenizer
from train.rows import Encoded, Row, Turn, divide, read_division, read_rows
from train.schedule import Schedule, schedule
from train.template import Template, load_template, texts

LENGTHS = [40 + 37 * i % 211 for i in range(50)]
SAMPLES = [Encoded(str(i), tuple(range(length)), 10) for i, length in enumerate(LENGTHS)]
ROW = Row("1", "train", (Turn("user", "我在清华大学，想吃川菜。"),), "推荐蜀味轩，评分4.6。")


def _schedule(name: str, epochs: int = 2) -> Schedule:
    return schedule(SAMPLES, recipe.load(name), seed=1, epochs=epochs, tokens=None, processes=1)


def test_exact_has_the_original_s_steps_each_in_one_row() -> None:
    original, exact = _schedule("original"), _schedule("exact")
    assert {len(step) for step in original.steps} == {4}
    assert {len(step) for step in exact.steps} == {1}
    assert [[i for row in step for i in row] for step in original.steps] == [list(step[0]) for step in exact.steps]
    first_epoch = [i for step in exact.steps for i in step[0]][:50]
    assert sorted(first_epoch) == list(range(50))


def test_exact_trains_as_the_original_does(world: Path) -> None:
    rows = "from sft_train order by sample_id limit 20"
    steps = {}
    for name in ("original", "exact"):
        done = run(world, "run", "--name", f"as-{name}", RECIPE=name, SQL=rows, EPOCHS="1")
        assert done.status == 0, done.stderr
        steps[name] = [line for line in metrics(world / "models" / f"as-{name}") if "loss" in line]
    assert len(steps["exact"]) == len(steps["original"]) == 5
    for ours, theirs in zip(steps["exact"], steps["original"], strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], abs=1e-4)
        assert ours["grad_norm"] == pytest.approx(theirs["grad_norm"], rel=1e-3)
        assert ours["learning_rate"] == theirs["learning_rate"]


def test_fast_fills_rows_to_its_budget_and_trains_each_sample_once_an_epoch() -> None:
    chosen, plan = recipe.load("fast"), _schedule("fast")
    rows = [row for step in plan.steps for row in step]
    assert all(sum(LENGTHS[i] for i in row) <= chosen.row_tokens for row in rows)
    assert sorted(i for row in rows for i in row) == sorted([*range(50), *range(50)])
    assert len(plan.steps) < len(_schedule("exact").steps)


def test_fast_s_learning_rate_grows_with_the_square_root_of_the_samples_a_step() -> None:
    fast = recipe.load("fast")
    assert fast.learning_rate(1e-4, 4) == pytest.approx(1e-4)
    assert fast.learning_rate(1e-4, 15.3) == pytest.approx(1e-4 * math.sqrt(15.3 / 4))
    for name in ("original", "exact", "original-random"):
        assert recipe.load(name).learning_rate(1e-4, _schedule(name).samples_per_step) == pytest.approx(1e-4)


def test_the_original_s_random_split_makes_872_and_218_of_1090() -> None:
    rows = [Row(str(i), "train", ROW.turns, ROW.answer) for i in range(1_090)]
    trained, held = divide(rows, 7)
    assert (len(trained), len(held)) == (872, 218)
    assert {row.sample_id for row in trained} | {row.sample_id for row in held} == {row.sample_id for row in rows}
    assert divide(rows, 7)[0] == trained
    assert divide(rows, 8)[0] != trained


def test_a_checkpoint_that_learnt_held_out_rows_is_not_asked_about_them(world: Path) -> None:
    some = "(from sft_train order by sample_id limit 20) union all by name (from sft_validation order by sample_id limit 12)"
    done = run(world, RECIPE="original-random", SQL=some, EPOCHS="1")
    assert done.status == 0, done.stderr
    folder = world / "models" / "tiny-closed-0-original-random"
    assert "are held-out rows" in done.stderr
    assert [set(line["validation_loss"]) for line in metrics(folder) if "validation_loss" in line] == [{"random"}]
    named = run(world, "complete", "--checkpoint", str(folder))
    assert named.status == 2
    assert "would measure memory" in named.stderr
    newest = run(world, "complete")
    assert newest.status == 0
    assert "would measure memory" in newest.stderr
    assert not (world / "commits" / f"completions-{folder.name}").exists()


def test_a_view_s_own_rows_are_never_held_out(world: Path) -> None:
    trained = {row.sample_id for row in read_rows(world, "from sft_train")}
    held = read_rows(world, "from sft_validation")
    assert {row.split for row in held} == {"seen", "unseen"}
    assert not trained & {row.sample_id for row in held}


def _template(folder: Path, thinking: str) -> Template:
    words = tokenizer.pruned(texts([ROW]))
    tokenizer.save(words, folder / "plain", max_length=512, thinking="train")
    return load_template(folder / "plain", thinking)


@pytest.mark.parametrize(
    ("thinking", "prompt_ends", "learnt"),
    [
        ("off", "<|im_start|>assistant\n<think>\n\n</think>\n\n", "推荐蜀味轩，评分4.6。<|im_end|>\n"),
        ("ignore", "<|im_start|>assistant\n", "推荐蜀味轩，评分4.6。<|im_end|>\n"),
        ("train", "<|im_start|>assistant\n", "<think>\n\n</think>\n\n推荐蜀味轩，评分4.6。<|im_end|>\n"),
    ],
)
def test_each_thinking_mode_asks_the_saved_checkpoint_as_it_was_trained(
    tmp_path: Path, thinking: str, prompt_ends: str, learnt: str
) -> None:
    template = _template(tmp_path, thinking)
    encoded = template.encode(ROW)
    words = template.tokenizer
    assert words.decode(encoded.ids[encoded.answer_start :]) == learnt
    assert words.decode(encoded.ids).endswith("<think>\n\n</think>\n\n推荐蜀味轩，评分4.6。<|im_end|>\n")
    template.save(tmp_path / "saved")
    alone = AutoTokenizer.from_pretrained(tmp_path / "saved")
    asked = alone.apply_chat_template(
        [{"role": "user", "content": ROW.turns[0].content}], tokenize=False, add_generation_prompt=True
    )
    assert asked.endswith(prompt_ends)
    ids = alone(asked, add_special_tokens=False)["input_ids"]
    assert ids == template.question(ROW.turns) == list(encoded.ids[: len(ids)])


def test_run_trains_on_one_factory_run_and_never_beside_sql(world: Path) -> None:
    with duckdb.connect(str(world / "warehouse.duckdb"), read_only=True) as connection:
        [(name,)] = connection.execute("select distinct run_id from samples").fetchall()
    everything = read_division(world, "closed", None, "place", 0)
    mine, none = (read_division(world, "closed", None, "place", 0, run_id) for run_id in (name, "x' or true --"))
    assert mine == everything
    assert (none.train, none.validation) == ([], {})
    both = run(world, "run", RUN=name, SQL="from sft_train")
    assert both.status == 2
    assert "where run_id" in both.stderr
