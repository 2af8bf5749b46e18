"""A gate for a pipeline: an expression over a report's numbers, decided on the unfavourable end of each interval. Pure.

``facts_right >= 0.9 and (data_score >= 7 or model_score > 6)``: names of judge/report/metrics.py, numbers, ``>= > <= <``,
``and or not ( )``. "At least" is held against the low end, "at most" against the high end, so that what is only likely does
not pass; under ``not`` as well, since the comparison inside is turned round first. ``change(NAME)`` is now less then, against
an earlier report: both intervals are taken as independent, h = sqrt(h1^2 + h2^2).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from factory.errors import UsageError
from judge.report.metrics import NAMES, Metric

_TOKEN = re.compile(r"\s*(?:(>=|<=|>|<|\(|\))|([A-Za-z_][\w.]*)|(-?\d+(?:\.\d+)?))")
_TURNED = {">=": "<", ">": "<=", "<=": ">", "<": ">="}
_CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison. ``end``: what was held against ``bound``, None where it was not measured."""

    name: str
    sign: str
    bound: float
    value: float | None
    end: float | None
    passed: bool

    @property
    def text(self) -> str:
        """As the user would write it."""
        return f"{self.name} {self.sign} {self.bound:g}"

    @property
    def reason(self) -> str:
        """One sentence on why it failed or passed."""
        if self.value is None:
            return f"{self.text}: {self.name} was not measured"
        if self.end is None:
            return f"{self.text}: {self.name} is {self.value:.4g} without a known interval"
        side = "low" if self.sign in {">", ">="} else "high"
        return f"{self.text}: {self.name} is {self.value:.4g}, the {side} end of its interval {self.end:.4g}"


@dataclass(frozen=True, slots=True)
class Gate:
    """``lines``: every comparison; those that decided a failure are ``failing``."""

    expression: str
    passed: bool
    lines: tuple[Comparison, ...]
    failing: tuple[Comparison, ...]


@dataclass(slots=True)
class _Parser:
    """Recursive descent over the tokens; ``turned``: inside an odd number of ``not``."""

    tokens: list[str]
    now: Mapping[str, Metric]
    then: Mapping[str, Metric] | None
    lines: list[Comparison]

    def take(self, *wanted: str) -> str | None:
        """The next token if it is one of these."""
        if self.tokens and self.tokens[0] in wanted:
            return self.tokens.pop(0)
        return None

    def either(self, *, turned: bool) -> tuple[bool, list[Comparison]]:
        """``a or b``."""
        passed, failing = self.both(turned=turned)
        while self.take("or"):
            other, more = self.both(turned=turned)
            passed, failing = _joined(passed, failing, other, more, every=turned)
        return passed, failing

    def both(self, *, turned: bool) -> tuple[bool, list[Comparison]]:
        """``a and b``."""
        passed, failing = self.single(turned=turned)
        while self.take("and"):
            other, more = self.single(turned=turned)
            passed, failing = _joined(passed, failing, other, more, every=not turned)
        return passed, failing

    def single(self, *, turned: bool) -> tuple[bool, list[Comparison]]:
        """``not x``, ``( x )`` or a comparison."""
        if self.take("not"):
            return self.single(turned=not turned)
        if self.take("("):
            inner = self.either(turned=turned)
            self._expect(")")
            return inner
        comparison = self._comparison(turned=turned)
        self.lines.append(comparison)
        return comparison.passed, [] if comparison.passed else [comparison]

    def _comparison(self, *, turned: bool) -> Comparison:
        name = self._name()
        sign = self.take(*_TURNED)
        if sign is None:
            raise UsageError(f"GATE: after {name} give >=, >, <= or < and a number, as in facts_right >= 0.9.")
        bound = self._number(name)
        sign = _TURNED[sign] if turned else sign
        metric = self._metric(name)
        if metric is None:
            return Comparison(name, sign, bound, None, None, passed=False)
        end = metric.low if sign in {">", ">="} else metric.high
        return Comparison(name, sign, bound, metric.value, end, passed=end is not None and _holds(end, sign, bound))

    def _name(self) -> str:
        name = self.tokens.pop(0) if self.tokens else ""
        if name == _CHANGE and self.take("("):
            inner = self.tokens.pop(0) if self.tokens else ""
            self._expect(")")
            _check(inner)
            return f"{_CHANGE}({inner})"
        _check(name)
        return name

    def _number(self, name: str) -> float:
        text = self.tokens.pop(0) if self.tokens else ""
        try:
            return float(text)
        except ValueError as error:
            raise UsageError(f"GATE: {name} is compared with a number, not {text!r}.") from error

    def _metric(self, name: str) -> Metric | None:
        if not name.startswith(f"{_CHANGE}("):
            return self.now.get(name)
        if self.then is None:
            raise UsageError(f"GATE: {name} needs an earlier report: GATE_AGAINST=its folder under DATA/reports.")
        inner = name[len(_CHANGE) + 1 : -1]
        return change(self.now.get(inner), self.then.get(inner))

    def _expect(self, token: str) -> None:
        if self.take(token) is None:
            raise UsageError(f"GATE: a {token} is missing.")


