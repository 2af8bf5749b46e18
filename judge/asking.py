"""One blind question about one item: rubric, evidence, then the item inside fences that nothing in it can close.

Pure. The judge sees neither source, model, other scores nor the verifier's findings. A fence carries a mark that its item's
author cannot know, and an embedded verdict counts only with that mark (parsing.py): what an item quotes is never a verdict.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from factory.llm.chat import ChatRequest
from factory.records import Message
from judge.frames import FRAMES, Frame, again_pair_text, again_text, shown_text
from judge.instrument import SHIPPED, Instrument
from judge.rubric import ROLES, Rubric, shipped

RUBRICS: dict[str, tuple[str, ...]] = {role: shipped(role).names for role in ROLES}
"""The shipped rubrics' dimensions."""
_FENCE = re.compile(
    r"[<＜〈《﹤‹«⟨❮]\s*[/／\\]?\s*(?:条目|证据|提问|回答|item|evidence|question|answer)[^>＞〉》\n]{0,40}[>＞〉》]?",
    re.IGNORECASE,
)
_BREAKS = str.maketrans(dict.fromkeys("\u2028\u2029\r\x0b\x0c\x85", "\n"))
_STATES = {"resting": "暂停营业", "closed": "已关闭"}
_THOUGHTS = re.compile(r"<\s*/?\s*think\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """What is judged. ``evidence`` are compact lines, one a restaurant; ``arm``: whose answer a completion is.

    ``item_id``: a sample's id, a completion's id, or ``sample_id~kind~dose`` for what was made from a sample on purpose.
    """

    item_id: str
    kind: str
    run_id: str
    question: str
    answer: str
    evidence: tuple[str, ...]
    evidence_hash: str
    place_id: str
    split: str
    sample_id: str = ""
    arm: str | None = None
    restaurants: int = 0
    """How many the map holds there, if more than are shown."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one question; ``first_shown`` is left or right."""

    left: Item
    right: Item
    first_shown: str

    @property
    def shown(self) -> tuple[Item, Item]:
        """In the order of the question."""
        return (self.left, self.right) if self.first_shown == "left" else (self.right, self.left)

    def outcome(self, choice: str) -> str | None:
        """left, right or tie, from first, second or tie."""
        if choice in {"", "tie"}:
            return choice or None
        return self.first_shown if choice == "first" else {"left": "right", "right": "left"}[self.first_shown]


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to one judge. ``prompt`` names the rubric file, ``rubrics`` what is read from the answer.

    ``pair``: the two answers of a comparison; ``item`` then stands for both.
    """

    item: Item
    design: str
    prompt: str
    rubrics: tuple[str, ...]
    replicate: int
    failures: int = 0
    """How often it ended unscored in earlier runs."""
    instrument: Instrument = SHIPPED
    pair: Pair | None = None

    def rubric(self, role: str) -> Rubric:
        """The rubric in force for a role."""
        return self.instrument.rubrics[role]


def neutral(text: str) -> str:
    """Quoted text without control characters and without anything that reads like a fence."""
    kept = "".join(
        char
        for char in unicodedata.normalize("NFC", text.translate(_BREAKS))
        if char == "\n" or unicodedata.category(char)[0] != "C"
    )
    # Taking one fence apart can bring the halves of another together: again until nothing is left.
    while _FENCE.search(kept) or _THOUGHTS.search(kept):
        kept = _FENCE.sub(lambda fence: fence[0][1:].replace(">", "").replace("＞", ""), kept)
        # A judge that quotes the end of a thinking block would end its own.
        kept = _THOUGHTS.sub("think", kept)
    return kept


def mark_of(ask: Ask, seed: int) -> str:
    """The fence's mark: a hash over the item itself, so that no item can hold its own; another for every question."""
    item = ask.item
    words = (seed, ask.prompt, ask.replicate, item.item_id, item.question, item.answer, *item.evidence)
    return blake2b("\x1f".join(map(str, words)).encode(errors="replace"), digest_size=8).hexdigest()


def messages(ask: Ask, seed: int, *, neutral_words: bool = False) -> tuple[Message, ...]:
    """The whole question. Static text first, so that providers can cache the prefix; the item, then the mark, last."""
    mark, item = mark_of(ask, seed), ask.item
    language = ask.instrument.language(ask.prompt)
    frame = FRAMES[language]
    shown = tuple(neutral(line).replace("\n", " ") for line in item.evidence)
    body = "\n".join(
        (
            *((frame.neutral,) if neutral_words else ()),
            shown_text(language, len(shown), max(item.restaurants, len(shown))),
            *_fenced(frame.evidence, mark, *shown),
            *_fenced(frame.question, mark, neutral(item.question)),
            *_answers(ask, frame, mark),
            frame.last.format(mark=mark),
        )
    )
    return (Message("system", ask.instrument.system(ask.prompt)), Message("user", body))


def _answers(ask: Ask, frame: Frame, mark: str) -> Iterator[str]:
    if ask.pair is None:
        yield from _fenced(frame.answer, mark, neutral(ask.item.answer))
        return
    for side, item in zip(frame.sides, ask.pair.shown, strict=True):
        yield from _fenced(frame.answer + side, mark, neutral(item.answer))


def _fenced(name: str, mark: str, *lines: str) -> tuple[str, ...]:
    return (f"<{name} {mark}>", *lines, f"</{name} {mark}>")


def request(
    ask: Ask,
    model: str,
    seed: int,
    extra: dict[str, Any],
    *,
    again: tuple[str, str] | None = None,
    neutral_words: bool = False,
) -> ChatRequest:
    """The request with every parameter explicit. ``again``: what the judge said first, and why it could not be read.

    A question that was cut off in an earlier run gets more room.
    """
    asked = messages(ask, seed, neutral_words=neutral_words)
    if again is not None:
        reply, wrong = again
        asked += (Message("assistant", reply), Message("user", _again(ask, wrong, mark_of(ask, seed))))
    instrument = ask.instrument
    return ChatRequest(
        model=model,
        messages=asked,
        max_tokens=instrument.max_tokens * (1 + min(3, ask.failures)) * len(ask.rubrics),
        temperature=instrument.temperature,
        top_p=instrument.top_p,
        seed=seed * 1_000 + ask.replicate,
        response_format={"type": "json_object"},
        extra=extra,
    )


def _again(ask: Ask, wrong: str, mark: str) -> str:
    if ask.pair is not None:
        return again_pair_text(ask.instrument.language(ask.prompt), wrong, mark)
    return again_text([ask.rubric(role) for role in ask.rubrics], wrong, mark)


def evidence_lines(pois: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Compact labelled lines of evidence: what the map gave, nothing for what it did not."""
    # A bar inside a name would forge the next field.
    return tuple(
        "｜".join(f"{name}：{str(value).replace('｜', '/')}" for name, value in _facts(poi) if value) for poi in pois
    )


def _facts(poi: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Every field of a restaurant that an answer may speak of."""
    hours, week = poi.get("open_hours"), poi.get("open_week")
    return (
        ("店名", poi["name"]),
        ("菜系", poi.get("cuisine")),
        ("地址", poi.get("address")),
        ("评分", None if poi.get("rating") is None else f"{poi['rating']:.1f}"),
        ("人均", None if poi.get("cost_cny") is None else f"{poi['cost_cny']:g}元"),
        ("距离", None if poi.get("distance_m") is None else f"{poi['distance_m']}米"),
        ("营业时间", hours),
        ("一周营业时间", None if week == hours else week),
        ("营业状态", _STATES.get(poi.get("status") or "")),
        ("招牌菜", "、".join(map(str, poi.get("specialities") or ()))),
        ("电话", poi.get("tel")),
        (
            "标签",
            "、".join(
                f"{key}={value}" for key, value in (poi.get("tags") or {}).items() if value != poi.get("cuisine")
            ),
        ),
    )


def facts_of(line: str) -> dict[str, str]:
    """A line of evidence back as label to text."""
    return dict(part.split("：", 1) for part in line.split("｜") if "：" in part)
