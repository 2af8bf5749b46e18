"""``python -m train chat``: a conversation with a checkpoint in the terminal, word by word as it is written.

Reads a saved folder as completing.py does, so that template and thinking mode are the training's. An open checkpoint is
shown restaurants around the place that the question names, in the very lines that it was trained on.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import torch
from transformers import TextStreamer

from factory.commit.schema import STUDENT_SYSTEM
from factory.config import Settings, settings_of
from factory.errors import OrderFailed, UsageError
from factory.geo import distance_m
from factory.maps.cuisines import CUISINES_KNOWN
from factory.maps.registry import survey
from factory.maps.service import MapService
from factory.plan.place_list import read_places
from factory.records import Place, PlaceName, Poi
from factory.run.services import open_services
from factory.settings import Values, of_factory, of_train
from factory.shown_text import shown
from train.completing import Student, load_student, newest, visible

MOST_TOKENS: Final = 512
MOST_SHOWN: Final = 8
"""Restaurants of an open prompt, as in the view sft_open_rows."""
RADIUS_M: Final = 2_000
HELP: Final = "/new begins a new conversation, /at NAME CITY says where you are, an end of input ends.\n"


@dataclass(slots=True)
class Conversation:
    """What was said so far; the oldest turns go when the model's window is full."""

    student: Student
    turns: list[dict[str, str]] = field(default_factory=list)

    def ask(self, text: str) -> str:
        """Print the answer while it is written; returns it."""
        self.turns.append({"role": "user", "content": text})
        window = int(self.student.model.config.max_position_embeddings) - MOST_TOKENS
        while len(ids := self.student.prompt([{"role": "system", "content": STUDENT_SYSTEM}, *self.turns])) > window:
            if len(self.turns) == 1:
                self.turns.clear()
                raise UsageError(f"The question has {len(ids)} tokens; the model reads {window}. Ask a shorter one.")
            del self.turns[:2]
        answer = visible(_write(self.student, ids))
        self.turns.append({"role": "assistant", "content": answer})
        return answer


class _Written(TextStreamer):  # type: ignore[misc]  # transformers is not typed here
    """The answer on the terminal as it grows; what it may hold besides words is written out."""

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:  # noqa: FBT001, FBT002 - transformers' signature
        """One piece."""
        super().on_finalized_text(shown(text, lines=True), stream_end=stream_end)


def _write(student: Student, ids: list[int]) -> str:
    prompt = torch.tensor([ids], device=student.model.device)
    end = student.tokenizer.eos_token_id
    streamer = _Written(student.tokenizer, skip_prompt=True, skip_special_tokens=True)
    written = student.model.generate(
        input_ids=prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=MOST_TOKENS,
        do_sample=False,
        eos_token_id=end,
        pad_token_id=end,
        streamer=streamer,
    )
    text: str = student.tokenizer.decode(written[0, len(ids) :], skip_special_tokens=True)
    return text


@dataclass(slots=True)
class PlaceEvidence:
    """Restaurants around the place that a question names, from the map service in force."""

    maps: MapService
    runner: asyncio.Runner
    names: tuple[PlaceName, ...]
    place: Place | None = None

    def at(self, name: PlaceName) -> Place:
        """Stand there from now on. Raises NoSuchPlace."""
        self.place = self.runner.run(self.maps.locate(name))
        return self.place

    def prompt(self, question: str) -> str:
        """The question with evidence after it, as in training. Raises UsageError when no place is known."""
        named = max(
            (name for name in self.names if name.name in question), key=lambda name: len(name.name), default=None
        )
        place = self.at(named) if named and (self.place is None or named.name != self.place.name) else self.place
        if place is None:
            examples = "、".join(name.name for name in self.names[:3])
            raise UsageError(f"Where are you? Name a place in the question ({examples} …), or type /at NAME CITY.")
        cuisine = max((word for word in CUISINES_KNOWN if word in question), key=len, default=None)
        page = self.runner.run(self.maps.around(place, radius_m=RADIUS_M, cuisine=cuisine, page=1))
        pois = [replace(poi, distance_m=round(distance_m(place.lng, place.lat, poi.lng, poi.lat))) for poi in page.pois]
        shown = sorted(pois, key=lambda poi: poi.distance_m or 0)[:MOST_SHOWN]
        _say(f"({len(shown)} restaurants around {place.name}, {cuisine or 'any cuisine'}; {self.maps.attribution})\n")
        return question + "\n\n附近的餐厅：\n" + "\n".join(map(line, shown))


def line(poi: Poi) -> str:
    """One restaurant as the view sft_open_rows writes it; unknown facts are left out."""
    parts = (
        poi.name,
        poi.cuisine,
        None if poi.address is None else f"地址{poi.address}",
        None if poi.rating is None else f"评分{poi.rating:.1f}",
        None if poi.cost_cny is None else f"人均{poi.cost_cny:g}元",
        None if poi.distance_m is None else f"距离{poi.distance_m}米",
        None if poi.open_hours is None else f"营业{poi.open_hours}",
        f"招牌{'、'.join(poi.specialities)}" if poi.specialities else None,
    )
    return "｜".join(part for part in parts if part is not None)


@contextmanager
def surroundings(settings: Settings) -> Iterator[PlaceEvidence]:
    """The map service of the settings, open as long as the conversation. Raises UsageError and RunStopped kin."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        data = Path(folder)
        world = survey(settings.map, data)
        names = world.places() if world.places else read_places(settings.places)
        stack = AsyncExitStack()
        try:
            opening = open_services(replace(settings, data=data), "chat", world)
            services = runner.run(stack.enter_async_context(opening))
            yield PlaceEvidence(services.maps, runner, names)
        finally:
            runner.run(stack.aclose())


def talk(student: Student, lines: Iterable[str], around: PlaceEvidence | None) -> None:
    """Answer line by line until the input ends; a question that cannot be answered ends nothing."""
    conversation = Conversation(student)
    for raw in lines:
        text = raw.strip()
        try:
            if text == "/new":
                conversation = Conversation(student)
            elif text.startswith("/at "):
                _go(text, around)
            elif text.startswith("/"):
                _say(HELP)
            elif text:
                conversation.ask(around.prompt(text) if around else text)
        except (UsageError, OrderFailed) as error:
            _say(f"{error}\n")


def _go(text: str, around: PlaceEvidence | None) -> None:
    words = text.split()[1:]
    if around is None or len(words) != 2:
        raise UsageError("/at NAME CITY works with MODE=open; with MODE=closed the question itself names the place.")
    place = around.at(PlaceName(words[0], words[1]))
    _say(f"(you are at {place.name}, {place.city})\n")


def _typed() -> Iterator[str]:
    """Lines of a terminal with a prompt, or of a pipe without one."""
    while True:
        if sys.stdin.isatty():
            _say("› ")
        raw = sys.stdin.readline()
        if not raw:
            return
        yield raw


def main(values: Values) -> int:
    """Talk until the input ends. Raises UsageError and RunStopped kin."""
    mode, model = values[of_train.MODE], values[of_train.MODEL]
    student = load_student(Path(model) if model else newest(values[of_factory.DATA], mode))
    _say(f"{student.name} ({mode}). {HELP}")
    if mode == "open":
        with surroundings(settings_of(values)) as around:
            talk(student, _typed(), around)
    else:
        talk(student, _typed(), None)
    return 0


def _say(text: str) -> None:
    sys.stderr.write(shown(text, lines=True))
    sys.stderr.flush()
