"""relu layers under cross-entropy: where edges, halves and heads beat everything that obeys NC2 alone."""

import sympy as sp

from dufm.theory.ce.relu import block_power, edges_power, halves, halves_power, rival_power
from dufm.theory.derivations.ce.relu_structures import heads_win, p, r
from dufm.theory.proof.checks import all_of, every, identical, inference, positive_beyond
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.squared.srg import classes, nuclear_bound

# Classes of the halves, and how many are left when one or two are taken out.
WHOLE = 28
TRUNCATED = (WHOLE - 2, WHOLE - 1)


def ce_relu_nc2_structures() -> Derivation:
    """Edges at L = 3, halves at L = 2, heads of 6 and 8 classes: margins >= 1 for less than NC2 pays."""
    K, half = classes(r), p * (2 * p - 1)
    # K - 1 as a product, so that differences are polynomials in r.
    own = 1 + (r - 2) * (r + 1) / 2
    whole, bound = nuclear_bound(r) * r * K * r / 4, nuclear_bound(r) * edges_power(r)
    product = halves_power(p)
    spare = (2 * p + 1) ** 3 * (p - 1) ** 4 - 2 * p * (2 * p - 1) ** 3 * (3 * p**2 - 9 * p + 8)
    cut = sp.Rational(str(halves(4).power))
    return Derivation(
        name="ce-relu-nc2-structures",
        title="Cross-entropy with relu layers: low rank that beats NC2 alone",
        source="ours",
        states="With relu layers, cross-entropy and every n and positive strengths, no configuration other than zero "
        "weights whose samples share one feature a class (NC1) and whose centred class features form a simplex (NC2, "
        "norms and means free), in every hidden layer 2 .. L, is a global minimiser for L = 2, K >= 26; L = 3, K >= "
        "10; L = 4, K >= 8; L >= 5, K >= 6. Widths: those of the structures, plus the classes added.",
        steps=(
            Step(
                "Against (K-1)^4 for r >= 5, with the readout as it is, too: K - 1 = (r-2)(r+1)/2.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(K - 1), (r - 2) * (r + 1) / 2),
                    positive_beyond(16 * sp.expand(rival_power("nc2", own, 3)), r, 5, than=16 * sp.expand(bound)),
                    positive_beyond(16 * sp.expand(block_power("nc2", own, 3)), r, 5, than=16 * sp.expand(whole)),
                    inference("B against what NC2 pays", "derivation ce-relu-structures", "derivation ce-relu-nc2"),
                ),
                "edges nc2",
            ),
            Step(
                "Halves against (K-1)^3, K - 1 = (2p+1)(p-1): below it for p >= 4, with the readout as it is.",
                (),
                all_of(
                    identical(rival_power("nc2", half, 2) - product, spare / (p - 1)),
                    positive_beyond(spare, p, 4),
                    inference("B against what NC2 pays", "derivation ce-relu-structures", "derivation ce-relu-nc2"),
                ),
                "halves win",
            ),
            Step(
                f"Against NC2 at L = 2, halves of {WHOLE} classes with one or two left out: B (K-1) K/({WHOLE - 1} "
                f"{WHOLE}) < (K-1)^3.",
                (),
                all_of(
                    every(
                        TRUNCATED,
                        lambda k: cut * k * (k - 1) / (sp.Integer(WHOLE) * (WHOLE - 1)) < rival_power("nc2", k, 2),
                        f"B = {cut}, the readout centred; K = {TRUNCATED[0]}, {TRUNCATED[1]}",
                    ),
                    inference("B/(K (K-1)) does not fall as K grows", "halves win", "derivation ce-relu-sums"),
                ),
                "truncated",
            ),
            Step(
                "Heads in small integers (V, W) of 6 and 8 classes, U the pseudo-inverse of relu(W V).",
                (),
                all_of(heads_win("nc2"), inference("exact weights", "derivation ce-relu-margins")),
                "heads",
            ),
            Step(
                "More classes and more layers, by ce-relu-sums: halves of 28 classes at L = 2, edges of K_5 at L = 3, "
                "the heads of 8 at L >= 4 and of 6 at L >= 5.",
                (),
                all_of(
                    identical(sp.Subs(half, p, 4), WHOLE),
                    identical(sp.Subs(K, r, 5), 10),
                    inference(
                        "wins go on to more classes and layers",
                        "edges nc2",
                        "halves win",
                        "heads",
                        "truncated",
                        "derivation ce-relu-sums",
                    ),
                ),
            ),
        ),
    )
