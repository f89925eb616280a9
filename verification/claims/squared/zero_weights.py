"""Where zero weights are optimal: bounds of every network beyond collapse, each a little below zero weights' loss."""

from fractions import Fraction

from dufm.theory import derivations
from dufm.theory.squared.bounds import pair_power
from dufm.theory.squared.phi import collapse_ends, collapse_power, power_root
from dufm.theory.squared.zero_weights import zero_from
from dufm.verification.base.certificate import Certificate
from dufm.verification.base.lower import zero_certificate
from dufm.verification.base.shipped_bounds import certificate, need, rows
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, From, Only, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.squared.lower_bounds import SPECTRA

LABEL = "zero-optimal"
LAYERS = (2, 3, 4, 5, 6, 7)
CELLS = {(K, L): x for (K, L, x), row in rows().items() if row.claim == LABEL}


def made(K: int, L: int) -> Certificate | None:
    """The shipped bound of a cell made anew, in seconds."""
    return zero_certificate(K, L, CELLS[K, L], LABEL)


def end(K: int, L: int) -> Fraction:
    """The x from which on the shipped bound of a cell has zero weights optimal, rounded up."""
    x = CELLS[K, L]
    found = zero_from(L, x, (K - rows()[K, L, x].lower * x) / 2)
    assert found is not None
    return found


def end_of_pairs(K: int, L: int) -> Fraction:
    """The same of pairs of classes, rounded down."""
    return power_root(collapse_power(L) * Fraction(K ** (L + 1), pair_power(K, L)), L + 1)[0]


def _zero_optimal(budget: Budget) -> Verdict:
    comparisons = []
    most: dict[int, Fraction] = dict.fromkeys(LAYERS, Fraction(0))
    for K, L in CELLS:
        what = f"x_e at most, by the certificate and by pairs, ({K}, {L})"
        comparisons.append(Comparison(end(K, L), "<", end_of_pairs(K, L), what=what))
        most[L] = max(most[L], end(K, L) / collapse_ends(L)[0])
    words = ", ".join(f"{float(share):.3f} x* at L = {L}" for L, share in most.items())
    certificates = [certificate(rows()[K, L, x].file) for (K, L), x in CELLS.items()]
    return by_derivation(f"For 3 to 15 classes zero weights are optimal from {words} on.", comparisons, certificates)


ZERO_WEIGHTS = (
    Claim(
        LABEL,
        "From two to seven layers zero weights are optimal from an x_e on that is below that of pairs of classes, for "
        "every K >= 3.",
        Regime((Part(From(3), Only(LAYERS), EVERY, width=None),)),
        "ours",
        (
            *SPECTRA,
            derivations.deep_spectra,
            derivations.threshold,
            derivations.direct_sum,
            derivations.beyond,
            derivations.zero_weights,
        ),
        _zero_optimal,
        Expected(Status.PROVED),
        needs=tuple(need(K, L, x) for (K, L), x in CELLS.items()),
    ),
)
