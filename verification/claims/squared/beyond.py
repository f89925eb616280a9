"""The claim on strengths beyond collapse: low rank beats zero weights where DNC no longer does."""

from fractions import Fraction

from dufm.theory import derivations
from dufm.theory.rational import fraction
from dufm.theory.squared.beyond import outliving
from dufm.theory.squared.phi import collapse_threshold, phi, power_root
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, From, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

CELLS = ((3, 4), (6, 4), (10, 3), (15, 2), (15, 7))
NEAR = Fraction(999_999, 1_000_000)


def _beyond(budget: Budget) -> Verdict:
    comparisons, words = [], []
    for K, L in CELLS:
        found = outliving(K, L)
        if found is None:
            return Verdict(Status.REFUTED, f"no structure of at most {K} classes costs less than DNC at L = {L}")
        x = NEAR * found.share * power_root(fraction(collapse_threshold(L) ** (L + 1)), L + 1)[0]
        # The loss of k classes at strength Lambda = x / k and cost C = k / share.
        loss = phi(L, x / found.share)[1]
        what = f"loss of {found.structure} just below its end, K = {K}, L = {L}"
        comparisons.append(Comparison(loss, "<", Fraction(1, 2), what=what))
        words.append(f"{float(found.share):.3f} at K = {K}, L = {L}")
    sentence = f"Structures of cost C < k beat zero weights up to x* k / C; k / C is at least {', '.join(words)}."
    return by_derivation(sentence, comparisons)


BEYOND = (
    Claim(
        "beyond-collapse",
        "Zero weights are not optimal at any x = K Lambda < x* k / C for a structure for k <= K classes of cost C.",
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
