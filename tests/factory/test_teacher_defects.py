"""The sandbox teacher's planted mistakes: every kind occurs, is what it is called, and is mended when told."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator

import aiohttp
import orjson
import pytest

from factory.sandbox.teacher.defects import KINDS, DefectScene, spoil
from factory.sandbox.teacher.defects_json import ANSWER_KINDS
from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.matching import misses
from factory.sandbox.teacher.reading import Shown, read
from factory.sandbox.teacher.teacher import next_turn
from factory.sandbox.teacher.writing import DraftSample, write
from tests.factory.teacher_conversation import NAMES, Agent, Row, make_pois, make_wishes, post, talk, teacher

FACTS = {
    "wrong_rating": re.compile(r"(\d\.\d)分?(?:的评分)?"),
    "wrong_address": re.compile(r"(\w+号)"),
    "wrong_price": re.compile(r"(?:人均|每人)"),
    "wrong_distance": re.compile(r"(?:米|公里|千米)"),
}


def drafted(seed: int) -> tuple[list[DraftSample], list[Shown]]:
    """Clean drafts of one order and everything shown in it."""
    agent = Agent(make_pois(seed, 90), make_wishes(seed))
    agent.take(called("preference_gen", count=5))
    for cuisine in ("川菜", "粤菜", "火锅"):
        for page in range(1, 4):
            agent.take(called("restaurant_search", cuisine=cuisine, radius_m=2000, page=page, location="1,2"))
    reading = read(agent.messages)
    pois = list({poi.poi_id: poi for search in reading.searches for poi in search.pois}.values())
    return [write(index, wish, "清华大学", pois, Dice(seed, index)) for index, wish in reading.wishes.items()], pois


def called(name: str, **arguments: object) -> Row:
    function = {"name": name, "arguments": orjson.dumps(arguments).decode()}
    return {"role": "assistant", "content": None, "tool_calls": [{"id": f"{name}{arguments}", "function": function}]}


def spoiled(kind: str, orders: int = 30) -> Iterator[tuple[DraftSample, DraftSample, list[Shown]]]:
    """Pairs of a clean draft and the same with this mistake."""
    for seed in range(orders):
        drafts, pois = drafted(seed)
        for draft in drafts:
            others = [other for other in drafts if other is not draft]
            spoilt = KINDS[kind](draft, DefectScene(pois, others), Dice(seed, kind, draft.wish_index))
            if spoilt is not None:
                yield draft, spoilt, pois


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_the_sample_in_many_wordings(kind: str) -> None:
    pairs = list(spoiled(kind))
    assert len(pairs) >= 20
    assert all((clean.answer, clean.recommendations) != (bad.answer, bad.recommendations) for clean, bad, _ in pairs)
    assert len({bad.answer for _, bad, _ in pairs}) > 0.8 * len(pairs)


def changed_item(clean: DraftSample, bad: DraftSample) -> tuple[Shown, str] | None:
    for before, after in zip(clean.items, bad.items, strict=True):
        if before.text != after.text or before.name != after.name:
            return before.poi, f"{after.name}：{after.text}"
    return None


@pytest.mark.parametrize("kind", FACTS)
def test_a_wrong_fact_is_stated_and_is_not_the_shown_one(kind: str) -> None:
    for clean, bad, _ in spoiled(kind):
        changed = changed_item(clean, bad)
        assert changed
        poi, text = changed
        ratings = FACTS[kind].findall(text)
        assert ratings, text
        if kind == "wrong_rating" and poi.rating is not None:
            assert str(poi.rating) not in ratings
        if kind == "wrong_address":
            assert not any(word.endswith(poi.address or "") for word in ratings)
        if kind == "wrong_distance":
            assert f"{poi.distance_m}米" not in text
        if kind == "wrong_price" and poi.cost_cny is not None:
            assert f"人均{poi.cost_cny:g}元" not in text


def test_an_invented_restaurant_or_branch_was_never_shown() -> None:
    for kind in ("invented_restaurant", "wrong_branch"):
        for clean, bad, pois in spoiled(kind):
            names = {poi.name for poi in pois}
            new = [item.name for item in bad.items if item.name not in names]
            assert new or len(bad.closing) > len(clean.closing)


def test_an_invented_dish_is_named_and_not_the_restaurants() -> None:
    for clean, bad, _ in spoiled("invented_dish"):
        changed = changed_item(clean, bad)
        assert changed
        assert not any(dish in changed[1] for dish in changed[0].specialities)


def test_over_budget_and_outside_radius_are_recommended_without_a_label() -> None:
    for kind, miss in (("over_budget", "over_budget"), ("outside_radius", "radius")):
        for _, bad, _ in spoiled(kind):
            miss_kinds = [{row.kind for row in misses(item.poi, bad.voice.wish)} for item in bad.items]
            assert {miss} in miss_kinds
            assert bad.feasible
            assert not re.search("超出了|超预算|超过了", bad.answer)


def test_text_and_structure_differ_only_in_the_structure() -> None:
    for clean, bad, _ in spoiled("text_structure"):
        assert bad.answer == clean.answer
        assert [poi_id for poi_id, _ in bad.recommendations] != [item.poi.poi_id for item in bad.items]


def test_a_false_nothing_fits_says_so_where_something_fits() -> None:
    for clean, bad, _ in spoiled("false_nothing_fits"):
        assert clean.feasible
        assert not bad.feasible
        assert "完全符合" in bad.answer


def test_a_near_duplicate_repeats_another_sample_of_the_answer() -> None:
    for clean, bad, _ in spoiled("near_duplicate"):
        assert bad.wish_index == clean.wish_index
        assert bad.items != clean.items
        assert len(bad.answer) > 60


def test_broken_arguments_never_parse() -> None:
    text = orjson.dumps({"samples": [{"wish": 0, "question": "问", "answer": "答", "recommendations": []}]}).decode()
    for kind, damage in ANSWER_KINDS.items():
        for roll in range(200):
            broken = damage(text, Dice(roll))
            with pytest.raises(orjson.JSONDecodeError):
                orjson.loads(broken.arguments)
            assert broken.finish_reason == ("length" if kind == "truncated_json" else "tool_calls")


def test_spoil_reaches_every_kind() -> None:
    kinds: Counter[str] = Counter()
    for seed in range(60):
        drafts, pois = drafted(seed)
        for draft in drafts:
            others = [other for other in drafts if other is not draft]
            kinds[spoil(draft, DefectScene(pois, others), Dice("any", seed, draft.wish_index)).kind] += 1
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 8


def ready(seed: int) -> list[Row]:
    """A conversation in which everything has been shown and the final answer is next."""
    agent = Agent(make_pois(seed, 90), make_wishes(seed))
    for _ in range(9):
        turn = next_turn(agent.messages, seed=1, defect_share=0.0, tools=dict.fromkeys(NAMES, ("samples",)))
        if turn.calls[0].name == "final_answer":
            return agent.messages
        calls = [
            {"id": f"c{len(agent.messages)}{place}", "function": {"name": call.name, "arguments": call.arguments}}
            for place, call in enumerate(turn.calls)
        ]
        agent.take({"role": "assistant", "content": None, "tool_calls": calls})
    raise AssertionError("no final answer")


def final(messages: list[Row], share: float) -> tuple[list[Row] | None, str]:
    turn = next_turn(messages, seed=1, defect_share=share, tools=dict.fromkeys(NAMES, ("samples",)))
    try:
        return orjson.loads(turn.calls[0].arguments)["samples"], turn.finish_reason
    except orjson.JSONDecodeError:
        return None, turn.finish_reason


def test_the_share_of_spoiled_samples_is_the_one_asked_for_and_some_answers_are_broken() -> None:
    spoilt = total = broken = 0
    for seed in range(300):
        messages = ready(seed)
        clean, _ = final(messages, 0.0)
        samples, reason = final(messages, 0.12)
        if samples is None or clean is None:
            broken += 1
            assert reason in {"length", "tool_calls"}
            continue
        total += len(samples)
        spoilt += sum(sample != other for sample, other in zip(samples, clean, strict=True))
    # Binomial: 1,480 samples at 0.12 have a standard deviation of 0.0084; 0.08 is the least that is asked for.
    assert 0.09 < spoilt / total < 0.15
    assert broken > 0


def test_told_wrong_most_corrections_are_clean_and_a_few_are_wrong_again() -> None:
    again = total = 0
    for seed in range(150):
        messages = ready(seed)
        samples, _ = final(messages, 0.0)
        assert samples
        sent = {
            "id": "last",
            "function": {"name": "final_answer", "arguments": orjson.dumps({"samples": samples}).decode()},
        }
        rejected = [
            {"wish": index, "findings": [{"reason": "wrong_price", "detail": "人均不对"}]} for index in range(3)
        ]
        told = orjson.dumps({"accepted": [3, 4], "rejected": rejected}).decode()
        messages = [
            *messages,
            {"role": "assistant", "content": None, "tool_calls": [sent]},
            {"role": "tool", "tool_call_id": "last", "content": told},
        ]
        clean, _ = final(messages, 0.0)
        mended, _ = final(messages, 0.12)
        assert clean
        assert mended
        assert [sample["wish"] for sample in mended] == [0, 1, 2]
        total += 3
        again += sum(sample != other for sample, other in zip(mended, clean, strict=True))
    assert 0.08 < again / total < 0.23


def test_after_broken_arguments_it_sends_the_whole_answer_again() -> None:
    seed = next(seed for seed in range(400) if final(ready(seed), 0.12)[0] is None)
    messages = ready(seed)
    complaint = {"role": "user", "content": "final_answer 的参数不是合法的 JSON，请重新提交完整的答案。"}
    samples, reason = final([*messages, complaint], 0.12)
    assert samples
    assert len(samples) == 5
    assert reason == "tool_calls"


def test_over_http_a_defective_teacher_still_finishes_every_conversation() -> None:
    async def run() -> int:
        done = 0
        async with teacher(defect_share=0.12, seed=3) as base, aiohttp.ClientSession() as session:
            for seed in range(6):
                agent = Agent(make_pois(seed, 90), make_wishes(seed))
                done += len(await talk(session, base, agent)) == 5
            status, _ = await post(session, base, agent.body())
            assert status == 200
        return done

    assert asyncio.run(run()) == 6
