"""One sample drafted for one wish: which restaurants, in which words, in the text form that the verifier reads.

Third step of a teacher's turn: from matches (matching.py) and phrases to a ``DraftSample``, which defects.py may
spoil and teacher.py sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from factory.records import Wish
from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.matching import ENOUGH, MissedWish, alternatives, fitting, misses
from factory.sandbox.teacher.phrases_facts import reads_like_an_order
from factory.sandbox.teacher.phrases_frame import closing, closing_alternatives, label, nothing_fits, opening
from factory.sandbox.teacher.phrases_item import FREELY, Emphasis, Voice, item_text, short_reason
from factory.sandbox.teacher.phrases_question import question
from factory.sandbox.teacher.reading import Shown
from factory.sandbox.teacher.second_voice import Spoken, speak, speak_nothing

WRAPS = ("{}", "{}", "**{}**", "【{}】")
MOST = 5
SECOND_SHARE = 0.05
"""Answers in the second voice, which compares, chooses and totals: bench/voices.py says how much of it is understood."""


@dataclass(frozen=True, slots=True)
class ListItem:
    """One list item: ``name`` as written, ``text`` after the colon, and the structured recommendation beside it."""

    poi: Shown
    name: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class DraftSample:
    """One sample before it is sent. ``recommendations`` are the structured (poi id, reason) pairs."""

    wish_index: int
    voice: Voice
    question: str
    opening: str
    items: tuple[ListItem, ...]
    closing: str
    feasible: bool
    wrap: str
    recommendations: tuple[tuple[str, str], ...]

    @property
    def answer(self) -> str:
        """The natural text: an opening, numbered items that open with the restaurant's name, a closing.

        The closing is a paragraph of its own: without the blank line Markdown reads it as the last item's
        ("lazy continuation", CommonMark 0.31.2, 5.2).
        """
        rows = [f"{place}. {self.wrap.format(item.name)}：{item.text}" for place, item in enumerate(self.items, 1)]
        return "\n".join([self.opening, *rows, "", self.closing]).strip()


def write(index: int, wish: Wish, place: str, pois: Sequence[Shown], dice: Dice) -> DraftSample:
    """A true and fitting sample for this wish from what was shown."""
    matches = fitting(pois, wish)
    asked = question(wish, place, dice)
    voice = new_voice(wish, place, pois, dice)
    if not matches:
        return draft_nothing(index, voice, asked, alternatives(pois, wish, MOST + 1), dice)
    chosen = choose(matches, dice)
    return draft_fitting(index, voice, asked, chosen, few=len(matches) < ENOUGH, dice=dice)


def new_voice(wish: Wish, place: str, pois: Sequence[Shown], dice: Dice) -> Voice:
    """How this answer speaks; ``sparse`` maps give neither ratings nor prices."""
    sparse = not any(poi.rating is not None or poi.cost_cny is not None for poi in pois)
    you = "您" if wish.style == "polite" else dice.pick(("您", "你"))
    # The second voice compares ratings and prices: where a map has none, or a need must be spoken to, the first one speaks.
    second = dice.chance(SECOND_SHARE) and not sparse and not wish.needs
    return Voice(you=you, place=place, wish=wish, sparse=sparse, second=second)


def choose(matches: Sequence[Shown], dice: Dice) -> list[Shown]:
    """Three to five of the matches (all, when fewer): better rated and nearer ones more often.

    A name that reads like an order to the model is left out while enough others fit: it is a name and nothing else.
    """
    usual = [poi for poi in matches if not reads_like_an_order(poi.name)]
    pool = usual if len(usual) >= ENOUGH else list(matches)
    count = min(len(pool), dice.pick((3, 3, 3, 4, 4, 5)))
    weights = [_appeal(poi) for poi in pool]
    chosen = dice.weighted(pool, weights, count)
    order = dice.whole(0, 3)
    if order == 0:
        chosen.sort(key=lambda poi: poi.distance_m or 0)
    elif order == 1:
        chosen.sort(key=lambda poi: -(poi.rating or 0))
    return chosen


def _appeal(poi: Shown) -> float:
    """How readily a match is chosen: the better rated and the nearer, the more."""
    return (poi.rating or 3.5) ** 2 / (400.0 + (poi.distance_m or 1000))


def draft_fitting(
    index: int, voice: Voice, asked: str, chosen: Sequence[Shown], *, few: bool, dice: Dice
) -> DraftSample:
    """An answer that recommends these restaurants; ``few`` when no others fit."""
    if voice.second:
        return _spoken(index, voice, asked, speak(chosen, voice, dice), feasible=True, dice=dice)
    start = opening(voice, len(chosen), few=few, dice=dice)
    items = tuple(write_item(poi, voice, dice) for poi in chosen)
    end = closing(voice, len(chosen), dice)
    return _draft(index, voice, asked, items, frame=(start, end), feasible=True, dice=dice)


def write_item(poi: Shown, voice: Voice, dice: Dice, emphasis: Emphasis = FREELY) -> ListItem:
    """One list item about this restaurant, with its structured reason."""
    return ListItem(poi, poi.name, item_text(poi, voice, dice, emphasis), short_reason(poi, voice, dice))


def draft_nothing(index: int, voice: Voice, asked: str, nearest: Sequence[Shown], dice: Dice) -> DraftSample:
    """An answer that says that nothing fits and labels two to four nearest alternatives with what they miss."""
    usual = [poi for poi in nearest if not reads_like_an_order(poi.name)]
    count = min(len(usual), dice.pick((2, 3, 3, 3, 4)))
    chosen = sorted(dice.shuffled(usual)[:count], key=usual.index)
    missing = [misses(poi, voice.wish) for poi in chosen]
    if voice.second and chosen:
        return _spoken(index, voice, asked, speak_nothing(chosen, missing, voice, dice), feasible=False, dice=dice)
    items = [_alternative(poi, row, voice, dice) for poi, row in zip(chosen, missing, strict=True)]
    start = nothing_fits(voice, count, dice)
    end = closing_alternatives(voice, missing, dice) if count else ""
    return _draft(index, voice, asked, tuple(items), frame=(start, end), feasible=False, dice=dice)


LABELLED = {
    "radius": "distance",
    "over_budget": "price",
    "under_budget": "price",
    "cuisine": "cuisine",
    "hours": "hours",
}
"""The fact that each label states, so that the item need not say it again."""


def _alternative(poi: Shown, missing: Sequence[MissedWish], voice: Voice, dice: Dice) -> ListItem:
    """An item with its label, which comes first or at the end; it never says that the restaurant fits."""
    voice.used |= {"budget", "saving", "meal", "occasion", "distance"}
    labels = "，".join(label(poi, miss, voice, dice) for miss in missing)
    skip = frozenset(LABELLED[miss.kind] for miss in missing if miss.kind in LABELLED)
    if not missing or dice.chance(0.6):
        return write_item(poi, voice, dice, Emphasis(skip=skip, fits=False, lead=labels))
    item = write_item(poi, voice, dice, Emphasis(skip=skip, fits=False))
    text = item.text.removesuffix("。")
    ending = dice.pick(
        (f"。不过{labels}。", f"，美中不足的是{labels}。", f"；需要注意的是，{labels}。", f"，只是{labels}。")
    )
    return ListItem(poi, item.name, text + ending, item.reason)


def _spoken(index: int, voice: Voice, asked: str, spoken: Spoken, *, feasible: bool, dice: Dice) -> DraftSample:
    items = tuple(
        ListItem(poi, poi.name, text, short_reason(poi, voice, dice))
        for poi, text in zip(spoken.pois, spoken.texts, strict=True)
    )
    frame = (spoken.opening, spoken.closing)
    return _draft(index, voice, asked, items, frame=frame, feasible=feasible, dice=dice)


def _draft(
    index: int,
    voice: Voice,
    asked: str,
    items: tuple[ListItem, ...],
    *,
    frame: tuple[str, str],
    feasible: bool,
    dice: Dice,
) -> DraftSample:
    return DraftSample(
        wish_index=index,
        voice=voice,
        question=asked,
        opening=spaced(frame[0], voice.place),
        items=tuple(replace(item, text=spaced(item.text, voice.place)) for item in items),
        closing=frame[1],
        feasible=feasible,
        wrap=dice.pick(WRAPS),
        recommendations=tuple((item.poi.poi_id, item.reason) for item in items),
    )


def spaced(text: str, place: str) -> str:
    """A Latin place name set off from a number that follows it: Helsinki Central 342米."""
    if not place[-1:].isascii():
        return text
    head, *rest = text.split(place)
    return head + "".join(f"{place}{' ' if part[:1].isdigit() else ''}{part}" for part in rest)
