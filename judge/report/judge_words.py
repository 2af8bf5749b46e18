"""What the page says of the judge: one sentence on what is wrong with it, one on what its scores are for, one a check.

Words alone, in Chinese and English; which word applies is decided in judge/statistics/examination.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from judge.report.judge_sentences import sentence
from judge.report.words import TITLES, Words
from judge.statistics import margins as m
from judge.statistics.examination import QUESTIONS, Check, Examination, ExamQuestion, Word

QUESTION_WORDS: dict[ExamQuestion, Words] = {
    "answers": ("它给得出分吗", "Does it answer"),
    "facts": ("它看得见事实错误吗", "Does it see facts"),
    "swayed": ("它会被无关之处左右吗", "Is it not swayed by what should not matter"),
    "favours": ("同样正确时它偏心吗", "Is it fair where answers are equally right"),
    "even": ("同样无错的文字给分相近吗", "Does it score texts without a fault alike"),
    "stable": ("前后如一吗", "Is it stable over time"),
    "repeats": ("再问一遍给同样的分吗", "Does it repeat itself"),
    "agrees": ("与别的评审一致吗", "Does it agree with another judge"),
}
WORD_WORDS: dict[Word, Words] = {
    "holds": ("是", "yes"),
    "open": ("未定", "not settled"),
    "fails": ("否", "no"),
    "unmeasured": ("未测", "not measured"),
}
_MOST_FAULTS = 4


def headline(examination: Examination) -> Words:
    """The page's first sentence: what is wrong with the judge, or that nothing is."""
    faults, undecided = merged(examination.faults), merged(examination.undecided)
    if faults:
        zh, en = _joined(faults)
        return f"不要相信这位评审：{zh}。", f"Do not trust this judge: {en}."
    if examination.word("facts") == "unmeasured":
        zh, en = "，其余也有未定之处" if undecided else "", ", and other questions are not settled" if undecided else ""
        return (
            f"还不能相信这位评审：没有测过它看不看得见事实错误{zh}。",
            f"This judge is not certified: whether it sees errors of fact was not measured{en}.",
        )
    if undecided:
        zh, en = _joined(undecided)
        return (
            f"还不能完全相信这位评审：{zh}；条目再多一些才能定论。",
            f"This judge is not certified yet: {en}; more items would settle it.",
        )
    return _certified(examination)


def _certified(examination: Examination) -> Words:
    facts = [check for check in examination.checks if check.question == "facts"]
    told = [min(ones, key=lambda check: check.low or 0.0) for what in ("area", "loss") if (ones := _of(facts, what))]
    spoken = [sentence(check) for check in told] or [QUESTION_SHORT["facts"]]
    zh, en = "，".join(words[0] for words in spoken), ", ".join(words[1] for words in spoken)
    held = [
        QUESTION_SHORT[question]
        for question in QUESTIONS
        if question != "facts" and examination.word(question) == "holds"
    ]
    missing = [QUESTION_SHORT[question] for question in QUESTIONS if examination.word(question) == "unmeasured"]
    titles = [TITLES[check.rubric] for check in _of(facts, "no_truth") if check.rubric in TITLES]
    missing += [(f"在“{zh}”上看得见错误", f"sees errors when it scores {en.lower()}") for zh, en in titles]
    zh = f"可以相信这位评审：{zh}；也{'、'.join(words[0] for words in held)}"
    en = f"This judge can be trusted: {en}; it also {_and([words[1] for words in held])}"
    if missing:
        zh += f"（没有测：{'、'.join(words[0] for words in missing)}）"
        en += f" (not measured: whether it {_and([words[1] for words in missing], 'or')})"
    return zh + "。", en + "."


def _of(checks: Sequence[Check], what: str) -> list[Check]:
    return [check for check in checks if check.what == what]


QUESTION_SHORT: dict[ExamQuestion, Words] = {
    "answers": ("给得出分", "answers"),
    "facts": ("看得见事实错误", "sees errors of fact"),
    "swayed": ("不为篇幅、格式、顺序和讨好所动", "is not swayed by length, layout, order or pleas"),
    "favours": ("不偏心", "favours no origin of answers"),
    "even": ("对无错的文字给分相近", "scores texts without a fault alike"),
    "stable": ("前后如一", "is stable over time"),
    "repeats": ("前后两次一致", "repeats itself"),
    "agrees": ("与另一位评审一致", "agrees with another judge"),
}


