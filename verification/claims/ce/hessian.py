"""Claims on the Hessian of the cross-entropy model; automatic differentiation stands beside the algebra."""

from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, fmpq

from dufm.solvers.objectives.cross_entropy import balanced_factors
from dufm.theory import derivations
from dufm.theory.ce.bounds import least_singular_value, rank_bound
from dufm.theory.ce.enclosure import Profile, best_scale, strength_ball
from dufm.theory.ce.hessian import K, L, alpha, b, d, n, orbit_dimension, psd_threshold, spectrum, z
from dufm.theory.ce.numbers import Balls, working
from dufm.theory.ce.polygons import DNC_LOGITS, PAIRS, POLYGON
from dufm.theory.ce.structure import CeStructure, rank
from dufm.theory.ce.structures import CE_STRUCTURES
from dufm.theory.problem import Problem
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Repeats
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, From, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.ce.structures import ALL, LINEAR, below

DIGITS = 30
# Neither has type stubs.
autograd: Any = import_module("autograd")
anp: Any = import_module("autograd.numpy")


@dataclass(frozen=True)
class Measured:
    """Eigenvalues over lambda of an automatic-differentiation Hessian, ascending, and how far rounding can move one.

    Attributes:
        values: eigenvalues / lambda, shape (parameters,).
        slack: parameters times the unit roundoff times the spectral norm, plus the asymmetry left in the Hessian and
            twice the gradient's norm (the factors are stationary only up to rounding).
    """

    values: np.ndarray
    slack: float


def measure(structure: CeStructure, problem: Problem) -> Measured:
    """The full Hessian at a structure's best scale, by automatic differentiation (HIPS autograd).

    Raises:
        ValueError: if the strengths differ or the structure has collapsed to zero.
    """
    found = best_scale(structure, problem, DIGITS)
    if found is None or len(set(problem.lambdas)) > 1:
        raise ValueError(f"one strength and a scale > 0 are needed, got {problem}")
    with working(DIGITS):
        rows = [[float((found.alpha * x).mid()) for x in row] for row in structure.logits(problem.K, Balls())]
    factors = balanced_factors(np.array(rows), problem)
    factors[0] = np.repeat(factors[0], problem.n, axis=1)
    shapes = [f.shape for f in factors]
    ends = np.cumsum([f.size for f in factors])[:-1]
    strength = float(problem.lambdas[0])
    targets = np.repeat(np.eye(problem.K), problem.n, axis=1)

    def loss(flat: Any) -> Any:
        matrices = [part.reshape(shape) for part, shape in zip(anp.split(flat, ends), shapes, strict=True)]
        output = matrices[0]
        for m in matrices[1:]:
            output = anp.dot(m, output)
        fit = anp.log(anp.sum(anp.exp(output), axis=0)) - anp.sum(output * targets, axis=0)
        return anp.mean(fit) + strength / 2 * anp.dot(flat, flat)

    point = np.concatenate([f.ravel() for f in factors])
    matrix = autograd.hessian(loss)(point) / strength
    gradient = autograd.grad(loss)(point) / strength
    values = np.linalg.eigvalsh((matrix + matrix.T) / 2)
    rounding = len(point) * np.finfo(float).eps * float(np.max(np.abs(values)))
    asymmetry = float(np.linalg.norm(matrix - matrix.T, 2))
    return Measured(values, rounding + asymmetry + 2 * float(np.linalg.norm(gradient)))


def predicted(problem: Problem) -> np.ndarray:
    """Eigenvalues over lambda of `spectrum` at DNC's best scale, ascending."""
    found = best_scale(DNC_LOGITS, problem, DIGITS)
    if found is None:
        raise ValueError("DNC has collapsed to zero")
    scale = sp.Rational(str(found.alpha.str(25, radius=False)))
    soft = 1 / (sp.exp(scale) + problem.K - 1)
    numbers = {K: problem.K, L: problem.L, d: problem.width, n: problem.n, alpha: scale}
    values: list[float] = []
    for level in spectrum():
        poly = sp.Poly(level.factor.subs(numbers).subs(b, sp.N(soft, 25)), z)
        count = int(level.count.subs(numbers))
        values += [float(sp.re(r)) for r in sp.Poly(poly, z).nroots(n=20)] * count
    return np.sort(np.array(values))


def _ce(K_: int, L_: int, lam: object, width: int | None = None, n_: int = 1) -> Problem:
    return Problem.of(K_, L_, lam, width, n=n_, loss="ce")


