"""What gradient descent does on its way to rank two: gradients of batches, their noise, and minima out of its reach.

Seeds as in rank_two_measured.
"""

from typing import Any

import numpy as np

from dufm.solvers.rank_two.network import loss
from dufm.solvers.rank_two.spectrum import batch_ratios
from dufm.solvers.rank_two.tasks import setup_of, train_task
from dufm.solvers.rank_two.training import initial_weights
from dufm.theory import derivations
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.rank_two.measured import PAPER, energy, seeds_of, supported, task_at, trained

BATCHES = 500
# What "far above" means: so many times, at some batch of every run.
FAR = 10
# Weight decay of the 32 orthogonal inputs: N lambda is a tenth of the norm of the labels.
STUCK_AT = 0.1 / 32


def _batches(budget: Budget) -> Verdict:
    comparisons, words, details = [], [], {}
    for name in ("diabetes", "skew"):
        task, number = task_at(name, 0.1), BATCHES if budget.name != "full" else 10 * BATCHES
        for size in (1, 2):
            runs = [
                batch_ratios(run.W, run.A, task.X, task.Y, 0.1, size, number, seed=0)
                for run in trained(name, 0.1, seeds_of(budget))
            ]
            ratios, least = np.concatenate(runs), min(float(found.max()) for found in runs)
            what = f"greatest |grad L_B| / (lambda |W|), least of the runs, {name}, |B| = {size}"
            comparisons.append(Comparison(least, ">", FAR, what=what))
            words.append(f"{name} {ratios.min():.2f}..{ratios.max():.0f} (|B| = {size})")
            details[f"{name} {size}"] = [float(ratios.min()), float(np.median(ratios)), float(ratios.max())]
    sentence = (
        "A bound from batches says something only where |grad L_B| / (lambda |W|) is below 1. At the end of training "
        f"it is {'; '.join(words)} over batches: for some batches below 1, for others far above, so that no bound "
        "that asks all batches for a small gradient applies."
    )
    return supported(comparisons, sentence, details, seeds_of(budget))


def _least_rise(low: list[float], high: list[float]) -> float:
    """The least of the differences between runs of the same seed; NaN, which fails, if a run is missing."""
    return min(b - a for a, b in zip(low, high, strict=True)) if len(low) == len(high) else float("nan")


def _noise(budget: Budget) -> Verdict:
    found: dict[str, list[list[float]]] = {}
    for name, lam, sizes in (("diabetes", 0.1, (4, 16, 342)), ("skew", 0.03, (4, 32))):
        task, seeds = task_at(name, lam), range(seeds_of(budget))
        found[name] = []
        for size in sizes:
            # Whole batches settle sooner, and their steps cost more.
            options: dict[str, Any] = {"batch": size, "steps": 20000 if size < 99 else 6000, "schedule": False}
            found[name].append(energy(list(train_task(task, lam, seeds, threads=1, **options))))
    small, middle, whole = found["diabetes"]
    few, many = (float(np.mean(e)) for e in found["skew"])
    means = [float(np.mean(e)) for e in (whole, middle, small)]
    comparisons = (
        Comparison(min(small), ">", max(whole), what="least E_2, |B| = 4, and greatest, whole batch: diabetes"),
        Comparison(_least_rise(whole, middle), ">", 0, what="E_2, |B| = 16 less whole batch, by seed: diabetes"),
        Comparison(_least_rise(middle, small), ">", 0, what="E_2, |B| = 4 less |B| = 16, by seed: diabetes"),
        Comparison(min(map(min, found["skew"])), ">=", 0.72, what="least E_2, |B| = 4 and 32: skew"),
        Comparison(max(map(max, found["skew"])), "<=", 0.84, what="greatest E_2, |B| = 4 and 32: skew"),
    )
    shown = ", ".join(f"{e:.3f}" for e in means)
    sentence = (
        f"At a constant rate smaller batches bring diabetes nearer to rank two (mean E_2 {shown} for whole batches, "
        f"|B| = 16, 4) and leave skew where it is ({many:.3f} and {few:.3f} for |B| = 32, 4)."
    )
    return supported(comparisons, sentence, found, seeds_of(budget))


def _stuck(budget: Budget) -> Verdict:
    task, lam = task_at("orthogonal-32", STUCK_AT), STUCK_AT
    runs, N = trained("orthogonal-32", lam, seeds_of(budget)), len(task.X)
    sizes = [float(np.linalg.norm(task.Y[sign * task.Y > 0])) for sign in (1, -1)]
    # The closed form of the derivation orthogonal-inputs at inputs of norm 1, N lambda below both sizes.
    least = sum(N * lam**2 / 2 + lam * (size - N * lam) for size in sizes)
    ratios = [loss(run.W, run.A, task.X, task.Y, lam) / least for run in runs]
    covering = 0
    for run in runs:
        W, _ = initial_weights(run.seed, task.X.shape[1], 1, setup_of(task.name, lam).width)
        active = W @ task.X.T > 0
        covering += sum(bool(active[:, sign * task.Y[:, 0] > 0].all(axis=1).any()) for sign in (1, -1))
    two = energy(runs)
    comparisons = (
        Comparison(covering, "==", 0, what="starts with a neuron active on all samples of a sign"),
        Comparison(min(ratios), ">", 1.08, what="least loss reached, over that of the global minimum"),
        Comparison(max(two), "<", 0.85, what="greatest E_2 reached"),
    )
    sentence = (
        f"On 32 orthogonal inputs, where every global minimum has rank two, {len(runs)} runs end {min(ratios) - 1:.1%} "
        f"to {max(ratios) - 1:.1%} above it with E_2 {min(two):.3f} to {max(two):.3f}: no neuron starts active on all "
        "samples of a sign, and no step makes one so."
    )
    return supported(comparisons, sentence, {"loss_over_least": ratios, "E_2": two}, len(runs))


RANK_TWO_DYNAMICS = (
    Claim(
        "dyn-rank-two-batches",
        "The largest gradients of small batches stay above lambda |W|, so a bound that is uniform over batches says "
        "nothing.",
        "diabetes and skew at lambda = 0.1, |B| = 1, 2",
        f"ours; rank of a batch gradient: Galanti et al. (2206.05794); question: {PAPER}",
        (derivations.rank_two,),
        _batches,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "dyn-rank-two-noise",
        "Noise of small batches can bring rank two nearer: it does on diabetes, it does not on skew.",
        "diabetes at lambda = 0.1 and skew at 0.03, constant rate 0.05",
        "ours; that smaller batches lower ranks: Galanti et al. (2206.05794)",
        (),
        _noise,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "dyn-rank-two-stuck",
        "Gradient descent misses rank two where every global minimum has it.",
        "32 orthogonal inputs, labels of both signs, N lambda = |y| / 10, width 64, whole batches",
        "ours",
        (derivations.orthogonal_inputs,),
        _stuck,
        Expected(Status.SUPPORTED),
    ),
)
