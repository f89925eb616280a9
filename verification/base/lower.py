"""Bounds of every network from below, as certificates of kind "lower" that `lower_checker.py` judges.

Lines and boxes of eigenvalues (`solvers.spectra`; from four layers on of kind "deep", for `deep_checker.py`), and where
that is more, the mean over pairs of classes. What is bounded is 2K loss / x; at x = 0, the limit of weak decay,
(L + 1) C for outputs I.
"""

import json
from fractions import Fraction

from dufm.solvers.spectra.deep import best_chain
from dufm.solvers.spectra.deep_tree import BITS as DEEP_BITS
from dufm.solvers.spectra.deep_tree import REACH, chain_tree
from dufm.solvers.spectra.lines import Place
from dufm.solvers.spectra.tree import BITS, SPARE, tree, worst
from dufm.theory.problem import Problem
from dufm.theory.squared.bounds import Interval, pair_power
from dufm.theory.squared.phi import phi, phi_of_power, power_root
from dufm.theory.stated import ProblemError
from dufm.verification.base.certificate import Certificate
from dufm.verification.base.checkers import checker_of
from dufm.verification.checker import Result

# What the first tree gives away of the best value, relatively; the next ones give away twice as much.
GIVEN, TRIES = Fraction(1, 200), 4
DIGITS, FINE = 10**5, 10**9
# How near a bound beyond collapse comes to zero weights, relatively, and what an eigenvalue shows beyond it.
NEAR_ZERO, NEAR_ZERO_SPARE = Fraction(1, 2500), 5e-4
# More classes would take minutes.
MOST = {2: 200, 3: 40} | dict.fromkeys(range(4, 13), 100)


def dnc_value(K: int, L: int, x: Fraction) -> Interval:
    """2K times DNC's loss over x, or that of zero weights where it is less; (L + 1) K at x = 0."""
    if x == 0:
        return Fraction((L + 1) * K), Fraction((L + 1) * K)
    low, high = phi(L, x)
    return 2 * K * low / x, 2 * K * high / x


def pair_value(K: int, L: int, x: Fraction) -> Fraction:
    """The bound of pairs of classes, rounded down: 2K loss / x, or (L + 1) C at x = 0."""
    power = Fraction(pair_power(K, L))
    if x == 0:
        value = (L + 1) * power_root(power, L + 1)[0]
    else:
        value = 2 * K * phi_of_power(L, power * (x / K) ** (L + 1))[0] / x
    return Fraction(value * FINE // 1 - 1, FINE)


def lower_certificate(
    K: int,
    L: int,
    x: Fraction,
    claim: str,
    given: Fraction = GIVEN,
) -> Certificate:
    """The best bound the program finds at one cell, checked.

    Args:
        K: classes, >= 2.
        L: weight layers, >= 1.
        x: K Lambda >= 0, exact.
        claim: label of the claim it supports.
        given: what may be given away of the best value, relatively.

    Raises:
        ProblemError: for a cell that makes no sense, and if the checker refuses what was found.
    """
    Problem.of(K, L, 1)
    if x < 0:
        raise ProblemError(f"x must be >= 0, got {x}")
    pairs, found = pair_value(K, L, x), None
    if K > 2 and K <= MOST.get(L, 0):
        found = _by_spectrum(K, L, x, pairs, claim, given)
    if found is not None:
        return found
    certificate = _certificate(K, L, x, pairs, claim, {"method": "pairs"})
    result = judged(certificate)
    if not result.ok:
        raise ProblemError(f"the bound found is not accepted: {result.sentence}")
    return certificate


def zero_certificate(K: int, L: int, x: Fraction, claim: str) -> Certificate | None:
    """A bound at x > x* that is below the loss of zero weights by NEAR_ZERO alone, checked; None where there is none.

    Args:
        K, L: classes >= 3, weight layers >= 2.
        x: K Lambda, exact.
        claim: label of the claim it supports.
    """
    wanted = Fraction(K / x * (1 - NEAR_ZERO) * DIGITS // 1, DIGITS)
    return _by_tree(K, L, x, wanted, NEAR_ZERO_SPARE, claim)


def judged(certificate: Certificate) -> Result:
    """What its checker says of a certificate."""
    text = json.dumps(certificate).encode()
    return checker_of(text).check(text)


def value_of(certificate: Certificate) -> Fraction:
    """What a certificate states: 2K loss / x, or (L + 1) C at x = 0."""
    return Fraction(*certificate["lower"])


def _by_spectrum(K: int, L: int, x: Fraction, least: Fraction, claim: str, given: Fraction) -> Certificate | None:
    """The best certificate by eigenvalues; None where pairs show more, or no tree is accepted."""
    cell, deep = Place(K, L, float(x)), L > 3
    best = Fraction(worst(cell, best_chain, REACH) if deep else worst(cell))
    for again in range(TRIES):
        wanted = Fraction(best * (1 - given * 2**again) * DIGITS // 1, DIGITS)
        if wanted <= least:
            return None
        # Twice as much to spare in the next try: a leaf may show less than its points said.
        certificate = _by_tree(K, L, x, wanted, SPARE * 2**again, claim)
        if certificate is not None:
            return certificate
    return None


def _by_tree(K: int, L: int, x: Fraction, wanted: Fraction, spare: float, claim: str) -> Certificate | None:
    """The certificate of a bound; None where no tree of it is found and accepted."""
    deep = L > 3
    found = (chain_tree if deep else tree)(Place(K, L, float(x)), float(wanted), spare)
    if found is None:
        return None
    method, bits = ("chain", DEEP_BITS) if deep else ("spectrum", BITS)
    witness: dict[str, object] = {"method": method, "bits": bits, "nodes": found.nodes}
    certificate = _certificate(K, L, x, wanted, claim, witness)
    return certificate if judged(certificate).ok else None


def _certificate(K: int, L: int, x: Fraction, lower: Fraction, claim: str, witness: dict[str, object]) -> Certificate:
    return {
        "format": "dufm-certificate",
        "version": 1,
        "kind": "deep" if witness["method"] == "chain" else "lower",
        "claim": claim,
        "problem": {"K": K, "L": L, "x": [x.numerator, x.denominator]},
        "lower": [lower.numerator, lower.denominator],
        "witness": witness,
    }
