"""Acts of meals: nobody is open for one, how much of it is left, no worry about it. Hours decide (acts_hours.py, hours.py)."""

from __future__ import annotations

from factory.records import ClaimStatus
from factory.verifier import rules
from factory.verifier.acts_hours import PARTS_OF_DAY, meal_span, moment, say_of_days
from factory.verifier.deciding import show
from factory.verifier.hours import Day, hours_of, overlap_min
from factory.verifier.scene import Said, State, UnreadError


def none_open(said: Said, state: State) -> None:
    """早餐时段没有一家营业: nobody of the kind within the radius, nor of the listed, is open then."""
    scene = state.scene
    cuisine = next((token.value for token in said.of("CU")), scene.wish.cuisine)
    tests = [moment(token) for token in said.all("v")]
    radius = max((token.value.high for token in said.of("L")), default=float(scene.wish.radius_m))
    pois = dict.fromkeys((*scene.of_cuisine(cuisine, radius), *scene.listed))
    for poi in pois:
        if any(test(day) for day in hours_of(poi).possible() for test in tests):
            state.world("absence", said.text, f"{poi.name}{show(poi, 'hours')}", "contradicted")
            return
    state.world("absence", said.text, None, "inferable" if scene.covers(cuisine, radius) else "unsupported")
    for poi in scene.listed:
        scene.said.setdefault(poi.poi_id, set()).add("hours")
    unknown = any(not scene.misses(poi) for poi in pois)  # whose hours nobody knows may fit
    scene.says_nothing = scene.says_nothing or (_is_asked(said, state) and not unknown)


def _is_asked(said: Said, state: State) -> bool:
    asked = meal_span(state.scene.wish.meal_time or "")
    return asked is not None and any(
        (PARTS_OF_DAY.get(token.text) or meal_span(token.text) or (0, 0))[0] < asked[1]
        and (PARTS_OF_DAY.get(token.text) or meal_span(token.text) or (0, 0))[1] > asked[0]
        for token in said.all("v")
    )


def meal_left(said: Said, state: State) -> None:
    """早餐时段只剩半小时: how long of a meal's window it is open."""
    window = meal_span(said.all("v")[0].text)
    stated = said.all("a")[0].value
    if window is None:
        raise UnreadError

    def test(day: Day) -> ClaimStatus:
        minutes = overlap_min(day, window)
        return "inferable" if stated.low - 5 <= minutes <= stated.high + 5 else "contradicted"

    say_of_days(said, state, test, "open_at")


def no_worry(said: Said, state: State) -> None:
    """不用担心吃不上: open for the wish's meal, or for the one that is named."""
    meal = next((token.text for token in said.of("MEAL")), state.scene.wish.meal_time or "")
    window = meal_span(meal)
    if window is None:
        raise UnreadError
    say_of_days(
        said,
        state,
        lambda day: "inferable" if overlap_min(day, window) >= rules.OPEN_LEAST_MIN else "contradicted",
        "open_at",
    )
