"""Bodies and responses bent by chance, for mutated_bodies.py: what public reports, broken gateways and hostile servers send.

``mutated`` takes a good JSON body and returns what goes over the wire instead, with the name of the kind and whether a provider
that bills would have billed it (an error is no answer).
"""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**63, -(2**63), 1e308, "", " ", "0", "inf", "nan", "1e999", "-7", "null"),
    *(
        [],
        {},
        [[]],
        [None],
        {"": None},
        "nan,nan",
        "999,999",
        "\x00",
        "\x1b[31m\x1b]0;t\x07",
        "\u202e",
        "字" * 5_000,
        "'; --",
    ),
    *("<b onclick=x>", "../../x", "a\r\nb: c"),
)
"""Values that stand nowhere in a good answer."""
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """One response. ``raw`` None: the connection is closed; ``cut``: only half of the body is sent.

    ``unpacked``: what is in ``raw`` where its coding says that something is.
    """

    kind: str
    raw: bytes | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    billed: bool = True
    cut: bool = False
    unpacked: bytes | None = None

    @property
    def readable(self) -> bytes | None:
        """The bytes that may come out of this answer at the other end: none of a half, of an error, of what is no gzip."""
        if self.cut or not self.billed or self.status >= 300:
            return None
        return self.unpacked if "Content-Encoding" in self.headers else self.raw


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """Every place in a value."""
    yield here
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from paths(part, (*here, name))


def with_value(value: Any, path: Path, new: Any) -> Any:
    """A copy with one place changed."""
    if not path:
        return new
    out = copy.copy(value)
    out[path[0]] = with_value(value[path[0]], path[1:], new)
    return out


def _dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _odd_places(value: Any, dice: random.Random) -> bytes:
    for _ in range(dice.choice((1, 1, 2, 5))):
        value = with_value(value, dice.choice(list(paths(value))), dice.choice(ODD))
    return _dumps(value)


def _without_places(value: Any, dice: random.Random) -> bytes:
    for _ in range(dice.choice((1, 2, 3))):
        inside = [path for path in paths(value) if path]
        if not inside:
            break
        path = dice.choice(inside)
        holder = value
        for name in path[:-1]:
            holder = holder[name]
        del holder[path[-1]]
    return _dumps(value)


def _leaves(value: Any, new: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _leaves(part, new) for name, part in value.items()}
    return [_leaves(part, new) for part in value] if isinstance(value, list) else new(value)


def _flipped(raw: bytes, dice: random.Random) -> bytes:
    out = bytearray(raw)
    for _ in range(dice.choice((1, 2, 8))):
        out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
    return bytes(out)


def _strings(value: Any, dice: random.Random) -> bytes:
    mark = dice.choice(("\x1b[2J", "\u202e", "<script>x</script>", "|\n# h", "\x00", "'); drop table x;", "\ud800"))
    return json.dumps(
        _leaves(value, lambda leaf: leaf + mark if isinstance(leaf, str) and dice.random() < 0.2 else leaf)
    ).encode()


def _arguments(change: Callable[[str, random.Random], Any]) -> Callable[[Any, random.Random], bytes]:
    def mutate(value: Any, dice: random.Random) -> bytes:
        for choice in value.get("choices", ()):
            for call in choice["message"].get("tool_calls") or ():
                call["function"]["arguments"] = change(call["function"]["arguments"], dice)
        return _dumps(value)

    return mutate


