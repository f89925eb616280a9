"""Claims about what gradient descent on the DUFM ends in: statistics of runs, with intervals. Evidence, never proof.

Settings are those of SML24's Fig. 2 (L = 4, K = 10, lambda = 0.004, learning rate 0.5, width 30) but for what a claim
varies, with one sample a class. Runs get equal times in units of 1 / (learning rate x lambda); rank means the least
numerical rank of P_2, ..., P_L by the rule of `solvers.training.reading`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from dufm.solvers.base.parallel import versions
from dufm.solvers.base.statistics import clopper_pearson
from dufm.solvers.training.batch import Batch, train
from dufm.solvers.training.reading import RunEnd, dnc_loss, ends, summarise
from dufm.solvers.training.run import DescentRun, class_mean_weights
from dufm.solvers.training.setting import DescentSetting
from dufm.theory import derivations
from dufm.verification.atlas.levels import levels
from dufm.verification.base.certificate import Certificate, point_certificate
from dufm.verification.base.exact import rational
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.measured import enough
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.training import cases

SEED = 20240514
SOURCE = "quoted from figure captions of SML24 (their full text gives the start and n, not at hand); runs ours"
CONFIDENCE = 0.95


# What the words of the claims mean: many levels, levels apart by this share of DNC's loss, far below DNC; and the
# greatest rise of a mean rank that a null result may have missed.
MANY, APART, FAR, VISIBLE = 5, 1e-3, 0.8, 2.0


# Runs of this process by setting and number: claims that look at the same run make it once.
_made: dict[tuple[DescentSetting, int], DescentRun] = {}


def _train(settings: Sequence[DescentSetting], count: int) -> Batch:
    wanted = [(place, setting, number) for place, setting in enumerate(settings) for number in range(count)]
    known = [replace(_made[s, i], setting=place) for place, s, i in wanted if (s, i) in _made]
    earlier = Batch(tuple(settings), count, SEED, tuple(known), versions())
    batch = train(settings, count, SEED, earlier, threads=1)
    _made.update({(batch.settings[run.setting], run.number): run for run in batch.runs})
    return batch


def _told(batch: Batch) -> dict[str, Any]:
    """What a script may want of every setting."""
    rows = []
    for place, setting in enumerate(batch.settings):
        s = summarise(ends(batch, place), CONFIDENCE)
        row = {"lambda": str(setting.problem.lambdas[0]), "width": setting.problem.width, "lr": setting.rate}
        row |= {"scale": setting.scale, "steps": setting.steps, "runs": s.runs, "kinds": s.kinds}
        row |= {"mean_rank": _known(s.mean_rank), "rank_error": _known(s.rank_error), "p_dnc": [s.dnc.low, s.dnc.high]}
        rows.append(row | {"best_over_dnc": _known(s.best), "unclear_ranks": s.unclear, "still_falling": s.moving})
    return {"seed": SEED, "points": rows}


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _unclear(found: Sequence[RunEnd]) -> str:
    return f"in {sum(not end.clear for end in found)} of {len(found)} runs a rank depends on the cut"


def _verdict(
    comparison: Comparison,
    sentence: str,
    details: dict[str, Any],
    runs: int,
    certificates: tuple[Certificate, ...] = (),
    *more: Comparison,
) -> Verdict:
    """SUPPORTED where the bounds hold, of enough runs; where they do not, too few runs were made: UNDECIDED."""
    status = Status.SUPPORTED if all(c.holds for c in (comparison, *more)) else Status.UNDECIDED
    return enough(Verdict(status, sentence, (comparison, *more), certificates, details), runs)


def _low_rank(budget: Budget) -> Verdict:
    batch = _train(cases.fig_2(budget), cases.count_at(budget, 14, 200))
    setting, found = batch.settings[0], ends(batch, 0)
    level, below = levels(setting.problem), [end for end in found if end.kind == "low rank" and end.ratio < 1]
    share = clopper_pearson(len(below), len(found), CONFIDENCE, "lower")
    best = min(batch.runs, key=lambda run: run.loss)
    weights = class_mean_weights(setting, best)
    exact = setting.problem.objective([rational(w) for w in weights])
    certificates = ()
    if exact < Fraction(dnc_loss(setting)):
        who = {"engine": "gradient descent", "seed": SEED, "run": best.number, "steps": best.step}
        certificates = (point_certificate(setting.problem, weights, "dyn-gd-low-rank", who),)
    srg = level.srg or float("nan")
    under = sum(end.ratio * level.dnc < srg for end in found)
    met = sum(end.ratio * level.dnc < level.record * 1.01 for end in found)
    ranks = sorted(min(end.ranks) for end in below)
    sentence = (
        f"{len(below)} of {len(found)} runs end below DNC, at ranks {ranks[0] if ranks else '-'} to "
        f"{ranks[-1] if ranks else '-'}; against the picture of one low-rank solution, {under} pass the SRG and {met} "
        f"come within 1 % of the best known loss: runs stop on many levels between it and DNC ({_unclear(found)})."
    )
    comparison = Comparison(share.low, ">", 0.5, what="lower 95 % bound of P(low rank below DNC), one half")
    # Losses further apart than this share of DNC's are levels of their own.
    told = len({round(end.ratio / APART) for end in below})
    many = Comparison(told, ">=", MANY, what="levels below DNC on which runs end")
    return _verdict(comparison, sentence, _told(batch), len(found), certificates, many)


def _width(budget: Budget) -> Verdict:
    settings = cases.widths(budget)
    named = [s.problem.width for s in settings]
    batch = _train(settings, cases.count_at(budget, 6, 100))
    counts = [summarise(ends(batch, place)).kinds["DNC"] for place in range(len(named))]
    runs = batch.count
    narrow = clopper_pearson(counts[0], runs, CONFIDENCE, "upper").high
    wide = clopper_pearson(counts[-1], runs, CONFIDENCE, "lower").low
    told = ", ".join(f"{n} of {runs} at width {d}" for d, n in zip(named, counts, strict=True))
    comparison = Comparison(wide, ">", narrow, what="P(DNC): lower bound at the widest, upper bound at the narrowest")
    return _verdict(comparison, f"DNC is reached in {told}.", _told(batch), runs)


def _falls(batch: Batch, low: int, high: int) -> tuple[Comparison, str]:
    """Sign test over starts shared by two settings: does the rank at `low` lie below that at `high`?"""
    pairs = list(zip(ends(batch, low), ends(batch, high), strict=True))
    kept = [(min(a.ranks), min(b.ranks)) for a, b in pairs if {a.kind, b.kind} <= {"DNC", "low rank", "full rank"}]
    down, up = sum(a < b for a, b in kept), sum(a > b for a, b in kept)
    bound = clopper_pearson(down, down + up, CONFIDENCE, "lower").low if down + up else 0.0
    words = (
        f"from the same start the rank is lower in {down}, higher in {up} and equal in {len(kept) - down - up} pairs"
    )
    return Comparison(bound, ">", 0.5, what="lower 95 % bound of P(lower rank | ranks differ), one half"), words


def _decay(budget: Budget) -> Verdict:
    settings = cases.strengths(budget)
    values = [cases.SAID["lambda ="](s) for s in settings]
    batch = _train(settings, cases.count_at(budget, 8, 100))
    comparison, words = _falls(batch, 0, len(values) - 1)
    means = [summarise(ends(batch, place)).mean_rank for place in range(len(values))]
    told = ", ".join(f"{mean:.2f} at {lam}" for lam, mean in zip(values, means, strict=True))
    return _verdict(comparison, f"Mean rank {told}; {words}.", _told(batch), batch.count)


def _start(budget: Budget) -> Verdict:
    batch = _train(cases.sizes(budget), cases.count_at(budget, 6, 100))
    comparison, words = _falls(batch, 0, 1)
    means = [summarise(ends(batch, place)).mean_rank for place in (0, 1)]
    told = f"Mean rank {means[0]:.2f} from starts of size 0.5, {means[1]:.2f} from size 1; {words}."
    return _verdict(comparison, told, _told(batch), batch.count)


def _rate(budget: Budget) -> Verdict:
    settings = cases.rates(budget)
    named, lam = [s.rate for s in settings], cases.SAID["lambda ="](settings[0])
    batch = _train(settings, cases.count_at(budget, 8, 100))
    told = [summarise(ends(batch, place)) for place in range(len(named))]
    small, large = told[0], told[-1]
    error = (small.rank_error**2 + large.rank_error**2) ** 0.5
    means = ", ".join(
        f"{s.mean_rank:.2f} ({s.kinds['DNC']} DNC) at {rate:g}" for rate, s in zip(named, told, strict=True)
    )
    sentence = (
        f"Mean rank {means}, lambda = {lam}: against SML24's finding that smaller rates end closer to DNC, full-batch "
        f"descent shows no such trend here; a rise above two standard errors, {2 * error:.2f} ranks, would "
        "have been seen."
    )
    missed = Comparison(2 * error, "<", VISIBLE, what="rise of the rank that these runs could have missed")
    excess = small.mean_rank - large.mean_rank
    comparison = Comparison(excess, "<=", 0.0, 2 * error, "mean rank at the least rate less that at the largest")
    return _verdict(comparison, sentence, _told(batch), batch.count, (), missed)


def _deep(budget: Budget) -> Verdict:
    (setting,) = cases.fifteen(budget)
    batch = _train([setting], cases.count_at(budget, 5, 50))
    found, level = ends(batch, 0), levels(setting.problem)
    below = sum(end.kind == "low rank" and end.ratio < 1 for end in found)
    under = sum(end.ratio * level.dnc < (level.srg or 0.0) for end in found)
    share = clopper_pearson(below, len(found), CONFIDENCE, "lower")
    ranks = sorted(min(end.ranks) for end in found if end.ranks)
    ratios = sorted(end.ratio for end in found)
    sentence = (
        f"{below} of {len(found)} runs end below DNC, at {ratios[0]:.3f} to {ratios[-1]:.3f} of its loss and ranks "
        f"{ranks[0]} to {ranks[-1]}; {under} pass the SRG, whose rank is 6; the record is at "
        f"{level.record / level.dnc:.3f} ({_unclear(found)})."
    )
    comparison = Comparison(share.low, ">", 0.5, what="lower 95 % bound of P(low rank below DNC), one half")
    far = Comparison(ratios[-1], "<", FAR, what="greatest loss at the end, over DNC's")
    return _verdict(comparison, sentence, _told(batch), len(found), (), far)


TRAINING = (
    Claim(
        "dyn-gd-low-rank",
        "Gradient descent from random starts ends below DNC in most runs, at many levels and not at one solution.",
        cases.regime(cases.fig_2),
        SOURCE,
        (derivations.dnc,),
        _low_rank,
        Expected(Status.SUPPORTED),
        needs=({"kind": "point", "K": 10, "L": 4, "n": 1, "lambdas": [[1, 250]] * 5, "width": 30},),
    ),
    Claim(
        "dyn-gd-width",
        "The wider the network, the more often gradient descent ends in DNC.",
        cases.regime(cases.widths),
        SOURCE,
        (derivations.dnc,),
        _width,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "dyn-gd-decay",
        "Stronger weight decay ends in lower rank.",
        cases.regime(cases.strengths),
        SOURCE,
        (),
        _decay,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "dyn-gd-start",
        "Smaller starts end in lower rank.",
        cases.regime(cases.sizes),
        "ours",
        (),
        _start,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "dyn-gd-rate",
        "Given the same time, smaller learning rates do not end in higher rank: no such trend in full-batch descent.",
        cases.regime(cases.rates),
        "ours; SML24 find that smaller rates end closer to DNC",
        (),
        _rate,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "dyn-gd-deep",
        "With fifteen classes and seven layers gradient descent ends far below DNC.",
        cases.regime(cases.fifteen),
        SOURCE,
        (derivations.dnc,),
        _deep,
        Expected(Status.SUPPORTED),
    ),
)
