"""Assembly: one candidate in, claims and findings out. Pure; the order of findings is the order of gravity."""

from __future__ import annotations

import re
from collections import Counter

from factory.records import Candidate, Claim, Evidence, Finding, Place, Poi, Recommendation, Verification, Wish
from factory.verifier import rules
from factory.verifier.names import unknown_reason
from factory.verifier.prose import prose_findings, question_findings
from factory.verifier.reading import Reading, located, read
from factory.verifier.wishes import LABEL, NOTHING, miss_sentence, misses, proved_empty

_LEFTOVER = re.compile(r"poi_id|```|<think>|</?\w+>|\{\"|\"\}|\\n|SBX[0-9A-Z]{3,}|recommendations|feasible")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\ufeff]")
_END = re.compile(r"[。！？!?.~～…)）”\"’】：]\s*$")
_WORD = {
    "rating": "评分",
    "price": "人均",
    "distance": "距离",
    "hours": "营业时间",
    "address": "地址",
    "dish": "菜品",
    "cuisine": "菜系",
    "name": "店名",
    "feature": "服务",
}


def verify(candidate: Candidate, *, wish: Wish, place: Place, evidence: Evidence) -> Verification:
    """Check one candidate against its order's evidence. Deterministic; accepted means no finding."""
    seen = located(evidence, place)
    by_id = {poi.poi_id: poi for poi in seen.pois}
    wanted = frozenset(poi_id for poi_id, _ in candidate.recommendations)
    reading = read(candidate.answer, seen, wish.cuisine, wanted)
    chosen = [one.poi for one in reading.named if one.poi is not None]
    findings = [
        *_form(candidate, reading),
        *_names(reading),
        *_structure(candidate, chosen, reading),
        *_claims(reading.claims, by_id),
        *_wish(candidate, wish, seen, reading, chosen),
        *prose_findings(reading.answer.prose, chosen, wish, place, seen, reading.index),
        *question_findings(candidate.question, wish, place),
    ]
    return Verification(reading.claims, tuple(findings), _recommendations(candidate, by_id))


def _recommendations(candidate: Candidate, by_id: dict[str, Poi]) -> tuple[Recommendation, ...]:
    return tuple(
        Recommendation(poi.poi_id, poi.name, poi.address, poi.rating, poi.cost_cny, poi.distance_m, reason)
        for poi_id, reason in candidate.recommendations
        if (poi := by_id.get(poi_id)) is not None
    )


def _form(candidate: Candidate, reading: Reading) -> list[Finding]:
    found = []
    for text, what in ((candidate.question, "提问"), (candidate.answer, "回答")):
        if not text.strip():
            found.append(Finding("structure", "empty", f"{what}是空的。"))
        elif len(text) > rules.MOST_CHARS:
            found.append(Finding("structure", "too_long", f"{what}超过{rules.MOST_CHARS}字。"))
        if _CONTROL.search(text):
            found.append(Finding("structure", "control_characters", f"{what}含有控制字符。"))
        if _LEFTOVER.search(text):
            found.append(Finding("structure", "leftover_markup", f"{what}含有标记、标识或 JSON 残留。"))
    if candidate.answer.strip() and not _END.search(candidate.answer):
        found.append(Finding("structure", "truncated", "回答没有写完，最后一句不完整。"))
    if candidate.answer.strip() and not reading.named and (candidate.feasible or candidate.recommendations):
        found.append(Finding("structure", "no_items", "回答没有按“1. 店名：……”逐条列出餐厅。"))
    return found


def _names(reading: Reading) -> list[Finding]:
    found = []
    for one in reading.named:
        if one.poi is None:
            reason, sentence = unknown_reason(one.item.head, reading.index)
            found.append(Finding("grounding", reason, sentence))
    repeats = [name for name, count in Counter(one.poi.poi_id for one in reading.named if one.poi).items() if count > 1]
    if repeats:
        found.append(Finding("structure", "repeated_restaurant", "同一家餐厅在回答中出现了两次。"))
    return found


