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
