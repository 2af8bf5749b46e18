"""Words of open map data: which restaurants count, their cuisines in the plan's words, places to stand at, provable needs.

Pure tables, read when a file becomes a place index (open_build.py). Tokens are lower case with underscores, so that OSM's
``cuisine=thai``, Overture's ``thai_restaurant`` and Foursquare's ``Thai Restaurant`` are one.
"""

from __future__ import annotations

import re

CUISINE_TOKENS: dict[str, tuple[str, ...]] = {
    "中餐": ("chinese", "dim_sum", "dumplings", "dumpling"),
    "川菜": ("sichuan", "szechuan"),
    "粤菜": ("cantonese",),
    "火锅": ("hotpot", "hot_pot"),
    "日本料理": ("japanese", "sushi", "ramen", "okinawan", "izakaya", "udon", "tempura", "japanese_curry"),
    "韩国料理": ("korean",),
    "泰国菜": ("thai",),
    "越南菜": ("vietnamese", "pho"),
    "印度菜": ("indian", "curry"),
    "尼泊尔菜": ("nepalese", "nepali", "himalayan"),
    "意大利菜": ("italian", "pasta"),
    "披萨": ("pizza", "pizzeria"),
    "汉堡": ("burger", "hamburger", "burgers"),
    "土耳其菜": ("turkish", "kebab", "doner", "doner_kebab"),
    "墨西哥菜": ("mexican", "tex-mex", "tex_mex", "taco", "burrito"),
    "法国菜": ("french", "bistro", "brasserie"),
    "西班牙菜": ("spanish", "tapas"),
    "希腊菜": ("greek",),
    "北欧菜": ("nordic", "scandinavian", "finnish", "swedish", "danish", "norwegian"),
    "俄国菜": ("russian",),
    "德国菜": ("german", "bavarian"),
    "美国菜": ("american", "diner"),
    "牛排": ("steak_house", "steak", "steakhouse"),
    "海鲜": ("seafood", "fish", "fish_and_chips"),
    "素菜": ("vegetarian", "vegan", "vegetarian_and_vegan", "vegan_and_vegetarian"),
    "中东菜": ("middle_eastern", "lebanese", "arab", "falafel", "persian", "syrian"),
    "非洲菜": ("african", "ethiopian", "moroccan"),
    "烧烤": ("barbecue", "bbq", "grill", "barbeque"),
    "三明治": ("sandwich", "bagel", "deli", "sandwiches"),
    "沙拉": ("salad", "salad_bar"),
    "甜品": ("ice_cream", "dessert", "cake", "pastry", "donut", "frozen_yogurt", "waffle", "crepe"),
    "面包": ("bakery", "bread"),
    "地中海菜": ("mediterranean",),
    "亚洲菜": ("asian", "pan_asian", "asian_fusion"),
    "格鲁吉亚菜": ("georgian",),
    "巴西菜": ("brazilian",),
    "秘鲁菜": ("peruvian",),
    "咖啡": ("coffee_shop", "coffee", "cafe", "café"),
    "茶馆": ("tea", "teahouse", "tea_room"),
    "快餐": ("fast_food",),
}
"""Earlier words win where a restaurant has several tokens of equal standing in its list."""

NOT_EATEN = frozenset({"咖啡", "茶馆", "快餐", "亚洲菜"})
"""Words that stay on the restaurant but make no wish: one drinks them, or they say too little."""

AMENITIES = frozenset({"restaurant", "fast_food", "cafe", "food_court", "ice_cream", "biergarten"})
"""OSM ``amenity`` values that count as restaurants; bars and pubs do not unless they name a cuisine."""
AMENITIES_WITH_CUISINE = frozenset({"pub", "bar"})

OVERTURE_WORDS = (
    "restaurant",
    "cafe",
    "coffee_shop",
    "bakery",
    "food_court",
    "diner",
    "bistro",
    "eatery",
    "food_truck",
    "ice_cream_shop",
)
"""Overture categories that count contain one of these."""
FOURSQUARE_ROOT = "Dining and Drinking"

TAGS = (
    "takeaway",
    "delivery",
    "outdoor_seating",
    "wheelchair",
    "reservation",
    "diet:vegetarian",
    "diet:vegan",
    "diet:halal",
    "internet_access",
)
"""Tags that are kept as evidence; a wish may need those in NEEDS."""
NEEDS = ("takeaway", "delivery", "outdoor_seating", "wheelchair", "diet:vegetarian")

ANCHORS: dict[str, tuple[str, ...]] = {
    "railway": ("station", "halt", "tram_stop"),
    "public_transport": ("station",),
    "amenity": (
        *("university", "college", "library", "theatre", "townhall", "arts_centre", "hospital", "marketplace"),
        *("bus_station", "ferry_terminal", "cinema", "place_of_worship"),
    ),
    "tourism": ("attraction", "museum", "gallery", "hotel"),
    "leisure": ("park", "stadium", "sports_centre"),
    "place": ("square", "suburb", "quarter", "neighbourhood", "city", "town", "village"),
    "shop": ("mall", "department_store"),
    "historic": ("monument", "castle"),
}
"""OSM keys and values that make a named place; those of ``STAND`` are good to stand at without being asked for."""
STAND = (
    *("station", "university", "college", "square", "mall", "attraction", "museum", "stadium", "marketplace"),
    *("townhall", "library", "theatre", "castle", "monument", "bus_station", "ferry_terminal", "halt", "park"),
    *("department_store", "arts_centre", "hospital", "gallery", "cinema", "hotel", "tram_stop", "sports_centre"),
    # What Overture and Foursquare call them.
    *(
        "train_station",
        "metro_station",
        "college_university",
        "shopping_center",
        "shopping_mall",
        "landmark_and_historical_building",
    ),
    *("rail_station", "plaza", "airport"),
)
"""In order of preference."""

_ENDINGS = re.compile(r"_(?:restaurants?|joints?|places?|houses?|shops?|parlors?|eatery)$")


def token(category: str) -> str:
    """``Thai Restaurant`` and ``thai_restaurant`` are ``thai``; ``steak_house`` stays."""
    flat = re.sub(r"[\s/-]+", "_", category.strip().lower())
    return flat if flat in _KNOWN else _ENDINGS.sub("", flat)


_KNOWN = {one: word for word, tokens in CUISINE_TOKENS.items() for one in tokens}


def cuisine_word(categories: list[str]) -> str | None:
    """The first category that the table knows, preferring what one eats over 咖啡 and 快餐."""
    words = [_KNOWN[one] for one in map(token, categories) if one in _KNOWN]
    return next((word for word in words if word not in NOT_EATEN), words[0] if words else None)
