"""How many rows a listing gave on its pages, and whether that is all that the service says there are; pure.

v3's ``count`` is the total of a listing, v5's the number on this page: a number that is not larger than what was read says
nothing. A page that is short of rows though more are told is not the last one, and where its missing rows would have stood
nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factory.maps.service import PAGE_SIZE
from factory.wire_text import count


@dataclass(frozen=True, slots=True)
class Given:
    """One page: its entries, empty ones too, and the number that the service told with them; 0 where it told none."""

    entries: int
    told: int


FULL = Given(PAGE_SIZE, 0)
"""What a page that was not read is taken for."""


@dataclass(frozen=True, slots=True)
class ListingTally:
    """``missing``: rows that are told of and were not on the pages read; ``full``: pages before the first short one."""

    missing: int
    full: int


def given(body: Mapping[str, Any]) -> Given:
    """What a page's body gave."""
    listed = body.get("pois")
    return Given(len(listed) if isinstance(listed, list) else 0, count(body.get("count")) or 0)


def tally(pages: list[Given]) -> ListingTally:
    """Pages from the first to the one at hand, whose own total is believed first: it is the freshest."""
    read = sum(page.entries for page in pages)
    told = pages[-1].told
    total = told if told >= read else max(page.told for page in pages)
    full = next((number for number, page in enumerate(pages) if page.entries < PAGE_SIZE), len(pages))
    return ListingTally(max(0, total - read), full)


def is_read(pages: list[Given], here: Given) -> bool:
    """Whether these first pages hold all that any page tells of: what follows them is past the end."""
    return bool(pages) and sum(page.entries for page in pages) >= max(page.told for page in (*pages, here))
