"""What the sandbox teacher knows: the messages of one request, read into records and nothing else.

First step of a teacher's turn (server.py, then teacher.py). Texts inside tool results are data: they are copied
into records and never looked at as instructions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from factory.records import Status, Wish
from factory.sandbox.teacher.told import ToldCall, calls_told, errors_told, observations

_LARGEST = 1e9
"""Of any number that a tool may show."""
TASK = re.compile(r"任务：地点=(?P<place>[^；\n]+)；城市=(?P<city>[^；\n]*)；需求数=(?P<count>\d{1,9})")


@dataclass(frozen=True, slots=True)
class Shown:
    """One restaurant as a tool showed it; ``None`` and empty mean that the tool did not say."""

    poi_id: str
    name: str
    cuisine: str | None = None
    address: str | None = None
    rating: float | None = None
    cost_cny: float | None = None
    distance_m: int | None = None
    open_hours: str | None = None
    specialities: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    open_week: str | None = None
    status: str | None = None
    tel: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """One restaurant_search call and its result; ``failed`` when the tool reported an error."""

    cuisine: str | None
    radius_m: int
    page: int
    is_last: bool
    covered_m: int
    pois: tuple[Shown, ...]
    failed: bool = False


@dataclass(slots=True)
class DialogueState:
    """The state of one conversation. ``pending``: wishes that still need a sample; ``tries``: final answers sent."""

    place: str | None = None
    city: str = ""
    count: int = 0
    wishes: dict[int, Wish] = field(default_factory=dict)
    location: str | None = None
    trouble: str | None = None
    searches: list[Search] = field(default_factory=list)
    pending: tuple[int, ...] = ()
    told_wrong: bool = False
    tries: int = 0
    complaint: bool = False
    asked: Counter[str] = field(default_factory=Counter)
    """how often each call was made already, by name and arguments"""
    errors: int = 0
    """how often the client told in words that a step failed"""


def read(messages: Sequence[Mapping[str, Any]]) -> DialogueState:
    """Read the messages in order; unknown or damaged tool results count as not having happened."""
    reading = DialogueState()
    calls: dict[str, tuple[str, Mapping[str, Any]]] = {}
    told_calls: tuple[ToldCall, ...] = ()
    for message in messages:
        role = message.get("role")
        if role == "user":
            text = _text(message.get("content"))
            reading.errors += errors_told(text)
            told = told_calls and observations(text, told_calls)
            if told:
                for (name, arguments), result in told:
                    _read_result(reading, name, arguments, result)
            else:
                _read_user(reading, text)
        elif role == "assistant":
            told_calls = calls_told(_text(message.get("content")))
            named = [(call.get("id", ""), *_call(call)) for call in message.get("tool_calls") or ()]
            for number, name, arguments in [*named, *(("", *call) for call in told_calls)]:
                calls[number] = (name, arguments)
                reading.tries += name == "final_answer"
                reading.asked[called(name, arguments)] += 1
        elif role == "tool":
            name, arguments = calls.get(message.get("tool_call_id") or "", (message.get("name") or "", {}))
            _read_result(reading, name, arguments, _object(_text(message.get("content"))))
    return reading


def called(name: str, arguments: Mapping[str, Any]) -> str:
    """One word for a call: the same name and arguments give the same."""
    return name + orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS).decode()


def _text(content: object) -> str:
    """The text of a message's content, which may come as a string or as a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return ""


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _call(call: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    function = call.get("function") or {}
    name = function.get("name", "")
    # A final answer's arguments are the bulk of a repair request and are not needed again.
    return name, {} if name == "final_answer" else _object(function.get("arguments") or "")


def _read_user(reading: DialogueState, text: str) -> None:
    task = TASK.search(text)
    if task and reading.place is None:
        reading.place, reading.city, reading.count = task["place"], task["city"], int(task["count"])
    else:
        reading.complaint = True


def _read_result(reading: DialogueState, name: str, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    """A result of another shape than the tools give counts as not having happened."""
    with suppress(KeyError, TypeError, ValueError, AttributeError, OverflowError):
        _take_result(reading, name, arguments, result)


def _take_result(reading: DialogueState, name: str, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    if name == "preference_gen" and isinstance(result.get("wishes"), list):
        reading.wishes = {int(row["index"]): _wish(row) for row in result["wishes"] if abs(row["index"]) < _LARGEST}
        reading.pending = tuple(reading.wishes)
    elif name == "geo_location":
        reading.location = result.get("location")
        reading.trouble = None if reading.location else str(result.get("error") or "地图服务没有返回坐标")
    elif name == "restaurant_search":
        reading.searches.append(_search(arguments, result))
    elif name == "final_answer":
        _read_verdict(reading, result)


def _read_verdict(reading: DialogueState, result: Mapping[str, Any]) -> None:
    """The checks' answer: only rejected wishes are still to be written; without lists nothing has changed."""
    rejected = result.get("rejected")
    if isinstance(rejected, list) and rejected:
        reading.pending = tuple(int(row["wish"]) for row in rejected if int(row["wish"]) in reading.wishes)
        reading.told_wrong = True
    elif "accepted" in result:
        reading.pending = ()
    else:
        reading.complaint = True


def _wish(row: Mapping[str, Any]) -> Wish:
    if not isinstance(row["cuisine"], str):
        raise TypeError("cuisine")
    return Wish(
        cuisine=row["cuisine"],
        taste=_text_of(row, "taste"),
        budget_min_cny=_whole_of(row, "budget_min"),
        budget_max_cny=_whole_of(row, "budget_max"),
        radius_m=_whole_of(row, "radius_m") or 2000,
        party_size=_whole_of(row, "party_size"),
        occasion=_text_of(row, "occasion"),
        diet=_text_of(row, "diet"),
        meal_time=_text_of(row, "meal_time"),
        style=_text_of(row, "style") or "plain",
        needs=_texts_of(row, "needs"),
    )


def _search(arguments: Mapping[str, Any], result: Mapping[str, Any]) -> Search:
    radius_m, page = _whole_of(arguments, "radius_m") or 2000, _whole_of(arguments, "page") or 1
    rows = result.get("pois")
    failed = not isinstance(rows, list)
    is_last = bool(result.get("is_last"))
    return Search(
        cuisine=_text_of(arguments, "cuisine"),
        radius_m=radius_m,
        page=page,
        is_last=is_last,
        covered_m=_whole_of(result, "covered_m") or (radius_m if is_last else 0),
        pois=tuple(_shown(row) for row in rows) if isinstance(rows, list) else (),
        failed=failed,
    )


def _shown(row: Mapping[str, Any]) -> Shown:
    tags = row.get("tags")
    poi_id, name = row["poi_id"], row["name"]
    if not isinstance(poi_id, str) or not isinstance(name, str) or not name:
        raise TypeError("poi_id, name")
    return Shown(
        poi_id=poi_id,
        name=name,
        cuisine=_text_of(row, "cuisine"),
        address=_text_of(row, "address"),
        rating=_number_of(row, "rating"),
        cost_cny=_number_of(row, "cost_cny"),
        distance_m=_whole_of(row, "distance_m"),
        open_hours=_text_of(row, "open_today") or _text_of(row, "open_hours"),
        open_week=_text_of(row, "open_week"),
        status=_status_of(row),
        tel=_text_of(row, "tel"),
        specialities=_texts_of(row, "specialities"),
        tags=tuple((key, str(value)) for key, value in tags.items()) if isinstance(tags, dict) else (),
    )


def _text_of(row: Mapping[str, Any], name: str) -> str | None:
    """A text that is not empty; of any other kind a tool said nothing."""
    value = row.get(name)
    return value if isinstance(value, str) and value else None


def _texts_of(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = row.get(name)
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _number_of(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    plain = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < _LARGEST
    return value if plain else None


def _whole_of(row: Mapping[str, Any], name: str) -> int | None:
    value = _number_of(row, name)
    return None if value is None else round(value)


def _status_of(row: Mapping[str, Any]) -> Status | None:
    value = row.get("status")
    return value if value in ("open", "resting", "closed") else None
