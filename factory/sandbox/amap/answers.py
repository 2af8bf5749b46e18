"""How the sandbox's map server speaks: envelopes, infocodes, parameters as they arrive, JSON out.

The lowest layer of amap_server*.py; faults.py uses it to give any infocode. Written against the published list of
codes on its own, so that the client's table is tested by something that does not share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson
from aiohttp import web

from factory.sandbox.amap.xml import as_xml

INFOCODES: Final[dict[str, str]] = {
    "10001": "INVALID_USER_KEY",
    "10002": "SERVICE_NOT_AVAILABLE",
    "10003": "DAILY_QUERY_OVER_LIMIT",
    "10004": "ACCESS_TOO_FREQUENT",
    "10005": "INVALID_USER_IP",
    "10006": "INVALID_USER_DOMAIN",
    "10007": "INVALID_USER_SIGNATURE",
    "10008": "INVALID_USER_SCODE",
    "10009": "USERKEY_PLAT_NOMATCH",
    "10010": "IP_QUERY_OVER_LIMIT",
    "10011": "NOT_SUPPORT_HTTPS",
    "10012": "INSUFFICIENT_PRIVILEGES",
    "10013": "USER_KEY_RECYCLED",
    "10014": "QPS_HAS_EXCEEDED_THE_LIMIT",
    "10015": "GATEWAY_TIMEOUT",
    "10016": "SERVER_IS_BUSY",
    "10017": "RESOURCE_UNAVAILABLE",
    "10019": "CQPS_HAS_EXCEEDED_THE_LIMIT",
    "10020": "CKQPS_HAS_EXCEEDED_THE_LIMIT",
    "10021": "CUQPS_HAS_EXCEEDED_THE_LIMIT",
    "10026": "INVALID_REQUEST",
    "10029": "ABROAD_DAILY_QUERY_OVER_LIMIT",
    "10041": "NO_EFFECTIVE_INTERFACE",
    "10044": "USER_DAILY_QUERY_OVER_LIMIT",
    "10045": "USER_ABROAD_DAILY_QUERY_OVER_LIMIT",
    "20000": "INVALID_PARAMS",
    "20001": "MISSING_REQUIRED_PARAMS",
    "20002": "ILLEGAL_REQUEST",
    "20003": "UNKNOWN_ERROR",
    "20011": "INSUFFICIENT_ABROAD_PRIVILEGES",
    "20012": "ILLEGAL_CONTENT",
    "20800": "OUT_OF_SERVICE",
    "20801": "NO_ROADS_NEARBY",
    "20802": "ROUTE_FAIL",
    "20803": "OVER_DIRECTION_RANGE",
    **dict.fromkeys(
        ("30001", "30002", "30003", "32000", "32001", "32002", "32003", "32200", "32201", "32202", "32203"),
        "ENGINE_RESPONSE_DATA_ERROR",
    ),
    "40000": "QUOTA_PLAN_RUN_OUT",
    "40001": "GEOFENCE_MAX_COUNT_REACHED",
    "40002": "SERVICE_EXPIRED",
    "40003": "ABROAD_QUOTA_PLAN_RUN_OUT",
}

Json = dict[str, Any]
"""A JSON object on its way to the wire; nothing inside our own code travels in this form."""


class InfocodeRefusal(Exception):
    """Ends a handler with an infocode."""

    def __init__(self, infocode: str) -> None:
        super().__init__(infocode)
        self.infocode = infocode


class Params(Mapping[str, str]):
    """A request's parameters; an empty one counts as not given, an unknown one is never looked at."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = {name: value.strip() for name, value in given.items() if value.strip()}

    def __getitem__(self, name: str) -> str:
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def required(self, name: str) -> str:
        """The value. Raises Refused 20001."""
        if name not in self._given:
            raise InfocodeRefusal("20001")
        return self._given[name]

    def whole(self, name: str, default: int) -> int:
        """A whole number, or ``default`` when absent. Raises Refused 20000."""
        text = self._given.get(name)
        if text is None:
            return default
        try:
            return int(float(text))
        except (ValueError, OverflowError) as error:
            raise InfocodeRefusal("20000") from error

    def point(self, name: str) -> tuple[float, float]:
        """A required (lng, lat). Raises Refused 20001 or 20000."""
        return read_point(self.required(name))


def read_point(text: str) -> tuple[float, float]:
    """``"116.32,39.99"`` as (lng, lat). Raises Refused 20000."""
    parts = text.split(",")
    try:
        lng, lat = (float(part) for part in parts)
    except ValueError as error:
        raise InfocodeRefusal("20000") from error
    if not (-180 <= lng <= 180 and -90 <= lat <= 90):
        raise InfocodeRefusal("20000")
    return lng, lat


def encode(body: Json, turn: int) -> bytes:
    """JSON bytes whose top-level keys are rotated by ``turn``: the service does not fix their order."""
    keys = list(body)
    shift = turn % len(keys)
    return orjson.dumps({key: body[key] for key in keys[shift:] + keys[:shift]})


def answer(payload: bytes, callback: str | None = None) -> web.Response:
    """HTTP 200 with JSON, or JSONP when a callback is named."""
    if callback is not None:
        return web.Response(body=callback.encode() + b"(" + payload + b")", headers={"Content-Type": _SCRIPT})
    return web.Response(body=payload, headers={"Content-Type": _JSON})


def as_document(payload: bytes) -> web.Response:
    """HTTP 200 with the same answer as XML."""
    return web.Response(body=as_xml(payload), headers={"Content-Type": "application/xml;charset=UTF-8"})


_JSON: Final = "application/json;charset=UTF-8"
_SCRIPT: Final = "text/javascript;charset=UTF-8"


def refusal_v4(infocode: str) -> web.Response:
    """An error in the envelope of v4."""
    body: Json = {"data": None, "errcode": int(infocode), "errdetail": None, "errmsg": INFOCODES[infocode]}
    return answer(orjson.dumps(body))


def refusal(
    infocode: str, *, echo_key: str | None = None, callback: str | None = None, xml: bool = False
) -> web.Response:
    """An error, which is HTTP 200 too. ``echo_key``: some refusals repeat the caller's key in clear."""
    body: Json = {"status": "0", "info": INFOCODES[infocode], "infocode": infocode}
    if echo_key is not None:
        body |= {"sec_code": "", "sec_code_debug": "", "key": echo_key}
    payload = encode(body, len(infocode))
    return as_document(payload) if xml else answer(payload, callback)
