"""The estimators under the judge's examination against statsmodels, and at their edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from judge.statistics import margins
from judge.statistics.agreement import wandering
from judge.statistics.bootstrap import places_of
from judge.statistics.bounded import bounded_mean, wilson
from judge.statistics.calls import VerdictRow
from judge.statistics.comparison import dose_slope
from judge.statistics.drift import drift
from judge.statistics.examination import loss_word
from judge.statistics.families import clustered_sign_test, holm, p_of_mean
from judge.statistics.pairwise import PairRow, first_shown, preferences
from judge.statistics.truth import auroc

EXACT = 1e-8


def test_holm_equals_statsmodels_and_what_was_not_tested_is_no_member() -> None:
    p = [0.03, 0.001, 0.4, 0.012, 0.012, 0.9]
    expected = multipletests(p, method="holm")[1]
    assert holm(p) == pytest.approx(tuple(expected), abs=EXACT)
    assert holm([0.03, None, 0.02]) == pytest.approx((0.04, None, 0.04), abs=EXACT)


def test_p_values_and_signs_equal_statsmodels_with_clusters() -> None:
    rng = np.random.default_rng(3)
    names = [f"p{number % 9}" for number in range(80)]
    gaps = np.round(rng.normal(0.3, 1.0, 80), 1)
    fit = sm.OLS(gaps, np.ones(80)).fit(
        cov_type="cluster", cov_kwds={"groups": np.unique(names, return_inverse=True)[1]}, use_t=True
    )
    # statsmodels multiplies by (N-1)/(N-K), which is 1 for a mean.
    assert p_of_mean(list(gaps), names) == pytest.approx(float(fit.pvalues[0]), abs=EXACT)
    kept = gaps != 0
    signs, groups = np.sign(gaps[kept]), np.unique(np.asarray(names)[kept], return_inverse=True)[1]
    fit = sm.OLS(signs, np.ones(len(signs))).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    mean, p = clustered_sign_test(list(gaps), names)
    assert mean is not None
    assert (mean.mean, p) == pytest.approx((float(fit.params[0]), float(fit.pvalues[0])), abs=EXACT)


def test_where_all_differences_agree_each_place_is_one_coin() -> None:
    _, p = clustered_sign_test([1, 2, 1, 3], ["a", "a", "b", "c"])
    assert p == pytest.approx(0.25)
    assert clustered_sign_test([1.0, 1.0], ["a", "a"])[1] is None
    assert clustered_sign_test([0.0, 0.0], ["a", "b"]) == (None, None)


def test_the_score_interval_equals_statsmodels_and_stays_on_its_scale() -> None:
    low, high = wilson(0.9, 50, 1.959963984540054)
    assert (low, high) == pytest.approx(proportion_confint(45, 50, method="wilson"), abs=EXACT)
    names = [f"p{number % 12}" for number in range(60)]
    near = bounded_mean([1.0] * 58 + [0.0, 0.0], names)
    assert near is not None
    assert near.low is not None
    assert near.high is not None
    assert 0 < near.low < near.mean < near.high <= 1
    every = bounded_mean([1.0] * 60, names)
    assert every is not None
    assert every.low is not None
    assert every.low < 1.0 == every.high
    same = bounded_mean([8.0] * 60, names, most=10.0)
    assert same is not None
    assert (same.mean, same.low, same.high) == (8.0, None, None)


def test_a_constant_judge_has_a_slope_of_nothing_and_no_interval() -> None:
    names = [f"p{number % 6}" for number in range(24)]
    slope = dose_slope([float(number % 4) for number in range(24)], [0.1 + 0.2] * 24, names)
    assert slope is not None
    assert (slope.slope, slope.low, slope.high) == (0.0, None, None)
    assert loss_word(slope) == "fails"


def test_a_loss_is_seen_or_not_by_the_end_that_speaks_against_it() -> None:
    slope = dose_slope([0.0, 1.0] * 12, [9.0, 8.0] * 12, [f"p{number // 2}" for number in range(24)])
    assert slope is not None
    edge = margins.LOSS_SEEN
    assert loss_word(replace(slope, low=-2.0, high=-edge - 1e-6)) == "holds"
    assert loss_word(replace(slope, low=-2.0, high=-edge + 1e-6)) == "open"
    assert loss_word(replace(slope, low=-edge + 1e-6, high=0.3)) == "fails"


def _row(item: str, place: str, total: float, at: float, **more: object) -> VerdictRow:
    edit, dose = more.get("edit"), more.get("dose")
    sample = item.partition("~")[0]
    kind = "injected" if edit else "sample"
    given = ("data", 0, "j", total, "scored", None, edit, dose, {}, at)
    return VerdictRow(item, kind, sample, place, "train", None, None, "standard", *given)  # type: ignore[arg-type] # as above


def test_drift_equals_least_squares_with_constants_for_kinds_and_samples() -> None:
    rng = np.random.default_rng(4)
    rows = []
    for sample in range(30):
        place, level = f"p{sample % 10}", float(rng.normal(7, 1))
        for dose in (None, 1, 2, 3):
            item = f"s{sample:02d}" if dose is None else f"s{sample:02d}~name~{dose}"
            at = float(rng.random())
            total = level - (dose or 0) - 1.2 * at + float(rng.normal(0, 0.3))
            rows.append(_row(item, place, total, at, edit="name" if dose else None, dose=dose))
    trend = drift(rows)
    assert trend is not None
    ordered = sorted(rows, key=lambda row: row.asked_at or 0.0)
    frame = pd.DataFrame(
        {
            "y": [row.total for row in ordered],
            "x": np.linspace(0, 1, len(ordered)),
            "kind": [str(row.dose) for row in ordered],
            "sample": [row.sample_id for row in ordered],
        }
    )
    fit = smf.ols("y ~ x + C(kind) + C(sample)", frame).fit()
    assert trend.slope == pytest.approx(float(fit.params["x"]), abs=EXACT)
    assert trend.high is not None
    assert trend.high < -0.25
    assert drift([replace(row, asked_at=None) for row in rows]) is None


@pytest.mark.parametrize(("calls", "told"), [(2, False), (3, True)])
def test_a_drift_that_constants_could_explain_is_not_told(calls: int, *, told: bool) -> None:
    """The first questions of a judging: as many kinds and samples as calls, so that whatever was said fits."""
    rng, rows = np.random.default_rng(6), []
    for sample in range(24):
        item = f"s{sample:02d}~name~1"
        for turn in range(calls):
            row = _row(item, f"p{sample % 8}", float(rng.normal(7, 1)), float(rng.random()), edit="name", dose=1)
            rows.append(replace(row, replicate=turn))
    assert (drift(rows) is not None) is told


def test_wandering_is_the_root_of_the_mean_square_within_items() -> None:
    rng = np.random.default_rng(5)
    table = rng.normal(7, 1, (40, 3))
    table[3, 1] = np.nan
    table[4, 1:] = np.nan
    wander = wandering(table, places_of([str(number) for number in range(40)], 50))
    assert wander is not None
    long = pd.DataFrame(table).melt(ignore_index=False).dropna().reset_index()
    within = long.groupby("index")["value"].agg(lambda scores: ((scores - scores.mean()) ** 2).sum()).sum()
    freedom = len(long) - 40
    assert wander.value == pytest.approx(float(np.sqrt(within / freedom)), abs=EXACT)


def test_within_style_only_texts_of_one_style_are_compared() -> None:
    """All faults are one model's and the judge dislikes how it writes: pooled it seems to see them, within style it does not."""
    scores = [5, 4, 5, 4, 2, 1, 2, 1]
    sound = [True, True, True, True, True, False, True, False]
    names, styles = [f"p{number % 4}" for number in range(8)], ["a"] * 4 + ["b"] * 4
    pooled, within = auroc(scores, sound, names, 50), auroc(scores, sound, names, 50, styles=styles)
    assert pooled is not None
    assert within is not None
    assert within.value == 1.0
    assert auroc(scores[:4], sound[:4], names[:4], 50, styles=styles[:4]) is None
    mixed = auroc([5, 4, 1, 2], [True, False, True, False], ["p", "q", "p", "q"], 50, styles=["a", "a", "b", "b"])
    assert mixed is not None
    assert mixed.value == 0.5  # won in one style, lost in the other


