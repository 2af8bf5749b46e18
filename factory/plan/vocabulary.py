"""The words that wishes are made of: cuisines, tastes, budgets, radii and the rest, and how a question may be put.

Read by the planner (orders.py); the sandbox teacher phrases them. The first three lists are the original recipe's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CUISINES: Final = ("川菜", "粤菜", "湘菜", "东北菜", "江浙菜", "日本料理", "烧烤", "火锅", "西餐")
RARE_CUISINES: Final = ("俄国菜", "印度菜", "法国菜", "潮州菜", "泰国菜", "徽菜", "素菜", "清真菜")
TASTES: Final = ("喜欢辣", "清淡口味", "重油重盐", "健康饮食", "偏爱甜食", "偏爱肉类", "无辣不欢")
BUDGETS_CNY: Final[tuple[tuple[int | None, int | None], ...]] = ((None, 50), (50, 100), (100, 200), (200, None))
LOW_BUDGET_CNY: Final = (None, 15)
"""Per person; low enough that hardly any sit-down restaurant fits, so that honest "nothing fits" answers exist."""

RADII_M: Final = (2000, 2000, 2000, 2000, 2000, 2000, 2000, 1500, 1500, 1000)
"""Repeats are weights: most users take what the default search covers."""
TIGHT_RADII_M: Final = (150, 200, 250)

MEAL_TIMES: Final = ("早餐", "午餐", "下午茶", "晚餐", "夜宵")
OCCASIONS: Final[tuple[tuple[str, int, int], ...]] = (
    ("朋友聚餐", 3, 8),
    ("家庭聚会", 3, 10),
    ("情侣约会", 2, 2),
    ("同学聚会", 4, 12),
    ("商务宴请", 3, 10),
    ("生日聚餐", 2, 10),
    ("一个人吃饭", 1, 1),
    ("带孩子吃饭", 2, 5),
    ("下班后小聚", 2, 6),
    ("游玩途中", 1, 5),
)
"""Occasion, smallest and largest sensible party."""

DIETS_ASKED: Final = ("不吃香菜", "海鲜过敏", "少油少盐", "不吃牛羊肉", "不吃内脏")
"""Diets that no map can prove: the question states them, the answer may advise to tell the kitchen."""
DIETS_PROVED: Final = ("素食", "清真")
"""Diets that a poi's type or tags can prove; they come with the cuisines 素菜 and 清真菜."""

MEALS_SERVED: Final[dict[str, tuple[str, ...]]] = {
    "川菜": ("午餐", "晚餐", "夜宵"),
    "粤菜": ("早餐", "午餐", "下午茶", "晚餐", "夜宵"),
    "湘菜": ("午餐", "晚餐", "夜宵"),
    "东北菜": ("午餐", "晚餐"),
    "江浙菜": ("早餐", "午餐", "晚餐"),
    "日本料理": ("午餐", "晚餐", "夜宵"),
    "烧烤": ("午餐", "晚餐", "夜宵"),
    "火锅": ("午餐", "晚餐", "夜宵"),
    "西餐": ("午餐", "下午茶", "晚餐"),
    "法国菜": ("午餐", "下午茶", "晚餐"),
    "潮州菜": ("午餐", "晚餐", "夜宵"),
    "清真菜": ("早餐", "午餐", "晚餐"),
    "上海菜": ("早餐", "午餐", "晚餐"),
    "咖啡": ("早餐", "午餐", "下午茶"),
    "甜品": ("下午茶", "夜宵"),
    "面包": ("早餐", "下午茶"),
    "三明治": ("早餐", "午餐"),
    "快餐": MEAL_TIMES,
    "茶馆": ("下午茶",),
}
"""What one goes to a cuisine for; a cuisine that is not here serves lunch and dinner."""
MEALS_ELSE: Final = ("午餐", "晚餐")

_NOT_AT: Final[dict[str, frozenset[str]]] = {
    "早餐": frozenset({"朋友聚餐", "家庭聚会", "情侣约会", "同学聚会", "商务宴请", "生日聚餐", "下班后小聚"}),
    "午餐": frozenset({"下班后小聚"}),
    "下午茶": frozenset({"家庭聚会", "商务宴请", "下班后小聚", "一个人吃饭"}),
    "夜宵": frozenset({"家庭聚会", "商务宴请", "带孩子吃饭"}),
}
"""Occasions that nobody holds at a meal."""
_DIET_ODDS: Final[dict[str, frozenset[str]]] = {
    "少油少盐": frozenset({"重油重盐", "偏爱甜食", "烧烤", "火锅", "炸鸡", "汉堡"}),
    "海鲜过敏": frozenset({"海鲜", "日本料理", "北欧菜"}),
    "不吃牛羊肉": frozenset({"清真菜", "牛排", "汉堡", "土耳其菜", "烧烤"}),
    "素食": frozenset({"偏爱肉类"}),
    "清真": frozenset(),
}
"""Tastes and cuisines that contradict a diet: nobody who is allergic to seafood asks for sushi."""
_TASTE_ODDS: Final[dict[str, frozenset[str]]] = {
    "偏爱肉类": frozenset({"素菜", "沙拉"}),
    "重油重盐": frozenset({"素菜", "沙拉"}),
    "健康饮食": frozenset(),
}


def meals_of(cuisine: str) -> tuple[str, ...]:
    """The meals that a cuisine is eaten at."""
    return MEALS_SERVED.get(cuisine, MEALS_ELSE)


def held_at(occasion: str, meal: str | None) -> bool:
    """Whether an occasion goes with a meal."""
    return occasion not in _NOT_AT.get(meal or "", ())


def diet_goes_with(diet: str, *, cuisine: str, taste: str | None) -> bool:
    """Whether somebody with this diet may wish for the cuisine and the taste."""
    return not _DIET_ODDS.get(diet, frozenset()) & {cuisine, taste or ""}


def taste_goes_with(taste: str | None, cuisine: str) -> bool:
    """Whether a taste may be wished for with a cuisine."""
    return cuisine not in _TASTE_ODDS.get(taste or "", ())


STYLES: Final = ("plain", "chatty", "terse", "polite", "story", "list")
"""How the question is put."""


@dataclass(frozen=True, slots=True)
class WishWords:
    """What wishes may be made of with one map service; a service that knows no prices gets no budgets.

    ``needs`` are tags a poi must have ("" means none); each is used alone.
    """

    cuisines: tuple[str, ...]
    rare_cuisines: tuple[str, ...]
    tastes: tuple[str | None, ...]
    budgets_cny: tuple[tuple[int | None, int | None], ...]
    low_budget_cny: tuple[int | None, int | None] | None
    radii_m: tuple[int, ...]
    tight_radii_m: tuple[int, ...]
    diets_asked: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("",)


CHINESE_WORDS: Final = WishWords(
    cuisines=CUISINES,
    rare_cuisines=RARE_CUISINES,
    tastes=TASTES,
    budgets_cny=BUDGETS_CNY,
    low_budget_cny=LOW_BUDGET_CNY,
    radii_m=RADII_M,
    tight_radii_m=TIGHT_RADII_M,
    diets_asked=DIETS_ASKED,
)
"""For services with ratings, prices and Chinese type codes: AMap and the sandbox."""


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """What may be wished for at one place, where a map knows it beforehand: its cuisines, and for each the needs met there."""

    cuisines: tuple[str, ...]
    needs: tuple[tuple[str, tuple[str, ...]], ...]

    def needs_of(self, cuisine: str) -> tuple[str, ...]:
        """The needs of a cuisine; "" (none) is always among them."""
        return dict(self.needs).get(cuisine, ("",))
