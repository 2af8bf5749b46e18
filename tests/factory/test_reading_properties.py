"""Properties of the reading over generated text: influence, edges, injection, rendering, totality, and its own words."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import replace

import opencc
import pytest

from factory.records import Candidate, Poi, Verification
from factory.verifier import rules, verify
from factory.verifier.known import known_of
from factory.verifier.lexer import LEXICON, lex
from factory.verifier.public import verify_row
from factory.verifier.script import fold_text
from factory.verifier.words import READABLE
from tests.factory.reading_world import EVIDENCE, ITEMS, PLACE, POIS, QUESTION, WISH, answer, check, said_at

FIELDS = ("rating", "cost_cny", "distance_m", "open_hours", "address", "specialities", "tel")
SAID = {
    "rating": ("评分4.5", "评分比第二家高0.3", "评分超过4分"),
    "cost_cny": ("人均80元", "比第二家便宜15元", "四个人大约320元", "在您的预算之内"),
    "distance_m": ("距离290米", "五家里最近", "步行约4分钟"),
    "open_hours": ("营业到22:00", "午餐时段正常营业", "中午不休息"),
    "address": ("地址是双榆树北里3号",),
    "specialities": ("招牌菜有回锅肉、麻婆豆腐",),
    "tel": ("电话010-62551234",),
}
FOREIGN = (
    "人均30元", "评分5.0", "距离100米", "营业到凌晨三点", "招牌菜有佛跳墙", "地址是人民路9号", "是五家里最便宜的",
    "比第二家贵40元",     "店里可以免费停车", "老板是四川人",
    "开了三十年", "服务很周到", "有儿童座椅", "支持宠物入内", "周一休息", "四个人大约200元", "电话010-11112222",
)  # fmt: skip
WRAPS = (
    "{}。",
    "另外，{}。",
    "听说{}。",
    "很多人说{}。",
    "如果介意的话，{}。",
    "建议您去，{}。",
    "您知道吗，{}？",
    "可以说{}。",
    "据说{}，值得一去。",
)


def _against(pois: tuple[Poi, ...], text: str) -> Verification:
    candidate = Candidate("x", "x", 0, QUESTION, text, (), feasible=True)
    evidence = replace(EVIDENCE, pois=pois)
    return verify(candidate, wish=WISH, place=PLACE, evidence=evidence, structured=False)


def _changed(field: str) -> tuple[Poi, ...]:
    """The same evidence with one field of the first restaurant gone (a distance: moved away)."""
    first = POIS[0]
    if field == "distance_m":
        other = replace(first, lng=POIS[4].lng, lat=POIS[4].lat)
    elif field == "open_hours":
        other = replace(first, open_hours="23:00-23:20", open_week=None)
    else:
        other = replace(first, **{field: () if field == "specialities" else None})
    return (other, *POIS[1:])


@pytest.mark.parametrize("field", FIELDS)
def test_what_a_field_decides_flips_with_it_and_nothing_else_does(field: str) -> None:
    for about, texts in SAID.items():
        for text in texts:
            assert said_at("item1", text).accepted, text
            result = _against(_changed(field), answer(item1=f"{text}。"))
            mine = [finding for finding in result.findings if finding.clause.startswith(text)]
            assert bool(mine) == (about == field), (field, text, [finding.detail for finding in result.findings])


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (f"评分{4.5 + rules.RATING_EXACT - 0.01:.2f}", f"评分{4.5 + rules.RATING_EXACT + 0.01:.2f}"),
        (f"人均{80 + rules.PRICE_EXACT - 0.01:.2f}元", f"人均{80 + rules.PRICE_EXACT + 0.01:.2f}元"),
        (f"人均约{80 * (1 + rules.PRICE_ABOUT_SHARE):g}元", f"人均约{80 * (1 + rules.PRICE_ABOUT_SHARE) + 1:g}元"),
        (f"距离{290 + rules.DISTANCE_EXACT_LEAST:g}米", f"距离{290 + rules.DISTANCE_EXACT_LEAST + 1:g}米"),
        ("距离约324米", "距离约327米"),
        ("人均不超过80元", "人均不超过79元"),
        ("人均不到81元", "人均不到80元"),
        ("距离不足300米", "距离不足290米"),
        ("评分比第二家高0.3", "评分比第二家高0.4"),
        ("四个人大约332元", "四个人大约333元"),
        ("比预算上限低20元", "比预算上限低22元"),
    ],
)
def test_each_tolerance_has_its_edge(true: str, false: str) -> None:
    assert said_at("item1", true).accepted, true
    assert not said_at("item1", false).accepted, false


def test_foreign_claims_are_accepted_in_no_position_and_under_no_words() -> None:
    for claim, wrap in itertools.product(FOREIGN, WRAPS):
        text = wrap.format(claim)
        assert not said_at("item1", text).accepted, text
    for claim, where in itertools.product(FOREIGN, ("opening", "closing", "item3")):
        text = f"推荐下面五家，第一家{claim}：" if where == "opening" else f"第一家{claim}。"
        assert not check(answer(**{where: text})).accepted, (where, text)


def _claims(text: str) -> set[tuple[str | None, str, str]]:
    return {
        (claim.poi_id, claim.kind, claim.status)
        for claim in check(text).claims
        if claim.kind in {"rating", "price", "distance", "hours"}
    }


def test_the_same_claims_are_read_in_every_rendering() -> None:
    plain = _claims(answer())
    names = [poi.name for poi in POIS[:5]]
    bold = answer()
    for name in names:
        bold = bold.replace(name, f"**{name}**")
    wide = (
        answer()
        .translate({ord("0") + digit: chr(0xFF10 + digit) for digit in range(10)})
        .replace("(", "（")
        .replace(")", "）")
    )
    fields = "推荐下面五家：\n" + "\n".join(
        f"{place}. 【{name}】\n" + "\n".join(f"   - {part}" for part in ITEMS[place - 1].rstrip("。").split("，"))
        for place, name in enumerate(names, 1)
    )
    bullets = "推荐下面五家：\n" + "\n".join(f"- {name}：{ITEMS[place]}" for place, name in enumerate(names))
    prose = "推荐下面五家。" + "".join(f"{name}{ITEMS[place]}" for place, name in enumerate(names))
    chinese = answer().replace("80元", "八十元").replace("290米", "二百九十米").replace("评分4.5", "评分四点五")
    turned = (
        "推荐下面五家：\n"
        + "\n".join(f"{n}. {names[i]}：{ITEMS[i]}" for n, i in enumerate((4, 2, 0, 3, 1), 1))
        + "\n\n祝您用餐愉快！"
    )
    traditional = opencc.OpenCC("s2t").convert(answer())
    for text in (bold, wide, fields, bullets, prose, chinese, turned, traditional):
        assert _claims(text) == plain, text


def test_a_table_reads_like_its_sentences() -> None:
    rows = ["| 餐厅 | 评分 | 人均 | 距离 |", "|---|---|---|---|"]
    rows += [f"| {POIS[0].name} | 4.5 | 80元 | 290米 |", f"| {POIS[1].name} | 4.2 | 95元 | 800米 |"]
    assert check("推荐两家：\n" + "\n".join(rows) + "\n").accepted
    rows[2] = f"| {POIS[0].name} | 4.2 | 80元 | 290米 |"
    assert not check("推荐两家：\n" + "\n".join(rows) + "\n").accepted


def test_any_text_is_tokens_that_partition_it_and_clauses_within_bounds() -> None:
    dice = random.Random(7)
    words = [
        *LEXICON,
        *(poi.name for poi in POIS),
        "12元",
        "三百米",
        "，",
        "。",
        "\n",
        "\u200b",
        "𠮷",
        "\ud83c\udf5c",
        "|",
        "(",
        "—",
    ]
    vocabulary = known_of(POIS, PLACE, frozenset())
    for _ in range(60):
        text = "".join(dice.choice(words) for _ in range(dice.randint(1, 60)))
        folded = fold_text(text)
        tokens = lex(folded.text.replace("\n", "。"), vocabulary)
        assert "".join(token.text for token in tokens) == folded.text.replace("\n", "。")
        result = check(text)
        for clause in result.clauses:
            assert 0 <= clause.start <= clause.end <= len(text)


def test_long_text_takes_bounded_time() -> None:
    for text in (
        "一二三四" * 1000,
        "刚好都最" * 1000,
        "比第一家便宜，" * 570,
        "如果想要" * 1000,
        answer() * 10,
        "，。" * 2000,
        "(" * 4000,
        "近" * 4000,
    ):
        started = time.process_time()
        check(text[:4000])
        assert time.process_time() - started < 20  # a bound against blow-up, no measure of speed


def test_rows_of_any_shape_are_answered() -> None:
    good = {"question": QUESTION, "answer": answer(), "evidence": [], "lng": 1.0, "lat": 2.0}
    for name, value in itertools.product(
        (*good, "recommendations", "tags", "radius_m", "cuisine"),
        (None, 3, "x", [], {}, [[]], float("nan"), [None], {"a": {}}),
    ):
        assert isinstance(verify_row({**good, name: value}), Verification)
    for row in ({}, {"question": 1}, {"evidence": "x"}):
        assert not verify_row(row).accepted


def test_what_the_verifier_offers_it_accepts() -> None:
    """Every form that a finding offers between 可以写 and the end passes in its place; so does the sentence shown to everybody."""
    lies = (
        "评分4.9",
        "人均20元",
        "距离900米",
        "营业到23:00",
        "地址是人民路9号",
        "招牌菜有佛跳墙",
        "主营粤菜",
        "电话010-11112222",
        "凌晨还营业",
    )
    for lie in lies:
        details = [finding.detail for finding in said_at("item1", lie).findings]
        offered = [part.split("”")[0] for detail in details for part in detail.split("可以写“")[1:]]
        assert offered, (lie, details)
        for form in offered:
            assert said_at("item1", form).accepted, form
    own = replace(POIS[0], rating=4.5, cost_cny=80.0)
    assert own.name
    assert _against(
        (replace(POIS[0], open_week=None), *POIS[1:]), answer(item1=f"{READABLE.replace('390米', '290米')}。")
    ).accepted


def test_the_misses_that_are_offered_are_read_as_misses() -> None:
    text = answer().replace("人均140元，超出了您的预算，距离1500米。", "评分4.5。")
    detail = next(finding.detail for finding in check(text).findings if finding.outcome == "wish")
    label = detail.split("：", 1)[1].rstrip("。")
    assert check(text.replace("评分4.5。\n5", f"评分4.5，{label}。\n5")).accepted


def test_a_run_of_plain_characters_folds_like_its_characters_one_by_one() -> None:
    run = "".join(map(chr, range(0x4E00, 0xA000))) + "，。；：！？、（）:,.;!?()%/+-AZaz09"
    folded = fold_text(run)
    assert folded.text == "".join(fold_text(char).text for char in run)
    assert folded.at == tuple(range(len(run)))
    mixed = "評分 4.5，**人均**80元"
    assert fold_text(mixed).text == "评分4.5,人均80元"
    assert [mixed[place] for place in fold_text(mixed).at] == list("評分4.5，人均80元")
