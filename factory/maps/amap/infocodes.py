"""AMap's whole infocode table and what a caller does about each; ``status`` decides success, never ``info``.

Source: the service's published error table with the community's observations (quotas count per account; 10021 is the
usual answer to speed; a month's quota has no code of its own and may come as 10003, 10044 or 40000).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from factory.errors import AccountRefused, ChidianError, KeyRefused, OrderFailed, QuotaExhausted, RetryLater, RunStopped


class Action(Enum):
    """What the caller does."""

    OK = "ok"
    RETRY = "retry"
    """Again soon, a few times."""
    WAIT = "wait"
    """Sent too fast: wait, then again."""
    EMPTY = "empty"
    """No result."""
    GIVE_UP = "give up"
    """This request can never succeed: give up on this order."""
    QUOTA = "quota"
    """A day's, month's or package's quota is used up: stop the run."""
    ACCOUNT = "account"
    """The key or account is refused: stop the run."""


@dataclass(frozen=True, slots=True)
class Infocode:
    """One row; ``wait_s`` is the least time to wait, ``advice`` completes the sentence for people."""

    name: str
    action: Action
    wait_s: float = 0.0
    advice: str = ""


_NEW_KEY = "create a Web-service key in the AMap console and set AMAP_KEY"
_CONSOLE = "look at the key's settings in the AMap console"
_TOMORROW = "wait for the next period or buy a package; the same command goes on"

TABLE: dict[str, Infocode] = {
    "10000": Infocode("OK", Action.OK),
    "10001": Infocode("INVALID_USER_KEY", Action.ACCOUNT, advice=_NEW_KEY),
    "10002": Infocode("SERVICE_NOT_AVAILABLE", Action.ACCOUNT, advice=_CONSOLE),
    "10003": Infocode("DAILY_QUERY_OVER_LIMIT", Action.QUOTA, advice=_TOMORROW),
    "10004": Infocode("ACCESS_TOO_FREQUENT", Action.WAIT, wait_s=60.0),
    "10005": Infocode("INVALID_USER_IP", Action.ACCOUNT, advice="add this machine's address to the key's white list"),
    "10006": Infocode("INVALID_USER_DOMAIN", Action.ACCOUNT, advice=_CONSOLE),
    "10007": Infocode("INVALID_USER_SIGNATURE", Action.ACCOUNT, advice="set AMAP_SECRET to the key's private key"),
    "10008": Infocode("INVALID_USER_SCODE", Action.ACCOUNT, advice=_CONSOLE),
    "10009": Infocode("USERKEY_PLAT_NOMATCH", Action.ACCOUNT, advice=_NEW_KEY),
    "10010": Infocode(
        "IP_QUERY_OVER_LIMIT", Action.ACCOUNT, advice="file a ticket with AMap: this does not clear by itself"
    ),
    "10011": Infocode("NOT_SUPPORT_HTTPS", Action.ACCOUNT, advice=_CONSOLE),
    "10012": Infocode("INSUFFICIENT_PRIVILEGES", Action.ACCOUNT, advice=_CONSOLE),
    "10013": Infocode("USER_KEY_RECYCLED", Action.ACCOUNT, advice=_NEW_KEY),
    "10014": Infocode("QPS_HAS_EXCEEDED_THE_LIMIT", Action.WAIT, wait_s=1.0),
    "10015": Infocode("GATEWAY_TIMEOUT", Action.WAIT, wait_s=1.0),
    "10016": Infocode("SERVER_IS_BUSY", Action.RETRY),
    "10017": Infocode("RESOURCE_UNAVAILABLE", Action.RETRY),
    "10019": Infocode("CQPS_HAS_EXCEEDED_THE_LIMIT", Action.WAIT, wait_s=1.0),
    "10020": Infocode("CKQPS_HAS_EXCEEDED_THE_LIMIT", Action.WAIT, wait_s=1.0),
    "10021": Infocode("CUQPS_HAS_EXCEEDED_THE_LIMIT", Action.WAIT, wait_s=1.0),
    "10026": Infocode("INVALID_REQUEST", Action.ACCOUNT, advice="the account is blocked: ask AMap"),
    # The name says a quota of foreign queries, the documentation a key's QPS; stopping is the careful reading.
    "10029": Infocode("ABROAD_DAILY_QUERY_OVER_LIMIT", Action.QUOTA, advice=_TOMORROW),
    "10041": Infocode("NO_EFFECTIVE_INTERFACE", Action.ACCOUNT, advice=_CONSOLE),
    "10044": Infocode("USER_DAILY_QUERY_OVER_LIMIT", Action.QUOTA, advice=_TOMORROW),
    "10045": Infocode("USER_ABROAD_DAILY_QUERY_OVER_LIMIT", Action.QUOTA, advice=_TOMORROW),
    "20000": Infocode("INVALID_PARAMS", Action.GIVE_UP),
    "20001": Infocode("MISSING_REQUIRED_PARAMS", Action.GIVE_UP),
    "20002": Infocode("ILLEGAL_REQUEST", Action.GIVE_UP),
    "20003": Infocode("UNKNOWN_ERROR", Action.RETRY),
    "20011": Infocode("INSUFFICIENT_ABROAD_PRIVILEGES", Action.GIVE_UP),
    "20012": Infocode("ILLEGAL_CONTENT", Action.GIVE_UP),
    "20800": Infocode("OUT_OF_SERVICE", Action.GIVE_UP),
    "20801": Infocode("NO_ROADS_NEARBY", Action.EMPTY),
    "20802": Infocode("ROUTE_FAIL", Action.RETRY),
    "20803": Infocode("OVER_DIRECTION_RANGE", Action.GIVE_UP),
    "40000": Infocode("QUOTA_PLAN_RUN_OUT", Action.QUOTA, advice=_TOMORROW),
    "40001": Infocode("GEOFENCE_MAX_COUNT_REACHED", Action.GIVE_UP),
    "40002": Infocode("SERVICE_EXPIRED", Action.ACCOUNT, advice="renew the service in the AMap console"),
    "40003": Infocode("ABROAD_QUOTA_PLAN_RUN_OUT", Action.QUOTA, advice=_TOMORROW),
    **{
        code: Infocode("ENGINE_RESPONSE_DATA_ERROR", Action.RETRY)
        for code in ("30001", "30002", "30003", *map(str, range(32000, 32004)), *map(str, range(32200, 32204)))
    },
}

