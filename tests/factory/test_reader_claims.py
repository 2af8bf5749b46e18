"""Every kind of claim that a second reader may write, with an example that holds, one that does not, and one at the edge."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from factory.agents.second_reader import reader_prompt
from factory.verifier.told_facts import FACT_KINDS
from factory.verifier.told_hours import HOURS_KINDS
from factory.verifier.told_sets import SET_KINDS
from tests.factory.reader_world import A, B, verdict

NOT = {"not": True}
CHEAP = [{"kind": "price", "value": 100, "sign": "<"}]
LATER = {
    "kind": "compare",
    "of": "A",
    "other": "A",
    "fact": "close",
    "days": "周六",
    "other_days": "周一",
    "direction": "more",
}
CHEAPER = {"kind": "compare", "of": "A", "other": "B", "fact": "price", "direction": "less"}
UNDER = {"kind": "gap", "of": ["A", "B"], "bound": "budget_max", "direction": "under"}
DEAR = [{"kind": "price", "value": 100, "sign": ">"}]
DEAR_AND_NEAR = [{"kind": "distance", "value": 1000, "sign": "<="}, {"kind": "price", "value": 100, "sign": ">"}]
TWICE = [["11:00", "14:00"], ["17:00", "21:30"]]
H, W, U = "holds", "wrong", "unread"
S = "unread: less sure"
"""Decided against, in words of the reader's own: unread, and never called wrong."""
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("打分有4.1", {"kind": "rating", "of": "A", "value": 4.1}, H),
    ("打分有4.2", {"kind": "rating", "of": "A", "value": 4.2}, W),
    ("打分过了4.0", {"kind": "rating", "of": "A", "value": 4.0, "sign": ">"}, H),
    ("吃一顿60块", {"kind": "price", "of": "A", "value": 60}, H),
    ("吃一顿62块", {"kind": "price", "of": "A", "value": 62}, W),
    ("吃一顿不到61块", {"kind": "price", "of": "A", "value": 61, "sign": "<"}, H),
    ("吃一顿不到60块", {"kind": "price", "of": "A", "value": 60, "sign": "<"}, W),
    ("花五六十块", {"kind": "price", "of": "A", "low": 50, "high": 69}, H),
    ("都在五百米里头", {"kind": "distance", "of": ["A", "B"], "value": 500, "sign": "<="}, H),
    ("三家都在五百米里头", {"kind": "distance", "of": "listed", "value": 500, "sign": "<="}, W),
    ("走路五分钟", {"kind": "walk", "of": "B", "minutes": 5}, H),
    ("走路半小时", {"kind": "walk", "of": "B", "minutes": 30}, W),
    ("平日11:00到14:00、17:00到21:30", {"kind": "hours", "of": "A", "days": "周一至周五", "spans": TWICE}, H),
    ("工作日11:00-14:00", {"kind": "hours", "of": "A", "days": "工作日", "spans": [["11:00", "14:00"]]}, H),
    ("工作日11:00-14:30", {"kind": "hours", "of": "A", "days": "工作日", "spans": [["11:00", "14:30"]]}, W),
    ("周六要到次日2点才歇", {"kind": "closes", "of": "A", "days": "周六", "time": "次日02:00"}, H),
    ("周六要到次日1点才歇", {"kind": "closes", "of": "A", "days": "周六", "time": "次日01:00"}, W),
    ("至少开到21:30", {"kind": "closes", "of": "A", "time": "21:30", "sign": ">="}, H),
    ("10:00就有人", {"kind": "opens", "of": "B", "time": "10:00"}, H),
    ("10:30才有人", {"kind": "opens", "of": "B", "time": "10:30"}, W),
    ("周二14:00到17:00没人招呼", {"kind": "break", "of": "A", "days": "周二", "spans": [["14:00", "17:00"]]}, H),
    ("周二15:00到17:00没人招呼", {"kind": "break", "of": "A", "days": "周二", "spans": [["15:00", "17:00"]]}, W),
    ("一口气不歇", {"kind": "no_break", "of": "B"}, H),
    ("周一一口气不歇", {"kind": "no_break", "of": "A", "days": "周一"}, W),
    ("灯火通宵", {"kind": "all_day", "of": "B"}, W),
    ("周一分两段", {"kind": "sessions", "of": "A", "days": "周一", "number": 2}, H),
    ("周一分三段", {"kind": "sessions", "of": "A", "days": "周一", "number": 3}, W),
    ("平日晚饭接得住", {"kind": "open_at", "of": "A", "days": "平日", "meal": "晚餐"}, H),
    ("平日15:00接得住", {"kind": "open_at", "of": "A", "days": "平日", "time": "15:00"}, W),
    ("早饭指望不上", {"kind": "shut_at", "of": "B", "meal": "早餐"}, H),
    ("午饭指望不上", {"kind": "shut_at", "of": "B", "meal": "午餐"}, W),
    ("周日锁门", {"kind": "day_off", "of": "A", "days": "周日"}, H),
    ("周六锁门", {"kind": "day_off", "of": "A", "days": "周六"}, W),
    ("周六照样接客", {"kind": "open_on", "of": "A", "days": "周六"}, H),
    ("周日照样接客", {"kind": "open_on", "of": "A", "days": "周日"}, W),
    ("坐落竹山路1号", {"kind": "address", "of": "A", "text": "竹山路1号"}, H),
    ("坐落竹山路3号", {"kind": "address", "of": "A", "text": "竹山路3号"}, S),
    ("号码0571-85550001", {"kind": "phone", "of": "A", "text": "0571-85550001"}, H),
    ("号码0571-85550002", {"kind": "phone", "of": "A", "text": "0571-85550002"}, W),
    ("在某市地界", {"kind": "city", "of": "A", "text": "某市"}, H),
    ("在他市地界", {"kind": "city", "of": "A", "text": "他市"}, W),
    ("快餐路数", {"kind": "cuisine", "of": "A", "word": "快餐"}, H),
    ("川菜路数", {"kind": "cuisine", "of": "A", "word": "川菜"}, W),
    ("不是川菜路数", {"kind": "cuisine", "of": "A", "word": "川菜", **NOT}, H),
    ("灶上有剁椒鱼头", {"kind": "dish", "of": "A", "name": "剁椒鱼头"}, H),
    ("灶上有毛血旺", {"kind": "dish", "of": "A", "name": "毛血旺"}, W),
    ("列的菜没有辣的", {"kind": "dish", "of": "B", "name": "辣菜", **NOT}, H),
    ("列的菜没有辣的", {"kind": "dish", "of": "A", "name": "辣菜", **NOT}, W),
    ("列的没有甜食", {"kind": "dish", "of": "A", "name": "甜食", **NOT}, H),
    ("剁椒鱼头辣得很", {"kind": "dish_is", "of": "A", "name": "剁椒鱼头", "word": "辣"}, H),
    ("清蒸鲈鱼辣得很", {"kind": "dish_is", "of": "B", "name": "清蒸鲈鱼", "word": "辣"}, S),
    ("轮椅推得进", {"kind": "tag", "of": "A", "tag": "轮椅"}, H),
    ("轮椅推得进", {"kind": "tag", "of": "C", "tag": "轮椅"}, W),
    ("轮椅推不进", {"kind": "tag", "of": "C", "tag": "轮椅", **NOT}, H),
    ("轮椅有一处推得进", {"kind": "tag", "of": "B", "tag": "轮椅", "partly": True}, H),
    ("轮椅推得进", {"kind": "tag", "of": "B", "tag": "轮椅"}, U),
    ("辣不辣资料没提", {"kind": "unsaid", "topic": "辣度"}, H),
    ("门牌资料没提", {"kind": "unsaid", "topic": "门牌号", "of": "A"}, S),
    ("号码资料没提", {"kind": "unsaid", "topic": "电话", "of": "B"}, H),
    ("号码资料没提", {"kind": "unsaid", "topic": "电话", "of": "A"}, S),
    ("停车的事资料没提", {"kind": "unsaid", "topic": "停车", "of": "A"}, H),
    ("停车的事资料没提", {"kind": "unsaid", "topic": "停车", "of": "B"}, U),
    ("网上在qinghe.example", {"kind": "website", "of": "A", "text": "qinghe.example"}, H),
    ("网上在qinghua.example", {"kind": "website", "of": "A", "text": "qinghua.example"}, W),
    ("天冷了照公告来", {"kind": "note", "of": "C", "text": "冬季以公告为准"}, H),
    ("天冷了照公告来", {"kind": "note", "of": "C", "text": "法定假日不接客"}, U),
    ("天冷了照公告来", {"kind": "note", "of": "B", "text": "冬季以公告为准"}, S),
    ("牌上挂的字样是湘菜", {"kind": "label", "of": "B", "text": "湘菜"}, H),
    ("牌上挂的字样是湘味小炒", {"kind": "label", "of": "B", "text": "湘味小炒"}, S),
    ("牌上挂的字样是快餐", {"kind": "label", "of": "A", "text": "快餐"}, H),
    ("牌上挂的字样是西餐", {"kind": "label", "of": "A", "text": "西餐"}, U),
    ("标签写的是湘菜小炒", {"kind": "cuisine", "of": "B", "word": "湘菜小炒"}, W),
    ("招牌字里嵌着云溪", {"kind": "named", "of": "B", "text": "云溪"}, H),
    ("招牌字里嵌着云溪", {"kind": "named", "of": "C", "text": "云溪"}, S),
    ("要么没填电话要么贵过百元", {"kind": "either", "of": ["B", "C"], "where": [{"kind": "absent", "fact": "phone"}, *DEAR]}, H),
    ("要么填了电话要么贵过百元", {"kind": "either", "of": ["B"], "where": [{"kind": "present", "fact": "phone"}, *DEAR]}, S),
    ("周六比周一晚收四个半钟头", {**LATER, "amount": 270}, H),
    ("周六比周一晚收三个半钟头", {**LATER, "amount": 210}, S),
    ("比云溪早收半小时", {"kind": "compare", "of": "A", "other": "B", "fact": "close", "direction": "less", "amount": 30}, H),
    ("比云溪早收一小时", {"kind": "compare", "of": "A", "other": "B", "fact": "close", "direction": "less", "amount": 60}, S),
    ("地址跟云溪不同", {"kind": "compare", "of": "A", "other": "B", "fact": "address", "direction": "differs"}, H),
    ("地址跟云溪一样", {"kind": "compare", "of": "A", "other": "B", "fact": "address", "direction": "same"}, S),
    ("头两家均摊比上限低25块", {**UNDER, "amount": 25, "average": True}, H),
    ("头两家均摊比上限低28块", {**UNDER, "amount": 28, "average": True}, S),
    ("早饭没准能接", {"kind": "open_at", "of": "C", "meal": "早餐", "maybe": True}, U),
    ("剁椒鱼头是鱼做的", {"kind": "dish_is", "of": "A", "name": "剁椒鱼头", "word": "鱼"}, H),
    ("剁椒鱼头是牛腩做的", {"kind": "dish_is", "of": "A", "name": "剁椒鱼头", "word": "牛腩"}, S),
    ("剁椒鱼头不放香菜", {"kind": "dish_is", "of": "A", "name": "剁椒鱼头", "word": "香菜", **NOT}, S),
    ("电话一栏没填", {"kind": "absent", "of": "B", "fact": "phone"}, H),
    ("电话一栏没填", {"kind": "absent", "of": "A", "fact": "phone"}, S),
    ("电话一栏填了", {"kind": "present", "of": "A", "fact": "phone"}, H),
    ("电话一栏填了", {"kind": "present", "of": "B", "fact": "phone"}, S),
    ("眼下停业", {"kind": "closed", "of": "A"}, W),
    ("眼下没停业", {"kind": "closed", "of": "A", **NOT}, H),
    ("近得很", {"kind": "vague", "of": "A", "fact": "distance", "word": "near"}, H),
    ("近得很", {"kind": "vague", "of": "C", "fact": "distance", "word": "near"}, U),
    ("是云溪这个牌子", {"kind": "brand", "of": "B", "text": "云溪湘菜馆"}, H),
    ("是云溪这个牌子", {"kind": "brand", "of": "C", "text": "云溪湘菜馆"}, S),
    ("比上限高了20块", {"kind": "gap", "of": "C", "bound": "budget_max", "direction": "over", "amount": 20}, H),
    ("比上限高了22块", {"kind": "gap", "of": "C", "bound": "budget_max", "direction": "over", "amount": 22}, S),
    ("四个人能省40块", {"kind": "gap", "of": "B", "bound": "budget_max", "direction": "under", "amount": 40, "people": 4}, H),
    ("多出一百五十六米", {"kind": "gap", "of": "C", "bound": "radius", "direction": "over", "amount": 156}, H),
    ("价钱和距离都合得上", {"kind": "fits", "of": "B", "condition": ["budget", "radius"]}, H),
    ("价钱和距离都合得上", {"kind": "fits", "of": "C", "condition": ["budget", "radius"]}, S),
    ("钱上差着意思", {"kind": "miss", "of": "C", "condition": "budget"}, H),
    ("钱上差着意思", {"kind": "miss", "of": "B", "condition": "budget"}, S),
    ("比青禾贵出30块", {"kind": "compare", "of": "B", "other": "A", "fact": "price", "direction": "more", "amount": 30}, H),
    ("比青禾贵出32块", {"kind": "compare", "of": "B", "other": "A", "fact": "price", "direction": "more", "amount": 32}, S),
    ("比青禾便宜", {"kind": "compare", "of": "B", "other": "A", "fact": "price", "direction": "less"}, S),
    ("路程是青禾的两倍", {"kind": "compare", "of": "B", "other": "A", "fact": "distance", "times": 2}, H),
    ("路程是青禾的三倍", {"kind": "compare", "of": "B", "other": "A", "fact": "distance", "times": 3}, S),
    ("价钱比云溪高33%", {"kind": "compare", "of": "C", "other": "B", "fact": "price", "direction": "more", "percent": 33}, H),
    ("离得最近", {"kind": "most", "of": "A", "fact": "distance", "end": "least", "among": "listed"}, H),
    ("离得最近", {"kind": "most", "of": "B", "fact": "distance", "end": "least", "among": "listed"}, S),
    ("离得第二近", {"kind": "most", "of": "B", "fact": "distance", "end": "least", "rank": 2}, H),
    ("最高的打分4.4", {"kind": "most", "fact": "rating", "end": "most", "value": 4.4, "among": "listed"}, H),
    ("最高的打分4.3", {"kind": "most", "fact": "rating", "end": "most", "value": 4.3, "among": "listed"}, S),
    ("只有青禾填了电话", {"kind": "only", "of": "A", "among": "listed", "where": [{"kind": "present", "fact": "phone"}]}, H),
    ("只有云溪填了电话", {"kind": "only", "of": "B", "among": "listed", "where": [{"kind": "present", "fact": "phone"}]}, S),
    ("只有青禾标了轮椅能进", {"kind": "only", "of": "A", "among": ["A", "C"], "where": [{"kind": "tag", "tag": "轮椅"}]}, H),
    ("只有青禾标了轮椅能进", {"kind": "only", "of": "A", "among": "listed", "where": [{"kind": "tag", "tag": "轮椅"}]}, U),
    ("不到百元的有两家", {"kind": "count", "number": 2, "among": "listed", "where": CHEAP}, H),
    ("不到百元的有三家", {"kind": "count", "number": 3, "among": ["A", "B", "C"], "where": CHEAP}, S),
    ("一公里里头没有一家超一百块", {"kind": "count", "number": 0, "among": "area", "where": DEAR_AND_NEAR}, H),
    ("价钱一家比一家高", {"kind": "order", "fact": "price", "direction": "asc"}, H),
    ("价钱一家比一家低", {"kind": "order", "fact": "price", "direction": "desc"}, W),
    ("四张嘴吃掉240块", {"kind": "total", "of": "A", "people": 4, "amount": 240}, H),
    ("四个人吃掉250块", {"kind": "total", "of": "A", "people": 4, "amount": 250}, W),
    ("两家加起来150块", {"kind": "total", "of": ["A", "B"], "people": 1, "amount": 150, "together": True}, H),
    ("三家平均90块", {"kind": "average", "fact": "price", "value": 90}, H),
    ("三家平均95块", {"kind": "average", "fact": "price", "of": ["A", "B", "C"], "value": 95}, W),
    ("三家从60块到120块", {"kind": "span", "fact": "price", "low": 60, "high": 120}, H),
    ("三家从70块到120块", {"kind": "span", "fact": "price", "of": ["A", "B", "C"], "low": 70, "high": 120}, S),
    ("样样都占的没有", {"kind": "nothing_fits"}, S),
    ("若只肯多花二十几块", {"kind": "if"}, H),
    ("若去青禾", {"kind": "if"}, U),
    ("多花二十几块", {"kind": "if"}, U),
    ("招牌就两道", {"kind": "dish_count", "of": "A", "number": 2}, H),
    ("招牌就三道", {"kind": "dish_count", "of": "A", "number": 3}, S),
    ("剁椒鱼头跟内脏不沾边", {"kind": "dish_is", "of": "A", "name": "剁椒鱼头", "word": "内脏", **NOT}, H),
    ("我站青禾", {"kind": "pick", "of": "A"}, H),
    ("四个人一道去", {"kind": "wish", "party": 4}, H),
    ("五个人一道去", {"kind": "wish", "party": 5}, U),
    ("我在石桥找", {"kind": "wish", "place": "某市的石桥"}, H),
    ("我在他市的石桥找", {"kind": "wish", "place": "他市的石桥"}, U),
    ("10:00才有人", {"kind": "opens", "of": "B", "time": "10:00"}, H),
    ("晚饭接得住", {"kind": "open_at", "of": "A", "meal": "晚餐"}, H),
    ("灯亮到次日2点", {"kind": "closes", "of": "A", "time": "次日02:00"}, U),
    ("我照一公里、五十到一百块来找", {"kind": "wish", "radius": 1000, "budget_min": 50, "budget_max": 100}, H),
    ("老板娘热心肠", {"kind": "unverifiable", "of": "A"}, W),
    ("有官网的只有青禾", {"kind": "only", "of": "A", "among": "listed", "where": [{"kind": "tag", "tag": "网站"}]}, H),
    ("有官网的只有云溪", {"kind": "only", "of": "B", "among": "listed", "where": [{"kind": "tag", "tag": "网站"}]}, U),
    ("打烊数它最迟", {"kind": "most", "of": "A", "fact": "close", "end": "most", "among": ["A", "B"]}, H),
    ("打烊数它最迟", {"kind": "most", "of": "B", "fact": "close", "end": "most", "among": ["A", "B"]}, U),
    ("四个人比云溪省出120块", {**CHEAPER, "people": 4, "amount": 120}, H),
    ("四个人比云溪省出30块", {**CHEAPER, "people": 4, "amount": 30}, S),
    ("灶上有清蒸鲈鱼", {"kind": "dish", "of": "A", "name": "清蒸鲈鱼"}, U),
    ("列的菜没有甜点", {"kind": "dish", "of": ["A", "B"], "name": "甜点", **NOT}, H),
    ("列的菜没有汤羹", {"kind": "dish", "of": "A", "name": "鱼头", **NOT}, W),
    ("路程是青禾的两倍出头", {"kind": "compare", "of": "C", "other": "A", "fact": "distance", "times": 5, "sign": ">"}, U),
    ("路程是青禾的五倍出头", {"kind": "compare", "of": "C", "other": "A", "fact": "distance", "times": 5, "sign": ">"}, H),
    ("路程是青禾的四倍出头", {"kind": "compare", "of": "C", "other": "A", "fact": "distance", "times": 4, "sign": ">"}, S),
    ("路程不到石塘的三分之一", {"kind": "compare", "of": "A", "other": "C", "fact": "distance", "times": 0.33, "sign": "<"}, H),
    ("路程不到石塘的七分之一", {"kind": "compare", "of": "A", "other": "C", "fact": "distance", "times": 0.14, "sign": "<"}, S),
    ("吃一顿六十块", {"kind": "price", "of": "A", "value": "60元", "quote": ""}, H),
    ("吃一顿六十块", {"kind": "price", "of": "A", "value": "60到80元", "quote": ""}, U),
    ("10:00就有人", {"kind": "hours", "of": "B", "spans": [{"open": "10:00", "close": "22:00"}]}, H),
    ("比青禾便宜", {"kind": "compare", "of": "B", "other": "A", "fact": "cost", "direction": "cheaper"}, S),
    ("人均跟云溪不同", {"kind": "compare", "of": "A", "other": "B", "fact": "price", "direction": "differs"}, H),
    ("天冷了歇", {"kind": "note", "of": "C", "text": "冬季以公告为准歇业"}, S),
    ("剁椒鱼头重口", {"kind": "dish_is", "of": "A", "name": "剁椒鱼头", "word": "重口"}, H),
    ("随便写写", {"kind": "nothing"}, U),
    ("几家里哪家最近", {"kind": "nothing"}, H),
    ("几家里哪家有4.9分", {"kind": "nothing"}, U),
    ("几家里哪家环境顶尖", {"kind": "nothing"}, U),
]  # fmt: skip


