"""What the examination and the comparisons count, end to end from rows of verdicts, against statsmodels and scipy within 1e-8."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.proportion import proportion_confint

from judge.statistics.answering import answering
from judge.statistics.bootstrap import places_of
from judge.statistics.bounded import bounded_mean
from judge.statistics.calls import VerdictRow, calls_of
from judge.statistics.comparison import paired
from judge.statistics.drift import drift
from judge.statistics.evenness import evenness, item_spread
from judge.statistics.pairwise import PairRow, first_shown, preferences
from judge.statistics.swaying import favours, sways
from judge.statistics.trust import truth_of
from judge.statistics.validity import controls, pooled_loss, responses

EXACT = 1e-8
SAMPLES, PLACES, DOSES = 48, 12, (1, 2, 3)
FAULTS = ("name", "price")


def _row(item: str, total: float | None, replicate: int = 0, **fields: object) -> VerdictRow:
    sample, _, made = item.partition("~")
    edit, _, dose = made.partition("~")
    given: dict[str, object] = {
        "item_id": item,
        "item_kind": "injected" if edit else "sample",
        "sample_id": sample,
        "place_id": f"p{int(sample[1:]) % PLACES}",
        "split": "seen",
        "arm": None,
        "mode": None,
        "design": "standard",
        "rubric": "data",
        "replicate": replicate,
        "judge": "j",
        "total": total,
        "status": "unscored" if total is None else "scored",
        "reason": "refused" if total is None else None,
        "edit": edit or None,
        "dose": int(dose) if dose else None,
        "scores": {},
        "asked_at": None,
    }
    return VerdictRow(**(given | fields))  # type: ignore[arg-type] # one row, some fields replaced


@pytest.fixture(scope="module", name="rows")
def _rows() -> list[VerdictRow]:
    """Three calls a sample, one of each edit at each dose; a judge with noise, places that differ, marks on half points."""
    rng = np.random.default_rng(17)
    rows = []
    for sample in range(SAMPLES):
        level = 7.0 + 0.4 * (sample % PLACES) / PLACES + float(rng.normal(0, 0.7))

        def mark(lost: float, level: float = level) -> float:
            return float(np.clip(np.round(2 * (level - lost + rng.normal(0, 0.6))) / 2, 0, 10))

        rows += [_row(f"s{sample:02d}", mark(0), turn) for turn in range(3)]
        for edit, cost in (("name", 1.3), ("price", 0.6), ("padding", 0.0)):
            rows += [_row(f"s{sample:02d}~{edit}~{dose}", mark(cost * dose)) for dose in DOSES]
        rows.append(_row(f"s{sample:02d}~gibberish~0", mark(6.5), item_kind="control"))
    return rows


def _clustered(y: Sequence[float], x: np.ndarray, places: Sequence[str]) -> tuple[float, float, float]:
    """The last coefficient and both ends of its interval, CR1 and t, by statsmodels."""
    groups = np.unique(list(places), return_inverse=True)[1]
    fit = sm.OLS(np.asarray(y), x).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    return float(fit.params[-1]), float(fit.conf_int()[-1][0]), float(fit.conf_int()[-1][1])


def _frame(rows: Sequence[VerdictRow]) -> pd.DataFrame:
    """Means over replicates, one line an item."""
    table = pd.DataFrame(
        [(row.item_id, row.sample_id, row.place_id, row.edit or "", row.dose or 0, row.total) for row in rows],
        columns=["item", "sample", "place", "edit", "dose", "total"],
    )
    return table.groupby(["item", "sample", "place", "edit", "dose"], as_index=False)["total"].mean()


def test_what_a_planted_error_costs_equals_least_squares_with_clusters(rows: list[VerdictRow]) -> None:
    frame = _frame(rows)
    plain = frame[frame["edit"] == ""]
    by_edit = {response.edit: response for response in responses(calls_of(rows, "j"), frozenset({"padding"}))}
    for edit in (*FAULTS, "padding"):
        used = pd.concat([plain, frame[frame["edit"] == edit]])
        slope = by_edit[edit].slope
        assert slope is not None
        expected = _clustered(used["total"], sm.add_constant(used["dose"].to_numpy(float)), used["place"])
        assert (slope.slope, slope.low, slope.high) == pytest.approx(expected, abs=EXACT)
    pooled = pooled_loss(calls_of(rows, "j"), "data", frozenset(FAULTS))
    used = pd.concat([plain, frame[frame["edit"] == "name"], plain, frame[frame["edit"] == "price"]])
    expected = _clustered(used["total"], sm.add_constant(-used["dose"].to_numpy(float)), used["place"])
    assert pooled is not None
    assert (pooled.slope, pooled.low, pooled.high) == pytest.approx(expected, abs=EXACT)


def test_a_loss_pooled_over_kinds_lies_between_those_of_the_kinds(rows: list[VerdictRow]) -> None:
    """Samples counted once for all kinds would weigh less the more kinds there are, and hide the step from none to one."""
    calls = calls_of(rows, "j")
    each = [
        -response.slope.slope
        for response in responses(calls, frozenset({"padding"}))
        if response.slope and not response.harmless
    ]
    pooled = pooled_loss(calls, "data", frozenset(FAULTS))
    assert pooled is not None
    assert min(each) < pooled.slope < max(each)
    assert pooled.slope == pytest.approx(float(np.mean(each)), abs=EXACT)  # as many items of each kind


def test_what_sways_equals_the_clustered_mean_of_the_differences(rows: list[VerdictRow]) -> None:
    frame = _frame(rows)
    before = frame[frame["edit"] == ""].set_index("sample")["total"]
    used = frame[frame["edit"] == "padding"]
    gaps = used["total"].to_numpy() - before.loc[used["sample"]].to_numpy()
    [sway] = sways(calls_of(rows, "j"), frozenset({"padding"}), {})
    expected = _clustered(gaps, np.ones((len(gaps), 1)), used["place"])
    assert (sway.effect.mean, sway.effect.low, sway.effect.high) == pytest.approx(expected, abs=EXACT)


def _score_interval(values: Sequence[float], places: Sequence[str], least: float, most: float) -> tuple[float, float]:
    """Korn and Graubard's effective number by statsmodels' clustered error, then the score interval with Student's quantile."""
    share = (np.asarray(values, dtype=float) - least) / (most - least)
    p, low, high = _clustered(list(share), np.ones((len(share), 1)), places)
    quantile = float(scipy.stats.t.ppf(0.975, len(set(places)) - 1))
    error = (high - low) / 2 / quantile
    n = p * (1 - p) / error**2
    level = 2 * float(scipy.stats.norm.sf(quantile))  # the level at which a normal quantile is Student's
    ends = proportion_confint(p * n, n, alpha=level, method="wilson")
    return least + (most - least) * ends[0], least + (most - least) * ends[1]


