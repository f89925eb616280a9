"""Claims on Deep RFM that runs on the digits support: collapse, what each half of a layer does to it, ablations.

Every run draws its own samples and maps (seed 0: the first n digits). A claim is SUPPORTED when all runs agree; what
that says of other draws is the exact (Clopper-Pearson) bound at 95 % confidence. The bounds on NC1 were chosen with
runs of this kind in view: they describe the digits and predict nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.rfm.experiments import digit_runs
from dufm.solvers.rfm.recursion import LayerRow
from dufm.solvers.rfm.settings import DeepSettings
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.measured import all_agree, enough
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

SOURCE = "setting of arXiv 2402.13728 (code); numbers ours"
REGIME = (
    "scikit-learn's digits, n = 1000, width 512, 10 seeds (quick: n = 300, width 256, 6 seeds); 8 layers, L2 Laplace"
)


@dataclass(frozen=True)
class Scale:
    """Size of the runs: samples, width of the maps, sigma of the cosine map, seeds."""

    n: int
    width: int
    sigma: float
    seeds: int


SCALES = {"quick": Scale(300, 256, 0.03, 6), "full": Scale(1000, 512, 0.02, 10)}


def measured(budget: Budget, shuffled: bool = False, **options: str) -> list[tuple[LayerRow, ...]]:
    """Runs of 8 layers at the budget's scale; options go to the settings."""
    scale = SCALES["full" if budget.name == "full" else "quick"]
    settings = replace(DeepSettings(width=scale.width, sigma=scale.sigma), **options)
    return digit_runs(scale.n, settings, scale.seeds, shuffled)


def stages(runs: Sequence[Sequence[LayerRow]]) -> Array:
    """NC1: runs x layers x stages."""
    return np.array([[row.nc1 for row in run] for run in runs])


def settle(comparisons: list[Comparison], runs: Sequence[Sequence[LayerRow]], words: str) -> Verdict:
    """SUPPORTED if all comparisons hold, else REFUTED: the runs of the seeds named are what breaks it."""
    details = {"seeds": list(range(len(runs))), "nc1": stages(runs).tolist()}
    broken = [str(c) for c in comparisons if not c.holds]
    if broken:
        return Verdict(Status.REFUTED, f"runs disagree: {'; '.join(broken)}", tuple(comparisons), details=details)
    # Seed 0 takes the first samples and is no random draw.
    drawn = len(runs) - 1
    sentence = f"{words}, for the first samples and in draws of them: {all_agree(drawn)}."
    return enough(Verdict(Status.SUPPORTED, sentence, tuple(comparisons), details=details), drawn)


def between(values: Array, low: float, high: float, what: str) -> list[Comparison]:
    """The least and the greatest of values within their bounds."""
    return [
        Comparison(float(values.min()), ">", low, what=f"least {what}"),
        Comparison(float(values.max()), "<", high, what=f"greatest {what}"),
    ]


def _collapse(budget: Budget) -> Verdict:
    runs = measured(budget)
    found = stages(runs)[:, :, 0]
    ratios = found[:, 1:] / found[:, :-1]
    comparisons = [Comparison(float(ratios.max()), "<", 0.6, what="greatest NC1(layer l + 1) / NC1(layer l)")]
    # A straight line through log NC1: what it leaves, next to the fall over all layers.
    layers = np.arange(found.shape[1], dtype=float)
    for seed, line in enumerate(np.log(found)):
        rest = line - np.polyval(np.polyfit(layers, line, 1), layers)
        share = float(np.abs(rest).max() / (line[0] - line[-1]))
        comparisons.append(
            Comparison(share, "<", 0.05, what=f"seed {seed}: distance of log NC1 from a line / its fall")
        )
    if budget.name == "full":
        first, last = (np.array([run[k].nc2[0] for run in runs]) for k in (0, -1))
        comparisons.append(
            Comparison(float((found[:, 0] / found[:, -1]).min()), ">", 200, what="least NC1(1) / NC1(8)")
        )
        comparisons.append(Comparison(float(first.min()), ">", 0.04, what="least NC2 of layer 1"))
        comparisons.append(Comparison(float(last.max()), "<", 0.006, what="greatest NC2 of layer 8"))
    worst, best = float(ratios.max()), float(ratios.min())
    return settle(comparisons, runs, f"a layer multiplies NC1 by {best:.2f} to {worst:.2f}")


def _halves(budget: Budget) -> Verdict:
    runs = measured(budget)
    found = stages(runs)
    root, after = found[:, :, 1] / found[:, :, 0], found[:, :, 2] / found[:, :, 1]
    comparisons = between(root, 0.2, 0.4, "NC1(X M^1/2) / NC1(X)") + between(after, 1.2, 1.7, "NC1(Phi) / NC1(X M^1/2)")
    words = (
        f"M^1/2 multiplies NC1 by {root.min():.2f} to {root.max():.2f}, relu by {after.min():.2f} to {after.max():.2f}"
    )
    return settle(comparisons, runs, words)