def _joined(
    passed: bool,  # noqa: FBT001 - what one side gave
    failing: list[Comparison],
    other: bool,  # noqa: FBT001 - and the other
    more: list[Comparison],
    *,
    every: bool,
) -> tuple[bool, list[Comparison]]:
    """Both sides must pass, or one of them is enough."""
    whole = passed and other if every else passed or other
    return whole, [] if whole else [*failing, *more]


def _check(name: str) -> None:
    base = name.partition(".")[0]
    if base not in NAMES:
        raise UsageError(f"GATE knows no {name!r}: use one of {', '.join(NAMES)} (NAME.tuned_open for another origin).")


def _holds(end: float, sign: str, bound: float) -> bool:
    return {">=": end >= bound, ">": end > bound, "<=": end <= bound, "<": end < bound}[sign]


def change(now: Metric | None, then: Metric | None) -> Metric | None:
    """Now less then; None where one was not measured, no interval where one has none."""
    if now is None or then is None:
        return None
    gap = now.value - then.value
    if None in {now.low, now.high, then.low, then.high}:
        return Metric(gap, None, None)
    down = math.hypot(now.value - (now.low or 0.0), (then.high or 0.0) - then.value)
    up = math.hypot((now.high or 0.0) - now.value, then.value - (then.low or 0.0))
    return Metric(gap, gap - down, gap + up)


def decide(expression: str, now: Mapping[str, Metric], then: Mapping[str, Metric] | None = None) -> Gate:
    """Raises UsageError, in one sentence, on what cannot be read."""
    parser = _Parser(_tokens(expression), now, then, [])
    passed, failing = parser.either(turned=False)
    if parser.tokens:
        raise UsageError(f"GATE: {parser.tokens[0]!r} stands where `and`, `or` or the end was expected.")
    return Gate(expression, passed, tuple(parser.lines), tuple(failing))


def _tokens(expression: str) -> list[str]:
    tokens, position = [], 0
    while expression[position:].strip():
        read = _TOKEN.match(expression, position)
        if read is None:
            raise UsageError(
                f"GATE cannot be read from {expression[position:].strip()[:20]!r} on: see docs/settings.md."
            )
        tokens.append(read[0].strip())
        position = read.end()
    return tokens


def junit(gate: Gate, name: str) -> str:
    """The gate as JUnit XML: one test case a comparison, and one for the whole expression."""
    cases = [_case(line.text, None if line.passed else line.reason) for line in gate.lines]
    whole = None if gate.passed else "; ".join(line.reason for line in gate.failing)
    cases.append(_case(gate.expression, whole))
    # Under `or` a line may fail and the gate pass; only the whole decides, so such lines are told as skipped.
    failed = sum(not line.passed for line in gate.lines) + 1 if not gate.passed else 0
    head = f'<testsuite name={quoteattr(name)} tests="{len(cases)}" failures="{failed}">'
    if gate.passed:
        cases = [case.replace("<failure", "<skipped").replace("</failure>", "</skipped>") for case in cases]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>", ""])


def _case(name: str, failure: str | None) -> str:
    head = f'  <testcase classname="gate" name={quoteattr(name)}'
    return (
        f"{head}/>"
        if failure is None
        else f"{head}><failure message={quoteattr(failure)}>{escape(failure)}</failure></testcase>"
    )