def test_bounded_intervals_equal_the_score_interval_at_the_effective_number(rows: list[VerdictRow]) -> None:
    frame = _frame(rows)
    used = frame[frame["edit"] == "gibberish"]
    [control] = controls(calls_of(rows, "j"))
    expected = _score_interval(list(used["total"]), list(used["place"]), 0.0, 10.0)
    assert (control.mean.low, control.mean.high) == pytest.approx(expected, abs=EXACT)
    marks, places = [1.0, 5.0, 4.0, 4.0, 5.0, 3.0, 5.0, 5.0], ["a", "a", "b", "b", "c", "c", "d", "d"]
    mean = bounded_mean(marks, places, least=1.0, most=5.0)
    assert mean is not None
    assert (mean.low, mean.high) == pytest.approx(_score_interval(marks, places, 1.0, 5.0), abs=EXACT)


def test_refusals_that_hang_on_faults_equal_a_clustered_difference_of_two_shares() -> None:
    rng = np.random.default_rng(3)
    sound = {f"s{number:02d}": number % 3 > 0 for number in range(SAMPLES)}
    rows = [_row(item, None if rng.random() < (0.1 if good else 0.4) else 8.0) for item, good in sound.items()]
    refusals = answering(rows, "data", sound)
    assert refusals is not None
    assert refusals.more_for_faulty is not None
    x = sm.add_constant(np.asarray([float(not sound[row.item_id]) for row in rows]))
    expected = _clustered([float(row.total is None) for row in rows], x, [row.place_id for row in rows])
    more = refusals.more_for_faulty
    assert (more.slope, more.low, more.high) == pytest.approx(expected, abs=EXACT)


