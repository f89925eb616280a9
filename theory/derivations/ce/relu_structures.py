"""relu layers under cross-entropy: edges, halves and two heads in small integers, and where they beat DNC."""

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.ce.relu import Rival, block_power, edges, edges_power, halves, halves_power, rival_power, small_head
from dufm.theory.derivations.squared.srg import nuclear_norm_is_below
from dufm.theory.proof.checks import Check, all_of, compared, every, identical, inference, instances, positive_beyond
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction
from dufm.theory.squared.srg import classes, nuclear_bound, nuclear_norm

r = sp.Symbol("r", positive=True)
p = sp.Symbol("p", positive=True, integer=True)
M, M_t, J, ONES = letters("M M^T J O")
# (K, L) of the heads in small integers.
HEADS: dict[Rival, tuple[tuple[int, int], ...]] = {"dnc": ((3, 5), (5, 4)), "nc2": ((6, 5), (8, 4))}
SIZES = (3, 4)


def _edges_margins(order: int) -> bool:
    """Z = M^T M - J: 1 on the diagonal, 0 for edges that share a vertex, -1 for disjoint ones."""
    layers = edges(order)
    neck = layers.factors[1] * layers.factors[0]
    ones = fmpq_mat(layers.K, layers.K, [fmpq(1)] * layers.K**2)
    return layers.logits == neck.transpose() * neck - ones and layers.least_margin == 1


def _halves_margins(size: int) -> bool:
    """Z is p C(2p-2, p-2) on the diagonal, 0 for edges that share a vertex, negative for disjoint ones."""
    layers = halves(size)
    z = layers.logits
    off = {z[i, k] for i in range(layers.K) for k in range(layers.K) if i != k}
    own = {fraction(z[k, k]) for k in range(layers.K)}
    return max(off) == 0 > min(off) and own == {layers.least_margin} and layers.whole_power == halves_power(size)


def heads_win(rival: Rival) -> Check:
    def holds(case: tuple[int, int]) -> bool:
        layers = small_head(*case)
        return layers.wins_at_more_classes(rival) and layers.wins_at_more_layers(rival)

    said = ", ".join(f"K = {K}, L = {L}: B = {_above(small_head(K, L).power)}" for K, L in HEADS[rival])
    return every(HEADS[rival], holds, f"exact weights, logits I, at more classes and layers too; {said}")


def _above(value: object) -> sp.Expr:
    return sp.ceiling(sp.Rational(str(value)))


