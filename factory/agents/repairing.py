"""What a repair is sent: of the order's conversation only what the returned samples need. Pure.

The conversation itself stays whole (it is the trajectory); agent.py sends this shortened form of it once something was submitted.
Calls and their results leave in pairs, so that it stays a conversation that every provider accepts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

import orjson

from factory.records import Message, Poi, ToolCall, Wish
from factory.verifier.fit import fits

FITTING_SHOWN = 8
"""Restaurants that fit a returned wish and are shown again; an answer names five at most."""
OTHERS_SHOWN = 6
"""Nearest others, for an answer that nothing fits."""
_ALWAYS = frozenset({"preference_gen", "geo_location"})


@dataclass(frozen=True, slots=True)
class Returned:
    """The samples that came back: the wishes of the order by index, and all that the order's tools showed."""

    wishes: Mapping[int, Wish]
    pois: Mapping[str, Poi]


def needed(messages: Sequence[Message], returned: Returned) -> tuple[Message, ...]:
    """The messages to send. Whole where a provider wants its own messages back as they were, and before any submission."""
    last = max((place for place, message in enumerate(messages) if _submits(message)), default=None)
    if last is None or any(message.echo or any(call.echo for call in message.tool_calls) for message in messages):
        return tuple(messages)
    first = next(place for place, message in enumerate(messages) if _submits(message))
    submitted = next(
        call for call in reversed(messages[last].tool_calls) if call.name == "final_answer" and call.readable
    )
    samples = _samples(submitted.arguments, returned.wishes.keys())
    shown = _shown(samples, returned)
    sent = [*messages[:2], *_gathered(messages[2:first], returned, shown)]
    sent.append(replace(messages[last], content="", tool_calls=(_only(submitted, samples),)))
    later = {call.id for message in messages[last + 1 :] for call in message.tool_calls} | {submitted.id}
    sent += [message for message in messages[last + 1 :] if message.role != "tool" or message.tool_call_id in later]
    return tuple(sent)


def _submits(message: Message) -> bool:
    return message.role == "assistant" and any(
        call.name == "final_answer" and call.readable for call in message.tool_calls
    )


def _samples(arguments: str, pending: AbstractSet[int]) -> list[dict[str, Any]]:
    raw = orjson.loads(arguments).get("samples")
    rows = raw if isinstance(raw, list) else []
    # A wish may be anything that JSON can hold, an object too.
    return [
        row for row in rows if isinstance(row, dict) and isinstance(row.get("wish"), int) and row["wish"] in pending
    ]


def _only(call: ToolCall, samples: list[dict[str, Any]]) -> ToolCall:
    return replace(call, arguments=orjson.dumps({"samples": samples}).decode())


def _shown(samples: Sequence[dict[str, Any]], returned: Returned) -> frozenset[str]:
    """Ids of the restaurants that the returned samples may need: named ones, fitting ones, the nearest others."""
    text = "\n".join(str(sample.get("answer", "")) for sample in samples)
    keep = {poi_id for poi_id, poi in returned.pois.items() if poi.name in text}
    for sample in samples:
        rows = sample.get("recommendations")
        keep |= {str(row.get("poi_id")) for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()
    near = sorted(returned.pois.values(), key=lambda poi: (poi.distance_m or 0, poi.poi_id))
    for wish in returned.wishes.values():
        keep |= {poi.poi_id for poi in [poi for poi in near if fits(poi, wish)][:FITTING_SHOWN]}
        keep |= {poi.poi_id for poi in [poi for poi in near if poi.cuisine == wish.cuisine][:OTHERS_SHOWN]}
    return frozenset(keep)


def _gathered(messages: Sequence[Message], returned: Returned, shown: frozenset[str]) -> list[Message]:
    """The calls of the gathering that concern the returned wishes, with their results cut to what is needed."""
    cuisines = {wish.cuisine for wish in returned.wishes.values()} | {None, ""}
    kept: set[str] = set()
    sent: list[Message] = []
    for message in messages:
        if message.role == "assistant":
            calls = tuple(call for call in message.tool_calls if call.name in _ALWAYS or _searches(call, cuisines))
            kept |= {call.id for call in calls}
            if calls:
                sent.append(replace(message, tool_calls=calls))
        elif message.role == "tool" and message.tool_call_id in kept:
            sent.append(replace(message, content=_cut(message, returned, shown)))
    return sent


def _searches(call: ToolCall, cuisines: AbstractSet[str | None]) -> bool:
    if call.name != "restaurant_search" or not call.readable:
        return False
    asked = orjson.loads(call.arguments or "{}").get("cuisine")
    return asked is None or str(asked).strip() in cuisines


def _cut(message: Message, returned: Returned, shown: frozenset[str]) -> str:
    body = orjson.loads(message.content)
    if message.name == "preference_gen" and isinstance(body.get("wishes"), list):
        body["wishes"] = [row for row in body["wishes"] if row.get("index") in returned.wishes]
    elif message.name == "restaurant_search" and isinstance(body.get("pois"), list):
        pois = [row for row in body["pois"] if row["poi_id"] in shown]
        body["omitted"] = len(body["pois"]) - len(pois)
        body["pois"] = pois
    return orjson.dumps(body).decode()