def test_favour_equals_the_clustered_mean_of_the_pairs_that_are_equally_right() -> None:
    rng = np.random.default_rng(8)
    rows, right, groups, gaps, places = [], {}, {}, [], []
    for sample in range(SAMPLES):
        marks = [float(np.round(2 * rng.normal(7, 1)) / 2), float(np.round(2 * rng.normal(6, 1)) / 2)]
        alike = sample % 4 > 0
        for arm, mark, facts in zip(("base", "tuned"), marks, ((1.0, 9.0), (1.0 if alike else 0.5, 9.0)), strict=True):
            item = f"s{sample:02d}-{arm}"
            fields = {"item_kind": "completion", "arm": arm, "mode": "closed", "rubric": "answer"}
            row = _row(f"s{sample:02d}", mark, **fields)
            rows.append(_row(f"s{sample:02d}", mark, **fields, item_id=item, place_id=row.place_id))
            right[item], groups[item] = facts, f"{arm} closed"
        if alike:
            gaps.append(marks[0] - marks[1])
            places.append(row.place_id)
    [favour] = favours(calls_of(rows, "j"), "answer", right, groups)
    expected = _clustered(gaps, np.ones((len(gaps), 1)), places)
    assert (favour.preferred, favour.other, favour.effect.items) == ("base closed", "tuned closed", len(gaps))
    assert (favour.effect.mean, favour.effect.low, favour.effect.high) == pytest.approx(expected, abs=EXACT)


