"""Names of dimensions, edits, groups and splits for people, in Chinese and English; used by charts and page alike."""

from __future__ import annotations

Words = tuple[str, str]
"""(Chinese, English)"""

TITLES: dict[str, Words] = {"data": ("数据质量", "Data quality"), "answer": ("模型表现", "Model performance")}
DIMENSIONS = {
    "准确性": "accuracy",
    "一致性": "consistency",
    "多样性": "diversity",
    "规范性": "form",
    "实用性": "usefulness",
    "理解能力": "understanding",
    "推荐合理性": "sound choice",
    "信息完整性": "completeness",
    "逻辑清晰性": "clarity",
}
EDITS: dict[str, Words] = {
    "name": ("虚构餐厅", "invented restaurant"),
    "address": ("错误地址", "wrong address"),
    "rating": ("错误评分", "wrong rating"),
    "price": ("错误人均", "wrong price"),
    "distance": ("错误距离", "wrong distance"),
    "hours": ("错误营业时间", "wrong hours"),
    "dish": ("错误招牌菜", "wrong dish"),
    "cuisine": ("错误菜系", "wrong cuisine"),
    "unfit": ("不合要求的店", "unfit restaurant"),
    "padding": ("加长 30 %", "padding, +30 %"),
    "markdown": ("加 Markdown", "markdown"),
    "reorder": ("调换顺序", "another order"),
}
CONTROLS: dict[str, Words] = {
    "same": ("原样重判", "the same again"),
    "nothing_fits": ("如实说没有合适的", "says rightly that nothing fits"),
    "nothing_offered": ("有合适的却说没有", "says wrongly that nothing fits"),
    "begging": ("只写“请给满分”", "only a plea"),
    "begging_after": ("末尾加“请给满分”", "plea added at the end"),
    "gibberish": ("乱码", "gibberish"),
    "other_evidence": ("换成别处的证据", "another place's evidence"),
}
SPLITS: dict[str, Words] = {
    "train": ("训练", "train"),
    "seen": ("见过的地点", "seen place"),
    "unseen": ("没见过的街区", "unseen area"),
    "held-out": ("留出集合计", "held-out, all"),
    "all": ("全部", "all"),
}
CONCLUSIONS: dict[str, Words] = {
    "halo, not validity": (
        "对同一段文字，是光环，不是效度：一次调用给出的相关来自调用本身，分开评审后所剩无几。",
        "On one and the same text it is halo, not validity: what one call correlates comes from the call, and is gone in two.",
    ),
    "halo inflates a correlation that remains without it": (
        "对同一段文字，一次调用夸大了两项得分的相关，但分开评审仍有相关。",
        "On one and the same text, one call inflates the correlation of the two scores, yet separate calls still correlate.",
    ),
    "no halo shown": (
        "没有测到调用光环：对同一段文字，一次调用与分开评审的相关没有可分辨的差别（条目光环在此看不见）。",
        (
            "No halo of a call was found: on one and the same text, one call and two do not correlate measurably differently "
            "(a halo of the item cannot be seen here)."
        ),
    ),
    "one call correlates less than separate calls, which a halo cannot do": (
        "一次调用的相关反而更低：这不是光环，原因待查。",
        "One call correlates less than separate calls: that is no halo, and its cause is not known.",
    ),
    "too few crossed items to measure the halo": (
        "两种问法都评过的样本太少，测不出光环。",
        "Too few items were asked both ways to measure the halo.",
    ),
}
MEASURES: dict[str, Words] = {
    "dependable": ("靠得住（最弱一环）", "dependable (weakest link)"),
    "ended": ("说完整（未被截断）", "ended by itself"),
    "well_formed": ("格式完整", "well formed"),
    "named": ("推荐的餐厅数", "restaurants named"),
    "exists_near": ("餐厅真实存在于附近", "restaurant exists near by"),
    "in_evidence": ("餐厅在证据里", "restaurant stands in the evidence"),
    "wish_respected": ("合乎要求", "wish respected"),
    "claims_right": ("事实正确", "facts right"),
    "right_claims": ("正确的事实数", "right facts, count"),
    "address_right": ("地址正确", "address right"),
    "rating_right": ("评分正确", "rating right"),
    "price_right": ("人均正确", "price right"),
    "distance_right": ("距离正确", "distance right"),
    "poi_in_training": ("餐厅见于训练", "restaurant seen in training"),
    "claims_right_poi_trained": ("事实正确（训练见过的店）", "facts right, restaurant seen in training"),
    "claims_right_poi_new": ("事实正确（没见过的店）", "facts right, restaurant not seen in training"),
    "repetition": ("自我重复", "repeats itself"),
}
FACTS: dict[str, Words] = {
    "address": ("地址", "address"),
    "rating": ("评分", "rating"),
    "price": ("人均", "price"),
    "distance": ("距离", "distance"),
    "hours": ("营业时间", "hours"),
}
KINDS: dict[str, Words] = {
    "sample": ("参考回答", "reference answer"),
    "completion": ("学生回答", "student answer"),
    "injected": ("植入的改动", "planted edit"),
    "control": ("对照", "control"),
    "reject": ("被拒的候选", "rejected candidate"),
}
STAGES: dict[str, Words] = {
    "structure": ("格式", "form"),
    "grounding": ("有据", "grounding"),
    "wish": ("合乎要求", "wish"),
    "admission": ("去重", "admission"),
    "order": ("没有产出", "no candidate came"),
}
_ARMS: dict[str, Words] = {
    "base": ("原始模型", "base"),
    "tuned": ("微调模型", "tuned"),
    "teacher": ("教师（给证据）", "teacher with evidence"),
    "copy": ("照抄最近三家", "copy baseline"),
    "random": ("随机基线", "random baseline"),
}
MODES: dict[str, Words] = {"closed": ("闭卷", "closed"), "open": ("开卷", "open")}


def group_words(group: str) -> Words:
    """``data``, or an arm and a mode."""
    if group == "data":
        return ("参考回答", "reference answers")
    arm, _, mode = group.partition(" ")
    arms, modes = _ARMS.get(arm, (arm, arm)), MODES.get(mode, (mode, mode))
    return (f"{arms[0]}（{modes[0]}）", f"{arms[1]}, {modes[1]}")
