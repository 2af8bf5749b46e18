"""Judges with a known vice each: every one reads the question that it is sent and scores it, one call at a time, like a model.

``latent`` of the sandbox judge is what a perfect reader sees. The vices are ours; noise is a hash of the question, so that the
same call errs the same way. Used over the wire and, for speed, straight on the questions of a world (``rows_of``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

from judge.asking import Ask, messages
from judge.rubric import shipped
from judge.sandbox_judge import Look, asked_dimensions, latent, look
from judge.statistics.calls import VerdictRow

STYLE = "亲测推荐"
"""How the origin that a self-preferring judge prefers opens its answers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as a judge reads it. ``turn``: which call of the run it is; ``calls``: how many there will be."""

    system: str
    prompt: str
    seed: int
    turn: int
    calls: int
    rubric: str
    names: tuple[str, ...]

    @property
    def answer(self) -> str:
        return self._block("回答")

    @property
    def question(self) -> str:
        return self._block("提问")

    def _block(self, name: str) -> str:
        shown = re.search(rf"^<{name} ([0-9a-f]+)>\n(.*?)\n?^</{name} \1>", self.prompt, re.MULTILINE | re.DOTALL)
        return shown[2] if shown else ""

    def chance(self, *words: object) -> float:
        """A standard normal deviate that hangs on this very call."""
        return normal(self.seed, self.system, self.prompt, *words)


def normal(*words: object) -> float:
    digest = blake2b("\x1f".join(map(str, words)).encode(errors="replace"), digest_size=16).digest()
    first, second = (int.from_bytes(half, "big") / 2**64 for half in (digest[:8], digest[8:]))
    return math.sqrt(-2 * math.log(max(first, 2.0**-64))) * math.cos(2 * math.pi * second)


Marks = dict[str, int]
Scorer = Callable[[Asked], Marks | None]


def _whole(value: float) -> int:
    return max(1, min(5, round(value)))


def _reader(change: Callable[[Asked, Look, str, float], float]) -> Scorer:
    """A careful reader whose every mark goes through ``change`` (question, look, dimension, honest mark)."""

    def score(asked: Asked) -> Marks:
        seen = look(asked.prompt)
        return {
            name: _whole(change(asked, seen, name, latent(name, seen)) + 0.4 * asked.chance(name))
            for name in asked.names
        }

    return score


def _fond_of_length(asked: Asked, _: Look, __: str, honest: float) -> float:
    return honest - 1.6 + 1.5 * math.log2(max(len(asked.answer), 20) / 320)


def _position_bound(asked: Asked, _: Look, __: str, honest: float) -> float:
    """Liking hangs on which restaurant is named first."""
    first = re.search(r"^\s*1[.、)]\s*\W*(\w{2,4})", asked.answer, re.MULTILINE)
    return honest - 1.2 + 1.3 * normal("first", first[1] if first else "")


def _self_preferring(asked: Asked, _: Look, __: str, honest: float) -> float:
    return honest - 1.0 + (0.8 if STYLE in asked.answer else 0.0)


def _drifting(asked: Asked, _: Look, __: str, honest: float) -> float:
    return honest - 1.5 * asked.turn / asked.calls


def _half_blind(_: Asked, seen: Look, name: str, __: float) -> float:
    """Sees restaurants that do not exist, and no wrong fact."""
    return latent(name, replace(seen, wrong=0)) - 0.3


def _layout_loving(asked: Asked, _: Look, __: str, honest: float) -> float:
    return honest - 1.2 + (1.0 if "**" in asked.answer else 0.0)


def _plea_obeying(asked: Asked, _: Look, __: str, honest: float) -> float:
    return 5.0 if "满分" in asked.answer else honest - 0.8


def _strict(_: Asked, __: Look, ___: str, honest: float) -> float:
    """Marks low, sees everything: no vice."""
    return honest - 0.9


def _coin(asked: Asked) -> Marks:
    def tossed(name: str) -> int:
        return blake2b(f"{asked.seed}{asked.prompt}{name}".encode()).digest()[0] % 5

    return {name: 1 + tossed(name) for name in asked.names}


def _inverse(asked: Asked) -> Marks:
    seen = look(asked.prompt)
    return {name: _whole(6.0 - latent(name, seen) + 0.4 * asked.chance(name)) for name in asked.names}


def _liking(asked: Asked) -> Marks:
    """Of the text as a whole, the same in every call and after every edit of a fact."""
    base = 3.4 + 1.1 * normal("liking", asked.question, asked.answer[:40])
    return {name: _whole(base + 0.3 * asked.chance(name)) for name in asked.names}


def _saturating(asked: Asked) -> Marks:
    seen = look(asked.prompt)
    lost = {name: max(0.0, 5.0 - latent(name, seen)) for name in asked.names}
    return {name: _whole(5.0 - 0.3 * less + 0.2 * asked.chance(name)) for name, less in lost.items()}


def _refusing(asked: Asked) -> Marks | None:
    seen = look(asked.prompt)
    if seen.invented + seen.wrong and normal("mood", asked.prompt) < 0.7:
        return None
    return _good(asked)


_good = _reader(lambda _, __, ___, honest: honest - 0.2)
PERSONAS: Mapping[str, Scorer] = {
    "good": _good,
    "strict": _reader(_strict),
    "constant": lambda asked: dict.fromkeys(asked.names, 4),
    "liking": _liking,
    "saturating": _saturating,
    "refusing": _refusing,
    "silent": lambda _: None,
    "length-loving": _reader(_fond_of_length),
    "layout-loving": _reader(_layout_loving),
    "position-bound": _reader(_position_bound),
    "plea-obeying": _reader(_plea_obeying),
    "self-preferring": _reader(_self_preferring),
    "drifting": _reader(_drifting),
    "inverse": _inverse,
    "coin-tossing": _coin,
    "half-blind": _reader(_half_blind),
    "restless": _reader(lambda asked, _, name, honest: honest - 1.2 + 2.4 * asked.chance(name, "again")),
}


def score(persona: str, system: str, prompt: str, seed: int, turn: int, calls: int) -> dict[str, Marks | None]:
    """Per rubric that the system message asks for ("" where it is one)."""
    return {
        rubric: PERSONAS[persona](Asked(system, prompt, seed, turn, calls, rubric, tuple(names)))
        for rubric, names in asked_dimensions(system).items()
    }


def rows_of(persona: str, asks: Iterable[Ask], modes: Mapping[str, str] | None = None) -> list[VerdictRow]:
    """The verdicts that a world's questions get from a persona, as the warehouse would give them back."""
    every = list(asks)
    rows = []
    for turn, ask in enumerate(every):
        system, user = (one.content for one in messages(ask, 0))
        given = score(persona, system, user, ask.replicate, turn, len(every))
        for rubric in ask.rubrics:
            marks = given.get(rubric, given.get(""))
            rows.append(_row(ask, rubric, marks, float(turn), modes or {}))
    return rows


def _row(ask: Ask, rubric: str, marks: Marks | None, asked_at: float, modes: Mapping[str, str]) -> VerdictRow:
    item = ask.item
    _, _, made = item.item_id.partition("~")
    edit, _, dose = made.partition("~")
    total = None if marks is None else shipped(rubric).total(marks)
    return VerdictRow(
        item_id=item.item_id,
        item_kind=item.kind,
        sample_id=item.sample_id,
        place_id=item.place_id,
        split=item.split,
        arm=item.arm,
        mode=modes.get(item.item_id),
        design=ask.design,
        rubric=rubric,
        replicate=ask.replicate,
        judge="p",
        total=total,
        status="unscored" if marks is None else "scored",
        reason="refused" if marks is None else None,
        edit=edit or None,
        dose=int(dose) if dose else None,
        scores=dict(marks or {}),
        asked_at=asked_at,
    )
