"""The sandbox teacher's turn: what to say or call next, from nothing but the messages it is sent.

Between the wire (server.py) and reading, matching, writing and spoiling. The server keeps no state: the same
messages and seed give the same turn, byte for byte.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from factory.sandbox.teacher.defects import DefectScene, spoil
from factory.sandbox.teacher.defects_json import ANSWER_KINDS
from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.matching import SentSearch, first_searches, further_searches, shown_pois
from factory.sandbox.teacher.reading import DialogueState, Search, called, read
from factory.sandbox.teacher.writing import DraftSample, write

MODEL = "sandbox/teacher-v1"
STILL_WRONG = 0.15
"""Share of corrected samples that are wrong once more, so that second repairs and final rejections happen."""
BROKEN_PER_DEFECT = 0.12
"""Whole answers with unreadable arguments, as a share of ``defect_share``: they cost a call each."""
SEARCH_TRIES = 2
CALLS_MOST = 3
"""Times that the same call is made before the teacher gives up on it."""


@dataclass(frozen=True, slots=True)
class SentCall:
    """One tool call; ``arguments`` is JSON text, unless the mistake is that it is not."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """One assistant message: text or calls, and OpenAI's finish reason."""

    content: str | None
    calls: tuple[SentCall, ...]
    finish_reason: str


def next_turn(
    messages: Sequence[Mapping[str, Any]], *, seed: int, defect_share: float, tools: Mapping[str, Collection[str]]
) -> AssistantMessage:
    """Act on the messages: ask for wishes and location, search, search further, answer, correct.

    ``tools`` are the names of the tools offered and of their parameters; without them, or without a task, the teacher answers
    in words. An agent that ends only by its own ``final_answer(answer)`` (smolagents) gets them that way.
    """
    digest = blake2b(orjson.dumps(messages), digest_size=16).hexdigest()
    turn = _turn(messages, digest, seed=seed, defect_share=defect_share, tools=tools)
    if turn.calls:
        return turn
    if _ends_by_answer(tools):
        return AssistantMessage(None, (_call("final_answer", answer=turn.content),), "tool_calls")
    return _words(_in_code(messages, turn.content or "")) if not tools else turn


def _turn(
    messages: Sequence[Mapping[str, Any]],
    digest: str,
    *,
    seed: int,
    defect_share: float,
    tools: Mapping[str, Collection[str]],
) -> AssistantMessage:
    reading = read(messages)
    if reading.place is None:
        return _words("请给出任务，格式为：任务：地点=清华大学；城市=北京市；需求数=5")
    if reading.trouble:
        return _words(f"无法确定“{reading.place}”的位置（{reading.trouble}），这个任务做不了，请核对地点名称。")
    calls = _gathering(reading)
    if calls:
        absent = sorted({call.name for call in calls} - set(tools))
        if absent:
            return _words(f"没有提供工具 {'、'.join(absent)}，这个任务做不了。")
        vain = next((call.name for call in calls if _in_vain(call, reading)), None)
        if vain is not None:
            return _words(f"工具 {vain} 一直没有给出可用的结果，这个任务做不了。")
        return AssistantMessage(None, tuple(calls), "tool_calls")
    if _searches_failed(reading):
        return _words("餐厅搜索一直失败，没有可以核实的信息，这个任务做不了。")
    if not reading.pending:
        return _words("所有需求都已完成。")
    if _ends_by_answer(tools):
        return _only_answer(reading, (seed, digest), defect_share)
    return _final_answer(reading, Dice(seed, digest, "answer"), (seed, digest), defect_share)


def _ends_by_answer(tools: Mapping[str, Collection[str]]) -> bool:
    """Whether final_answer is smolagents' own, which takes one ``answer``, and not the factory's, which takes ``samples``."""
    return "answer" in tools.get("final_answer", ()) and "samples" not in tools["final_answer"]


def _in_code(messages: Sequence[Mapping[str, Any]], text: str) -> str:
    """Words as the code that an agent of code ends by; plain words for anybody else."""
    system = next((str(message.get("content")) for message in messages if message.get("role") == "system"), "")
    if "final_answer(" not in system:
        return text
    opening, closing = ("<code>", "</code>") if "<code>" in system else ("```py", "```<end_code>")
    return f"Thought: 这个教师只用工具，不写代码，直接作答。\n{opening}\nfinal_answer({text!r})\n{closing}"