def _pair(item: int, first: str, outcome: str | None, *, left_length: int = 10) -> PairRow:
    ids = (f"l{item}", f"r{item}")
    reason = None if outcome else "refused"
    return PairRow("tuned", "base", *ids, ids[first == "right"], 0, outcome, reason, f"p{item % 4}", left_length, 20)


def test_an_answer_wins_only_in_both_orders_and_the_order_itself_is_measured() -> None:
    rows = [_pair(0, "left", "left"), _pair(0, "right", "left"), _pair(1, "left", "right"), _pair(1, "right", "right")]
    rows += [_pair(2, "left", "left"), _pair(2, "right", "right"), _pair(3, "left", "tie"), _pair(3, "right", "tie")]
    rows += [_pair(4, "left", None), _pair(4, "right", "left")]
    [preference] = preferences(rows)
    assert (preference.wins, preference.ties, preference.losses, preference.unscored) == (1, 3, 1, 1)
    assert preference.share.mean == pytest.approx(0.5)
    assert preference.steady is not None
    assert preference.steady.mean == pytest.approx(3 / 4)
    # Decided calls of items asked both ways: 0 and 1 give one each way, 2 gives the first shown twice.
    assert preference.first is not None
    assert preference.first.mean == pytest.approx(4 / 6)
    always = [_pair(item, side, side) for item in range(20) for side in ("left", "right")]
    bound = first_shown(always)
    assert bound is not None
    assert bound.mean == 1.0
