"""Each statistic against another implementation or numbers worked by hand, and intervals against simulated worlds."""

from __future__ import annotations

from dataclasses import replace

import krippendorff
import numpy as np
import pandas as pd
import pingouin
import pytest
import scipy.stats
import statsmodels.api as sm
from statsmodels.stats.inter_rater import cohens_kappa

from judge.statistics.agreement import reliability
from judge.statistics.bootstrap import Estimate, Floats, Places, bootstrap_mean, draw, estimate, places_of
from judge.statistics.calls import VerdictRow
from judge.statistics.clustered_mean import clustered_mean
from judge.statistics.comparison import dose_slope, minimum_detectable, paired
from judge.statistics.corpus import contradictions, copied, distinct, diversity, stretches_of
from judge.statistics.correlation import correlations, kendall, mismatched, pearson, spearman
from judge.statistics.coverage import coverage
from judge.statistics.halo import disattenuated, halo
from judge.statistics.krippendorff import krippendorff_alpha
from judge.statistics.pairings import HALO_AND_SIGNAL, HALO_NOT_VALIDITY
from judge.statistics.summary import Summary, summarise
from judge.statistics.truth import auroc, decisions

EXACT = 1e-8
N, PLACES = 120, 17


@pytest.fixture(name="world")
def _world() -> tuple[Floats, Floats, list[str]]:
    """Scores on the judge's half-point grid, so that ties are many; places of unequal size."""
    rng = np.random.default_rng(7)
    place = rng.integers(0, PLACES, N)
    truth = rng.normal(6, 1.5, N) + rng.normal(0, 1, PLACES)[place]
    scores = np.clip(np.round(2 * (truth[:, None] + rng.normal(0, 1, (N, 6)))) / 2, 0, 10)
    return scores[:, :3], scores[:, 3:], [f"place-{number:02d}" for number in place]


def test_correlations_equal_scipy(world: tuple[Floats, Floats, list[str]]) -> None:
    x, y, names = world
    together = correlations(list(x[:, 0]), list(y[:, 0]), names, 200)
    assert together is not None
    for ours, theirs in (
        (together.pearson, scipy.stats.pearsonr),
        (together.spearman, scipy.stats.spearmanr),
        (together.kendall, scipy.stats.kendalltau),
    ):
        assert ours.value == pytest.approx(float(theirs(x[:, 0], y[:, 0]).statistic), abs=EXACT)
        assert ours.low is not None
        assert ours.high is not None
        assert ours.low < ours.value < ours.high


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(pearson, scipy.stats.pearsonr), (spearman, scipy.stats.spearmanr), (kendall, scipy.stats.kendalltau)],
)
def test_a_resample_equals_the_statistic_of_the_places_drawn(
    ours: object, theirs: object, world: tuple[Floats, Floats, list[str]]
) -> None:
    """Both ends of a one-resample interval are that resample: the moment trick against items written out."""
    x, y, names = world
    places = places_of(names, 1, seed=3)
    drawn = np.repeat(np.arange(N), places.weights[0][places.index].astype(int))
    expected = theirs(x[drawn, 0], y[drawn, 0]).statistic  # type: ignore[operator] # parametrised functions
    assert ours(x[:, 0], y[:, 0], places).low == pytest.approx(expected, abs=EXACT)  # type: ignore[operator] # same


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pingouin's own
def test_within_and_between_equal_pingouin_and_place_means(world: tuple[Floats, Floats, list[str]]) -> None:
    x, y, names = world
    frame = pd.DataFrame({"x": x[:, 0], "y": y[:, 0], "place": names})
    together = correlations(list(x[:, 0]), list(y[:, 0]), names, 50)
    assert together is not None
    within = pingouin.rm_corr(frame, x="x", y="y", subject="place")["r"].iloc[0]
    means = frame.groupby("place").mean()
    assert together.within.value == pytest.approx(within, abs=EXACT)
    assert together.between.value == pytest.approx(np.corrcoef(means["x"], means["y"])[0, 1], abs=EXACT)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pingouin's own
