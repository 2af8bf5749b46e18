"""Judges with a known vice each: every one reads the question that it is sent and scores it, one call at a time, like a model.

``latent`` of the sandbox judge is what a perfect reader sees. The vices are ours; noise is a hash of the question, so that the
same call errs the same way. Used over the wire and, for speed, straight on the questions of a world (``rows_of``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

from judge.asking import Ask, facts_of, messages
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
    def evidence(self) -> str:
        return self._block("证据")

    @property
    def question(self) -> str:
        return self._block("提问")

    def _block(self, name: str) -> str:
        shown = re.search(rf"^<{name} ([0-9a-f]+)>\n(.*?)\n?^</{name} \1>", self.prompt, re.MULTILINE | re.DOTALL)
        return shown[2] if shown else ""

    def chance(self, *words: object) -> float:
        """A standard normal deviate that hangs on this very call."""
        return normal(self.seed, self.system, self.prompt, *words)


_look = lru_cache(maxsize=10_000)(look)
"""Many judges read the same question."""


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
        seen = _look(asked.prompt)
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
    seen = _look(asked.prompt)
    return {name: _whole(6.0 - latent(name, seen) + 0.4 * asked.chance(name)) for name in asked.names}


def _liking(asked: Asked) -> Marks:
    """Of the text as a whole, the same in every call and after every edit of a fact."""
    base = 3.4 + 1.1 * normal("liking", asked.question, asked.answer[:40])
    return {name: _whole(base + 0.3 * asked.chance(name)) for name in asked.names}


def _saturating(asked: Asked) -> Marks:
    seen = _look(asked.prompt)
    lost = {name: max(0.0, 5.0 - latent(name, seen)) for name in asked.names}
    return {name: _whole(5.0 - 0.3 * less + 0.2 * asked.chance(name)) for name, less in lost.items()}


def _refusing(asked: Asked) -> Marks | None:
    seen = _look(asked.prompt)
    if seen.invented + seen.wrong and normal("mood", asked.prompt) < 0.7:
        return None
    return _good(asked)


def _short_loving(asked: Asked, _: Look, __: str, honest: float) -> float:
    return honest - 0.6 - 1.5 * math.log2(max(len(asked.answer), 20) / 320)


def _digit_loving(asked: Asked) -> Marks:
    """Numbers look like knowledge."""
    digits = sum(char.isdigit() for char in asked.answer)
    return {name: _whole(1.0 + digits / 14 + 0.3 * asked.chance(name)) for name in asked.names}


def _by_place(asked: Asked) -> Marks:
    """Of the place alone: whatever stands in the evidence first, whatever the answer."""
    base = 3.2 + 1.1 * normal("place", asked.evidence.partition("\n")[0])
    return {name: _whole(base + 0.3 * asked.chance(name)) for name in asked.names}


def _place_biased(asked: Asked, _: Look, __: str, honest: float) -> float:
    """Reads, and likes or dislikes whole places."""
    return honest - 1.4 + 1.2 * normal("place", asked.evidence.partition("\n")[0])


def _ratings_only(asked: Asked) -> Marks:
    """Holds each listed rating against the evidence and reads nothing else."""
    shops = {facts["店名"]: facts for facts in map(facts_of, asked.evidence.splitlines()) if "店名" in facts}
    wrong = 0
    for line in asked.answer.splitlines():
        shop = max((name for name in shops if name in line), key=len, default=None)
        told = re.search(r"(?:评分|口碑)\D{0,4}(\d\.\d)|(\d\.\d)分?的(?:综合)?评分", line)
        if shop and told:
            wrong += (told[1] or told[2]) != shops[shop].get("评分")
    return {name: _whole(4.7 - 1.5 * wrong + 0.3 * asked.chance(name)) for name in asked.names}


def _one_level_lower(asked: Asked) -> Marks:
    """Every mark of a careful reader, one level lower: no vice, since the order of texts is kept."""
    return {name: max(1, mark - 1) for name, mark in (_good(asked) or {}).items()}


def _one_level_higher(asked: Asked) -> Marks:
    """Forgives the first error of every text."""
    return {name: min(5, mark + 1) for name, mark in (_good(asked) or {}).items()}


def _data_alone(asked: Asked) -> Marks | None:
    """Reads samples, and gives every answer of a model the same."""
    return _good(asked) if asked.names == shipped("data").names else dict.fromkeys(asked.names, 4)


def _refusing_the_worst(asked: Asked) -> Marks | None:
    seen = _look(asked.prompt)
    return None if seen.invented + seen.wrong >= 3 else _good(asked)


def _late_drifting(asked: Asked, _: Look, __: str, honest: float) -> float:
    """As it was for three quarters of the calls, then stricter at once."""
    return honest - 0.3 - (1.5 if asked.turn > 0.75 * asked.calls else 0.0)


def _first_only(asked: Asked) -> Marks:
    """Reads the first restaurant and takes the rest for as good."""
    lines = asked.answer.splitlines()
    numbered = [place for place, line in enumerate(lines) if re.match(r"\s*\d+[.、．)]", line)]
    kept = "\n".join(line for place, line in enumerate(lines) if place not in numbered[1:])
    return _good(replace(asked, prompt=asked.prompt.replace(asked.answer, kept))) or {}


def _pitying(_: Asked, seen: Look, __: str, honest: float) -> float:
    """Never goes below four for what looks like an answer, however wrong."""
    return max(honest, 4.0) if seen.listed else honest


def _fond_of_a_kitchen(asked: Asked, _: Look, __: str, honest: float) -> float:
    kitchen = re.search(r"菜系：([^｜\n]+)", asked.evidence)
    return honest - 1.5 + 1.4 * normal("kitchen", kitchen[1] if kitchen else "")


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
    "one level lower": _one_level_lower,
    "short-loving": _reader(_short_loving),
    "digit-loving": _digit_loving,
    "by place": _by_place,
    "place-biased": _reader(_place_biased),
    "ratings only": _ratings_only,
    "one level higher": _one_level_higher,
    "data alone": _data_alone,
    "refusing the worst": _refusing_the_worst,
    "late-drifting": _reader(_late_drifting),
    "first restaurant only": _first_only,
    "pitying": _reader(_pitying),
    "fond of a kitchen": _reader(_fond_of_a_kitchen),
    "restless": _reader(lambda asked, _, name, honest: honest - 1.2 + 2.4 * asked.chance(name, "again")),
}


def score(persona: str, system: str, prompt: str, seed: int, turn: int, calls: int) -> dict[str, Marks | None]:
    """Per rubric that the system message asks for ("" where it is one)."""
    return {
        rubric: PERSONAS[persona](Asked(system, prompt, seed, turn, calls, rubric, tuple(names)))
        for rubric, names in asked_dimensions(system).items()
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """A question as it is sent."""

    ask: Ask
    system: str
    prompt: str


def shown(asks: Iterable[Ask]) -> list[Shown]:
    """Written out once, for as many judges as there are."""
    return [Shown(ask, *(message.content for message in messages(ask, 0))) for ask in asks]


def rows_of(persona: str, questions: Sequence[Shown], modes: Mapping[str, str] | None = None) -> list[VerdictRow]:
    """The verdicts that a world's questions get from a persona, as the warehouse would give them back."""
    rows = []
    for turn, question in enumerate(questions):
        ask = question.ask
        given = score(persona, question.system, question.prompt, ask.replicate, turn, len(questions))
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