def _in_vain(call: SentCall, reading: DialogueState) -> bool:
    """Whether this very call was made often and told nothing: once more would go on for ever."""
    often = reading.asked[called(call.name, orjson.loads(call.arguments))]
    return max(often, reading.errors) >= CALLS_MOST


def _words(text: str) -> AssistantMessage:
    return AssistantMessage(text, (), "stop")


def _call(name: str, **arguments: object) -> SentCall:
    return SentCall(name, orjson.dumps(arguments).decode())


def _gathering(reading: DialogueState) -> list[SentCall]:
    """The calls that are needed before an answer can be written; empty when everything needed was shown."""
    calls = []
    if not reading.wishes:
        calls.append(_call("preference_gen", count=reading.count))
    if reading.location is None:
        calls.append(_call("geo_location", place=reading.place, city=reading.city))
    if calls or reading.location is None:
        return calls
    wishes = list(reading.wishes.values())
    asks = further_searches([reading.wishes[index] for index in reading.pending], reading.searches)
    asks += [ask for ask in first_searches(wishes) if _untried(ask.cuisine, reading.searches)]
    return [_search_call(reading.location, ask) for ask in asks]


def _untried(cuisine: str | None, searches: Sequence[Search]) -> bool:
    """Whether a cuisine has no result yet and not too many failures."""
    mine = [search for search in searches if search.cuisine == cuisine]
    return all(search.failed for search in mine) and len(mine) < SEARCH_TRIES


def _searches_failed(reading: DialogueState) -> bool:
    """Whether a cuisine of a pending wish could not be searched at all: then nothing may be claimed about it."""
    answered = {search.cuisine for search in reading.searches if not search.failed}
    return any(reading.wishes[index].cuisine not in answered for index in reading.pending)


def _search_call(location: str, ask: SentSearch) -> SentCall:
    return _call("restaurant_search", location=location, radius_m=ask.radius_m, cuisine=ask.cuisine, page=ask.page)


def _drafted(reading: DialogueState, roots: tuple[int, str], defect_share: float) -> list[DraftSample]:
    """One draft per pending wish; some are spoiled, fewer after the teacher was told that they are wrong."""
    place, pois = reading.place or "", shown_pois(reading.searches)
    drafts = [write(index, reading.wishes[index], place, pois, Dice(*roots, index)) for index in reading.pending]
    share = min(STILL_WRONG, defect_share * 2) if reading.told_wrong else defect_share
    sent = []
    for number, draft in enumerate(drafts):
        own = Dice(*roots, draft.wish_index, "defect")
        if own.chance(share):
            others = [other for place_of, other in enumerate(drafts) if place_of != number]
            sent.append(spoil(draft, DefectScene(pois, others), own).draft)
        else:
            sent.append(draft)
    return sent


def _only_answer(reading: DialogueState, roots: tuple[int, str], defect_share: float) -> AssistantMessage:
    """Questions and answers as the one text that such an agent returns."""
    drafts = _drafted(reading, roots, defect_share)
    text = "\n\n".join(f"问：{draft.question}\n答：{draft.answer}" for draft in drafts)
    return AssistantMessage(None, (_call("final_answer", answer=text),), "tool_calls")


def _final_answer(reading: DialogueState, dice: Dice, roots: tuple[int, str], defect_share: float) -> AssistantMessage:
    """The samples; now and then a whole answer whose arguments cannot be read."""
    sent = _drafted(reading, roots, defect_share)
    call = _call("final_answer", samples=[_sample(draft) for draft in sent])
    first = reading.tries == 0 and not reading.complaint
    if first and dice.chance(defect_share * BROKEN_PER_DEFECT):
        broken = ANSWER_KINDS[dice.pick(tuple(ANSWER_KINDS))](call.arguments, dice)
        return AssistantMessage(None, (SentCall(call.name, broken.arguments),), broken.finish_reason)
    return AssistantMessage(None, (call,), "tool_calls")


def _sample(draft: DraftSample) -> dict[str, object]:
    return {
        "wish": draft.wish_index,
        "question": draft.question,
        "answer": draft.answer,
        "feasible": draft.feasible,
        "recommendations": [{"poi_id": poi_id, "reason": reason} for poi_id, reason in draft.recommendations],
    }
