"""The shipped heads, each re-checked in exact arithmetic, and the depths they prove."""

from dufm.theory import derivations
from dufm.theory.stated import ProblemError
from dufm.verification.atlas.heads import ATLAS, least_depths, load_folder
from dufm.verification.base.certificate import CertificateError
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import BELOW, From, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

# Depth from which on DNC is never optimal for K classes and more; the heads may be wider than K.
REGIME = Regime((Part(From(3), From(4), BELOW, width=None), Part(From(7), From(3), BELOW, width=None)))
STATED = {part.K.least: part.L.least for part in REGIME.parts if isinstance(part.K, From) and isinstance(part.L, From)}


def _frontier(budget: Budget) -> Verdict:
    try:
        heads = load_folder(ATLAS)
    except (ProblemError, CertificateError) as error:
        return Verdict(Status.REFUTED, f"a shipped head fails: {error}")
    if not heads:
        return Verdict(Status.UNDECIDED, f"no heads are shipped in {ATLAS.name}")
    depths = least_depths(heads)
    comparisons = [
        Comparison(depths.get(K, 10**6), "<=", L, what=f"least depth of the shipped heads for K = {K}")
        for K, L in STATED.items()
    ]
    comparisons += [
        Comparison(
            head.power(head.L_from), "<", head.K ** (head.L_from + 1), what=f"C^(L+1), K = {head.K}, q = {head.q}"
        )
        for head in heads
    ]
    at_three = [head for head in heads if head.L_from == 3]
    least = min(at_three, key=lambda head: head.h / head.K**4)
    sentence = (
        f"{len(heads)} exact heads for K = {heads[0].K}..{heads[-1].K} accepted; {len(at_three)} of them win at three "
        f"layers, the best with (C/K)^4 = {float(least.h / least.K**4):.4f} at K = {least.K}."
    )
    verdict = by_derivation(sentence, comparisons, [head.certificate for head in heads])
    verdict.details["never_optimal_from"] = {str(K): L for K, L in depths.items()}
    verdict.details["heads"] = [[head.K, head.q, head.L_from, float(head.h)] for head in heads]
    return verdict


FRONTIER = (
    Claim(
        "frontier",
        "Every head of the atlas beats DNC at each depth from its L_from on: DNC is never optimal for K >= 3 classes "
        "from L = 4 on, nor for K >= 7 from L = 3 on.",
        REGIME,
        "ours",
        (derivations.dnc, derivations.head, derivations.reductions, derivations.direct_sum),
        _frontier,
        Expected(Status.PROVED),
        says="low rank",
        needs=(*REGIME.heads(), {"kind": "head"}),
    ),
)
