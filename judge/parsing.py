"""From a judge's words to scores: a ladder that reads the forms that models write, and invents no number.

Pure. Rungs: the whole reply as one JSON object by the standard (a code fence or an empty thinking block around it is taken
off), then objects inside prose, read loosely. The mark of the question may be missing on the first rung alone: there the judge
wrote nothing but its verdict, and what it quotes stands inside JSON strings, which can hold no verdict. In prose, in a thinking
block, or where the JSON had to be mended, text of the item can stand as it is, and an object counts only with the mark, which
no item can know. Fields that stand twice and differ, and verdicts that differ, are no verdict. What is cut off is never read.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from factory.loose_json import Fields, Span, objects, strict
from judge.rubric import Rubric, plain
from judge.score_words import CANNOT, dimension_of, is_blank, key_in, names_mark, number, side

CANNOT_JUDGE = "cannot_judge"
"""The one reason that is an answer: it is not asked again."""
UNREADABLE = frozenset(
    {
        "no_json",
        "no_mark",
        "wrong_mark",
        "two_verdicts",
        "no_scores",
        "missing_dimension",
        "off_scale",
        "no_choice",
        "unlike_count",
    }
)
"""Reasons for which the judge is asked once more and told what was wrong."""
CUT_OFF = frozenset({"length", "max_tokens", "insufficient_system_resource", "repetition_truncation", "error"})
MODERATED = frozenset({"content_filter", "sensitive", "safety"})
MOST_RATIONALE = 2_000
"""Characters that are kept."""
_FENCE = re.compile(r"^```[A-Za-z]*\s*(.*?)\s*```$", re.DOTALL)
_NO_THOUGHTS = re.compile(r"^<think>\s*</think>\s*")
_THOUGHT = "</think>"
_SCORES = ("scores", "score", "分数", "评分", "得分", "打分")
_MARKS = ("code", "mark", "标记", "围栏标记")
_NAMES = ("name", "dimension", "维度", "名称", "项目", "item")
_POINTS = ("score", "分数", "分", "得分", "评分", "value", "rating")
_COUNTS = ("count", "errors", "处数", "错误数", "error_count", "number_of_errors")
_SCALES = ("max", "max_score", "scale", "out_of", "满分", "总分")
_POINT_KEY = re.compile(rf"[\"“'](?:{'|'.join(_POINTS)})[\"”']\s*[:：]")
_BETTER = ("better", "winner", "choice", "更好", "结论", "胜者")
_REASONS = ("reason", "reasons", "理由", "原因", "rationale", "comment", "说明")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Scores of the dimensions on the rubric's scale, and the total on 0 to 10; or unscored with a reason.

    With ``cannot_judge`` the dimensions that were given stay, and there is no total. ``rationale`` is the judge's own text.
    """

    scores: tuple[tuple[str, float], ...]
    total: float | None
    status: str
    reason: str
    rationale: str = ""
    choice: str = ""
    """Of a pair: which is better, "first" or "second" as shown, or "tie"."""


class _NoVerdictError(ValueError):
    """Carries the reason."""


def unscored(reason: str, rationale: str = "") -> Verdict:
    """No number was read; the reason is a snake_case word."""
    return Verdict((), None, "unscored", reason, rationale)


def read_verdict(
    text: str | Sequence[Mapping[str, Any]],
    finish_reason: str,
    rubric: Rubric | Sequence[str],
    mark: str,
    part: str | None = None,
) -> Verdict:
    """``text`` may come in parts, as some services send it.

    ``rubric`` may be bare names of dimensions, on 1 to 5. ``part``: the key under ``scores`` when one call gave several.
    """
    if finish_reason in CUT_OFF:
        return unscored("cut_off")
    if finish_reason in MODERATED:
        return unscored("moderation")
    asked = rubric if isinstance(rubric, Rubric) else plain(rubric)
    try:
        fields = _own(_joined(text), mark, _Form(asked, part))
        rationale = _rationale(fields)
        try:
            return _verdict(_scores(fields, asked, part), asked, rationale)
        except _NoVerdictError as error:
            return unscored(str(error), rationale)
    except _NoVerdictError as error:
        return unscored(str(error))


def read_choice(text: str | Sequence[Mapping[str, Any]], finish_reason: str, mark: str) -> Verdict:
    """Which of two answers is better, by the same ladder."""
    if finish_reason in CUT_OFF:
        return unscored("cut_off")
    if finish_reason in MODERATED:
        return unscored("moderation")
    try:
        fields = _own(_joined(text), mark, _Choosing())
        chosen = _chosen(fields)
    except _NoVerdictError as error:
        return unscored(str(error))
    return Verdict((), None, "scored", "", _rationale(fields), chosen)


