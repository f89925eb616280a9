"""The claim that low rank wins under leaky relus on whole intervals of the slope, from the shipped heads."""

from fractions import Fraction

from dufm.theory import derivations
from dufm.theory.rational import matrix, squared_norm
from dufm.theory.squared.leaky_heads import squared_readout
from dufm.verification.atlas.heads import ATLAS, Shipped, load_folder
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Repeats
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import BELOW, From, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.squared.variants import LEAKY

# (K, L) -> low rank wins for every slope from 0 up to this one. One bound holds on an interval of STEP.
UP_TO = {
    (3, 4): Fraction(1, 10),
    (3, 5): Fraction(33, 100),
    (6, 4): Fraction(27, 100),
    (6, 5): Fraction(1, 2),
    (10, 3): Fraction(17, 100),
    (10, 4): Fraction(42, 100),
    (10, 5): Fraction(3, 5),
    (12, 3): Fraction(1, 5),
    (12, 4): Fraction(49, 100),
    (12, 5): Fraction(67, 100),
}
STEP = Fraction(1, 100)


def neck_and_neurons(head: Shipped) -> Fraction:
    """||A||^2 ||B||^2 ||W||^2 of a shipped head: what its h is without the readout."""
    rows = next(f for f in head.certificate["witness"] if f["name"] == "U")
    return head.h / squared_norm(matrix([[Fraction(n, rows["den"]) for n in row] for row in rows["rows"]]))


def cheapest_at(head: Shipped, L: int, up_to: Fraction) -> Fraction | None:
    """A bound of C^(L+1) that holds at every slope from 0 to `up_to`; None where it is above K^(L+1) somewhere."""
    before, most, low = neck_and_neurons(head) * head.q ** (L - 3), Fraction(0), Fraction(0)
    while low < up_to:
        high = min(low + STEP, up_to)
        bound = squared_readout(head.V, head.W, low, high)
        if bound is None or before * bound >= Fraction(head.K) ** (L + 1):
            return None
        most, low = max(most, before * bound), high
    return most


def _intervals(budget: Budget) -> Verdict:
    heads, comparisons = load_folder(ATLAS), []
    for (K, L), up_to in UP_TO.items():
        own = sorted((h for h in heads if h.K == K), key=lambda h: h.power(L))
        found = next((bound for bound in (cheapest_at(h, L, up_to) for h in own) if bound is not None), None)
        what = f"C^(L+1) of a head and of collapse, K = {K}, L = {L}, every slope up to {up_to}"
        # With no head the comparison fails: collapse is not below itself.
        comparisons.append(Comparison(Fraction(K) ** (L + 1) if found is None else found, "<", K ** (L + 1), what=what))
    told = ", ".join(f"({K}, {L}) {float(a):g}" for (K, L), a in UP_TO.items())
    return by_derivation(f"Low rank below collapse at every slope up to, (K, L): {told}.", comparisons)


LEAKY_HEADS = (
    Claim(
        "var-leaky-intervals",
        "Under a leaky relu heads of low rank cost less than collapse at every slope from 0 up to the ones listed.",
        Regime(
            tuple(Part(From(K), From(L), BELOW, None) for K, L in UP_TO),
            f"slopes from 0 to {', '.join(map(str, UP_TO.values()))} in this order, hidden widths >= the head's "
            "neurons and K; squared loss",
        ),
        "ours",
        (*LEAKY, derivations.leaky_heads),
        _intervals,
        Expected(Status.PROVED),
        repeats=Repeats(
            "leaky-heads",
            tuple((From(K), From(L)) for K, L in UP_TO),
            "collapse is not optimal at any strength below its own, at slope a, for every K >= K_0 and at every "
            "larger L",
        ),
    ),
)