@pytest.mark.parametrize(("clause", "claim", "expected"), CASES)
def test_a_claim_is_decided_by_the_evidence(clause: str, claim: dict[str, Any], expected: str) -> None:
    assert verdict(clause, claim).startswith(expected), verdict(clause, claim)


def test_every_kind_has_an_example_that_holds_and_one_that_does_not_and_stands_in_the_prompt() -> None:
    kinds = {*FACT_KINDS, *HOURS_KINDS, *SET_KINDS}
    good = {claim["kind"] for _, claim, expected in CASES if expected == H}
    bad = {claim["kind"] for _, claim, expected in CASES if expected in {W, S}}
    assert kinds - good == {"all_day", "nothing_fits"}  # nobody here is open all day, and somebody fits
    assert kinds - bad == {"pick", "vague"}  # a judgement may stay unread, and is never called wrong
    assert [kind for kind in kinds if kind not in reader_prompt()] == []


def test_what_an_item_says_is_of_its_restaurant_unless_another_is_named() -> None:
    assert verdict("打分有4.4", {"kind": "rating", "value": 4.4}, item=B) == H
    assert verdict("打分有4.4", {"kind": "rating", "value": 4.4}, item=A) == W
    assert verdict("打分有4.4", {"kind": "rating", "value": 4.4}).startswith(U)