def _joined(text: str | Sequence[Mapping[str, Any]]) -> str:
    return text if isinstance(text, str) else "".join(str(part.get("text") or "") for part in text)


def _chosen(fields: Fields) -> str:
    given = {side(value) for value in _all(fields, _BETTER)}
    if not given or None in given:
        raise _NoVerdictError("no_choice")
    if len(given) > 1:
        raise _NoVerdictError("two_verdicts")
    return str(given.pop())


class _Reads(Protocol):
    """What an object is read for, so that two that differ are told from one that stands twice."""

    def read(self, fields: Fields) -> Hashable: ...

    def looks_like(self, fields: Fields) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Form:
    """Scores by a rubric."""

    rubric: Rubric
    part: str | None

    def read(self, fields: Fields) -> Hashable:
        return tuple(sorted(_tried(fields, self.rubric, self.part).items()))

    def looks_like(self, fields: Fields) -> bool:
        keys = [key for source in _sources(fields, self.part) for key, _ in _entries(source)]
        return any(dimension_of(key, self.rubric) for key in keys)


@dataclass(frozen=True, slots=True)
class _Choosing:
    """One of two."""

    def read(self, fields: Fields) -> Hashable:
        return tuple(str(value) for value in _all(fields, _BETTER))

    def looks_like(self, fields: Fields) -> bool:
        return bool(_all(fields, _BETTER))


def _verdict(scores: dict[str, int | None], rubric: Rubric, rationale: str) -> Verdict:
    given = {name: float(value) for name, value in scores.items() if value is not None}
    if len(given) < len(scores):
        return Verdict(tuple(given.items()), None, "unscored", CANNOT_JUDGE, rationale)
    return Verdict(tuple(given.items()), rubric.total(given), "scored", "", rationale)


def _own(text: str, mark: str, form: _Reads) -> Fields:
    """The object that is the judge's own verdict."""
    whole = _whole(text)
    if whole is not None:
        marked = _mark_of(whole)
        if marked is None or names_mark(marked, mark):
            return whole
        raise _NoVerdictError("wrong_mark")
    spans = list(objects(text))
    verdicts = _marked(text, spans, mark) or _marked(text, list(objects(text.replace('\\"', '"'))), mark)
    if not verdicts:
        raise _NoVerdictError(_why_none(spans, form))
    if len({form.read(fields) for fields in verdicts}) > 1:
        raise _NoVerdictError("two_verdicts")
    return verdicts[-1]


def _whole(text: str) -> Fields | None:
    """The reply where it is one object and nothing else."""
    bare = text.strip().removeprefix("\ufeff").strip()
    bare = _NO_THOUGHTS.sub("", bare)
    if fenced := _FENCE.match(bare):
        bare = fenced[1]
    value = strict(bare)
    if isinstance(value, list) and len(value) == 1:
        [value] = value
    return value if isinstance(value, Fields) else None


def _marked(text: str, spans: Sequence[Span], mark: str) -> list[Fields]:
    """Objects behind the judge's thoughts that carry the mark."""
    thought = text.rfind(_THOUGHT)
    # A judge may write of the tag inside its verdict: that is no end of its thoughts.
    while thought >= 0 and any(span.start < thought < span.end for span in spans):
        thought = text.rfind(_THOUGHT, 0, thought)
    behind = [span for span in spans if span.start > thought]
    own = [spoken for spoken in behind if (marked := _mark_of(spoken.fields)) is not None and names_mark(marked, mark)]
    for spoken in own:
        # What a judge quotes without escapes may open a string or a comment that a later quotation ends: scores between are lost.
        if len(_POINT_KEY.findall(text, spoken.start, spoken.end)) > _points_in(spoken.fields):
            raise _NoVerdictError("two_verdicts")
    return [spoken.fields for spoken in own]


def _points_in(value: Any) -> int:
    """Fields for points that were read, at any depth."""
    if isinstance(value, list):
        return sum(map(_points_in, value))
    if not isinstance(value, Fields):
        return 0
    return sum(key_in(key, _POINTS) + _points_in(inner) for key, inner in value.pairs)


def _why_none(spans: Sequence[Span], form: _Reads) -> str:
    if any(_mark_of(span.fields) is not None for span in spans):
        return "wrong_mark"
    return "no_mark" if any(form.looks_like(span.fields) for span in spans) else "no_json"


def _mark_of(fields: Fields) -> str | None:
    """None where there is no mark, or an empty one; a mark that stands twice and differs is no mark of ours."""
    marks = {str(value) for value in _all(fields, _MARKS) if not is_blank(value)}
    return None if not marks else marks.pop() if len(marks) == 1 else "twice"


def _tried(fields: Fields, rubric: Rubric, part: str | None) -> dict[str, int | str | None]:
    try:
        return dict(_scores(fields, rubric, part))
    except _NoVerdictError as error:
        return {"": str(error)}