_KEY_CODES = frozenset({"10001", "10007", "10008", "10009", "10013"})

UNKNOWN = Infocode(
    "unknown", Action.ACCOUNT, advice="this code is not in the published table: look it up before going on"
)
"""An unlisted code stops the run: going on blindly could burn a quota."""


def look_up(infocode: str, endpoint: str) -> Infocode:
    """The row of a code. At geocoding, 30001 was observed to mean that nothing was found."""
    if infocode == "30001" and endpoint == "geocode":
        return Infocode("ENGINE_RESPONSE_DATA_ERROR", Action.EMPTY)
    return TABLE.get(infocode, UNKNOWN)


def to_error(infocode: str, endpoint: str, info: str = "") -> ChidianError | None:
    """Our error for a code, or None for OK and EMPTY; ``info``: the service's own word for it."""
    row = look_up(infocode, endpoint)
    said = f"The map answered {infocode or 'no code'} {info or row.name} at {endpoint}"
    if row.action is Action.WAIT:
        return RetryLater(f"{said}.", kind="rate", retry_after_s=row.wait_s)
    if row.action is Action.RETRY:
        return RetryLater(f"{said}.", kind="server")
    if row.action is Action.GIVE_UP:
        return OrderFailed(f"{said}: this request cannot succeed.", reason="map_refused")
    if row.action is Action.QUOTA:
        return QuotaExhausted(f"{said}: the quota is used up; {row.advice}.")
    if row.action is Action.ACCOUNT:
        kind = RunStopped if row is UNKNOWN else KeyRefused if infocode in _KEY_CODES else AccountRefused
        return kind(f"{said}: {row.advice}.")
    return None
