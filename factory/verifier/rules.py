"""Every tolerance of the verifier in one place, with its reason. Distances in metres, money in CNY, ratings in stars."""

from __future__ import annotations

RATING_EXACT = 0.05
"""Maps give one decimal; a stated rating must be that decimal."""
RATING_ABOUT = 0.1
"""约4.5 may stand for 4.4 to 4.6."""
HIGH_RATING = 4.3
"""评分很高 is inferable from here on: about the upper third of restaurants on Chinese maps."""

PRICE_EXACT = 1.0
"""A price may be stated without its decimals."""
PRICE_ABOUT_SHARE = 0.10
PRICE_ABOUT_LEAST = 5.0
"""约80 for 78; small prices may be rounded to the next five."""

TOTAL_ABOUT_SHARE = 0.04
TOTAL_ABOUT_LEAST = 6.0
"""两个人大约340元 for 342: a sum is worked out, so that 约 rounds it and no more."""

DISTANCE_EXACT_SHARE = 0.03
DISTANCE_EXACT_LEAST = 10.0
"""Two measurements of one straight line differ by a few metres; 3 % also covers rounding to tens."""
DIFFERENCE_LEAST = 5.0
"""近14米: two distances that the same text states differ by what they differ by."""
DISTANCE_ABOUT_SHARE = 0.12
DISTANCE_ABOUT_LEAST = 30.0
"""约400米 for 387; people round to hundreds when they say 约."""
KILOMETRE_STEP = 50.0
"""1.2公里 is rounded to a tenth of a kilometre."""
NEAR_M = 300.0
"""几步路, 就在旁边: up to here."""

WALK_M_PER_MIN = 80.0
"""The walking speed that map services use."""
WALK_SLOWEST = 1.6
WALK_FASTEST = 0.8
WALK_LEAST_MIN = 1.0
"""Streets are longer than the straight line (up to 1.4 in cities) and people walk at 60 to 100 m a minute."""

RADIUS_SLACK = 1.005
"""The map measures the circle on its own ellipsoid."""

ENOUGH = 3
"""Recommendations that an answer must give when as many fit."""
MOST_CHARS = 4_000
ADDRESS_LEAST = 4
"""Characters of an address that say where something is."""

MEAL_WINDOWS: dict[str, tuple[int, int]] = {
    "早餐": (6 * 60 + 30, 9 * 60 + 30),
    "午餐": (11 * 60, 13 * 60 + 30),
    "下午茶": (14 * 60, 16 * 60 + 30),
    "晚餐": (17 * 60, 20 * 60 + 30),
    "夜宵": (21 * 60 + 30, 23 * 60 + 30),
}
"""When each meal is eaten, in minutes after midnight."""
OPEN_LEAST_MIN = 30
"""A restaurant that is open for half an hour of a meal's window fits the meal: 11:00 opens early enough for lunch."""
MEAL_DAYS_LEAST = 5
"""A wish names no weekday: a restaurant that leaves the meal out on more than two days of the week does not fit it."""

SHARE_SLACK = 0.02
"""28 % may stand for 26 % to 30 %: two points for rounding both values."""
GOOD_RATING = 4.0
"""评分不错 is inferable from here on."""
PLAIN_RATING = (3.3, 4.3)
"""评分一般, 评分尚可."""
LOW_RATING = 4.0
"""评分不高 is inferable up to here, exclusive."""
CHEAP_SHARE = 0.75
"""便宜 is inferable up to this share of the budget's upper bound."""
CHEAP_CNY = 60.0
"""Without a bound: up to here."""
DEAR_SHARE = 0.85
"""偏贵 is inferable from this share of the budget's upper bound on."""
DEAR_CNY = 100.0
"""Without a bound: from here on."""
NEARBY_M = 700.0
"""很近, 不远: up to here (nine minutes on foot), or in the nearer half of what was asked."""
FAR_M = 800.0
"""稍远, 有点远: from here on."""

WALKABLE_M = 1500.0
"""步行可达: up to here, some twenty minutes."""
