"""Claims beyond the papers' model that searches support: leaky relus and skips; squared loss."""

from fractions import Fraction

import numpy as np

from dufm.solvers.objectives.squared import Objective, loss
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.weights.residual import diagonal_skip
from dufm.theory.problem import Problem, Variant
from dufm.theory.squared.phi import collapse_ends
from dufm.theory.squared.variants import split_loss
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

SEED = 20261128
# (K, L, slope, whether a search must end below collapse), at x = x*/2.
SEARCHED = ((3, 2, "1/10", False), (2, 3, "1/2", False), (2, 3, "1/5", True), (4, 4, "1/10", True), (2, 4, "1/2", True))
# (layers around, K, L) of searches with skips, at lambda = 1/25.
SKIPS = ((1, 2, 3), (1, 4, 3), (1, 6, 4), (1, 10, 2), (2, 4, 3), (2, 6, 5))

# Depths at which the distance to collapse is measured, for three classes at lambda = 1/25, and what counts as none.
DEPTHS, NONE = (2, 3, 5, 9), 1e-5


def _leaky_map(budget: Budget) -> Verdict:
    restarts = 16 if budget.name != "full" else 400
    comparisons, told = [], {}
    for K, L, slope, wins in SEARCHED:
        x = (collapse_ends(L)[0] / 2).limit_denominator(10**6)
        problem = Problem.of(K, L, str(x / K), activation="leaky", variant=Variant(Fraction(slope)))
        solution, _ = global_search(problem, SearchOptions(restarts, SEED, threads=1))
        solution.raise_if_interrupted()
        exact = problem.objective([[[Fraction(v) for v in row] for row in w.tolist()] for w in solution.weights])
        low, high = split_loss(problem)
        what = f"best found and collapse, K = {K}, L = {L}, slope {slope}"
        if wins:
            comparisons.append(Comparison(exact, "<", low, what=what))
        else:
            # A search that does not come to collapse could not have gone below it either.
            comparisons.append(Comparison(exact, ">=", low, what=what))
            comparisons.append(Comparison(exact, "<=", high * (1 + Fraction(1, 10**6)), what=f"{what}, reached"))
        told[f"K={K}, L={L}, slope={slope}"] = float(exact / high)
    details = {"seed": SEED, "restarts": restarts, "ratio": told}
    failed = [str(c) for c in comparisons if not c.holds]
    if failed:
        return Verdict(Status.UNDECIDED, f"not as stated: {'; '.join(failed)}", details=details)
    sentence = (
        f"{restarts} restarts a case: below collapse where proved, nothing below it at two layers or slope 1/2, L = 3."
    )
    return Verdict(Status.SUPPORTED, sentence, tuple(comparisons), details=details)


def _skips(budget: Budget) -> Verdict:
    restarts = 8 if budget.name != "full" else 200
    comparisons, hits = [], 0
    for around, K, L in SKIPS:
        problem = Problem.of(K, L, "1/25", K, variant=Variant(skip=f"block{around}"))
        solution, _ = global_search(problem, SearchOptions(restarts, SEED, threads=1))
        solution.raise_if_interrupted()
        collapse = loss(problem, diagonal_skip(problem))
        # Both are sums over the entries of the factors, each rounded, at stationary points.
        slack = sum(w.size for w in solution.weights) * float(np.spacing(collapse))
        what = f"best found and diagonal weights, skips around {around}, K = {K}, L = {L}"
        comparisons.append(Comparison(solution.loss, ">=", collapse, slack, what))
        comparisons.append(Comparison(solution.loss, "<=", collapse * (1 + 1e-6), what=f"{what}, reached"))
        hits += int(np.sum(solution.losses <= collapse * (1 + 1e-6)))
    details = {"seed": SEED, "restarts": restarts, "hits": hits}
    failed = [str(c) for c in comparisons if not c.holds]
    if failed:
        return Verdict(Status.UNDECIDED, f"not as stated: {'; '.join(failed)}", details=details)
    sentence = f"{hits} of {restarts * len(SKIPS)} restarts with skips ended in collapse, none below it."
    return Verdict(Status.SUPPORTED, sentence, tuple(comparisons), details=details)


def distance_to_collapse(problem: Problem, restarts: int) -> float:
    """||F^T F - c I|| / ||F^T F|| of the features F in the last hidden layer, c the best, of the best weights found."""
    solution, _ = global_search(problem, SearchOptions(restarts, SEED, threads=1))
    solution.raise_if_interrupted()
    last = Objective(problem).forward(solution.weights[:-1]).features[-1]
    gram = last.T @ last
    off = gram - np.trace(gram) / problem.K * np.eye(problem.K)
    return float(np.linalg.norm(off) / np.linalg.norm(gram))


def _rate(budget: Budget) -> Verdict:
    restarts = 6 if budget.name != "full" else 100
    found = {
        L: distance_to_collapse(Problem.of(3, L, "1/25", 3, variant=Variant(skip="block1")), restarts) for L in DEPTHS
    }
    details = {"seed": SEED, "restarts": restarts, "distance": {f"L={L}": value for L, value in found.items()}}
    if max(found.values()) <= NONE:
        words = f"at L = {', '.join(map(str, DEPTHS))} the best weights found are collapsed: no rate can be read"
        return Verdict(Status.UNDECIDED, words, details=details)
    slope = np.polyfit(np.log(list(found)), np.log(np.maximum(list(found.values()), 1e-300)), 1)[0]
    return Verdict(Status.UNDECIDED, f"four depths, exponent {slope:.2f}: too few to compare", details=details)


VARIANTS_SEARCHED = (
    Claim(
        "var-leaky-searched",
        "Searches with leaky relus go below collapse where that is proved possible, and find nothing below it for "
        "three classes at two layers nor for two classes at three layers with slope 1/2.",
        f"x = x*/2; (K, L, slope): {', '.join(f'({K}, {L}, {a})' for K, L, a, _ in SEARCHED)}; squared loss",
        "ours",
        (),
        _leaky_map,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "var-skip-searched",
        "With identity skips and few classes or layers searches find nothing below collapse, and end in it, also where "
        "without skips low rank wins.",
        f"(layers around, K, L): {', '.join(map(str, SKIPS))}; lambda = 1/25, width K; squared loss",
        "ours; collapse with many residual blocks: Sukenik, Lampert and Mondelli (2505.15239)",
        (),
        _skips,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "var-skip-rate",
        "With skips the distance of global minimisers to collapse falls with depth like L^(-1/2), as the bound of "
        "2505.15239 for networks with layer norm.",
        f"F + relu(W F), K = 3, lambda = 1/25, width K, L = {', '.join(map(str, DEPTHS))}; squared loss, no layer norm",
        "Sukenik, Lampert and Mondelli (2505.15239), as quoted by others",
        (),
        _rate,
        Expected(Status.UNDECIDED),
    ),
)
