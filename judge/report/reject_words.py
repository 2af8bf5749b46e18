"""Why a candidate was rejected, in Chinese and English: the verifier's and the admission's reasons by name.

A reason that is not listed is put together from its parts (``wrong_price``, ``misses_diet``), else shown as it is named.
"""

from __future__ import annotations

from judge.report.words import FACTS, STAGES, Words

_REASONS: dict[str, Words] = {
    "not_understood": ("有说法无法核对", "something that could not be checked"),
    "unknown_restaurant": ("推荐了证据里没有的餐厅", "a restaurant that the evidence does not hold"),
    "wrong_branch": ("说错分店", "another branch"),
    "nothing_fits_unsaid": ("没有合适的却没有明说", "nothing fits, and it does not say so"),
    "false_nothing_fits": ("明明有合适的却说没有", "says that nothing fits where something does"),
    "unproved_nothing_fits": ("说没有合适的，但没有查全", "says that nothing fits without having seen all"),
    "wrong_wish": ("复述要求有误", "the wish told wrongly"),
    "too_few": ("推荐太少", "too few restaurants"),
    "question_without_place": ("提问没有地点", "a question without its place"),
    "question_without_cuisine": ("提问没有菜系", "a question without its cuisine"),
    "question_radius": ("提问的距离不对", "a question with another radius"),
    "question_budget": ("提问的预算不对", "a question with another budget"),
    "repeated_restaurant": ("同一家店列了两次", "a restaurant listed twice"),
    "unreadable_row": ("无法读取", "cannot be read"),
    "truncated": ("没有写完", "cut off"),
    "too_long": ("太长", "too long"),
    "text_and_list_differ": ("正文与列表不一致", "text and list differ"),
    "no_items": ("没有列出餐厅", "no restaurant listed"),
    "leftover_markup": ("残留标记", "left-over markup"),
    "feasible_flag": ("“有无合适”标错", "wrongly marked as fitting or not"),
    "empty": ("空白", "empty"),
    "control_characters": ("含控制字符", "control characters"),
    "near_duplicate": ("与已有样本近似", "a near duplicate"),
    "exact_duplicate": ("与已有样本相同", "an exact duplicate"),
    "no_final_answer": ("没有可读的最终回答", "no readable final answer"),
    "provider_error": ("服务出错", "the provider failed"),
    "bad_request": ("请求被拒", "the request was refused"),
    "timeout": ("超时", "timed out"),
    "map_refused": ("地图服务拒绝", "the map service refused"),
    "moderation": ("内容审核未通过", "refused by moderation"),
}
_KINDS: dict[str, Words] = {
    **FACTS,
    "name": ("店名", "name"),
    "cuisine": ("菜系", "cuisine"),
    "dish": ("菜品", "dish"),
    "radius": ("距离上限", "radius"),
    "budget": ("预算", "budget"),
    "diet": ("忌口", "diet"),
    "closed": ("是否营业", "being open"),
    "need": ("其他要求", "other needs"),
    "count": ("家数", "count"),
    "open_at": ("营业时间", "hours"),
    "order": ("先后", "order"),
    "comparison": ("比较", "comparison"),
    "superlative": ("最高级", "superlative"),
    "total": ("合计", "total"),
    "feature": ("特色", "feature"),
    "reputation": ("口碑", "reputation"),
}
_PATTERNS: dict[str, Words] = {"wrong": ("{}说错", "wrong {}"), "misses": ("不合要求：{}", "misses the wish: {}")}


def reject(name: str) -> Words:
    """Stage and reason of ``"STAGE REASON"``."""
    stage, _, reason = name.partition(" ")
    stages, reasons = STAGES.get(stage, (stage, stage)), _reason(reason)
    return f"{stages[0]}：{reasons[0]}", f"{stages[1]}: {reasons[1]}"


def _reason(reason: str) -> Words:
    if reason in _REASONS:
        return _REASONS[reason]
    head, _, kind = reason.partition("_")
    if head in _PATTERNS and kind:
        words, pattern = _KINDS.get(kind, (kind.replace("_", " "),) * 2), _PATTERNS[head]
        return pattern[0].format(words[0]), pattern[1].format(words[1])
    plain = reason.replace("_", " ")
    return plain, plain