def use(examination: Examination) -> Words:
    """What the scores may and may not be used for."""
    facts, fair = (
        examination.word("facts"),
        {examination.word("swayed"), examination.word("favours"), examination.word("stable")},
    )
    reasons = {check.what for check in examination.faults if check.question == "answers"}
    if reasons == {"missing"} and facts != "fails":
        return (
            "均值只能连同上下界使用（没有分的全算 0 或全算 10）；单条得分只在有分处可用。",
            "Means may be used only with their bounds (every missing score taken as 0, or as 10).",
        )
    blind = {check.rubric for check in examination.faults if check.question == "facts"}
    seeing = {
        check.rubric for check in examination.checks if check.question == "facts" and check.word == "holds"
    } - blind
    if not reasons and len(blind) == len(seeing) == 1:
        (lost, kept) = (TITLES[role] for role in (*blind, *seeing))
        return (
            f"“{lost[0]}”的分数不能用；“{kept[0]}”的分数可用来发现事实错误。",
            f"The scores of {lost[1].lower()} must not be used; those of {kept[1].lower()} may be used to find errors of fact.",
        )
    if reasons or facts == "fails":
        return (
            "这些分数不能用来比较数据、模型或单条回答；只看程序核对的事实。",
            "These scores must not be used to compare data, models or single answers; read the facts that code measured.",
        )
    if facts == "unmeasured":
        return (
            "在测过它看不看得见错误之前，分数只能描述评审自己；判断好坏请看程序核对的事实。",
            "Until it is known to see errors, the scores describe the judge alone; ask the code-measured facts what is good.",
        )
    if "fails" in fair:
        return (
            "分数可用来发现事实错误，不能用来比较写法、来源或评审时间不同的文字。",
            "The scores may be used to find errors of fact, not to compare texts that differ in form, origin or time of judging.",
        )
    single = [check for check in examination.checks if check.question == "repeats" and check.second is not None]
    ranks = bool(single) and all((check.second or 0.0) >= m.ICC_ITEMS for check in single)
    if examination.word("repeats") == "fails":
        return (
            "只可使用许多条的均值，并带区间；单次得分不可用。",
            "Only means of many items may be used, with their intervals; single scores may not.",
        )
    if ranks:
        return (
            "均值可用来比较各组，单条得分也可用来排序。",
            "Means may be used to compare groups, and single scores to rank items.",
        )
    return (
        "可用均值（连同区间）比较各组、发现有错的条目；条目彼此太接近，不能用单条得分给无错的条目排序。",
        (
            "Means with their intervals may be used to compare groups, and low scores to find faulty items; "
            "sound items are too alike to be ranked by single scores."
        ),
    )


def merged(checks: Iterable[Check]) -> list[tuple[Check, tuple[str, ...]]]:
    """One entry a question, its gravest reason, with the rubrics that it concerns; of what sways, one entry for each edit."""
    groups: dict[tuple[ExamQuestion, str], list[Check]] = {}
    for check in checks:
        about = check.about[0] if check.question == "swayed" and check.about else ""
        groups.setdefault((check.question, about), []).append(check)
    kept = []
    for ones in groups.values():
        same = [check for check in ones if check.what == ones[0].what]
        kept.append((ones[0], tuple(dict.fromkeys(check.rubric for check in same if check.rubric))))
    return kept


def _joined(entries: Sequence[tuple[Check, tuple[str, ...]]]) -> Words:
    alone = entries[0][0].what in {"silent", "constant", "inverse", "liking", "chance", "blind"}
    kept = entries[: 1 if alone else _MOST_FAULTS]  # a score that is not about the text explains all the rest
    spoken = [sentence(check, rubrics) for check, rubrics in kept]
    zh, en = "；".join(words[0] for words in spoken), "; ".join(words[1] for words in spoken)
    more = len(entries) - len(kept)
    if more:
        return f"{zh}；另有 {more} 处", f"{en}; and {more} more"
    return zh, en


def _and(parts: Sequence[str], word: str = "and") -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"
