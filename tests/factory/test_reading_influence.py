"""What is read hangs on the evidence: swap or take away one field between restaurants, and just what was said of it falls."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from factory.records import Candidate, Poi, Verification
from factory.verifier import verify
from tests.factory.reading_world import EVIDENCE, PLACE, POIS, QUESTION, WISH

FIELDS = ("rating", "cost_cny", "distance_m", "open_hours", "address", "specialities", "tel")
FIRST, SECOND = POIS[0], POIS[1]
TEXTS = {
    "prose": (
        "两家都合预算。川香园(清河店)290米，人均80元，评分4.5。蜀味轩远510米，人均95元，比川香园贵15元，离100元还差5元。",
        {"rating", "cost_cny", "distance_m"},
    ),
    "questions": (
        "问：川香园和蜀味轩哪家更近？\n答：川香园(清河店)。\n问：蜀味轩人均多少？\n答：蜀味轩95元。",
        {"cost_cny", "distance_m"},
    ),
    "table": (
        ("| 店名 | 评分 | 人均 | 距离 |\n|---|---|---|---|\n"
        "| 川香园(清河店) | 4.5 | 80元 | 290米 |\n| 蜀味轩 | 4.2 | 95元 | 800米 |"),
        {"rating", "cost_cny", "distance_m"},
    ),
    "signs": (
        "川香园(清河店) ⭐4.5 💰80元\n蜀味轩 ⭐4.2 💰95元",
        {"rating", "cost_cny"},
    ),
    "essay": (
        ("推荐两家川菜：\n- **川香园(清河店)**：营业到22:00，招牌菜有麻婆豆腐，电话010-62551234。\n"
        "- **蜀味轩**：招牌菜有水煮鱼，下午两点到五点休息。\n\n"
        "要省钱选川香园，想吃水煮鱼选蜀味轩。"),
        {"open_hours", "specialities", "tel", "cost_cny"},
    ),
    "short names": (
        "川香园在双榆树北里3号，人均80元；蜀味轩人均95元，两家相差15元。",
        {"address", "cost_cny"},
    ),
    "sets": (
        "两公里内人均在90元以上的川菜有三家，蜀味轩人均95元，比川香园(清河店)贵15元。评分方面，川香园4.5。",
        {"cost_cny", "rating"},
    ),
}  # fmt: skip


def _read(text: str, pois: tuple[Poi, ...]) -> Verification:
    candidate = Candidate("x", "x", 0, QUESTION, text, (), feasible=True)
    return verify(candidate, wish=WISH, place=PLACE, evidence=replace(EVIDENCE, pois=pois), structured=False)


def _swapped(field: str) -> tuple[Poi, ...]:
    """The first two restaurants with one field changed over; a distance is where they lie."""
    if field == "distance_m":
        first = replace(FIRST, lng=SECOND.lng, lat=SECOND.lat, distance_m=SECOND.distance_m)
        second = replace(SECOND, lng=FIRST.lng, lat=FIRST.lat, distance_m=FIRST.distance_m)
    elif field == "open_hours":
        first = replace(FIRST, open_hours=SECOND.open_hours, open_week=SECOND.open_week)
        second = replace(SECOND, open_hours=FIRST.open_hours, open_week=FIRST.open_week)
    else:
        first = replace(FIRST, **{field: getattr(SECOND, field)})
        second = replace(SECOND, **{field: getattr(FIRST, field)})
    return (first, second, *POIS[2:])


def _without(field: str) -> tuple[Poi, ...]:
    """Neither of the first two has the field."""
    empty: dict[str, object] = {field: () if field == "specialities" else None}
    if field == "open_hours":
        empty["open_week"] = None
    return (replace(FIRST, **empty), replace(SECOND, **empty), *POIS[2:])  # type: ignore[arg-type]


def _statements(result: Verification) -> list[tuple[str, str, str]]:
    return [(claim.kind, claim.stated, claim.status) for claim in result.claims]


@pytest.mark.parametrize("style", TEXTS)
def test_a_true_text_of_each_style_is_read_and_passes(style: str) -> None:
    assert [finding.detail for finding in _read(TEXTS[style][0], POIS).findings] == []


@pytest.mark.parametrize(("style", "field"), list(itertools.product(TEXTS, FIELDS)))
def test_a_field_changed_over_between_two_restaurants_flips_what_was_said_of_it_and_nothing_else(
    style: str, field: str
) -> None:
    text, used = TEXTS[style]
    result = _read(text, _swapped(field))
    if field in used:
        assert result.findings
    else:
        assert _statements(result) == _statements(_read(text, POIS))


@pytest.mark.parametrize(
    ("style", "field"), [pair for pair in itertools.product(TEXTS, FIELDS) if pair[1] != "distance_m"]
)
def test_a_field_that_is_gone_proves_nothing_any_more(style: str, field: str) -> None:
    text, used = TEXTS[style]
    result = _read(text, _without(field))
    assert bool(result.findings) == (field in used)
