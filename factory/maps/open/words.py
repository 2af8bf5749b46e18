"""Words of open map data: which restaurants count, their cuisines in the plan's words, places to stand at, provable needs.

Pure tables, read when a file becomes a place index (building.py). Tokens are lower case with underscores, so that OSM's
``cuisine=thai``, Overture's ``thai_restaurant`` and Foursquare's ``Thai Restaurant`` are one.
"""

from __future__ import annotations

import re

CUISINE_TOKENS: dict[str, tuple[str, ...]] = {
    "中餐": ("chinese", "dumplings", "dumpling", "jiaozi"),
    "川菜": ("sichuan", "szechuan", "szechwan", "chongqing"),
    "湘菜": ("hunan",),
    "粤菜": ("cantonese", "guangdong", "dim_sum", "hong_kong", "cha_chaan_teng"),
    "东北菜": ("dongbei", "northeastern_chinese", "manchurian"),
    "西北菜": ("xinjiang", "uyghur", "uighur", "shaanxi", "northwestern_chinese"),
    "云贵菜": ("yunnan", "guizhou"),
    "江浙菜": ("jiangsu", "zhejiang", "huaiyang", "hangzhou", "jiangnan"),
    "上海菜": ("shanghai", "shanghainese"),
    "北京菜": ("beijing", "peking", "peking_duck"),
    "鲁菜": ("shandong",),
    "徽菜": ("anhui",),
    "福建菜": ("fujian", "hokkien"),
    "湖北菜": ("hubei",),
    "潮州菜": ("teochew", "chaozhou", "chaoshan"),
    "台湾菜": ("taiwan", "taiwanese"),
    "火锅": ("hotpot", "hot_pot", "huoguo", "chinese_hotpot"),
    "面食": (
        "noodle",
        "noodles",
        "noodle_house",
        "lamian",
        "lanzhou",
        "lanzhou_lamian",
        "beef_noodle",
        "rice_noodle",
        "rice_noodles",
    ),
    "粥": ("congee", "porridge"),
    "奶茶": ("bubble_tea", "milk_tea", "boba"),
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
    "西餐": ("western", "european", "international"),
}
"""Earlier words win where a restaurant has several tokens of equal standing in its list."""

CHINESE_KITCHENS = frozenset(list(CUISINE_TOKENS)[1:19])
"""What a restaurant tagged ``chinese`` may be more exactly: 川菜 to 粥."""
NOT_EATEN = frozenset({"咖啡", "茶馆", "奶茶", "快餐", "亚洲菜"})
"""Words that stay on the restaurant but make no wish: one drinks them, or they say too little."""
GENERAL = NOT_EATEN | {"中餐", "西餐"}
"""Words that a brand or a name may make more exact."""

AMENITIES = frozenset({"restaurant", "fast_food", "cafe", "food_court", "ice_cream", "biergarten"})
"""OSM ``amenity`` values that count as restaurants; bars and pubs do not unless they name a cuisine."""
AMENITIES_WITH_CUISINE = frozenset({"pub", "bar"})

OVERTURE_EATEN = re.compile(
    r"restaurant|eatery|diner|bistro|steakhouse|pizzeria|noodle|buffet|food_(?:court|truck|stand)|bakery|dessert|ice_cream|"
    r"(?<!internet_)cafe|coffee|tea_room|teahouse|bubble_tea|sandwich|bagel|deli(?:catessen)?$|(?<!snow)(?<!sand)(?:^|_)bar_and_grill"
)
"""Overture categories of places where one eats or sits down with a cup."""
OVERTURE_ROOTS = frozenset({"food_and_drink", "eat_and_drink"})
"""First step of Overture's newer ``taxonomy.hierarchy``."""
DRUNK = re.compile(
    r"(?:^|_)(?:bar|pub|nightclub|night_club|lounge|brewery|winery|distillery|liquor|speakeasy)(?:_|$)|beer_garden"
)
"""Places of drink: no restaurant unless they name a kitchen."""
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
    "website",
)
"""Tags that are kept as evidence; a wish may need those in NEEDS."""
NEEDS = ("takeaway", "delivery", "outdoor_seating", "wheelchair", "diet:vegetarian")

