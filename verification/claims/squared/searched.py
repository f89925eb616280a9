"""Claims that searches support: nothing below DNC was found. Evidence, never proof."""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from dufm.solvers.search.fixed_portfolio import compiled_search
from dufm.solvers.search.options import FixedOptions
from dufm.theory import derivations
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi_of_power
from dufm.verification.base.certificate import point_certificate
from dufm.verification.base.exact import rational
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.measured import none_of
from dufm.verification.claims.base.regime import Only, Part, Regime, at
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

SearchCase = tuple[int, int, str]
SEED = 20260101
# DNC counts as reached by a loss above its infimum by less than this share.
REACHED = 1e-6
# Where DNC loses close to collapse (claims two-layers-strong, three-layers-strong) only weaker strengths are claimed.
TWO_LAYERS = Regime(
    (
        Part(Only((3, 4)), Only((2,)), at("0.05", "0.39"), n=1),
        Part(Only(tuple(range(5, 11))), Only((2,)), at("0.05"), n=1),
    )
)
THREE_LAYERS = Regime(
    (Part(Only((3, 4)), Only((3,)), at("0.015", "0.25"), n=1), Part(Only((5, 6)), Only((3,)), at("0.015"), n=1))
)


def cases_of(regime: Regime) -> list[SearchCase]:
    """(K, L, x) of every point of a regime."""
    return [
        (K, L, str(float(x)))
        for part in regime.parts
        for K in part.K
        for L in part.L
        for x in (part.x.points if part.x is not None else ())
    ]


def nothing_below_dnc(label: str, cases: Iterable[SearchCase], budget: Budget) -> Verdict:
    """SUPPORTED if no restart ends below DNC, REFUTED with a certificate if one does.

    UNDECIDED if no restart of some case reached DNC: such a search says nothing of what lies below it.

    Args:
        label: label of the claim.
        cases: (K, L, x), x = K lambda as a decimal.
        budget: half of its restarts go to each case.
    """
    comparisons, restarts, gaps, missed = [], 0, [], []
    for K, L, x in cases:
        problem = Problem.of(K, L, Fraction(x) / K)
        below, above = phi_of_power(L, problem.x_power)
        solution = compiled_search(problem, FixedOptions(max(1, budget.restarts // 2), SEED), threads=1)
        solution.raise_if_interrupted()
        restarts += len(solution.losses)
        if not np.isfinite(solution.loss):
            return Verdict(Status.UNDECIDED, f"no restart finished for K = {K}, L = {L}")
        # float64 weights are rationals, so their loss is one too: no rounding enters the comparison.
        loss = problem.objective([rational(w) for w in solution.weights])
        what = f"best loss found and DNC, K = {K}, L = {L}, x = {x}"
        if loss < below:
            found = {"engine": solution.engine, "seed": solution.seed, "restarts": max(1, budget.restarts // 2)}
            witness = point_certificate(problem, solution.weights, label, found)
            return Verdict(
                Status.REFUTED, f"a witness beats {what}", (Comparison(loss, "<", below, what=what),), (witness,)
            )
        gaps.append(float((loss - above) / above))
        if gaps[-1] >= REACHED:
            missed.append(f"K = {K}, L = {L}, x = {x}")
        comparisons.append(Comparison(loss, ">=", below, what=what))
    details = {"restarts": restarts, "relative_gap_of_best": gaps, "seed": SEED}
    if missed:
        words = f"{restarts} restarts, none below DNC; but none reached it for {'; '.join(missed)}."
        return Verdict(Status.UNDECIDED, words, tuple(comparisons), details=details)
    share = none_of(restarts // len(comparisons))
    sentence = (
        f"{restarts} restarts over {len(comparisons)} cases, none below DNC; DNC itself was reached in each. A case: "
        f"{share}, end below it."
    )
    return Verdict(Status.SUPPORTED, sentence, tuple(comparisons), details=details)


def _two_layers(budget: Budget) -> Verdict:
    return nothing_below_dnc("two-layers", cases_of(TWO_LAYERS), budget)


def _three_layers_few(budget: Budget) -> Verdict:
    return nothing_below_dnc("three-layers-few-classes", cases_of(THREE_LAYERS), budget)


SEARCHED = (
    Claim(
        "two-layers",
        "No search found anything below DNC at two layers at x = 0.05 and 0.39 for three and four classes, at 0.05 for "
        "five to ten.",
        TWO_LAYERS,
        "search ours; for every K under a further hypothesis: Tirer and Bruna (2202.08087), see two-layers-low-rank",
        (derivations.dnc,),
        _two_layers,
        Expected(Status.SUPPORTED),
        says="dnc",
    ),
    Claim(
        "three-layers-few-classes",
        "Nothing beats DNC at three layers for three classes, or at weaker regularisation for four, five and six.",
        THREE_LAYERS,
        "ours",
        (derivations.dnc,),
        _three_layers_few,
        Expected(Status.SUPPORTED),
        says="dnc",
    ),
)