def test_icc_equals_pingouin(world: tuple[Floats, Floats, list[str]]) -> None:
    x, y, names = world
    long = pd.DataFrame(x).melt(ignore_index=False).reset_index()
    table = pingouin.intraclass_corr(long, targets="index", raters="variable", ratings="value").set_index("Type")["ICC"]
    places = places_of(names, 100)
    agreement, other = reliability(x, places), reliability(y, places)
    assert agreement is not None
    assert other is not None
    assert agreement.icc_2_1.value == pytest.approx(table["ICC(A,1)"], abs=EXACT)
    assert agreement.icc_3_k.value == pytest.approx(table["ICC(C,k)"], abs=EXACT)
    assert agreement.sem == pytest.approx(x.std(ddof=1) * np.sqrt(1 - table["ICC(A,1)"]), abs=EXACT)
    ratio = disattenuated(x, y, places)
    assert (ratio.reliability_x.low, ratio.reliability_x.high) == pytest.approx(
        (agreement.icc_3_k.low, agreement.icc_3_k.high), abs=EXACT
    )
    assert other.icc_3_k.value is not None
    r = np.corrcoef(x.mean(axis=1), y.mean(axis=1))[0, 1]
    assert ratio.cross_call.value == pytest.approx(r, abs=EXACT)
    assert ratio.reliability_x.value == pytest.approx(agreement.icc_3_k.value, abs=EXACT)
    assert ratio.r_star.value == pytest.approx(r / np.sqrt(agreement.icc_3_k.value * other.icc_3_k.value), abs=EXACT)


@pytest.mark.parametrize("level", ["ordinal", "interval"])
def test_alpha_equals_krippendorff(level: str, world: tuple[Floats, Floats, list[str]]) -> None:
    """With missing scores, and items that only one rater scored; a resample equals the alpha of the items drawn."""
    table = world[0].copy()
    table[np.random.default_rng(1).random(table.shape) < 0.3] = np.nan
    places = places_of(world[2], 1, seed=3)
    alpha = krippendorff_alpha(table, level, places)  # type: ignore[arg-type] # parametrised
    assert alpha is not None
    expected = krippendorff.alpha(reliability_data=table.T, level_of_measurement=level)
    assert alpha.value == pytest.approx(expected, abs=EXACT)
    drawn = np.repeat(np.arange(N), places.weights[0][places.index].astype(int))
    resampled = krippendorff.alpha(reliability_data=table[drawn].T, level_of_measurement=level)
    assert alpha.low == pytest.approx(resampled, abs=EXACT)
    constant = krippendorff_alpha(np.full((3, 2), 5.0), "interval", places_of(["a", "b", "c"]))
    assert constant is not None
    assert constant.value is None
    assert krippendorff_alpha(np.full((3, 1), 5.0), "interval", places_of(["a", "b", "c"])) is None


def test_auroc_equals_mann_whitney(world: tuple[Floats, Floats, list[str]]) -> None:
    x, _, names = world
    sound = x[:, 1] > 6
    u = scipy.stats.mannwhitneyu(x[sound, 0], x[~sound, 0]).statistic
    area = auroc(list(x[:, 0]), list(sound), names, 200)
    assert area is not None
    assert area.value == pytest.approx(u / (sound.sum() * (~sound).sum()), abs=EXACT)


def test_decisions_by_hand_and_kappa_equals_statsmodels(world: tuple[Floats, Floats, list[str]]) -> None:
    x, _, names = world
    flagged, faulty = x[:, 0] < 6, x[:, 1] < 6
    decided = decisions(list(flagged), list(faulty), names, 50)
    assert decided is not None
    assert (decided.sound, decided.faulty) == ((~faulty).sum(), faulty.sum())
    assert decided.sensitivity.value == pytest.approx(flagged[faulty].mean(), abs=EXACT)
    assert decided.specificity.value == pytest.approx((~flagged)[~faulty].mean(), abs=EXACT)
    assert decided.kappa.value == pytest.approx(cohens_kappa(pd.crosstab(flagged, faulty).to_numpy()).kappa, abs=EXACT)
    assert decisions([True], [True], ["a"]) is None


def test_mixed_up_pairs_lose_what_belongs_to_the_item() -> None:
    rng = np.random.default_rng(4)
    names = [str(number % 60) for number in range(600)]
    x = rng.normal(0, 1, 600)
    kept = correlations(list(x), list(x + rng.normal(0, 0.1, 600)), names, 200)
    mixed = mismatched(list(x), list(x), names, 200)
    assert kept is not None
    assert kept.within.value is not None
    assert kept.within.value > 0.9
    assert mixed is not None
    # Ten items a place: chance alone gives -1/9 within places.
    assert mixed.value == pytest.approx(-1 / 9, abs=0.15)
    assert mismatched([1.0, 2.0], [1.0, 2.0], ["a", "b"]) is None


