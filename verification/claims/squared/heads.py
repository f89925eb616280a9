"""Claims settled by a head: one exact witness for every depth and every Lambda below collapse."""

from fractions import Fraction
from math import comb, isqrt

from dufm.solvers.heads.readout import rational_factors
from dufm.theory import derivations
from dufm.theory.rational import matrix, squared_norm
from dufm.theory.squared.cuts import best_size, cut_head
from dufm.theory.squared.head import Head
from dufm.theory.squared.head32 import least_head, three_neuron_head
from dufm.theory.squared.looped import complete_head, hub_graph_head
from dufm.theory.squared.srg import classes
from dufm.theory.squared.srg import head as srg_head
from dufm.theory.squared.structure import as_fraction_ball
from dufm.verification.base.certificate import Certificate, head_certificate
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import BELOW, Edges, From, Only, Part, Regime, Wide
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict


def head_witness(head: Head, L_from: int, claim: str) -> tuple[Certificate, Comparison]:
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


THREE = Regime((Part(Only((3,)), From(4), BELOW),))
FOUR_LAYERS = Regime((Part(From(3), From(4), BELOW),))
THREE_LAYERS = Regime((Part(From(7), From(3), BELOW),))
AS_CUTS = Wide("C(r, ceil(r/2))", lambda K: comb(r := (1 + isqrt(1 + 8 * K)) // 2, (r + 1) // 2))
CUTS = Regime((Part(Edges(5), From(3), BELOW, AS_CUTS),))
NEURONS = {6: 13, 10: 35, 15: 41, 21: 127}
AS_SIGNS = Wide("13, 35, 41, 127", NEURONS.__getitem__)
LOOPED = Regime((Part(Only(tuple(NEURONS)), From(4), None, AS_SIGNS),))
# From where on the looped heads beat DNC.
LOOPED_WIN = Regime((Part(Only((6, 10)), From(4), BELOW, AS_SIGNS), Part(Only((15, 21)), From(3), BELOW, AS_SIGNS)))

THREE_CLASSES = Claim(
    "three-classes",
    "Low rank beats DNC already for three classes.",
    THREE,
    "ours",
    (derivations.dnc, derivations.head, derivations.reductions),
    _three_classes,
    Expected(Status.PROVED),
    says="low rank",
    needs=THREE.heads(),
)

HEADS = (
    THREE_CLASSES,
    Claim(
        "four-layers",
        "DNC is not globally optimal for any K >= 3 from four layers on.",
        FOUR_LAYERS,
        "ours; SML24 for K = r(r-1)/2",
        (derivations.dnc, derivations.direct_sum, THREE_CLASSES, derivations.head, derivations.reductions),
        _four_layers,
        Expected(Status.PROVED),
        says="low rank",
        needs=FOUR_LAYERS.heads(),
    ),
    Claim(
        "three-layers",
        "DNC is not globally optimal for any K >= 7 from three layers on.",
        THREE_LAYERS,
        "ours",
        (derivations.dnc, derivations.direct_sum, derivations.head, derivations.reductions),
        _three_layers,
        Expected(Status.PROVED),
        says="low rank",
        needs=THREE_LAYERS.heads(),
    ),
    Claim(
        "cuts-win-at-3",
        "The SRG's own features, read out by cuts of the vertices, beat DNC from three layers on.",
        CUTS,
        "ours",
        (derivations.dnc, derivations.cuts, derivations.head, derivations.reductions, derivations.srg),
        _cuts,
        Expected(Status.PROVED),
        says="low rank",
        needs=CUTS.heads(3),
    ),
    Claim(
        "cuts-vanish",
        "C / K tends to 0 already at three layers: DNC becomes arbitrarily bad.",
        Regime((Part(Edges(5), From(3), None, AS_CUTS),), "r -> infinity"),
        "ours; SML24 has L >= 4",
        (derivations.dnc, derivations.cuts, derivations.head, derivations.reductions, derivations.srg),
        _cuts_vanish,
        Expected(Status.PROVED),
    ),
    Claim(
        "looped-beats-srg",
        "Complete looped graphs cost less than the SRG of the same K.",
        LOOPED,
        "ours",
        (derivations.dnc, derivations.head, derivations.srg, derivations.reductions),
        _looped,
        Expected(Status.PROVED),
        needs=LOOPED_WIN.heads(2),
    ),
)