def test_differences_of_two_sides_equal_statsmodels_with_clusters() -> None:
    rng = np.random.default_rng(5)
    left, right = rng.normal(7, 1, 60), rng.normal(7.4, 1, 60)
    places = [f"p{number % 11}" for number in range(60)]
    gain = paired(list(left), list(right), places)
    assert gain is not None
    expected = _clustered(list(right - left), np.ones((60, 1)), places)
    mean = gain.difference
    assert (mean.mean, mean.low, mean.high) == pytest.approx(expected, abs=EXACT)
    groups = np.unique(places, return_inverse=True)[1]
    fit = sm.OLS(right - left, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    assert gain.p == pytest.approx(float(fit.pvalues[0]), abs=EXACT)
    assert gain.d_z == pytest.approx(scipy.stats.ttest_rel(right, left).statistic / np.sqrt(60), abs=EXACT)


def test_shares_of_pairs_equal_the_score_interval_of_their_item_scores() -> None:
    rng = np.random.default_rng(9)
    rows, scores, places = [], [], []
    for item in range(60):
        ids, outcomes = (
            (f"l{item}", f"r{item}"),
            [str(outcome) for outcome in rng.choice(["left", "right", "tie"], 2, p=[0.6, 0.2, 0.2])],
        )
        for first, outcome in zip(ids, outcomes, strict=True):
            rows.append(PairRow("tuned", "base", *ids, first, 0, outcome, None, f"p{item % 9}", 10, 20))
        scores.append({"left": 1.0, "right": 0.0, "tie": 0.5}[outcomes[0]] if outcomes[0] == outcomes[1] else 0.5)
        places.append(f"p{item % 9}")
    [preference] = preferences(rows)
    assert preference.share.mean == pytest.approx(float(np.mean(scores)), abs=EXACT)
    assert (preference.share.low, preference.share.high) == pytest.approx(
        _score_interval(scores, places, 0.0, 1.0), abs=EXACT
    )
    decided = [
        (float((row.outcome == "left") == (row.first_shown == row.left_id)), row.place_id)
        for row in rows
        if row.outcome != "tie"
    ]
    first = first_shown(rows)
    assert first is not None
    assert first.mean == pytest.approx(float(np.mean([won for won, _ in decided])), abs=EXACT)
    expected = _score_interval([won for won, _ in decided], [place for _, place in decided], 0.0, 1.0)
    assert (first.low, first.high) == pytest.approx(expected, abs=EXACT)


def test_the_interval_of_drift_equals_least_squares_on_what_constants_leave(rows: list[VerdictRow]) -> None:
    rng = np.random.default_rng(2)
    timed = [
        _row(row.item_id, row.total, row.replicate, asked_at=float(rng.random()), item_kind=row.item_kind)
        for row in rows
    ]
    trend = drift(timed)
    assert trend is not None
    ordered = sorted(timed, key=lambda row: row.asked_at or 0.0)
    frame = pd.DataFrame({"y": [row.total for row in ordered], "x": np.linspace(0, 1, len(ordered))})
    frame["kind"] = [f"{row.item_kind} {row.edit} {row.dose}" for row in ordered]
    frame["sample"] = [row.sample_id for row in ordered]
    left = {name: smf.ols(f"{name} ~ C(kind) + C(sample)", frame).fit().resid.to_numpy() for name in ("x", "y")}
    expected = _clustered(list(left["y"]), sm.add_constant(left["x"]), [row.place_id for row in ordered])
    assert (trend.slope, trend.low, trend.high) == pytest.approx(expected, abs=EXACT)


def test_unevenness_equals_the_variance_component_of_one_way_analysis(rows: list[VerdictRow]) -> None:
    samples = [row for row in rows if row.edit is None]
    frame = pd.DataFrame([(row.item_id, row.total) for row in samples], columns=["item", "total"])
    table = anova_lm(smf.ols("total ~ C(item)", frame).fit())
    between, within = table["mean_sq"]
    even = evenness(calls_of(rows, "j"), "data", {row.item_id: True for row in samples}, 100)
    assert even is not None
    assert even.spread.value == pytest.approx(float(np.sqrt((between - within) / 3)), abs=EXACT)
    assert even.spread.low is not None
    assert even.spread.high is not None
    assert even.spread.low <= (even.spread.value or 0.0) <= even.spread.high
    assert evenness(calls_of(rows, "j"), "data", {}, 100) is None


def test_chance_alone_is_no_unevenness_and_single_calls_cannot_tell() -> None:
    table = np.asarray([[7.0, 8.0], [8.0, 7.0], [7.0, 8.0], [8.0, 7.0]])
    spread = item_spread(table, places_of(["a", "b", "c", "d"], 50))
    assert spread is not None
    assert (spread.value, spread.low, spread.high) == (0.0, 0.0, 0.0)
    assert item_spread(table[:, :1], places_of(["a", "b", "c", "d"], 50)) is None


def test_the_area_for_errors_that_stand_alone_equals_mann_whitney(rows: list[VerdictRow]) -> None:
    sound = {row.item_id: row.edit in {None, "padding"} for row in rows if row.edit != "gibberish"}
    truth = truth_of(calls_of(rows, "j"), "data", sound, 50)
    assert truth is not None
    assert truth.single is not None
    first = [row for row in rows if row.replicate == 0 and row.item_id in sound]
    good = [row.total for row in first if sound[row.item_id]]
    bad = [row.total for row in first if not sound[row.item_id] and row.dose == 1]
    u = scipy.stats.mannwhitneyu(good, bad).statistic
    assert truth.single.value == pytest.approx(u / (len(good) * len(bad)), abs=EXACT)
    every = [row.total for row in first if not sound[row.item_id]]
    u = scipy.stats.mannwhitneyu(good, every).statistic
    assert truth.auroc.value == pytest.approx(u / (len(good) * len(every)), abs=EXACT)