def test_texts_taken_together_by_hand() -> None:
    # "甲乙丙" and "甲乙丁" have the pairs 甲乙 (twice), 乙丙, 乙丁: three different ones of four.
    assert distinct(["甲乙丙", "甲乙丁"], 2) == pytest.approx(0.75)
    assert distinct(["甲"], 2) is None
    same = diversity(["问" * 9] * 2, ["今天去哪里吃饭好呢"] * 2, ["p", "p"])
    assert (same.near, same.nearest) == (1.0, 1.0)
    apart = diversity(["问" * 9] * 2, ["今天去哪里吃饭好呢"] * 2, ["p", "q"])
    assert (apart.near, apart.nearest) == (None, None)
    facts = [
        ("p", "店", "rating", "4.5"),
        ("p", "店", "rating", "4.4"),
        ("p", "店", "price", "80"),
        ("q", "店", "rating", "3"),
    ]
    assert contradictions(facts).contradicted == contradictions(facts).compared == 1
    seen = frozenset(stretches_of("一二三四五六七八九"))
    assert copied("一二三四五六七八〇", seen) == 0.5
    assert copied("短", seen) is None


def test_means_and_slopes_equal_statsmodels_clustered_errors(world: tuple[Floats, Floats, list[str]]) -> None:
    x, _, names = world
    groups = np.unique(names, return_inverse=True)[1]
    dose = np.arange(N) % 4
    fit = sm.OLS(x[:, 0], sm.add_constant(dose)).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    slope = dose_slope(list(dose), list(x[:, 0]), names)
    assert slope is not None
    assert [slope.slope, slope.low, slope.high] == pytest.approx([fit.params[1], *fit.conf_int()[1]], abs=EXACT)
    flat = sm.OLS(x[:, 0], np.ones(N)).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    mean = clustered_mean(list(x[:, 0]), names)
    assert mean is not None
    assert [mean.low, mean.high] == pytest.approx(list(flat.conf_int()[0]), abs=EXACT)
    assert bootstrap_mean(list(x[:, 0]), names).low == pytest.approx(mean.low, abs=0.1)


def test_a_paired_comparison_by_hand() -> None:
    gain = paired([1, 2, 3, 4], [2, 4, 3, 3], ["a", "a", "b", "b"])
    assert gain is not None
    assert (gain.wins, gain.ties, gain.losses) == (2, 1, 1)
    assert gain.difference.mean == 0.5
    # Signs + + at a and - at b: mean 1/3, sums of deviations 4/3 and -4/3, SE = sqrt(2 * 2 * 16/9) / 3, t of 1 degree.
    assert gain.sign_p == pytest.approx(2 * scipy.stats.t.sf((1 / 3) / (np.sqrt(64 / 9) / 3), 1), abs=EXACT)
    assert gain.d_z == pytest.approx(0.5 / np.sqrt(5 / 3), abs=EXACT)
    # Deviations add up to 2 and -2 by place: SE = sqrt(2 * 8) / 4 = 1.
    assert gain.detectable == pytest.approx(minimum_detectable(1.0), abs=EXACT)
    power = scipy.stats.norm.ppf(0.975) + scipy.stats.norm.ppf(0.8)
    assert minimum_detectable(1.0) == pytest.approx(power, abs=EXACT)


def test_unscored_items_widen_the_bounds_by_all_that_they_could_be() -> None:
    covered = coverage([8.0, None, 6.0, None], ["", "moderation", "", "cannot_judge"])
    assert covered is not None
    assert (covered.planned, covered.scored, covered.mean, covered.worst, covered.best) == (4, 2, 7.0, 3.5, 8.5)
    assert dict(covered.reasons) == {"moderation": 1, "cannot_judge": 1}


def test_undefined_resamples_lie_beyond_both_ends() -> None:
    places = Places(np.array([0, 1]), 2, draw(2, 100))
    kept = np.arange(100.0)
    few, many = kept.copy(), kept.copy()
    few[:2], many[:10] = np.nan, np.nan
    narrow = estimate(50.0, few, places)
    assert (narrow.low, narrow.high, narrow.undefined) == (2.0, 99.0, pytest.approx(0.02))
    wide = estimate(50.0, many, places)
    assert (wide.low, wide.high) == (None, None)


