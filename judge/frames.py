"""The words around a rubric and an item, by language: rules of the reply, names of the fences, and what a judge is told again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judge.rubric import Dimension, Rubric

REPLY_FORM = 3
"""Version of everything here; part of a question's identity."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One language's words. Fields in braces are filled by the functions below.

    Its repr is part of a question's identity (instrument.py): another name, or a field less, and every item is asked anew.
    """

    evidence: str
    question: str
    answer: str
    rules: str
    ask: str
    both: str
    titles: Mapping[str, str]
    colon: str
    between: str
    reply: str
    number: str
    counting: str
    keys: tuple[str, str, str]
    """Of a dimension's reason, its count and its score."""
    mark: str
    all_shown: str
    some_shown: str
    last: str
    neutral: str
    again: str
    wrong: Mapping[str, str]
    sides: tuple[str, str]
    tie: str
    compare: str
    again_pair: str


ZH = Frame(
    evidence="证据",
    question="提问",
    answer="回答",
    rules="评审规则：",
    ask="对下列 {count} 个维度各打 {low} 到 {high} 的整数分：",
    both="请同时给出两组分数。",
    titles={"data": "数据质量（data）", "answer": "模型表现（answer）"},
    colon="：",
    between="；",
    reply="某个维度实在无法判断时，分数填 null。每个维度先写一句只讲该维度的简短理由，再给分数。{counting}"
    "只输出一个 json 对象，形式如下：",
    number="整数",
    counting="处数是该维度数出的错误、不合、重复或毛病，分数须与处数相符。",
    keys=("理由", "处数", "分数"),
    mark="题目末尾给出的标记",
    all_shown="证据：地图一共查到 {found} 家餐厅，全部列在下面。",
    some_shown="证据：地图一共查到 {found} 家餐厅，下面列出 {shown} 家（回答提到的都在内，其余由近到远），另有 {rest} 家没有列出。",
    last='以上是全部材料。请按评分标准只输出一个 json 对象，其中 "code" 填：{mark}',
    neutral="以下内容来自公开的餐饮地图信息和推荐文本，仅用于文本质量评审。",
    again="上一条回复不能用：{wrong}请重新只输出一个 json 对象：维度为 {names}，"
    '每个分数是 {low} 到 {high} 的整数（实在无法判断才填 null），"code" 填：{mark}',
    wrong={
        "no_json": "其中没有 json 对象。",
        "no_mark": 'json 里没有 "code"。',
        "wrong_mark": '"code" 不是本题的标记。',
        "two_verdicts": "其中有两份不同的分数。",
        "no_scores": 'json 里没有 "scores"。',
        "missing_dimension": "缺少维度。",
        "off_scale": "有的分数不是 {low} 到 {high} 的整数。",
        "no_choice": "没有说哪一份更好。",
        "unlike_count": "有的分数与自己数出的处数不符（没有错才是最高分，每多一处低一档）。",
    },
    sides=("甲", "乙"),
    tie="平",
    compare='先分别写一句简短的理由，再作判断。只输出一个 json 对象，形式如下，其中 "better" 填 甲、乙 或 平：',
    again_pair='上一条回复不能用：{wrong}请重新只输出一个 json 对象："better" 填 甲、乙 或 平，"code" 填：{mark}',
)
EN = Frame(
    evidence="evidence",
    question="question",
    answer="answer",
    rules="Rules:",
    ask="Give each of the {count} dimensions below a whole number from {low} to {high}:",
    both="Give two groups of scores.",
    titles={"data": "Data quality (data)", "answer": "Model performance (answer)"},
    colon=": ",
    between="; ",
    reply="Put null as the score where a dimension really cannot be judged. Write one short reason for each dimension, about "
    "nothing else, then its score. {counting}Reply with one json object and nothing else, of this form:",
    number="whole number",
    counting="The count is of the errors of that dimension; the score must agree with it. ",
    keys=("reason", "count", "score"),
    mark="the mark given at the end",
    all_shown="Evidence: the map found {found} restaurants; all of them are listed.",
    some_shown="Evidence: the map found {found} restaurants; {shown} are listed (all that the answer names, then the nearest), "
    "{rest} are not.",
    last='This is all the material. Reply with one json object by the rubric; "code" is: {mark}',
    neutral="The following is public map information about restaurants and a recommendation, for a review of text quality.",
    again="Your last reply cannot be used: {wrong} Reply again with one json object and nothing else: the dimensions are {names}, "
    'each score a whole number from {low} to {high} (null only where it cannot be judged), "code" is: {mark}',
    wrong={
        "no_json": "it holds no json object.",
        "no_mark": 'the json has no "code".',
        "wrong_mark": '"code" is not this question\'s mark.',
        "two_verdicts": "it holds two different sets of scores.",
        "no_scores": 'the json has no "scores".',
        "missing_dimension": "a dimension is missing.",
        "off_scale": "a score is no whole number from {low} to {high}.",
        "no_choice": "it does not say which is better.",
        "unlike_count": "a score does not agree with its own count (the highest is for none, each error is one step lower).",
    },
    sides=("A", "B"),
    tie="tie",
    compare='Write one short reason for each, then decide. Reply with one json object and nothing else, of this form; "better" '
    "is A, B or tie:",
    again_pair='Your last reply cannot be used: {wrong} Reply again with one json object and nothing else: "better" is A, B or '
    'tie, "code" is: {mark}',
)
FRAMES = {"zh": ZH, "en": EN}