_ODD: list[Any] = [
    None,
    "",
    "x",
    "listed",
    "节假日",
    "25:99",
    "次日",
    -1,
    0,
    1e308,
    4.1,
    True,
    [],
    {},
    [[]],
    [["11:00"]],
]
_ODD += [["A", 7], [1, 2], [2, 1], "~", "11:00-14:00", {"kind": "price"}]
_FIELDS = [
    "of",
    "other",
    "among",
    "except",
    "fact",
    "value",
    "low",
    "high",
    "amount",
    "minutes",
    "number",
    "times",
    "percent",
    "people",
    "rank",
    "end",
    "direction",
    "bound",
    "not",
    "days",
    "meal",
    "part",
    "time",
    "spans",
    "name",
    "text",
    "tag",
    "word",
    "condition",
    "where",
    "sign",
    "together",
    "party",
    "radius",
    "budget_max",
]


def test_whatever_a_reader_writes_is_decided_or_left_unread_and_never_raises() -> None:
    """Each kind with odd values in place of its fields, alone and two at a time, in a fixed order."""
    draw = Random(7)
    claims = [claim for _, claim, _ in CASES]
    for _ in range(1500):
        claim = dict(draw.choice(claims))
        for field in draw.sample([*claim, *draw.sample(_FIELDS, 2)], 2):
            claim[field] = draw.choice(_ODD)
        assert verdict("打分有4.1，周一歇", claim).split(":")[0] in {H, W, U}, claim
