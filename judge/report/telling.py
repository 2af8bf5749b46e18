"""Sentences of the page that need a number or a choice of words: weaknesses, steps, correlations, edits. Chinese and English."""

from __future__ import annotations

from collections.abc import Callable

from judge.report.judge_sentences import number, sentence
from judge.report.judge_words import WORD_WORDS
from judge.report.next_steps import Weakness
from judge.report.reject_words import reject
from judge.report.words import DIMENSIONS, FACTS, MEASURES, Words
from judge.statistics.examination import Check, Examination, ExamQuestion, Word, loss_word
from judge.statistics.margins import FLAG_LEAD, SWAY_HOLDS
from judge.statistics.summary import Summary
from judge.statistics.trust import Seen
from judge.statistics.validity import Response

_LINKS: dict[str, Words] = {
    "in_evidence": ("推荐了证据里没有的餐厅", "names restaurants that the evidence does not hold"),
    "claims_right": ("说错事实", "states wrong facts"),
    "wish_respected": ("不合用户的要求", "misses the wish"),
    "address_right": ("地址说错", "wrong addresses"),
    "rating_right": ("评分说错", "wrong ratings"),
    "price_right": ("人均说错", "wrong prices"),
    "distance_right": ("距离说错", "wrong distances"),
    "well_formed": ("格式不完整", "is not well formed"),
    "ended": ("没有说完", "is cut off"),
}
_STEPS: dict[str, Words] = {
    "in_evidence": (
        "让模型只从给出的餐厅里选：开卷训练（MODE=open）",
        "let it choose from what it is shown: MODE=open",
    ),
    "claims_right": (
        "开卷训练，或加多同地点的样本",
        "train with evidence (MODE=open), or on more samples of each place",
    ),
    "wish_respected": (
        "多给带限制的要求和“没有合适的”样本",
        "give more constrained wishes, and more where nothing fits",
    ),
    "well_formed": ("多训几步，或换更大的模型", "train longer, or a larger model"),
    "ended": ("放宽回答长度，或多训几步", "allow longer answers, or train longer"),
}


def weakness(weak: Weakness) -> Words:
    """What it is, with its share."""
    percent = 100 * weak.share.mean
    share = f"{percent:.0f} %" if percent >= 1 else f"{percent:.1f} %"
    if weak.kind == "rejected":
        zh, en = reject(weak.name)
        return f"{share} 的候选因“{zh}”被拒", f"{share} of candidates are rejected: {en}"
    if weak.kind == "untold":
        zh, en = FACTS.get(weak.name, (weak.name, weak.name))
        return f"{share} 的餐厅明明查到{zh}却没有说", f"of {share} of restaurants the {en} was found but is not told"
    zh, en = _LINKS.get(weak.name, (weak.name, weak.name))
    return f"{share} 的回答{zh}", f"{share} of answers: {en}"


def step(weak: Weakness) -> Words:
    """What to do about it."""
    zh, en = weakness(weak)
    if weak.kind == "rejected":
        return f"{zh}：改教师的提示词或换教师", f"{en}: change the teacher's prompt, or the teacher"
    if weak.kind == "untold":
        return f"{zh}：让教师说出来", f"{en}: have the teacher tell it"
    facts = weak.name if weak.name in _STEPS else "claims_right"
    return f"{zh}：{_STEPS[facts][0]}", f"{en}: {_STEPS[facts][1]}"


def about(what: str) -> Words:
    """Data or model."""
    return {"data": ("数据", "data"), "model": ("模型", "model")}.get(what, (what, what))


def measure(name: str) -> Words:
    """A row of a side by side: by code, or by the judge."""
    if name == "total":
        return "评审总分（0–10）", "judged total (0-10)"
    if name in MEASURES:
        return MEASURES[name]
    return f"评审：{name}（1–5）", f"judge: {DIMENSIONS.get(name, name)} (1-5)"


def check(row: Check) -> Words:
    """A row of the examination."""
    return sentence(row)


def reason_of(examination: Examination) -> Callable[[ExamQuestion], Words | None]:
    """For the first screen: the weakest answer to a question, with its number."""

    def reason(question: ExamQuestion) -> Words | None:
        word = examination.word(question)
        own = [check for check in examination.checks if (check.question, check.word) == (question, word)]
        best = sorted(own, key=lambda check: check.what not in {"area", "wander"})
        return sentence((best if word == "holds" else own)[0]) if own else None

    return reason


def response_word(seen: dict[tuple[str, str], Seen]) -> Callable[[Response], tuple[Word, Words]]:
    """One word a row of edits, from the same rule as the verdict: what it costs, then whether it is flagged."""

    def word(response: Response) -> tuple[Word, Words]:
        slope = response.slope
        if response.harmless:
            if slope is None or slope.low is None or slope.high is None:
                return "holds", ("不变", "unmoved")
            if slope.low > -SWAY_HOLDS and slope.high < SWAY_HOLDS:
                return "holds", ("不受影响", "not swayed")
            return (
                ("fails", ("受了影响", "swayed")) if slope.low > 0 or slope.high < 0 else ("open", WORD_WORDS["open"])
            )
        lost = loss_word(slope)
        flagged = seen.get((response.rubric, response.edit))
        ahead = flagged is not None and flagged.lead_low is not None and flagged.lead_low > FLAG_LEAD
        if lost == "holds":
            return lost, ("看得见", "seen")
        if ahead:
            return "open", ("指出了，总分却几乎不变", "flagged, but the total hardly moves")
        return lost, {"fails": ("看不见", "not seen")}.get(lost, WORD_WORDS[lost])

    return word


def correlation(summary: Summary) -> Words:
    """What the held-out r says, and what it can never say."""
    pairs = summary.leading.correlations
    if pairs is None or pairs.pearson.value is None:
        return (
            "成对的得分太少，给不出留出集上的相关。",
            "Too few pairs of scores for a correlation on held-out questions.",
        )
    r = pairs.pearson
    numbers = f"r = {number(r.value)} [{number(r.low)}, {number(r.high)}]"
    shown = (r.low is not None and r.low > 0) or (r.high is not None and r.high < 0)
    zh = f"留出集上两项得分{'有相关' if shown else '没有显出相关'}（{numbers}）"
    en = f"On held-out questions the two scores {'correlate' if shown else 'show no correlation'} ({numbers})"
    blind = summary.examination.word("facts") == "fails"
    zh += "；评审看不见事实，这个 r 不作解读" if blind else ""
    en += "; the judge does not see facts, so this r means nothing" if blind else ""
    return (
        f"{zh}。不论大小，它说的是同一道题的难易，不能说更好的数据造就更好的模型：那要看 make ablate。",
        (
            f"{en}. Whatever its size, it speaks of easy and hard questions; it cannot say that better data makes better models: "
            "for that, make ablate."
        ),
    )
