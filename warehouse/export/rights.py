"""What a licence text of the rows means for those who pass them on: the card's fields, and whether they may be published. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rights:
    """``identifier`` is the Hub's licence id; ``publishable`` is None where the user must decide."""

    identifier: str
    name: str
    publishable: bool | None
    why: str


INVENTED: Final = Rights("other", "invented data", True, "invented restaurants: nobody's rights, and no facts")
AMAP: Final = Rights(
    "other", "AMap terms of service", False, "AMap's terms allow neither storing nor publishing its content"
)
ODBL: Final = Rights("odbl", "Open Database License 1.0", True, "share-alike, with attribution")
UNKNOWN: Final = Rights("other", "unknown", None, "the rows name a licence that is not known here")
_PERMISSIVE: Final = (
    ("cdla-permissive-2.0", "cdla-permissive-2.0"),
    ("apache-2.0", "apache-2.0"),
    ("cc-by-4.0", "cc-by-4.0"),
)


def rights_of(provider: str, licence: str | None) -> Rights:
    """The rights of rows of one map service with one licence text."""
    if provider == "sandbox":
        return INVENTED
    if provider == "amap":
        return AMAP
    text = (licence or "").lower()
    if text.startswith("odbl"):
        return ODBL
    for mark, identifier in _PERMISSIVE:
        if text.startswith(mark):
            return Rights(identifier, licence or mark, True, "with attribution")
    return UNKNOWN


def strictest(rights: Sequence[Rights]) -> Rights:
    """The one that binds when rows of several are passed on together, in whatever order they come."""
    order = {False: 0, None: 1, True: 2}
    return min(
        rights, key=lambda right: (order[right.publishable], right.identifier != "odbl", right.identifier, right.name)
    )