def _scores(fields: Fields, rubric: Rubric, part: str | None) -> dict[str, int | None]:
    """Every dimension's number, None for one that cannot be judged."""
    _same_scale(fields, rubric)
    sources = _sources(fields, part)
    if not sources:
        raise _NoVerdictError("no_scores")
    given: dict[str, list[Any]] = {name: [] for name in rubric.names}
    for source in sources:
        for key, value in _entries(source):
            name = dimension_of(key, rubric)
            if name is not None:
                given[name].append(value)
    if any(not values for values in given.values()):
        flat = part is None and not any(given.values())
        raise _NoVerdictError("no_scores" if flat else "missing_dimension")
    scores = {name: _agreed([_number(value, rubric) for value in values]) for name, values in given.items()}
    for dimension in rubric.dimensions:
        if dimension.counted and not all(
            _like_count(value, scores[dimension.name], rubric) for value in given[dimension.name]
        ):
            raise _NoVerdictError("unlike_count")
    return scores


def _like_count(value: Any, score: int | None, rubric: Rubric) -> bool:
    """Whether a score agrees with the count that the judge wrote beside it; one without a count does.

    Anchors give the two lowest scores for other causes, too, so that few errors may stand beside them.
    """
    counts = _all(value, _COUNTS) if isinstance(value, Fields) else []
    least = rubric.low + 1
    for count in (number(text, 0, 99) for text in counts):
        if not isinstance(count, int) or score is None:
            continue
        if score > max(least, rubric.high - count) or (count == 0 and least < score < rubric.high):
            return False
    return True


def _agreed(values: Sequence[int | None]) -> int | None:
    if any(value != values[0] for value in values):
        raise _NoVerdictError("two_verdicts")
    return values[0]


def _sources(fields: Fields, part: str | None) -> list[Any]:
    """Where the scores stand: under a key for scores, else beside the reason. One part's where a call gave several."""
    sources = [value for value in _all(fields, _SCORES) if isinstance(value, Fields | list)]
    if part is not None:
        under = [
            value for source in sources or [fields] if isinstance(source, Fields) for value in _all(source, (part,))
        ]
        return [value for value in under if isinstance(value, Fields | list)]
    flat = Fields(tuple(pair for pair in fields.pairs if not key_in(pair[0], (*_SCORES, *_MARKS, *_REASONS, *_SCALES))))
    scored = [pair for pair in flat.pairs if not isinstance(pair[1], str) or number(pair[1], 0, 100) is not None]
    if not sources:
        return [flat] if flat.pairs else []
    # Beside a key for scores only numbers are scores: text there is a reason.
    return [*sources, Fields(tuple(scored))]


def _entries(source: Any) -> Iterator[tuple[str, Any]]:
    """(dimension as written, value) of an object, or of a list of objects that name their dimension."""
    if isinstance(source, Fields):
        yield from source.pairs
        return
    for entry in source:
        if not isinstance(entry, Fields):
            continue
        names = [value for value in _all(entry, _NAMES) if isinstance(value, str)]
        if names:
            yield names[0], entry
        else:
            yield from entry.pairs


def _number(value: Any, rubric: Rubric) -> int | None:
    """Raises when it is no whole number of the scale."""
    if isinstance(value, Fields):
        _same_scale(value, rubric)
        points = _all(value, _POINTS)
        if not points:
            raise _NoVerdictError("off_scale")
        return _agreed([_number(point, rubric) for point in points])
    read = number(value, rubric.low, rubric.high)
    if read is None:
        raise _NoVerdictError("off_scale")
    return None if read is CANNOT else read


def _same_scale(fields: Fields, rubric: Rubric) -> None:
    """A judge that says it scored on another scale did."""
    for value in _all(fields, _SCALES):
        if isinstance(value, int | float) and value != rubric.high:
            raise _NoVerdictError("off_scale")


def _rationale(fields: Fields) -> str:
    """The reasons as text, one a line."""
    lines: list[str] = []
    for value in _all(fields, _REASONS):
        pairs = value.pairs if isinstance(value, Fields) else (("", value),)
        lines += [f"{key}：{text}" if key else text for key, text in pairs if isinstance(text, str)]
    for source in _sources(fields, None):
        for key, value in _entries(source):
            told = (
                [text for text in _all(value, _REASONS) if isinstance(text, str)] if isinstance(value, Fields) else []
            )
            lines += [f"{key}：{text}" for text in told]
    # Half a surrogate pair cannot be stored.
    return "\n".join(lines).encode("utf-8", "replace").decode()[:MOST_RATIONALE]


def _all(fields: Fields, names: Sequence[str]) -> list[Any]:
    return [value for key, value in fields.pairs if key_in(key, names)]
