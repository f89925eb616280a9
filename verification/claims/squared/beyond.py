"""The claim on strengths beyond collapse: low rank beats zero weights where DNC no longer does."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from flint import fmpq

from dufm.theory import derivations
from dufm.theory.problem import Problem
from dufm.theory.rational import fraction, matrix, squared_norm
from dufm.theory.squared.beyond import outliving, share_of
from dufm.theory.squared.phi import collapse_ends, phi
from dufm.verification.base.certificate import entries
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, From, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.squared.thresholds import LEAST, witness

CELLS = ((3, 4), (6, 4), (10, 3), (15, 2), (15, 7))
NEAR = Fraction(999_999, 1_000_000)


@dataclass(frozen=True)
class Lasting:
    """Weights that beat zero weights for K classes at every x < share x*.

    Attributes:
        share: rounded down.
        width: of their widest hidden layer.
    """

    share: Fraction
    width: int


@cache
def of_witness(K: int, L: int) -> Lasting:
    """What the shipped weights at the least x known of a cell show beyond collapse."""
    weights = entries(witness(K, L))
    return Lasting(share_of(weights), max(len(w) for w in weights[:-1]))


def lasting(K: int, L: int) -> Lasting | None:
    """The best of the structures and of the shipped weights for at most K classes; None where none outlives DNC."""
    structure = outliving(K, L)
    found = [] if structure is None else [Lasting(structure.share, structure.width)]
    found += [of_witness(k, depth) for depth, k in LEAST if depth == L and k <= K]
    return max(found, key=lambda lasting: lasting.share, default=None)


def _beyond(budget: Budget) -> Verdict:
    comparisons, words = [], []
    for K, L in CELLS:
        found = outliving(K, L)
        if found is None:
            return Verdict(Status.REFUTED, f"no structure of at most {K} classes costs less than DNC at L = {L}")
        x = NEAR * found.share * collapse_ends(L)[0]
        # The loss of k classes at strength Lambda = x / k and cost C = k / share.
        loss = phi(L, x / found.share)[1]
        what = f"loss of {found.structure} just below its end, K = {K}, L = {L}"
        comparisons.append(Comparison(loss, "<", Fraction(1, 2), what=what))
        words.append(f"{float(found.share):.3f} at K = {K}, L = {L}")
    for L, K in LEAST:
        share = of_witness(K, L).share
        x = NEAR * share * collapse_ends(L)[0]
        what = f"loss of the shipped weights just below their end, K = {K}, L = {L}"
        comparisons.append(Comparison(_least_loss(K, L, x), "<", Fraction(1, 2), what=what))
    sentence = f"Structures of cost C < k beat zero weights up to x* k / C; k / C is at least {', '.join(words)}."
    return by_derivation(sentence, comparisons)


def _least_loss(K: int, L: int, x: Fraction) -> Fraction:
    """Exact loss of the shipped weights of a cell at x, scaled to nearly their best."""
    weights = [matrix(w) for w in entries(witness(K, L))]
    output = Problem.of(K, L, 1).output(weights)
    r = sum((fraction(output[i, i]) for i in range(K)), Fraction(0)) / squared_norm(output)
    # At their end the best output is (L - 1)/L r Z; the factors are brought to one norm.
    norms = [squared_norm(w) for w in weights]
    scale = float(r) * (L - 1) / L
    common = (math.prod(map(float, norms)) * scale**2) ** (1 / (L + 1))
    scaled = [w * fmpq(*_short(math.sqrt(common / float(n)))) for w, n in zip(weights, norms, strict=True)]
    return Problem.of(K, L, x / K).objective(scaled)


def _short(value: float) -> tuple[int, int]:
    return round(value * 2**40), 2**40


BEYOND = (
    Claim(
        "beyond-collapse",
        "Zero weights are not optimal at any x = K Lambda < x* k / C for a structure of cost C for k <= K classes, nor "
        "for shipped weights, whose C is that of derivation beyond.",
        Regime((Part(From(2), From(1), EVERY, width=None),), "hidden layers as wide as the structure's"),
        "ours",
        (
            derivations.beyond,
            derivations.threshold,
            derivations.direct_sum,
            derivations.head,
            derivations.dnc,
            derivations.reductions,
        ),
        _beyond,
        Expected(Status.PROVED),
    ),
)