BODIES: dict[str, Callable[[Any, random.Random], bytes]] = {
    "odd values": _odd_places,
    "places missing": _without_places,
    "all null": lambda value, _: _dumps(_leaves(value, lambda __: None)),
    "all text": lambda value, _: _dumps(_leaves(value, str)),
    "numbers as text": lambda value, _: _dumps(
        _leaves(value, lambda leaf: str(leaf) if isinstance(leaf, (int, float)) else leaf)
    ),
    "strings marked": _strings,
    "another root": lambda value, dice: _dumps(dice.choice((None, [], {}, "x", 7, [value], {"data": value}))),
    "cut": lambda value, dice: (raw := orjson.dumps(value))[: dice.randrange(len(raw))],
    "bits flipped": lambda value, dice: _flipped(orjson.dumps(value), dice),
    "rubbish behind": lambda value, _: orjson.dumps(value) + b"\n]}x",
    "mark before": lambda value, _: b"\xef\xbb\xbf" + orjson.dumps(value),
    "comments before": lambda value, _: b": ping\n\n: ping\n" + orjson.dumps(value),
    "utf-16": lambda value, _: orjson.dumps(value).decode().encode("utf-16"),
    "gbk": lambda value, _: orjson.dumps(value).decode().encode("gb18030"),
    "broken utf-8": lambda value, dice: orjson.dumps(value).replace(b"\xe5", b"\xff", dice.choice((1, 3))),
    "nan": lambda value, _: orjson.dumps(value)[:-1] + b',"z":NaN,"y":-Infinity}',
    "digits": lambda value, _: orjson.dumps(value)[:-1] + b',"z":' + b"7" * 6_000 + b"}",
    "deep": lambda _, dice: b"[" * (depth := dice.choice((300, 1_100, 60_000))) + b"]" * depth,
    "deep inside": lambda value, _: orjson.dumps(value)[:-1] + b',"z":' + b"[" * 2_000 + b"]" * 2_000 + b"}",
    "keys twice": lambda value, _: orjson.dumps(value)[:-1] + b',"choices":[],"pois":[],"usage":{}}',
    "a page": lambda _, __: b"<html><title>502 Bad Gateway</title><body>x</body></html>",
    "nothing": lambda _, __: b"",
    "large": lambda value, _: orjson.dumps(value)[:-1] + b',"pad":"' + b"p" * 300_000 + b'"}',
    "usage odd": lambda value, dice: _dumps(
        {
            **value,
            "usage": dice.choice(
                (None, [1], "many", 7, {"prompt_tokens": -9, "completion_tokens": 5}, {"prompt_tokens": 2**63})
            ),
        }
    ),
    "arguments cut": _arguments(lambda text, dice: text[: dice.randrange(len(text) + 1)]),
    "arguments fenced": _arguments(lambda text, _: f"```json\n{text}\n```"),
    "arguments twice encoded": _arguments(lambda text, _: json.dumps(text)),
    "arguments an object": _arguments(lambda text, _: orjson.loads(text)),
    "arguments odd": _arguments(lambda text, dice: _odd_places(orjson.loads(text), dice).decode("utf-8", "replace")),
    "many calls": lambda value, dice: _dumps(
        with_value(
            value,
            ("choices", 0, "message", "tool_calls"),
            [{"id": "c", "function": {"name": "preference_gen", "arguments": "{}"}}] * dice.choice((2, 300)),
        )
        if value.get("choices")
        else value
    ),
    "rows repeated": lambda value, _: _dumps({**value, "pois": (value.get("pois") or []) * 20}),
    "rows numbered": lambda value, _: _dumps({**value, "pois": dict(enumerate(value.get("pois") or []))}),
}


def _response(kind: str, raw: bytes, dice: random.Random) -> Sent:
    error = orjson.dumps({"error": {"message": "busy", "code": "x"}})
    match kind:
        case "closed":
            return Sent(kind, None)
        case "half sent":
            return Sent(kind, raw, cut=True)
        case "not gzip":
            return Sent(kind, raw, headers={"Content-Encoding": "gzip"})
        case "gzip":
            return Sent(kind, gzip.compress(raw), headers={"Content-Encoding": "gzip"}, unpacked=raw)
        case "204":
            return Sent(kind, b"", status=204)
        case "error under 200":
            return Sent(kind, error, billed=False)
        case "busy":
            return Sent(kind, error, status=dice.choice((500, 502, 503)), billed=False)
        case _:
            wish = dice.choice(("86400", "nan", "inf", "-5", "2s", "Fri, 31 Dec 9999 23:59:59 GMT"))
            return Sent(kind, error, status=503, headers={"Retry-After": wish}, billed=False)


RESPONSES = ("closed", "half sent", "not gzip", "gzip", "204", "error under 200", "busy", "busy for days")


def mutated(raw: bytes, dice: random.Random) -> Sent:
    """One kind, by chance."""
    kind = dice.choice((*BODIES, *RESPONSES))
    if kind in RESPONSES:
        return _response(kind, raw, dice)
    try:
        return Sent(kind, BODIES[kind](orjson.loads(raw), dice))
    except (TypeError, KeyError, AttributeError, IndexError, ValueError):  # a kind that this body has no place for
        return Sent("odd values", _odd_places(orjson.loads(raw), dice))