def _spectrum_claim(budget: Budget) -> Verdict:
    comparisons = []
    for problem in (
        _ce(3, 2, "1/10"),
        _ce(4, 2, "1/100", 6),
        _ce(4, 3, "1/100", 4),
        _ce(5, 2, "1/50", 5),
        _ce(4, 2, "1/100", 5, 2),
        _ce(6, 3, "1/1000", 6),
    ):
        found = measure(DNC_LOGITS, problem)
        far = float(np.max(np.abs(found.values - predicted(problem))))
        what = f"largest deviation over lambda, K={problem.K}, L={problem.L}, d={problem.width}, n={problem.n}"
        comparisons.append(Comparison(far, "<=", 0.0, found.slack, what))
    return by_derivation("All eigenvalues at DNC in closed form; autodiff agrees.", comparisons)


def negative_count(found: Measured) -> int:
    """Eigenvalues that are negative beyond rounding."""
    return int(np.sum(found.values < -found.slack))


def _psd(budget: Budget) -> Verdict:
    comparisons, thresholds = [], {}
    for classes, layers in ((4, 2), (5, 2), (6, 2), (7, 2), (8, 2), (4, 3), (6, 3)):
        threshold = psd_threshold(classes, layers, DIGITS)
        thresholds[f"K={classes}, L={layers}"] = threshold.str(14, radius=False)
        exact = Fraction(threshold.str(20, radius=False))
        for share, wanted in (("99/100", 0), ("101/100", classes * (classes - 3) // 2)):
            problem = _ce(classes, layers, exact * Fraction(share), classes)
            count = negative_count(measure(DNC_LOGITS, problem))
            what = f"negative eigenvalues at {float(Fraction(share)):g} lambda_PSD, K={classes}, L={layers}"
            comparisons.append(Comparison(count, "==", wanted, what=what))
    verdict = by_derivation(
        "DNC is PSD iff alpha >= K (L-1)/(L+1); above lambda_PSD K (K-3)/2 directions fall.",
        comparisons,
    )
    verdict.details["lambda_PSD"] = thresholds
    return verdict


def _orbit(budget: Budget) -> Verdict:
    comparisons = []
    for structure, problem in (
        (DNC_LOGITS, _ce(4, 3, "1/100", 4)),
        (POLYGON, _ce(4, 3, "1/100", 4)),
        (POLYGON, _ce(5, 3, "1/100", 5)),
        (POLYGON, _ce(6, 2, "1/100", 6)),
        (PAIRS, _ce(6, 2, "1/100", 6)),
    ):
        found = measure(structure, problem)
        zeros = int(np.sum(np.abs(found.values) <= found.slack))
        wanted = orbit_dimension(problem.width, problem.L, rank(structure, problem.K))
        what = f"zero eigenvalues, {structure.name}, K={problem.K}, L={problem.L}, d={problem.width}"
        comparisons.append(Comparison(zeros, "==", wanted, what=what))
    return by_derivation("Balanced factors of rank-q logits have dimension L (d q - q (q+1)/2).", comparisons)


def _gap(budget: Budget) -> Verdict:
    comparisons = []
    for classes, layers, lam in ((6, 2, "1/100"), (6, 4, "1/100"), (10, 3, "1/1000"), (16, 5, "1/1000")):
        problem = _ce(classes, layers, lam)
        for structure in CE_STRUCTURES:
            # Structures with one kind of class and one singular value are critical points of the full problem.
            if structure.valid(classes) and len(structure.squares(classes, Balls())) == 1:
                found = best_scale(structure, problem, DIGITS)
                if found is not None and len(structure.margins(classes, Balls())) == 1:
                    with working(DIGITS):
                        sigma = structure.squares(classes, Balls())[0][0].sqrt() * found.alpha
                        least = least_singular_value(classes, layers, strength_ball(problem))
                    comparisons.append(below(least, sigma, f"{structure.name}, K={classes}, L={layers}"))
    with working(DIGITS):
        for classes, layers in ((4, 54), (5, 56), (6, 58)):
            mu = arb(fmpq(1, 100))
            bound = min(
                (rank_bound(classes, layers, 2 * mu / (layers + 1), arb(fmpq(k, 16))) for k in range(16, 321)),
                key=float,
            )
            comparisons.append(below(bound, arb(3), f"rank bound at mu = 1/100, K={classes}, L={layers}"))
            profile = Profile.of(POLYGON, classes, layers)
            point = arb(8)
            paid = profile.loss(2 * mu / (layers + 1), point)
            comparisons.append(below(paid, arb(2).log() / classes, f"G below log(2)/K, K={classes}, L={layers}"))
            # At a fixed scale the bound and this G fall with L from here on: sigma alpha >= 1 and C (L+1)^2 > e^2,
            # C = 1/(2 mu^2 K).
            comparisons.append(
                below(
                    arb(2).exp(),
                    (layers + 1) ** 2 / (2 * mu * mu * classes),
                    f"falls from L = {layers} on, K={classes}",
                )
            )
    return by_derivation(
        "Non-zero singular values are bounded below; at mu = 1/100 every global minimiser has rank 2 from L = 54 (K = "
        "4), 56 (5), 58 (6) on.",
        comparisons,
    )


PSD = Claim(
    "ce-psd",
    "DNC has a PSD Hessian iff Lambda <= lambda_PSD = x^((L-1)/(L+1))/(e^x + K - 1), x = K (L-1)/(L+1) (upper "
    "branch); just above it K (K-3)/2 eigenvalues are negative.",
    Regime((Part(From(4), From(2), EVERY),), f"one strength; {LINEAR}"),
    "Garrod and Keating (2410.23169), Theorem 4; the threshold and the count ours",
    (
        derivations.ce_hessian,
        derivations.ce_dnc,
        derivations.ce_low_rank,
        derivations.ce_reduction,
        derivations.schatten_objective,
    ),
    _psd,
    Expected(Status.PROVED),
    repeats=Repeats(
        "ce-hessian",
        ((From(4), From(2)),),
        "for K >= 4 it is PSD iff alpha >= K (L-1)/(L+1), with no zeros but the orbit's if >; below, at least",
    ),
)

ORBIT = Claim(
    "ce-orbit",
    "The balanced factorisations of rank-q logits have dimension L (d q - q (q+1)/2), DNC's the largest.",
    Regime((Part(*ALL, None, width=None),), f"width d >= q; {LINEAR}"),
    "Garrod and Keating (2410.23169), Theorem 5; proof re-derived",
    (
        derivations.ce_hessian,
        derivations.ce_dnc,
        derivations.ce_low_rank,
        derivations.ce_reduction,
        derivations.schatten_objective,
    ),
    _orbit,
    Expected(Status.PROVED),
    repeats=Repeats(
        "ce-hessian",
        (ALL,),
        "For every K and L >= 1 the balanced factorisations of rank-q logits have dimension L (d q - q (q+1)/2).",
    ),
)

CE_HESSIAN = (
    Claim(
        "ce-hessian",
        "The Hessian of the full cross-entropy model at DNC has ten levels, all in closed form in K, L, d, n, alpha.",
        Regime((Part(From(3), From(2), EVERY),), f"one strength; {LINEAR}"),
        "ours",
        (
            derivations.ce_reduction,
            derivations.ce_hessian,
            derivations.ce_dnc,
            derivations.ce_low_rank,
            derivations.schatten_objective,
        ),
        _spectrum_claim,
        Expected(Status.PROVED),
        repeats=Repeats(
            "ce-hessian",
            ((From(3), From(2)),),
            "For L >= 2, K >= 3, width d >= K and one strength lambda, the Hessian of the full model at DNC",
        ),
    ),
    PSD,
    ORBIT,
    Claim(
        "ce-gap",
        "Non-zero singular values of critical logits are at least (Lambda sqrt(K/2))^((L+1)/(L-1)), so ranks are "
        "bounded; at fixed mu = (L+1)/2 Lambda < log(2)/(2K) the rank is exactly 2 from some depth on.",
        Regime((Part(From(3), From(2), EVERY),), LINEAR),
        "Garrod and Keating (2410.23169), Theorem 3; the constants ours",
        (
            derivations.ce_reduction,
            derivations.ce_hessian,
            derivations.ce_dnc,
            derivations.ce_low_rank,
            derivations.schatten_objective,
        ),
        _gap,
        Expected(Status.PROVED),
        repeats=Repeats(
            "ce-hessian",
            ((From(3), From(2)),),
            "Every non-zero singular value of critical logits is >= (lambda sqrt(K/2))^((L+1)/(L-1)).",
        ),
    ),
)