def _world_of_calls(rng: np.random.Generator, r: float, shared: float, n: int) -> tuple[Floats, Floats, Floats]:
    """(x [n, 3], y [n, 3], one call's pair [n, 2]): true scores of SD 1, noise of SD 0.5, an error that a call shares."""
    true = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], n)
    x, y = (true[:, [side]] + rng.normal(0, np.hypot(0.5, shared), (n, 3)) for side in (0, 1))
    return x, y, true + rng.normal(0, 0.5, (n, 2)) + rng.normal(0, shared, (n, 1))


def test_a_halo_of_four_makes_093_of_nothing_and_is_found() -> None:
    x, y, same = _world_of_calls(np.random.default_rng(5), 0.0, 4.0, 1_090)
    places = places_of([str(number % 150) for number in range(1_090)], 500)
    measured = halo(same[:, 0], same[:, 1], x, y, places)
    assert measured.same_call.value == pytest.approx(0.93, abs=0.01)
    assert measured.halo.low is not None
    assert measured.halo.low > 0.8
    assert measured.cross_call.value == pytest.approx(0.0, abs=0.1)


def test_clustered_intervals_cover_as_often_as_they_say() -> None:
    """400 worlds: 0.95 within four Monte-Carlo standard errors (0.044), for a mean and for r*."""
    rng, worlds, n = np.random.default_rng(11), 400, 400
    index = np.arange(n) % 60
    places = Places(index, 60, draw(60, 400))
    names = [str(place) for place in index]
    mean_hits = star_hits = 0
    for _ in range(worlds):
        mean = clustered_mean(list(rng.normal(0, 1, n) + rng.normal(0, 0.5, 60)[index]), names)
        assert mean is not None
        assert mean.low is not None
        assert mean.high is not None
        mean_hits += mean.low <= 0 <= mean.high
        x, y, _same = _world_of_calls(rng, 0.3, 1.0, n)
        star = disattenuated(x, y, places).r_star
        star_hits += star.low is not None and star.high is not None and star.low <= 0.3 <= star.high
    assert abs(mean_hits / worlds - 0.95) < 0.044
    assert abs(star_hits / worlds - 0.95) < 0.044


def _row(item: str, kind: str, rubric: str, replicate: int, total: float | None, **more: object) -> VerdictRow:
    number = int(item.split("~", maxsplit=1)[0].split("/", maxsplit=1)[0])
    fields: dict[str, object] = {
        "item_id": item,
        "item_kind": kind,
        "sample_id": str(number),
        "place_id": str(number % 40),
        "split": "seen" if number % 2 else "train",
        "arm": None,
        "mode": None,
        "design": "standard",
        "rubric": rubric,
        "replicate": replicate,
        "judge": "one",
        "total": total,
        "status": "scored" if total is not None else "unscored",
        "reason": None if total is not None else "moderation",
        "edit": None,
        "dose": None,
        "scores": {},
    }
    return VerdictRow(**(fields | more))  # type: ignore[arg-type] # one row, some fields replaced


def _judged(r: float, shared: float) -> Summary:
    """400 samples judged in all designs; tuned answers a point better than base; each planted fault costs a point."""
    rng = np.random.default_rng(23)
    x, y, same = _world_of_calls(rng, r, shared, 400)
    rows = []
    for item in range(400):
        for k in range(3):
            first = None if item == 5 and k == 1 else x[item, k]
            rows += [_row(str(item), "sample", "data", k, first), _row(str(item), "sample", "answer", k, y[item, k])]
            for arm, gain in (("base", 0.0), ("tuned", 1.0)):
                rows.append(_row(f"{item}/{arm}", "completion", "answer", k, y[item, k] + gain, arm=arm, mode="closed"))
        for rubric, score in zip(("data", "answer"), same[item], strict=True):
            rows.append(_row(str(item), "sample", rubric, 0, score, design="legacy"))
        for dose in (1, 2, 3):
            low = float(x[item].mean() - dose)
            rows.append(_row(f"{item}~rating~{dose}", "injected", "data", 0, low, edit="rating", dose=dose))
            rows.append(_row(f"{item}~padding~{dose}", "injected", "data", 0, low + dose, edit="padding", dose=dose))
        rows.append(_row(f"{item}~same~0", "control", "data", 0, float(x[item].mean()), edit="same", dose=0))
    return summarise(rows, "one", {}, harmless=frozenset({"padding"}), resamples=300)


