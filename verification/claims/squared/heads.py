"""Claims settled by a head: one exact witness for every depth and every Lambda below collapse."""

from fractions import Fraction

from dufm.solvers.heads.readout import rational_factors
from dufm.theory import derivations
from dufm.theory.rational import matrix, squared_norm
from dufm.theory.squared.cuts import best_size, cut_head
from dufm.theory.squared.head import Head
from dufm.theory.squared.head32 import least_head, three_neuron_head
from dufm.theory.squared.looped import complete_head, hub_graph_head
from dufm.theory.squared.srg import TriangularGraph, classes
from dufm.theory.squared.srg import head as srg_head
from dufm.theory.squared.structure import as_fraction_ball
from dufm.verification.base.certificate import head_certificate
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict


def head_witness(head: Head, L_from: int, claim: str) -> tuple[dict, Comparison]:
    """The certificate of a head, and its comparison h q^(L-3) < K^(L+1) at the least depth claimed."""
    first, second = rational_factors(head)
    h = Fraction(1)
    for factor in (first, second, head.W, head.U):
        h *= squared_norm(matrix(factor))
    found = {"construction": f"{head.W.nrows()} neurons on a rank-{head.q} neck, exact rationals"}
    certificate = head_certificate(head.K, L_from, first, second, head.W, head.U, claim, found)
    stated = Fraction(head.K ** (L_from + 1), head.q ** (L_from - 3))
    return certificate, Comparison(h, "<", stated, what=f"h of the rank-{head.q} head for K = {head.K}")


def _three_classes(budget: Budget) -> Verdict:
    certificate, comparison = head_witness(three_neuron_head(), 4, "three-classes")
    low, high = as_fraction_ball(least_head())
    least = Comparison((low + high) / 2, "<", Fraction(243, 2), what="least h of the four-neuron family, exact root")
    sentence = f"h < 243/2 at rank 2, so C < 3 at every L >= 4; least h of the family {float(high):.9f}."
    return by_derivation(sentence, [comparison, least], [certificate])


def _four_layers(budget: Budget) -> Verdict:
    certificate, comparison = head_witness(three_neuron_head(), 4, "four-layers")
    sentence = "The K = 3 head as one block, DNC on the other classes: lower than DNC at equal x."
    return by_derivation(sentence, [comparison], [certificate])


def _three_layers(budget: Budget) -> Verdict:
    certificate, comparison = head_witness(hub_graph_head(), 3, "three-layers")
    sentence = "K_4 with one loop, 7 neurons: h < 7^4 at rank 4, so C < 7 at every L >= 3; direct sums do the rest."
    return by_derivation(sentence, [comparison], [certificate])


def _looped(budget: Budget) -> Verdict:
    comparisons, certificates = [], []
    for q in (3, 4, 5, 6):
        head = complete_head(q)
        certificate, wins = head_witness(head, 3 if q >= 5 else 4, "looped-beats-srg")
        # Ranks q < q + 1, so a smaller h q^(L-3) at L = 4 stays smaller at every L >= 4.
        srg = Fraction(str(srg_head(q + 1).evalf(40))) * (q + 1)
        less = Comparison(head.h_above * q, "<", srg, what=f"C^5 at L = 4 against the SRG's, K = {classes(q + 1)}")
        comparisons += [wins, less]
        certificates.append(certificate)
    sentence = (
        "The same K at one rank less: lower cost than the SRG at every L >= 4; from K = 15 on below DNC at L = 3."
    )
    return by_derivation(sentence, comparisons, certificates)


def _cuts(budget: Budget) -> Verdict:
    comparisons, certificates = [], []
    for order in (5, 6, 7):
        certificate, comparison = head_witness(cut_head(order, best_size(order)), 3, "cuts-win-at-3")
        comparisons.append(comparison)
        certificates.append(certificate)
    sentence = (
        "h/K^4 is below a rational function of r that is below 1 for every r >= 5; certificates for K = 10, 15, 21."
    )
    return by_derivation(sentence, comparisons, certificates)


def _cuts_vanish(budget: Budget) -> Verdict:
    return by_derivation("h/K^4 is below a rational function of r that tends to 0 like 32/r^2.")


THREE_CLASSES = Claim(
    "three-classes",
    "Low rank beats DNC already for three classes.",
    "K = 3, every L >= 4, width >= 3, every Lambda below collapse",
    "ours",
    (derivations.dnc, derivations.head, derivations.reductions),
    _three_classes,
    Expected(Status.PROVED),
    settles=lambda K, L: "low rank" if K == 3 and L >= 4 else None,
)

HEADS = (
    THREE_CLASSES,
    Claim(
        "four-layers",
        "DNC is not globally optimal for any K >= 3 from four layers on.",
        "every K >= 3, L >= 4, width >= K, every Lambda below collapse",
        "ours; SML24 for K = r(r-1)/2",
        (derivations.dnc, derivations.direct_sum, THREE_CLASSES, derivations.head, derivations.reductions),
        _four_layers,
        Expected(Status.PROVED),
        settles=lambda K, L: "low rank" if K >= 3 and L >= 4 else None,
    ),
    Claim(
        "three-layers",
        "DNC is not globally optimal for any K >= 7 from three layers on.",
        "every K >= 7, L >= 3, width >= K, every Lambda below collapse",
        "ours",
        (derivations.dnc, derivations.direct_sum, derivations.head, derivations.reductions),
        _three_layers,
        Expected(Status.PROVED),
        settles=lambda K, L: "low rank" if K >= 7 and L >= 3 else None,
    ),
    Claim(
        "cuts-win-at-3",
        "The SRG's own features, read out by cuts of the vertices, beat DNC from three layers on.",
        "K = r(r-1)/2, every r >= 5 and L >= 3, width >= C(r, ceil(r/2)), every Lambda below collapse",
        "ours",
        (derivations.dnc, derivations.cuts, derivations.head, derivations.reductions, derivations.srg),
        _cuts,
        Expected(Status.PROVED),
        settles=lambda K, L: "low rank" if L >= 3 and K >= 10 and TriangularGraph().valid(K, L) else None,
    ),
    Claim(
        "cuts-vanish",
        "C / K tends to 0 already at three layers: DNC becomes arbitrarily bad.",
        "r -> infinity, every L >= 3, width >= C(r, ceil(r/2))",
        "ours; SML24 has L >= 4",
        (derivations.dnc, derivations.cuts, derivations.head, derivations.reductions, derivations.srg),
        _cuts_vanish,
        Expected(Status.PROVED),
    ),
    Claim(
        "looped-beats-srg",
        "Complete looped graphs cost less than the SRG of the same K.",
        "K = 6, 10, 15, 21, every L >= 4, every Lambda below collapse",
        "ours",
        (derivations.dnc, derivations.head, derivations.srg, derivations.reductions),
        _looped,
        Expected(Status.PROVED),
    ),
)
