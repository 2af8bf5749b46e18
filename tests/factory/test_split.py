"""Whole neighbourhoods stay unseen, about a tenth of the places, and an assignment never moves."""

from __future__ import annotations

from factory.geo import cell_id
from factory.plan.split import assign_cells
from factory.records import Place


def _places(count: int, step: float = 0.31) -> tuple[Place, ...]:
    return tuple(
        Place(f"p{i}", f"p{i}", "c", None, 100 + step * (i % 20), 30 + step * (i // 20), "GCJ-02") for i in range(count)
    )


def test_about_a_tenth_of_the_places_is_unseen() -> None:
    places = _places(300)
    sides = assign_cells({}, places)
    unseen = sum(sides[cell_id(place.lng, place.lat)] == "unseen" for place in places)
    assert 0.07 <= unseen / len(places) <= 0.13


def test_two_cells_give_one_unseen_and_one_cell_gives_none() -> None:
    assert sorted(assign_cells({}, _places(2)).values()) == ["in", "unseen"]
    assert list(assign_cells({}, _places(1)).values()) == ["in"]


def test_a_later_plan_only_adds_cells() -> None:
    first = assign_cells({}, _places(100))
    later = assign_cells(first, _places(300))
    assert {cell: later[cell] for cell in first} == first
    assert len(later) > len(first)


def test_big_cells_do_not_swallow_the_training_set() -> None:
    crowded = _places(60, step=0.001) + _places(5)
    sides = assign_cells({}, crowded)
    unseen = sum(sides[cell_id(place.lng, place.lat)] == "unseen" for place in crowded)
    assert 0 < unseen < len(crowded) / 2
