"""A bound at one strength is one at others: the theorem, and shipped bounds next to DNC's collapse, which carry far."""

from fractions import Fraction

from dufm.theory import derivations
from dufm.verification.base.certificate import Certificate
from dufm.verification.base.lower import lower_certificate
from dufm.verification.base.shipped_bounds import need
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, From, Only, Part, Regime, Strengths
from dufm.verification.claims.base.verdict import Status, Verdict
from dufm.verification.claims.squared.lower_bounds import CLASSES, GIVEN, SPECTRA, above_pairs

LABEL, COLLAPSE = "carried-bounds", "collapse-bounds"
# Just below DNC's collapse x*.
NEAR = {2: Fraction("0.39685"), 3: Fraction("0.272165")}
CELLS = tuple((K, L, x) for L, x in NEAR.items() for K in CLASSES)


def made(K: int, L: int) -> Certificate:
    """The bound near collapse made anew, in seconds."""
    return lower_certificate(K, L, NEAR[L], COLLAPSE, GIVEN[L])


def _near_collapse(budget: Budget) -> Verdict:
    return above_pairs(
        CELLS, "Next to collapse no weights go below these shares of DNC, {cells} cells: {least} at least."
    )


def _carried(budget: Budget) -> Verdict:
    return by_derivation("What bounds leave open at one x bounds what is open at every smaller x, and in between.")


CARRIED = (
    Claim(
        LABEL,
        "A lower bound of the least loss at one x = K Lambda is one at every other x, and for more classes.",
        Regime((Part(From(2), From(2), EVERY, width=None),)),
        "ours",
        (
            derivations.dnc,
            derivations.reductions,
            derivations.head,
            derivations.direct_sum,
            derivations.threshold,
            derivations.linear_network,
            derivations.two_classes,
            derivations.pairs,
            derivations.carried,
        ),
        _carried,
        Expected(Status.PROVED),
    ),
    Claim(
        COLLAPSE,
        "At two and three layers no weights, whatever their width, have a loss below the bounds listed just below "
        "DNC's collapse, each above that of pairs of classes; they carry to every smaller x.",
        Regime(tuple(Part(Only(tuple(CLASSES)), Only((L,)), Strengths(points=(x,))) for L, x in NEAR.items())),
        "ours",
        SPECTRA,
        _near_collapse,
        Expected(Status.PROVED),
        needs=tuple(need(*cell) for cell in CELLS),
    ),
)