def _cosine(budget: Budget) -> Verdict:
    runs = measured(budget, map="cosine")
    found = stages(runs)
    root, fall = found[:, :, 1] / found[:, :, 0], found[:, 0, 1] / found[:, -1, 1]
    comparisons = [
        Comparison(float(root.max()), "<", 0.4, what="greatest NC1(X M^1/2) / NC1(X)"),
        Comparison(float((found[:, :, 2] / found[:, :, 1]).min()), ">", 1.7, what="least NC1(Phi) / NC1(X M^1/2)"),
        Comparison(float(fall.min()), ">", 10, what="least fall of NC1(X M^1/2) over 8 layers"),
    ]
    return settle(comparisons, runs, f"NC1 after M^1/2 falls {fall.min():.0f} to {fall.max():.0f} times over 8 layers")


def _no_agop(budget: Budget) -> Verdict:
    runs = measured(budget, matrix="identity")
    found = stages(runs)[:, :, 0]
    growth = found[:, -1] / found[:, 0]
    comparisons = [
        Comparison(float(growth.min()), ">", 2, what="least NC1(layer 8) / NC1(layer 1)"),
        Comparison(float((found[:, 1:] / found[:, :-1]).min()), ">", 1, what="least NC1(layer l + 1) / NC1(layer l)"),
    ]
    return settle(comparisons, runs, f"NC1 grows {growth.min():.1f} to {growth.max():.1f} times over 8 layers of M = I")


def _no_map(budget: Budget) -> Verdict:
    runs = measured(budget, map="identity")
    found, whole = stages(runs)[:, :, 0], stages(measured(budget))[:, :, 0]
    last = found[:, -1] / found[:, -2]
    comparisons = [
        Comparison(float(last.min()), ">", 0.98, what="least NC1(layer 8) / NC1(layer 7)"),
        Comparison(float((found[:, -1] / whole[:, -1]).min()), ">", 20, what="least NC1(layer 8), over that with relu"),
    ]
    words = f"M^1/2 without a map stalls at NC1 = {found[:, -1].min():.3f} to {found[:, -1].max():.3f}"
    return settle(comparisons, runs, words)


def _shuffled(budget: Budget) -> Verdict:
    runs = measured(budget, shuffled=True)
    found = stages(runs)[:, :, 0]
    fall = found[:, 0] / found[:, -1]
    right = np.array([run[-1].test_accuracy for run in runs], dtype=float)
    comparisons = [
        Comparison(float(found[:, 0].min()), ">", 20, what="least NC1 of layer 1"),
        Comparison(float(fall.min()), ">", 100, what="least NC1(layer 1) / NC1(layer 8)"),
        Comparison(float(right.max()), "<", 0.2, what="greatest accuracy at held-out samples, layer 8"),
    ]
    words = f"NC1 falls {fall.min():.0f} to {fall.max():.0f} times under labels dealt out at random"
    return settle(comparisons, runs, words)


def _claim(label: str, statement: str, check: Callable[[Budget], Verdict]) -> Claim:
    return Claim(label, statement, REGIME, SOURCE, (), check, Expected(Status.SUPPORTED))


RFM_MEASURED = (
    _claim(
        "rfm-collapse",
        "A Deep RFM with relu maps collapses exponentially in depth: every layer multiplies NC1 by less than 0.6, and "
        "log NC1 is a straight line up to 5 % of its fall.",
        _collapse,
    ),
    _claim(
        "rfm-halves",
        "M^(1/2) does all of it: it multiplies NC1 by 0.2 to 0.4 in every layer, and the relu map after it multiplies "
        "NC1 by 1.2 to 1.7, which undoes a part.",
        _halves,
    ),
    _claim(
        "rfm-cosine",
        "With cosine maps NC1 after M^(1/2) falls too, more than tenfold in 8 layers, though each map multiplies it by "
        "more than 1.7.",
        _cosine,
    ),
    _claim(
        "rfm-needs-agop", "With M = I in place of the AGOP, NC1 grows in every layer, to more than double.", _no_agop
    ),
    _claim(
        "rfm-needs-map",
        "Without a map, M^(1/2) alone stalls: the eighth layer changes NC1 by less than 2 %, more than 20 times above "
        "where relu maps have it by then.",
        _no_map,
    ),
    _claim(
        "rfm-shuffled-labels",
        "Labels dealt out at random collapse as well, NC1 falling more than a hundredfold, while held-out accuracy is "
        "that of guessing: this collapse is one of training samples.",
        _shuffled,
    ),
)