def ce_relu_structures() -> Derivation:
    """Edges at L >= 3, halves at L = 2, heads of 3 and 5 classes: margins >= 1 for less than collapse pays."""
    K, half = classes(r), p * (2 * p - 1)
    entries = K * r / 4
    at_vertex = (r - 1) / 2 - (K - (r - 1)) / 2
    whole = nuclear_bound(r) * r * entries
    bound = nuclear_bound(r) * edges_power(r)
    inside, crossing, none = sp.binomial(2 * p - 2, p - 2), sp.binomial(2 * p - 2, p - 1), sp.binomial(2 * p - 4, p - 3)
    nuclear = sp.binomial(2 * p, p) * p * (p - 1) * (2 * p - 1)
    readout = half * (inside * p**2 + 2 * crossing * (p - 2) ** 2) / (p * inside) ** 2
    product, square_part = halves_power(p), 3 * p**2 - 9 * p + 8
    spare = p * (2 * p + 1) * (p - 1) ** 2 - 2 * (2 * p - 1) * square_part
    return Derivation(
        name="ce-relu-structures",
        title="Cross-entropy with relu layers: low rank that beats collapse",
        source="ours; the suboptimality of deep collapse from four layers on was known for more classes (Garrod and "
        "Keating, arXiv 2410.23169, Theorem 7, quoted second-hand)",
        states="With relu layers, cross-entropy and every n and positive strengths, no DNC configuration, narrow or "
        "broad, other than zero weights is a global minimiser for L = 2, K >= 15; L = 3, K >= 6; L = 4, K >= 5; L >= "
        "5, K >= 3. Products relative to collapse's tend to 0 like 16/r^2 at L = 3 (edges, K = r(r-1)/2), like 6/p at "
        "L = 2 (halves, K = p(2p-1)). Widths: those of the structures, plus the classes added.",
        steps=(
            Step(
                "Edges: K = r(r-1)/2 classes on the edges of the complete graph, features M (r x K, ones at both "
                "ends), L - 2 layers I_r, readout M^T - O/2, O all ones. Every column of M adds up to 2, so O M = 2 J "
                "and Z = M^T M - J: 1 on the diagonal, 0 where edges share a vertex, -1 where they do not. Margins 1 "
                "and 2, Z_kk = 1.",
                (),
                all_of(
                    same_words((M_t - ONES / 2) * M, M_t * M - J, {ONES * M: 2 * J}),
                    inference("M^T M counts common ends", "derivation srg", "derivation ce-relu-margins"),
                    spots=[instances((4, 5, 6), _edges_margins, "exact matrices, r = 4, 5, 6")],
                ),
                "edges",
            ),
            Step(
                "Its readout has K r entries +-1/2; a vertex has r - 1 edges. Centred: K r/4 less r column sums "
                "squared over K, which is (r-1)(r-2). So B = nu^2 r (r-1)(r-2) at L = 3, nu^2 = ||M||_*^2 <= r^2 "
                "(r-1).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(entries) - r * at_vertex**2 / K, (r - 1) * (r - 2)),
                    identical(r * sp.UnevaluatedExpr((r - 1) * (r - 2)), edges_power(r)),
                    nuclear_norm_is_below(),
                    inference("the norms of its factors", "edges", "derivation srg"),
                ),
                "edges cost",
            ),
            Step(
                "Against K^3 (K-1): at most 16/(r^2 - 1) of it, below 1 for r >= 5. With the readout as it is the "
                "product is at most K^4 for r >= 4. At r = 4 exactly: 24 nu^2 = 24 (24 + 12 sqrt 3) < 1080.",
                (),
                all_of(
                    identical(bound / sp.UnevaluatedExpr(rival_power("dnc", K, 3)), 16 / (r**2 - 1)),
                    positive_beyond(r**2 - 1, r, 5, than=16),
                    identical(block_power("dnc", K, 3) - whole, r**4 * (r - 1) ** 2 / 16 * ((r - 1) ** 2 - 2 * r)),
                    positive_beyond((r - 1) ** 2, r, 4, than=2 * r),
                    compared(
                        sp.Lt(sp.UnevaluatedExpr(nuclear_norm(4) ** 2 * edges_power(4)), 1080, evaluate=False), "6^3 5"
                    ),
                    inference("B against what collapse pays", "edges cost", "derivation ce-relu-collapse"),
                ),
                "edges win",
            ),
            Step(
                "Halves: r = 2p vertices, neuron S (a p-subset) reads 1 on edges inside S, 0 on crossing ones, -1 "
                "outside, and ||P_2||_*^2 = C(2p, p) p (p-1)(2p-1). Read out by p on edges inside S, -(p-2) on "
                "crossing ones, 0 outside, Z is p C(2p-2, p-2) on the diagonal, 0 for edges that share a vertex and "
                "-(p-1) C(2p-4, p-3) for disjoint ones.",
                (),
                all_of(
                    identical(sp.binomial(2 * p - 3, p - 3) * p - sp.binomial(2 * p - 3, p - 2) * (p - 2), 0),
                    identical(sp.binomial(2 * p - 4, p - 4) * p - 2 * none * (p - 2), -(p - 1) * none),
                    inference("S contains f: how many meet e in 2, 1, 0 vertices", "derivation halves"),
                    spots=[instances(SIZES, _halves_margins, "exact matrices, p = 3, 4")],
                ),
                "halves",
            ),
            Step(
                "So at least margin 1, and with Z_kk = 1, ||U||^2 is as shown, and B with the readout as it is is 2p "
                "(2p-1)^3 (3p^2 - 9p + 8)/(p-1).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(nuclear) * readout, product),
                    inference("edges inside S are C(2p-2, p-2) for each S, crossing ones twice C(2p-2, p-1)", "halves"),
                ),
                "halves cost",
            ),
            Step(
                "Against K^2 (K-1), K = p(2p-1): below it for p >= 3, so below K^3; the quotient tends to 0 like 6/p.",
                (),
                all_of(
                    identical(rival_power("dnc", half, 2) - product, p * (2 * p - 1) ** 2 / (p - 1) * spare),
                    positive_beyond(spare, p, 3),
                    identical(sp.Limit(p * product / rival_power("dnc", half, 2), p, sp.oo), 6),
                    inference("B against what collapse pays", "halves cost", "derivation ce-relu-collapse"),
                ),
                "halves win",
            ),
            Step(
                "Heads in small integers (V, W) of 3 and 5 classes, U the pseudo-inverse of relu(W V).",
                (),
                all_of(heads_win("dnc"), inference("exact weights", "derivation ce-relu-margins")),
                "heads",
            ),
            Step(
                "More classes and more layers, by ce-relu-sums: halves of 15 classes at L = 2; edges of K_4, rank 4, "
                "at L >= 3; the heads of 5 classes at L >= 4 and of 3 at L >= 5.",
                (),
                all_of(
                    compared(sp.Lt(sp.UnevaluatedExpr(sp.Integer(4)), classes(sp.Integer(4)), evaluate=False), "4 < 6"),
                    identical(sp.Subs(half, p, 3), 15),
                    inference(
                        "wins go on to more classes and layers",
                        "edges win",
                        "halves win",
                        "heads",
                        "derivation ce-relu-sums",
                    ),
                ),
            ),
        ),
    )