ANCHORS: dict[str, tuple[str, ...]] = {
    "railway": ("station", "halt", "tram_stop"),
    "public_transport": ("station",),
    "aeroway": ("aerodrome", "terminal"),
    "amenity": (
        *("university", "college", "library", "theatre", "townhall", "arts_centre", "hospital", "marketplace"),
        *("bus_station", "ferry_terminal", "cinema", "place_of_worship"),
    ),
    "tourism": ("attraction", "museum", "gallery", "hotel", "theme_park", "zoo"),
    "leisure": ("park", "stadium", "sports_centre"),
    "place": ("square", "suburb", "quarter", "neighbourhood", "city", "town", "village"),
    "shop": ("mall", "department_store"),
    "historic": ("monument", "castle", "memorial", "palace", "city_gate"),
}
"""OSM keys and values that make a named place; those of ``STAND`` are good to stand at without being asked for."""
STAND = (
    *("station", "university", "college", "square", "mall", "attraction", "museum", "stadium", "marketplace"),
    *("townhall", "library", "theatre", "castle", "palace", "city_gate", "monument", "theme_park", "zoo", "park"),
    *("department_store", "arts_centre", "bus_station", "ferry_terminal", "aerodrome", "terminal", "halt", "tram_stop"),
    # What Overture and Foursquare call them.
    *("train_station", "metro_station", "subway_station", "light_rail_station", "rail_station", "metro", "rail"),
    *(
        "college_university",
        "college_or_university",
        "shopping_center",
        "shopping_mall",
        "plaza",
        "town_square",
        "airport",
    ),
    *(
        "landmark_and_historical_building",
        "historic_site",
        "historic_and_protected_site",
        "monument_landmark",
        "art_museum",
    ),
    *(
        "history_museum",
        "science_museum",
        "temple",
        "buddhist_temple",
        "public_plaza",
        "city_hall",
        "international_airport",
    ),
    *(
        "tourist_attraction",
        "bus_terminal",
        "ferry_boat_company",
        "landmark",
        "scenic_lookout",
        "performing_arts_venue",
    ),
)
"""What people name when they say where they are, in order of preference: no hotels, no gyms, no shop of one trade."""
NEVER_STOOD_AT: dict[str, frozenset[str]] = {
    "tourism": frozenset({"hotel", "hostel", "motel", "guest_house", "apartment", "chalet"}),
    "leisure": frozenset({"fitness_centre", "sports_centre", "sports_hall", "sauna", "dance", "fitness_station"}),
    "building": frozenset({"hotel"}),
    "amenity": frozenset({"gym"}),
}
"""Whatever else such an object is tagged, it is a hotel or a gym to people."""
NOT_NAMED_SO = re.compile(
    r"hotel|hostel|motel|酒店|宾馆|旅馆|旅舍|客栈|健身|"
    r"(?<![a-z])(?:gym|fitness|kuntosali|crossfit|elixia|yoga)(?![a-z])",
    re.IGNORECASE,
)
"""Names of hotels and gyms, whatever their tags say."""

_ENDINGS = re.compile(r"_(?:restaurants?|joints?|places?|houses?|shops?|parlors?|eatery)$")


def token(category: str) -> str:
    """``Thai Restaurant`` and ``thai_restaurant`` are ``thai``; ``steak_house`` stays."""
    flat = re.sub(r"[\s/-]+", "_", category.strip().lower())
    return flat if flat in _CUISINE_OF else _ENDINGS.sub("", flat)


_CUISINE_OF = {name: word for word, names in CUISINE_TOKENS.items() for name in names}


def cuisine_word(categories: list[str]) -> str | None:
    """The first category that the table knows, preferring a kitchen over 中餐, that over 咖啡 and 快餐."""
    words = [_CUISINE_OF[name] for name in map(token, categories) if name in _CUISINE_OF]
    return next((word for word in words if word not in GENERAL), next(iter(sorted(words, key=_drunk)), None))


def _drunk(word: str) -> bool:
    return word in NOT_EATEN