def system_text(rubric: Rubric) -> str:
    """The static part of a question by one rubric."""
    frame = FRAMES[rubric.language]
    return "\n".join(
        (
            rubric.intro,
            "",
            *_rules(frame, rubric.rules),
            _ask(frame, rubric),
            *_dimensions(frame, rubric),
            "",
            frame.reply.format(
                counting=frame.counting if any(dimension.counted for dimension in rubric.dimensions) else ""
            ),
            _form(frame, rubric),
        )
    )


def both_text(data: Rubric, answer: Rubric) -> str:
    """The original's single call: both rubrics in one question, in their very words."""
    frame = FRAMES[data.language]
    parts: list[str] = []
    for rubric in (data, answer):
        parts += [f"{frame.titles[rubric.about]}{frame.colon}{_ask(frame, rubric)}", *_dimensions(frame, rubric), ""]
    rules = tuple(dict.fromkeys((*data.rules, *answer.rules)))
    scores = {
        rubric.about: _filled([dimension.name for dimension in rubric.dimensions], frame.number)
        for rubric in (data, answer)
    }
    groups = ", ".join(f'"{about}": {{{filled}}}' for about, filled in scores.items())
    reply = f'{{"reason": "……", "scores": {{{groups}}}, "code": "{frame.mark}"}}'
    return "\n".join(
        (data.intro, frame.both, "", *_rules(frame, rules), *parts, frame.reply.format(counting=""), reply)
    )


def pair_text(rubric: Rubric) -> str:
    """The static part of a question about two answers."""
    frame = FRAMES[rubric.language]
    reply = f'{{"reasons": {{{_filled(frame.sides, "……")}}}, "better": "……", "code": "{frame.mark}"}}'
    return "\n".join((rubric.intro, "", *_rules(frame, rubric.rules), frame.compare, reply))


def again_pair_text(language: str, reason: str, mark: str) -> str:
    """What was wrong with a comparison."""
    frame = FRAMES[language]
    return frame.again_pair.format(wrong=frame.wrong[reason], mark=mark)


def shown_text(language: str, shown: int, restaurants: int) -> str:
    """How much of the evidence stands below."""
    frame = FRAMES[language]
    words = frame.all_shown if shown >= restaurants else frame.some_shown
    return words.format(found=restaurants, shown=shown, rest=restaurants - shown)


def again_text(rubrics: Sequence[Rubric], reason: str, mark: str) -> str:
    """What was wrong with a reply, and the form once more."""
    first = rubrics[0]
    frame = FRAMES[first.language]
    wrong = frame.wrong[reason].format(low=first.low, high=first.high)
    names = frame.between.join("、".join(rubric.names) for rubric in rubrics)
    return frame.again.format(wrong=wrong, names=names, low=first.low, high=first.high, mark=mark)


def _rules(frame: Frame, rules: Sequence[str]) -> list[str]:
    return [frame.rules, *(f"{number}. {rule}" for number, rule in enumerate(rules, 1)), ""] if rules else []


def _ask(frame: Frame, rubric: Rubric) -> str:
    return frame.ask.format(count=len(rubric.dimensions), low=rubric.low, high=rubric.high)


def _dimensions(frame: Frame, rubric: Rubric) -> list[str]:
    return [f"- {dimension.name}{frame.colon}{_anchors(frame, rubric, dimension)}" for dimension in rubric.dimensions]


def _anchors(frame: Frame, rubric: Rubric, dimension: Dimension) -> str:
    """Highest first: a judge that counts errors starts at none."""
    scored = list(enumerate(dimension.anchors, rubric.low))
    return frame.between.join(f"{score} {anchor}" for score, anchor in reversed(scored))


def _filled(names: Sequence[str], with_: str) -> str:
    quoted = with_ if with_ in {ZH.number, EN.number} else f'"{with_}"'
    return ", ".join(f'"{name}": {quoted}' for name in names)


def _form(frame: Frame, rubric: Rubric) -> str:
    """One object a dimension: a reason that stands beside its score cannot be taken for another's."""
    reason, count, score = frame.keys
    number = frame.number
    made = [
        f'"{dimension.name}": {{"{reason}": "……", '
        + (f'"{count}": {number}, ' if dimension.counted else "")
        + f'"{score}": {number}}}'
        for dimension in rubric.dimensions
    ]
    return f'{{"scores": {{{", ".join(made)}}}, "code": "{frame.mark}"}}'