def test_a_halo_of_four_over_nothing_is_called_halo_and_not_validity() -> None:
    summary = _judged(0.0, 4.0)
    assert summary.halo is not None
    assert summary.halo.same_call.value == pytest.approx(0.93, abs=0.02)
    assert summary.conclusion == HALO_NOT_VALIDITY == "halo, not validity"


def test_the_summary_keeps_arms_splits_designs_and_missing_scores_apart() -> None:
    summary = _judged(0.6, 1.0)
    assert summary.conclusion == HALO_AND_SIGNAL
    assert summary.replicates == 3
    groups = ("base closed", "tuned closed", "tuned open")
    several = replace(summary, headline=tuple(replace(summary.headline[0], group=group) for group in groups))
    assert several.leading.group == "tuned closed"
    assert replace(several, headline=several.headline[:1]).leading.group == "base closed"
    # Sample 5 lacks one replicate: in the mean, never in the reliability.
    assert summary.same_text.items == 400
    assert summary.same_text.free_of_noise is not None
    assert summary.same_text.free_of_noise.r_star.items == 399
    assert [(row.group, row.items) for row in (*summary.headline, *summary.by_split)] == [
        (group, 200) for group in ("base closed", "tuned closed") * 3
    ]
    assert [row.splits for row in summary.by_split] == [("train",), ("train",), ("seen",), ("seen",)]
    star = summary.headline[-1].free_of_noise
    assert star is not None
    assert _holds(star.r_star, 0.6)
    [missing] = [row.coverage for row in summary.scored if (row.rubric, row.split) == ("data", "seen")]
    assert (missing.planned, missing.scored, missing.reasons) == (600, 599, (("moderation", 1),))
    assert summary.compared[0].total.difference.mean == pytest.approx(1.0)
    [fault, edit] = summary.responses
    assert (fault.edit, fault.harmless, edit.edit, edit.harmless) == ("rating", False, "padding", True)
    assert fault.slope is not None
    assert fault.slope.slope == pytest.approx(-1.0, abs=0.01)
    assert fault.slope.high is not None
    assert fault.slope.high < -0.25
    assert edit.slope is not None
    assert edit.slope.low is not None
    assert edit.slope.high is not None
    assert -0.2 < edit.slope.low < 0 < edit.slope.high < 0.2
    assert [dose for dose, _ in fault.doses] == [0, 1, 2, 3]
    assert summary.controls[0].gap is not None
    assert summary.controls[0].gap.mean == pytest.approx(0.0, abs=0.01)
    assert summary.trust[0].alpha_judges is None
    assert summary.trust[0].reliability is not None
    assert summary.trust[0].reliability.items == 399


def test_a_judge_that_marks_what_is_faulty_is_measured_against_it_and_against_a_second_judge() -> None:
    rng, rows = np.random.default_rng(2), []
    for item in range(200):
        faulty = item % 4 == 0
        for judge in ("one", "two"):
            for k in range(3):
                mark = float(rng.choice([3, 4, 5], p=[0.4, 0.4, 0.2]) if faulty else rng.choice([4, 5], p=[0.1, 0.9]))
                rows.append(_row(str(item), "sample", "data", k, 2 * mark, scores={"准确性": mark}, judge=judge))
    summary = summarise(rows, "one", {str(item): item % 4 != 0 for item in range(200)}, second="two", resamples=200)
    [truth] = summary.truth
    assert (truth.dimension, truth.decisions.faulty, truth.decisions.sound) == ("准确性", 50, 150)
    assert _holds(truth.decisions.sensitivity, 0.8)
    assert _holds(truth.decisions.specificity, 0.9)
    assert truth.auroc.value is not None
    assert truth.auroc.value > 0.8
    trust = summary.trust[0]
    assert trust.alpha_judges is not None
    assert trust.alpha_judges.value == pytest.approx(
        trust.alpha_replicates.value if trust.alpha_replicates else None, abs=0.15
    )
    assert trust.judge_gap is not None
    assert trust.judge_gap.items == 200
    assert summary.second == "two"
    assert summary.dimensions[0].alpha is not None


def _holds(interval: Estimate, truth: float) -> bool:
    return interval.low is not None and interval.high is not None and interval.low <= truth <= interval.high