def _structure(candidate: Candidate, chosen: list[Poi], reading: Reading) -> list[Finding]:
    """Text and structure name the same restaurants."""
    stated = Counter(poi_id for poi_id, _ in candidate.recommendations)
    if any(count > 1 for count in stated.values()):
        return [Finding("structure", "repeated_restaurant", "推荐列表中有重复的餐厅。")]
    if set(stated) != {poi.poi_id for poi in chosen} and all(one.poi for one in reading.named):
        return [Finding("structure", "text_and_list_differ", "回答中的餐厅与 recommendations 不一致，请一一对应。")]
    return []


def _claims(claims: tuple[Claim, ...], by_id: dict[str, Poi]) -> list[Finding]:
    found = []
    for claim in claims:
        if claim.status != "unsupported" or claim.poi_id is None:
            continue
        name = by_id[claim.poi_id].name
        truth = f"查到的是{claim.truth}" if claim.truth else "查询结果中没有这一项"
        sentence = f"{name}：{_WORD[claim.kind]}“{claim.stated}”与查询结果不符，{truth}。"
        found.append(Finding("grounding", f"wrong_{claim.kind}", sentence))
    return found


def _wish(candidate: Candidate, wish: Wish, evidence: Evidence, reading: Reading, chosen: list[Poi]) -> list[Finding]:
    # Nobody is blamed for passing over a restaurant on the circle's very edge.
    fits = [poi for poi in evidence.pois if not misses(poi, wish, slack=1.0)]
    says_nothing = bool(NOTHING.search(reading.answer.prose))
    if not candidate.feasible or says_nothing:
        return _nothing_fits(candidate, wish, evidence, reading, fits, says_nothing=says_nothing)
    found = []
    for one in reading.named:
        if one.poi is None:
            continue
        missed = misses(one.poi, wish)
        if missed and not LABEL.search(one.item.body):
            sentence = f"{one.poi.name}不符合需求：{miss_sentence(one.poi, wish, missed)}。"
            found.append(Finding("wish", f"misses_{missed[0]}", sentence))
    good = sum(not misses(poi, wish) for poi in chosen)
    enough = min(rules.ENOUGH, len(fits))
    if good < enough:
        sentence = f"查询结果中有{len(fits)}家符合需求，至少应推荐{enough}家，现在只有{good}家。"
        found.append(Finding("wish", "too_few", sentence))
    if not fits and not found:
        found.append(Finding("wish", "nothing_fits_unsaid", "没有餐厅完全符合需求，应如实说明并标出最接近的选择。"))
    return found


def _nothing_fits(
    candidate: Candidate, wish: Wish, evidence: Evidence, reading: Reading, fits: list[Poi], *, says_nothing: bool
) -> list[Finding]:
    found = []
    if fits:
        names = "、".join(poi.name for poi in fits[:3])
        found.append(Finding("wish", "false_nothing_fits", f"并非没有符合的餐厅：{names}符合全部需求。"))
    elif not proved_empty(evidence, wish):
        sentence = f"还没有查完{wish.cuisine}在{wish.radius_m}米内的结果，不能说没有符合的餐厅，请查下一页。"
        found.append(Finding("wish", "unproved_nothing_fits", sentence))
    if candidate.feasible:
        found.append(Finding("structure", "feasible_flag", "回答说没有符合的餐厅，feasible 应为 false。"))
    elif not says_nothing:
        found.append(
            Finding("wish", "nothing_fits_unsaid", "feasible 为 false，回答应直接说“没有完全符合要求的餐厅”。")
        )
    if (
        reading.named
        and "最接近" not in reading.answer.opening
        and not all(LABEL.search(one.item.body) for one in reading.named)
    ):
        found.append(Finding("wish", "unlabelled_alternative", "替代餐厅应标明是“最接近的选择”，并说明哪一点不符合。"))
    return found
