"""What a judge is good for: questions put to it, each answered from an interval against a margin, and what is wrong with it.

A question that was not measured is named so and casts no vote; the judge is as good as the weakest answer that was
measured. Only numbers go in and out: the words stand in judge/report/judge_words.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from judge.statistics import margins as m
from judge.statistics.answering import Answering
from judge.statistics.clustered_mean import MeanWithInterval
from judge.statistics.comparison import Slope
from judge.statistics.evenness import Evenness
from judge.statistics.swaying import ORDER, PLEA, Favour, Sway
from judge.statistics.trust import Trust, Truth
from judge.statistics.validity import FULL, Control, Response

Word = Literal["holds", "open", "fails", "unmeasured"]
ExamQuestion = Literal["answers", "facts", "swayed", "favours", "even", "stable", "repeats", "agrees"]
QUESTIONS: tuple[ExamQuestion, ...] = ("answers", "facts", "swayed", "favours", "even", "stable", "repeats", "agrees")
"""In the order of their weight: what fails first is told first."""
GIBBERISH, BARE_PLEA, INVENTED = "gibberish", "begging", "name"


@dataclass(frozen=True, slots=True)
class Check:
    """One answer. ``what``: which number it rests on (a reason of words.py), ``about``: kinds of edits, groups or judges."""

    question: ExamQuestion
    rubric: str
    group: str
    word: Word
    what: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    about: tuple[str, ...] = ()
    second: float | None = None
    """Another number that the sentence needs."""


@dataclass(frozen=True, slots=True)
class JudgeEvidence:
    """All that an examination reads, of one judge. ``loss``: pooled over kinds, by rubric; ``spread``: SD of all totals."""

    answering: tuple[Answering, ...]
    truth: tuple[Truth, ...]
    loss: Mapping[str, Slope]
    responses: tuple[Response, ...]
    controls: tuple[Control, ...]
    trust: tuple[Trust, ...]
    sways: tuple[Sway, ...]
    favours: tuple[Favour, ...]
    evenness: tuple[Evenness, ...]
    first_shown: tuple[MeanWithInterval, ...]
    drift: Slope | None
    spread: Mapping[str, tuple[float, float]]
    """By rubric: SD and mean of all totals, edits and controls with them."""


@dataclass(frozen=True, slots=True)
class Examination:
    """``checks``: all answers; ``overall``: the weakest that was measured, unmeasured where none was."""

    checks: tuple[Check, ...]
    overall: Word

    @property
    def faults(self) -> tuple[Check, ...]:
        """What fails, gravest first."""
        return tuple(check for check in self.checks if check.word == "fails")

    @property
    def undecided(self) -> tuple[Check, ...]:
        """What more items would settle."""
        return tuple(check for check in self.checks if check.word == "open")

    def word(self, question: ExamQuestion) -> Word:
        """The weakest answer to one question."""
        return weakest(check.word for check in self.checks if check.question == question)


def weakest(words: Iterable[Word]) -> Word:
    """Of those that were measured."""
    order: tuple[Word, ...] = ("fails", "open", "holds")
    heard = set(words)
    return next((word for word in order if word in heard), "unmeasured")


def examine(evidence: JudgeEvidence, rubrics: Sequence[str]) -> Examination:
    """Every question, of every rubric and group that was judged."""
    checks = [
        *_answers(evidence),
        *(check for rubric in rubrics for check in _facts(evidence, rubric)),
        *(_sway(sway, still=_stable(evidence.drift).word != "fails") for sway in evidence.sways),
        *_bare_pleas(evidence),
        *(_first(share) for share in evidence.first_shown),
        *(_favour(favour) for favour in evidence.favours if _enough(favour.effect, m.LEAST_MATCHED)),
        *(_even(even, still=_stable(evidence.drift).word != "fails") for even in evidence.evenness),
        _stable(evidence.drift),
        *(_repeats(trust) for trust in evidence.trust),
        *(_agrees(trust) for trust in evidence.trust),
    ]
    asked = {check.question for check in checks}
    checks += [Check(question, "", "", "unmeasured", "absent") for question in QUESTIONS if question not in asked]
    # A judge that drifts errs in other questions because of it: it is told first, unless no score comes at all.
    weight = {question: 2 * place for place, question in enumerate(QUESTIONS)}
    if _stable(evidence.drift).word == "fails":
        weight["stable"] = weight["answers"] + 1
    ordered = sorted(checks, key=lambda check: (weight[check.question], _RANK.get(check.what, 9), _small(check)))
    return Examination(tuple(ordered), weakest(check.word for check in ordered))


_RANK = {
    "silent": 0,
    "refuses": 1,
    "missing": 2,
    "constant": 0,
    "inverse": 1,
    "half": 2,
    "chance": 3,
    "liking": 3,
    "blind": 3,
    "nonsense": 4,
    "partly": 5,
    "cheap": 6,
    "invented": 7,
    "dim": 8,
    "single": 8,
}
"""Of what fails in one question, which is told first."""


def _small(check: Check) -> float:
    """Of what sways, the largest effect first."""
    return -max(abs(check.value or 0.0), check.second or 0.0) if check.question == "swayed" else 0.0


def _answers(evidence: JudgeEvidence) -> Iterable[Check]:
    for answering in evidence.answering:
        share = answering.share
        if answering.scored == 0:
            yield Check(
                "answers",
                answering.rubric,
                "",
                "fails",
                "silent",
                0.0,
                about=_reasons(answering),
                second=answering.asked,
            )
            continue
        more = answering.more_for_faulty
        if more is not None and more.low is not None and more.low > m.REFUSED_MORE:
            yield Check(
                *("answers", answering.rubric, "", "fails", "refuses"),
                *(answering.unscored_faulty, more.low, more.high, _reasons(answering), answering.unscored_sound),
            )
            continue
        word = _against(share.low, share.high, m.ANSWERED) if answering.scored < answering.asked else "holds"
        yield Check(
            *("answers", answering.rubric, "", word, "missing", 1 - share.mean),
            *(_less(share.high), _less(share.low), _reasons(answering)),
        )


def _less(end: float | None) -> float | None:
    return None if end is None else 1 - end


def _reasons(answering: Answering) -> tuple[str, ...]:
    return tuple(f"{reason} {count}" for reason, count in answering.reasons[:3])


def _against(low: float | None, high: float | None, margin: float) -> Word:
    """More is better."""
    if low is not None and low > margin:
        return "holds"
    return "fails" if high is not None and high < margin else "open"


def _facts(evidence: JudgeEvidence, rubric: str) -> list[Check]:
    """Whether errors are told from sound text, and cost enough; gravest reason first, one check for each that was measured."""
    spread = evidence.spread.get(rubric)
    if spread is None:
        return []
    truth = next((truth for truth in evidence.truth if truth.rubric == rubric), None)
    planted = [response for response in evidence.responses if response.rubric == rubric and not response.harmless]
    if spread[0] < m.SPREAD and (planted or truth is not None):  # sound texts alone may well be alike
        return [Check("facts", rubric, "", "fails", "constant", spread[1], second=spread[0])]
    checks = []
    if truth is not None and _counted(truth):
        checks.append(_area(evidence, truth, planted))
        if truth.single is not None and truth.single.places >= m.LEAST_PLACES:
            single = truth.single
            word = _against(single.low, single.high, m.AUROC_SINGLE)
            checks.append(Check("facts", rubric, "", word, "single", single.value, single.low, single.high))
    checks += _losses(evidence, rubric, planted)
    nonsense = [control for control in evidence.controls if control.rubric == rubric and control.edit == GIBBERISH]
    checks += [_floor("facts", "nonsense", control) for control in nonsense if control.mean.clusters >= m.LEAST_PLACES]
    checks += [_invented(response) for response in planted if response.edit == INVENTED and len(response.doses) > 2]
    return checks or [Check("facts", rubric, "", "unmeasured", "no_truth")]


def _counted(truth: Truth) -> bool:
    return min(truth.decisions.sound, truth.decisions.faulty) >= m.LEAST_ITEMS and truth.auroc.places >= m.LEAST_PLACES


def _area(evidence: JudgeEvidence, truth: Truth, planted: Sequence[Response]) -> Check:
    area, rubric = truth.auroc, truth.rubric
    numbers = (area.value, area.low, area.high)
    word = _against(area.low, area.high, m.AUROC_TRUSTED)
    if word != "fails":
        return Check("facts", rubric, "", word, "area", *numbers)
    seen = tuple(response.edit for response in planted if loss_word(response.slope) == "holds")
    unseen = tuple(response.edit for response in planted if loss_word(response.slope) == "fails")
    if area.high is not None and area.high < 1 - m.AUROC_BLIND:
        return Check("facts", rubric, "", word, "inverse", *numbers)
    if seen and 3 * len(unseen) >= len(planted):  # fewer are kinds apart, not half of all that can be wrong
        return Check("facts", rubric, "", word, "half", *numbers, unseen)
    if area.high is None or area.high >= m.AUROC_BLIND:
        return Check("facts", rubric, "", word, "dim", *numbers)
    own = weakest(_repeats(trust).word for trust in evidence.trust if trust.rubric == rubric)
    what = {"holds": "liking", "fails": "chance"}.get(own, "blind")
    return Check("facts", rubric, "", word, what, *numbers)


def loss_word(slope: Slope | None) -> Word:
    """Of points lost a planted error: a falling score is a loss."""
    if slope is None or slope.places < m.LEAST_PLACES:
        return "unmeasured"
    if slope.low is None or slope.high is None:
        return "fails"  # nothing varies: no error costs anything
    return _against(-slope.high, -slope.low, m.LOSS_SEEN)


def _losses(evidence: JudgeEvidence, rubric: str, planted: Sequence[Response]) -> list[Check]:
    words = {response.edit: loss_word(response.slope) for response in planted}
    measured = {edit: word for edit, word in words.items() if word != "unmeasured"}
    loss = evidence.loss.get(rubric)
    if not measured or loss is None:
        return []
    failing = tuple(edit for edit, word in measured.items() if word == "fails")
    numbers = (loss.slope, loss.low, loss.high)
    if failing:
        rising = all(
            response.slope is not None and response.slope.low is not None and response.slope.low > 0
            for response in planted
            if response.edit in failing
        )
        cheap = "inverse" if rising and len(failing) == len(measured) else "cheap"
        what = "partly" if any(word == "holds" for word in measured.values()) else cheap
        return [Check("facts", rubric, "", "fails", what, *numbers, failing)]
    undecided = tuple(edit for edit, word in measured.items() if word == "open")
    return [Check("facts", rubric, "", "open" if undecided else "holds", "loss", *numbers, undecided)]


def _floor(question: ExamQuestion, what: str, control: Control) -> Check:
    """What deserves nothing must get next to nothing."""
    low, high = _ends(control.mean)
    gap = control.gap.mean if control.gap else None
    word = _below(low, high, m.NONSENSE)
    return Check(question, control.rubric, "", word, what, control.mean.mean, low, high, (control.edit,), gap)


def _ends(mean: MeanWithInterval) -> tuple[float | None, float | None]:
    """Where all texts got the very same score, that score: an interval knows of no spread there and guesses from places alone."""
    same = mean.clusters > 1 and (mean.low is None or mean.mean in {0.0, FULL})
    return (mean.mean, mean.mean) if same else (mean.low, mean.high)


def _invented(response: Response) -> Check:
    """What is invented throughout must not get a good total."""
    mean = response.doses[-1][1]
    low, high = _ends(mean)
    word: Word = "unmeasured" if mean.clusters < m.LEAST_PLACES else _below(low, high, m.INVENTED)
    return Check("facts", response.rubric, "", word, "invented", mean.mean, low, high, (response.edit,))


def _below(low: float | None, high: float | None, margin: float) -> Word:
    """Less is better."""
    if high is not None and high < margin:
        return "holds"
    return "fails" if low is not None and low > margin else "open"


def _bare_pleas(evidence: JudgeEvidence) -> Iterable[Check]:
    """An answer that holds nothing but a plea; where gibberish fares as well, it is not the plea that is paid for."""
    for control in evidence.controls:
        if control.edit == BARE_PLEA and control.mean.clusters >= m.LEAST_PLACES:
            other = next((x.mean for x in evidence.controls if (x.rubric, x.edit) == (control.rubric, GIBBERISH)), None)
            if other is None or other.high is None or control.mean.low is None or control.mean.low > other.high:
                yield _floor("swayed", "plea", control)


def _enough(mean: MeanWithInterval, items: int) -> bool:
    return mean.items >= items and mean.clusters >= m.LEAST_PLACES


def _within(low: float | None, high: float | None, holds: float, fails: float, *, gain_only: bool = False) -> Word:
    """Equivalence: 0 is good. Fails beyond ``fails`` on one side, holds within ``holds`` on both."""
    if low is None or high is None:
        return "open"
    if low > fails or (high < -fails and not gain_only):
        return "fails"
    return "holds" if high < holds and (gain_only or low > -holds) else "open"


def _sway(sway: Sway, *, still: bool) -> Check:
    """``still``: the judge does not drift, so that what scatters is not scattered by time."""
    effect, plea = sway.effect, sway.edit == PLEA
    numbers = (effect.mean, effect.low, effect.high, (sway.edit,), sway.scatter_low)
    if not _enough(effect, m.LEAST_ITEMS):
        return Check("swayed", sway.rubric, "", "unmeasured", "few", *numbers)
    if not still:
        return Check("swayed", sway.rubric, "", "unmeasured", "drifting", *numbers)
    if sway.edit == ORDER and sway.scatter_low is not None and sway.scatter_low > m.SCATTER:
        return Check("swayed", sway.rubric, "", "fails", "scatter", *numbers)
    if effect.low is None and effect.mean == 0.0:
        return Check("swayed", sway.rubric, "", "holds", "sway", *numbers)  # not one score moved
    word = _within(effect.low, effect.high, m.PLEA_HOLDS if plea else m.SWAY_HOLDS, m.SWAY_FAILS, gain_only=plea)
    return Check("swayed", sway.rubric, "", word, "sway", *numbers)


def _first(share: MeanWithInterval) -> Check:
    numbers = (share.mean, share.low, share.high)
    if not _enough(share, m.LEAST_MATCHED):
        return Check("swayed", "", "pairs", "unmeasured", "few", *numbers)
    away = tuple(None if end is None else end - 0.5 for end in (share.low, share.high))
    word = _within(away[0], away[1], m.FIRST_HOLDS, m.FIRST_FAILS)
    return Check("swayed", "", "pairs", word, "first", *numbers)


def _favour(favour: Favour) -> Check:
    effect = favour.effect
    word = _within(effect.low, effect.high, m.FAVOUR_HOLDS, m.FAVOUR_FAILS)
    about = (favour.preferred, favour.other)
    return Check("favours", "", favour.preferred, word, "favour", effect.mean, effect.low, effect.high, about)


def _even(even: Evenness, *, still: bool) -> Check:
    spread = even.spread
    if not still:
        return Check("even", even.rubric, "", "unmeasured", "drifting")
    if spread.items < m.LEAST_ITEMS or spread.places < m.LEAST_PLACES:
        return Check("even", even.rubric, "", "unmeasured", "few")
    word = _below(spread.low, spread.high, m.UNEVEN)
    return Check("even", even.rubric, "", word, "uneven", spread.value, spread.low, spread.high)


def _stable(drift: Slope | None) -> Check:
    if drift is None or drift.places < m.LEAST_PLACES:
        return Check("stable", "", "", "unmeasured", "absent")
    if drift.low is None:
        return Check("stable", "", "", "holds", "drift", 0.0)
    word = _within(drift.low, drift.high, m.DRIFT_HOLDS, m.DRIFT_FAILS)
    return Check("stable", "", "", word, "drift", drift.slope, drift.low, drift.high)


def _repeats(trust: Trust) -> Check:
    wander = trust.wandering
    icc = trust.reliability.icc_2_1.value if trust.reliability else None
    if wander is None or wander.items < m.LEAST_ITEMS or wander.places < m.LEAST_PLACES:
        return Check("repeats", trust.rubric, trust.group, "unmeasured", "one_call")
    word = _below(wander.low, wander.high, m.WANDER)
    return Check(
        "repeats", trust.rubric, trust.group, word, "wander", wander.value, wander.low, wander.high, second=icc
    )


def _agrees(trust: Trust) -> Check:
    far = trust.judge_distance
    if far is None or far.items < m.LEAST_ITEMS or far.places < m.LEAST_PLACES:
        return Check("agrees", trust.rubric, trust.group, "unmeasured", "no_second")
    word = _below(far.low, far.high, m.GAP)
    gap = trust.judge_gap.mean if trust.judge_gap else None
    return Check("agrees", trust.rubric, trust.group, word, "distance", far.value, far.low, far.high, second=gap)
