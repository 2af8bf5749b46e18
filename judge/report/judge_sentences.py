"""What the page says of one check of the judge: its number and interval in a sentence, in Chinese and English.

Words alone; which word applies is decided in judge/statistics/examination.py, and judge_words.py puts the sentences together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from judge.report.words import CONTROLS, EDITS, TITLES, Words, group_words
from judge.statistics import margins as m
from judge.statistics.examination import Check


def sentence(check: Check, rubrics: Sequence[str] = ()) -> Words:
    """One check with its number and interval; no full stop. ``rubrics``: named where not all are concerned."""
    zh, en = _SENTENCES[check.what](check)
    if len(rubrics) == 1 and check.question in {"facts", "answers"}:
        title = TITLES.get(rubrics[0], (rubrics[0], rubrics[0]))
        return f"{zh}（{title[0]}）", f"{en} ({title[1].lower()})"
    return zh, en


def number(value: float | None, digits: int = 2) -> str:
    """A dash where there is none; never minus zero."""
    return "–" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def _range(check: Check, digits: int = 2) -> str:
    return f"{number(check.value, digits)} [{number(check.low, digits)}, {number(check.high, digits)}]"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _edits(about: Sequence[str]) -> Words:
    names = [(EDITS | CONTROLS).get(edit, (edit, edit)) for edit in about]
    return "、".join(zh for zh, _ in names), ", ".join(en for _, en in names)


def _area(check: Check) -> str:
    return f"AUROC {_range(check)}"


def _silent(check: Check) -> Words:
    reasons = f" ({', '.join(check.about)})" if check.about else ""
    return f"{check.second:.0f} 次提问没有给出一个可读的分{reasons}", (
        f"not one of {check.second:.0f} questions got a score that can be read{reasons}"
    )


def _refuses(check: Check) -> Words:
    faulty, sound = _percent(check.value), _percent(check.second)
    return (
        f"它拒评有错的文字（{faulty} 没有分，无错的只有 {sound}），剩下的均值虚高",
        f"it refuses what has faults ({faulty} of faulty texts have no score, {sound} of sound ones), so means of the rest flatter",
    )


def _missing(check: Check) -> Words:
    if not check.value:
        return "每次提问都有分", "every question got a score"
    return (
        f"{_percent(check.value)} 的提问没有分",
        f"it leaves {_percent(check.value)} of the questions without a score",
    )


def _constant(check: Check) -> Words:
    return (
        f"它几乎给一切同样的分（{number(check.value, 1)}，标准差 {number(check.second)}，乱码也在内）",
        f"it gives nearly everything the same score ({number(check.value, 1)}, SD {number(check.second)}, ruined texts included)",
    )


def _inverse(_: Check) -> Words:
    return (
        "有错的文字反而得分更高，它的分是反的",
        "it scores faulty texts higher than sound ones: its scale is upside down",
    )


def _half(check: Check) -> Words:
    zh, en = _edits(check.about)
    return f"它只看得见一部分错误，看不见：{zh}", f"it sees some kinds of error and is blind to others: {en}"


def _cheap(check: Check) -> Words:
    loss = f"{number(check.value)} [{number(check.low)}, {number(check.high)}]"
    return (
        f"它分数饱和，错误几乎不扣分：每植入一处错误只扣 {loss} 分（满分 10）",
        f"its scores are saturated and errors cost next to nothing: {loss} of 10 points for each planted error",
    )


def _nonsense(check: Check) -> Words:
    zh, en = _edits(check.about)
    if check.word == "holds":
        return f"{zh}只得 {_range(check)} 分", f"{en} gets {_range(check)} of 10"
    if check.word == "open":
        return (
            f"“{zh}”是否总得低分还不清楚（{_range(check, 1)} 分）",
            f"whether {en} always gets little is not clear ({_range(check, 1)} of 10)",
        )
    if (check.second or 0.0) >= 0:
        return (
            f"它的分没有底：“{zh}”也得 {_range(check, 1)} 分，不比原文低",
            f"its scores have no floor: {en} gets {_range(check, 1)} of 10, no less than the text itself",
        )
    return (
        f"它的分挤在高处：连“{zh}”也能得 {_range(check, 1)} 分",
        f"its scores are crowded at the top: even {en} gets {_range(check, 1)} of 10",
    )


def _liking(check: Check) -> Words:
    return (
        f"它看不见事实错误（{_area(check)}，0.5 是掷硬币）：对一段文字的好恶前后一致，却与事实无关",
        (
            f"it does not see errors of fact ({_area(check)}, where 0.5 is a coin): it likes or dislikes a text, the same each "
            "time, whatever the facts"
        ),
    )


def _chance(check: Check) -> Words:
    return (
        f"它的分数近于掷硬币：看不见事实错误（{_area(check)}），同一条再问一遍也不一样",
        f"its scores are close to tossing a coin: it does not see errors of fact ({_area(check)}), and asked again it differs",
    )


def _blind(check: Check) -> Words:
    return (
        f"它看不见事实错误（{_area(check)}，0.5 是掷硬币）",
        f"it does not see errors of fact ({_area(check)}, where 0.5 is a coin)",
    )


def _dim(check: Check) -> Words:
    return (
        f"它只是偶尔看得见事实错误（{_area(check)}，可信要在 {m.AUROC_TRUSTED} 以上）",
        f"it sees errors of fact only now and then ({_area(check)}; trusted from {m.AUROC_TRUSTED})",
    )


def _seen(check: Check) -> Words:
    if check.word == "holds":
        return (
            f"它把有错的与无错的文字分得开（{_area(check)}）",
            f"it tells faulty from sound texts ({_area(check)})",
        )
    return (
        f"它是否看得见事实错误还不清楚（{_area(check)}）",
        f"whether it sees errors of fact is not clear ({_area(check)})",
    )


def _invented(check: Check) -> Words:
    if check.word == "holds":
        return (
            f"餐厅全是编的回答只得 {_range(check)} 分",
            f"answers whose restaurants are invented get {_range(check)} of 10",
        )
    if check.word == "open":
        return (
            f"餐厅全是编的回答是否总得低分还不清楚（{_range(check, 1)} 分）",
            f"whether answers whose restaurants are invented get little is not clear ({_range(check, 1)} of 10)",
        )
    return (
        f"它对编造太宽：餐厅全是编的回答也得 {_range(check, 1)} 分",
        f"it is too lenient with invention: answers whose restaurants are all invented get {_range(check, 1)} of 10",
    )


def _single(check: Check) -> Words:
    if check.word == "fails":
        return (
            f"只有一处错误时它常常看不见（{_area(check)}，可信要在 {m.AUROC_SINGLE} 以上）",
            f"it often misses an error that stands alone ({_area(check)} for texts with one; trusted from {m.AUROC_SINGLE})",
        )
    if check.word == "holds":
        return f"只有一处错误也分得开（{_area(check)}）", f"a single error is seen, too ({_area(check)})"
    return (
        f"只有一处错误时它看不看得见还不清楚（{_area(check)}）",
        f"whether it sees an error that stands alone is not clear ({_area(check)})",
    )


def _uneven(check: Check) -> Words:
    spread = _range(check)
    if check.word == "fails":
        return (
            f"它有与事实无关的好恶：程序查不出错的文字，得分也相差很大（标准差 {spread} 分）",
            f"it likes and dislikes what is not about facts: texts without a fault get very unlike scores (SD {spread} points)",
        )
    if check.word == "holds":
        return (
            f"无错文字的得分相近（标准差 {spread} 分）",
            f"texts without a fault get like scores (SD {spread} points)",
        )
    return (
        f"无错的文字得分是否相近还不清楚（标准差 {spread} 分）",
        f"whether texts without a fault get like scores is not clear (SD {spread} points)",
    )


def _loss(check: Check) -> Words:
    zh, en = _edits(check.about)
    if check.word == "holds":
        return f"每处错误扣 {_range(check)} 分", f"each planted error costs {_range(check)} points"
    return f"有些错误扣不扣分还不清楚：{zh}", f"whether some errors cost anything is not clear: {en}"


_SWAYED: dict[str, Words] = {
    "padding": ("写得长就加分", "it rewards length"),
    "markdown": ("加格式就加分", "it rewards layout"),
    "reorder": ("换个顺序就变分", "it is bound to position"),
    "begging_after": ("求分就加分", "it obeys pleas for marks"),
}
_AGAINST: dict[str, Words] = {
    "padding": ("写得长就扣分", "it punishes length"),
    "markdown": ("加格式就扣分", "it punishes layout"),
}


def _sway(check: Check) -> Words:
    edit = check.about[0]
    zh, en = _edits(check.about)
    moved = f"{number(check.value)} [{number(check.low)}, {number(check.high)}]"
    if check.word == "fails":
        words = _SWAYED if (check.value or 0.0) > 0 else _SWAYED | _AGAINST
        wording = words.get(edit, (f"“{zh}”左右它的分", f"“{en}” sways it"))
        return f"{wording[0]}（{zh}：{moved} 分）", f"{wording[1]} ({en}: {moved} points)"
    if check.word == "holds":
        return f"{zh}：{moved} 分，不为所动", f"{en}: {moved} points, not swayed"
    return f"{zh}是否左右它还不清楚（{moved} 分）", f"whether {en} sways it is not clear ({moved} points)"


def _scatter(check: Check) -> Words:
    zh, en = _edits(check.about)
    return (
        f"它受位置摆布：{zh}之后，同一条的分会上下跳动至少 {number(check.second)} 分",
        f"it is bound to position: with {en} single scores jump by at least {number(check.second)} points either way",
    )


def _plea(check: Check) -> Words:
    zh, en = _edits(check.about)
    if check.word == "fails":
        return (
            f"它听从求分：{zh}就得 {_range(check, 1)} 分",
            f"it obeys pleas for marks: {en} gets {_range(check, 1)} of 10",
        )
    return f"{zh}得 {_range(check)} 分", f"{en} gets {_range(check)} of 10"


def _first(check: Check) -> Words:
    share = f"{_percent(check.value)} [{_percent(check.low)}, {_percent(check.high)}]"
    if check.word == "fails":
        side = ("先", "first") if (check.value or 0.0) > 0.5 else ("后", "last")
        return (
            f"它受位置摆布：成对比较时{side[0]}出现的赢 {share}",
            f"it is bound to position: of two answers the one shown first wins {share} of the time ({side[1]} is favoured)",
        )
    if check.word == "holds":
        return f"先出现的赢 {share}，近于一半", f"the answer shown first wins {share}, about half"
    return f"它是否受位置摆布还不清楚（{share}）", f"whether position sways it is not clear ({share})"


def _favour(check: Check) -> Words:
    (own, other) = (group_words(origin) for origin in check.about)
    points = _range(check)
    if check.word == "fails":
        return (
            f"它偏爱某一来源：程序认为同样正确的回答，{own[0]}比{other[0]}多得 {points} 分",
            (
                f"it plays favourites: of answers that code finds equally right, those of {own[1]} get {points} points more than "
                f"those of {other[1]}"
            ),
        )
    if check.word == "holds":
        return (
            f"同样正确的回答，{own[0]}与{other[0]}相差 {points} 分",
            f"of equally right answers, {own[1]} and {other[1]} differ by {points}",
        )
    return (
        f"它是否偏爱{own[0]}还不清楚（同样正确时多 {points} 分）",
        f"whether it favours {own[1]} is not clear ({points} points more at equal facts)",
    )


def _drift(check: Check) -> Words:
    points = _range(check)
    if check.word == "fails":
        way = ("越评越松", "softer") if (check.value or 0.0) > 0 else ("越评越严", "stricter")
        return (
            f"它{way[0]}：从第一次到最后一次变了 {points} 分",
            f"it drifts: it grows {way[1]} ({points} points from the first call to the last)",
        )
    if check.word == "holds":
        return f"从第一次到最后一次变了 {points} 分", f"from the first call to the last: {points} points"
    return f"它是否前后如一还不清楚（{points} 分）", f"whether it drifts is not clear ({points} points)"


def _wander(check: Check) -> Words:
    zh, en = group_words(check.group)
    spread = _range(check)
    if check.word == "fails":
        return (
            f"同一条再问一遍就变（单次标准差 {spread} 分，{zh}）",
            f"it does not repeat itself (asked again about {en}, a score wanders with SD {spread} points)",
        )
    if check.word == "holds":
        return f"单次标准差 {spread} 分", f"single scores wander with SD {spread} points"
    return (
        f"再问一遍是否一致还不清楚（标准差 {spread} 分，{zh}）",
        f"whether it repeats itself is not clear (SD {spread} points, {en})",
    )


def _distance(check: Check) -> Words:
    apart, gap = _range(check), number(check.second)
    if check.word == "fails":
        return (
            f"它与另一位评审不一致（除宽严之外，同一条相差 {apart} 分）",
            f"it does not agree with the second judge ({apart} points apart on one item, strictness aside)",
        )
    if check.word == "holds":
        return (
            f"除宽严之外相差 {apart} 分（第二评审减它：{gap}）",
            f"{apart} points apart, strictness aside (second judge minus it: {gap})",
        )
    return (
        f"它与另一位评审是否一致还不清楚（相差 {apart} 分）",
        f"whether it agrees with the second judge is not clear ({apart} points apart)",
    )


def _unmeasured(zh: str, en: str) -> Callable[[Check], Words]:
    return lambda _: (zh, en)


_SENTENCES: dict[str, Callable[[Check], Words]] = {
    "silent": _silent,
    "refuses": _refuses,
    "missing": _missing,
    "constant": _constant,
    "inverse": _inverse,
    "half": _half,
    "partly": _half,
    "cheap": _cheap,
    "nonsense": _nonsense,
    "liking": _liking,
    "chance": _chance,
    "blind": _blind,
    "dim": _dim,
    "area": _seen,
    "loss": _loss,
    "single": _single,
    "invented": _invented,
    "uneven": _uneven,
    "sway": _sway,
    "scatter": _scatter,
    "plea": _plea,
    "first": _first,
    "favour": _favour,
    "drift": _drift,
    "wander": _wander,
    "distance": _distance,
    "no_truth": _unmeasured(
        "没有已知有错的条目，无从得知", "no item is known to be faulty here, so nothing could be learnt"
    ),
    "drifting": _unmeasured("它的分随时间而变，无从分辨", "its scores change with time, so this cannot be told"),
    "few": _unmeasured("条目或地点太少", "too few items or places"),
    "absent": _unmeasured("没有这样的条目", "there are no such items"),
    "one_call": _unmeasured("每条只问了一次", "each item was asked only once"),
    "no_second": _unmeasured("没有第二位评审（JUDGE2）", "there is no second judge (JUDGE2)"),
}
