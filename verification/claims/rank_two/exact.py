"""Weight decay and rank two (Chen, Yi, Yang): what is proved, and trained states judged in exact arithmetic.

What training shows over seeds is in rank_two_measured.
"""

from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction

import numpy as np

from dufm.theory import derivations
from dufm.theory.rank_two.two_layer import Network, energy_at_least, energy_at_most, rank_two_bound
from dufm.verification.base.exact import rational
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Stated
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.rank_two.measured import PAPER, task_at, trained

# (task, lambda) -> a lower bound of E_2; an upper bound, with the doublings `energy_at_most` needs for it.
NEAR = {("diabetes", 0.1): 0.92, ("diabetes", 0.2): 0.98, ("digits-parity", 0.2): 0.999}
FAR = {("additive", 0.03): (0.5, 3), ("digits-parity-z", 0.1): (0.8, 2), ("rank-three", 0.05): (0.68, 6)}


def up(value: Fraction) -> str:
    """Three digits, rounded up."""
    return str(Context(prec=3, rounding=ROUND_CEILING).divide(Decimal(value.numerator), Decimal(value.denominator)))


def _states(budget: Budget) -> Verdict:
    comparisons, words = [], []
    for (name, lam), stated in NEAR.items():
        task, run = task_at(name, lam), trained(name, lam, 1)[0]
        W, A, X, Y = (rational(m) for m in (run.W, run.A, task.X, task.Y))
        bound = rank_two_bound(Network.of(W, A, X, Y, Fraction(lam)))
        if not bound.holds:
            return Verdict(Status.REFUTED, f"inequality B-I fails in exact arithmetic for {name}, lambda = {lam:g}")
        share = energy_at_least(W, rational(np.linalg.svd(run.W)[2][:2]))
        what = f"E_2 of the final weights, {name}, lambda = {lam:g}, seed 0"
        comparisons.append(Comparison(share, ">=", stated, what=f"lower bound of {what}"))
        comparisons.append(Comparison(share, ">=", bound.energy_below, what=f"B-I's bound of {what}"))
        # Above 1 the bound would say nothing: the distance from rank two is at most |W| anyway.
        ratio = bound.relative()
        comparisons.append(Comparison(ratio, "<", 1, what=f"B-I's bound over |W|, {name}, lambda = {lam:g}, seed 0"))
        known = f"{up(1 - bound.energy_below)} by B-I alone, whose bound is {up(ratio)} |W|"
        words.append(f"{name} {lam:g}: 1 - E_2 <= {up(1 - share)} ({known})")
    for (name, lam), (stated, doublings) in FAR.items():
        share = energy_at_most(rational(trained(name, lam, 1)[0].W), doublings)
        what = f"E_2 of the final weights, {name}, lambda = {lam:g}, seed 0"
        comparisons.append(Comparison(share, "<", stated, what=f"upper bound of {what}"))
        words.append(f"{name} {lam:g}: E_2 <= {up(share)}")
    if not all(c.holds for c in comparisons):
        return Verdict(Status.UNDECIDED, "training ended in a state not as near or far as stated", tuple(comparisons))
    sentence = f"Float64 states training ended in, judged as the rationals they are: {'; '.join(words)}."
    return Verdict(Status.CERTIFIED, sentence, tuple(comparisons))


RANK_TWO = (
    Claim(
        "dyn-rank-two-bound",
        "The distance of the first layer from rank two is at most (|grad| + spread of the neurons' data gradients) / "
        "lambda, at any parameters; that says something only where it is below |W|.",
        Stated(
            (
                ("rank-two", "f(x) = A relu(W x), squared loss plus lambda/2 (|W|^2 + |A|^2), lambda > 0"),
                ("rank-two", "K = 1, any data, parameters"),
                ("rank-two", "For K outputs and one group rank K replaces two"),
            )
        ),
        f"ours; the question is from {PAPER}; rank of a batch gradient: Galanti et al. (2206.05794)",
        (derivations.rank_two,),
        lambda budget: by_derivation("B-I and B-II hold at any parameters; no step needs training."),
        Expected(Status.PROVED),
    ),
    Claim(
        "dyn-rank-two-orthogonal",
        "With orthogonal inputs every global minimum under weight decay has rank at most two.",
        Stated(
            (
                ("orthogonal-inputs", "One output, pairwise orthogonal nonzero inputs (a bias counts as an entry)"),
                ("orthogonal-inputs", "any loss of the outputs, lambda > 0, width >= 2"),
            )
        ),
        "ours",
        (derivations.orthogonal_inputs,),
        lambda budget: by_derivation("Two neurons, one a sign; closed form for squared loss."),
        Expected(Status.PROVED),
    ),
    Claim(
        "dyn-rank-two-counterexample",
        "Optimality under weight decay does not give rank two: 18 points have global minima of rank three alone.",
        Stated(
            (
                ("rank-three", "For every lambda > 0 and c > 0 the 18 points +-e_j, +-e_i +- e_j in R^3"),
                ("rank-three", "labels c sum_j |x_j| + 18 lambda eta (eta = -1 and 1/2)"),
                (
                    "rank-three",
                    "every width >= 6, without bias or with a hidden bias that is penalised like every weight",
                ),
            )
        ),
        f"ours; the abstract of {PAPER} says that a sufficiently trained network is approximately of rank two",
        (derivations.rank_three,),
        lambda budget: by_derivation("Every global minimum has W^T W = 2c diag(1, 1, 1, 0): E_2 = 2/3."),
        Expected(Status.PROVED),
    ),
    Claim(
        "dyn-rank-two-states",
        "Weights that training ended in are near rank two at strong weight decay, and far from it where that fails.",
        "final weights of seed 0; near: "
        + ", ".join(f"{name} {lam:g}" for name, lam in NEAR)
        + "; far: "
        + ", ".join(f"{name} {lam:g}" for name, lam in FAR),
        "ours",
        (derivations.rank_two,),
        _states,
        Expected(Status.CERTIFIED),
    ),
)
