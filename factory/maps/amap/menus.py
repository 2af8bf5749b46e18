"""AMap's ``tag``: a menu where it can be one, else key words. Pure; used by parsing.py.

The documentation calls it 特色菜, but shops fill it with what they like (朋友聚餐, 有包间): what is no dish may not be said as one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from factory.maps.cuisines import cuisines_of

_SPLIT = re.compile(r"[,，、;；|/]+")
_RESTAURANT = "05"
MOST_CHARS = 16
"""Characters of the longest names of dishes; beyond that stand sentences."""
_KEYWORD = re.compile(
    r"^(?:有|可(?![丽乐颂])|能|无(?![锡骨])|免费|适合|支持|提供|允许|靠|临[江湖街海窗]|近[地商]|可?带(?!鱼|子))|聚餐|聚会|小聚|宴|约会|派对|生日|包[间厢房场]|停车|泊车|wi-?fi|无线|网络|露台|露天|庭院|"
    r"花园|天台|[卡雅包]座|座位|大厅|景观|[江海湖夜山]景|视野|宠物|亲子|儿童|宝宝|婴儿|外卖|外送|配送|打包|堂食|自提|预[订定约]|排队|等位|团购|优惠|打折|折扣|"
    r"代金券|发票|环境|服务|氛围|风格|装修|情调|网红|打卡|连锁|老字号|推荐|必吃|必点|榜|好评|口碑|性价比|人均|便宜|实惠|平价|高档|高端|地铁|商圈|营业|"
    r"小时|无烟|吸烟|充电|办公|看书|阅读|拍照|音乐|驻唱|表演|ktv|棋牌|麻将|会议|活动|闺蜜|情侣|朋友|家庭聚|家人|同学|同事|一人食|商务|单人|双人|多人|"
    r"套餐|休闲|安静|浪漫|干净|卫生|热情|新鲜|正宗|地道|好吃|味道|早餐$|午餐$|晚餐$|夜宵$|下午茶$|早茶$|正餐$|简餐$|自助餐?$|小吃$|美食$|餐厅$|餐馆$|酒吧$|"
    r"料理$|菜馆$|专门店$|(?:门店|店)$",
    re.IGNORECASE,
)
"""Occasions, services, features, praise, meals and kinds of shops."""


def dishes_and_keywords(tag: str | None, typecode: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(dishes, key words) of a ``tag``. Where most of it is key words, none of it is a menu."""
    parts = dict.fromkeys(part.strip() for part in _SPLIT.split(tag or "") if part.strip())
    dishes = tuple(part for part in parts if _may_be_dish(part))
    keywords = tuple(part for part in parts if part not in dishes)
    restaurant = typecode is None or any(code.startswith(_RESTAURANT) for code in typecode.split("|"))
    if not restaurant or 2 * len(keywords) > len(parts):
        return (), tuple(parts)
    return dishes, keywords


@lru_cache(maxsize=1 << 14)
def _may_be_dish(part: str) -> bool:
    letters = re.search(r"[^\W\d_]", part) is not None
    kitchen = part in {word for word, _ in cuisines_of("", None, part)} or part.endswith(("菜系", "风味"))
    return letters and 1 < len(part) <= MOST_CHARS and not kitchen and _KEYWORD.search(part) is None
