"""relu layers under cross-entropy: logits with every margin >= 1 and a smaller product beat collapse."""

import sympy as sp

from dufm.theory.ce.relu import rival_power
from dufm.theory.derivations.squared.lemmas import homogeneity
from dufm.theory.proof.checks import all_of, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words

K, L, n, alpha, B, rho, A, a_0, lam, spare = sp.symbols("K L n alpha B rho A a_0 lambda_H s", positive=True)
more, gap = sp.symbols("w y", nonnegative=True)
u, v, x = sp.symbols("u v x", real=True)
E = letters("E")[0]
COLLAPSE = "derivation ce-relu-collapse"


def ce_relu_margins() -> Derivation:
    """Factors with margins >= 1 and a smaller product beat collapse at every strength and n."""
    scale = rho * A / (n * B)
    slope = more * sp.exp(gap) / (1 + more * sp.exp(gap))
    dnc, nc2 = rival_power("dnc", K, L), rival_power("nc2", K, L)
    return Derivation(
        name="ce-relu-margins",
        title="Cross-entropy with relu layers: margins suffice",
        source="ours",
        states="Let factors B_0, ..., B_L (relu layers, K classes, n = 1) have logits with Z_kk - Z_jk >= 1 for all j "
        "!= k, and let B be the product of their squared norms, the last one centred. If B < K^L (K-1), then for "
        "every n, every width at least theirs and all positive strengths no DNC configuration, narrow or broad, other "
        "than zero weights is a global minimiser; if B < (K-1)^(L+1), no configuration with "
        "one feature a class that obeys NC2 alone (the hypotheses of ce-relu-nc2).",
        steps=(
            Step(
                "C B_L in place of B_L, C = I - J/K, takes the same number from all logits of a sample, so no margin "
                "changes, and its squared norm is ||B_L||^2 - |1^T B_L|^2/K, since C is a projector (E = J/K).",
                (),
                all_of(
                    same_words((1 - E) * (1 - E), 1 - E, {E * E: E}),
                    identical(sp.UnevaluatedExpr(u - x) - (v - x), u - v),
                ),
                "centred",
            ),
            Step(
                "Let a collapsed configuration have mean margin alpha > 0, squared norms a_i, A = prod a_i >= n K^L "
                "(K-1) alpha^2. Scale B_i, i >= 1, to squared norm a_i, and B_0, one column for each sample, to rho "
                "a_0. The output is Z times the root of rho A/(n B), which is alpha for rho = n alpha^2 B/A.",
                (),
                all_of(
                    homogeneity(),
                    identical(scale.subs(rho, n * alpha**2 * B / A), alpha**2),
                    inference("squared norms of factors are scaled, relu is homogeneous", "centred"),
                ),
                "scaled",
            ),
            Step(
                "rho <= B/(K^L (K-1)) < 1. With NC2 alone A >= n (K-1)^(L+1) alpha^2 and rho <= B/(K-1)^(L+1) < 1.",
                (),
                all_of(
                    identical((n * alpha**2 * B / A).subs(A, n * dnc * alpha**2), B / (K**L * (K - 1))),
                    identical((n * alpha**2 * B / A).subs(A, n * nc2 * alpha**2), B / (K - 1) ** (L + 1)),
                    inference(
                        "rho falls as A rises", "scaled", "derivation ce-relu-collapse", "derivation ce-relu-nc2"
                    ),
                ),
                "below one",
            ),
            Step(
                "The fit of alpha Z is at most log(1 + (K-1) e^(-alpha)), which is at most that of the collapsed "
                "configuration: a margin 1 + w becomes alpha (1 + w), and e^(-alpha (1 + w)) = e^(-alpha) e^(-alpha "
                "w).",
                (),
                all_of(
                    identical(sp.log(sp.exp(-alpha * (1 + more)) / sp.exp(-alpha)), -alpha * sp.UnevaluatedExpr(more)),
                    signed(alpha * more, "w >= 0"),
                    inference("log(1 + sum) rises with each term", "scaled", COLLAPSE),
                ),
                "fit",
            ),
            Step(
                "All terms of the regulariser agree but the first, lambda_H rho a_0 < lambda_H a_0: the loss is "
                "strictly smaller (rho = 1 - s; a_0 > 0, for A > 0).",
                (),
                all_of(
                    identical(lam * a_0 - lam * sp.UnevaluatedExpr((1 - spare) * a_0), lam * a_0 * spare),
                    signed(lam * a_0 * spare, "s > 0"),
                    inference("fit no larger, regulariser smaller", "fit", "below one"),
                ),
                "smaller",
            ),
            Step(
                "If alpha <= 0, the fit is at least log(1 + (K-1) e^(-alpha)) >= log K, the loss of zero weights, and "
                "the regulariser is positive unless all weights are zero (y = -alpha, K = 1 + w).",
                (),
                all_of(
                    identical(sp.log(1 + more * sp.exp(gap)).subs(gap, 0), sp.log(1 + more)),
                    identical(sp.diff(sp.log(1 + more * sp.exp(gap)), gap), slope),
                    signed(slope, "it rises from log K at alpha = 0"),
                    inference("so no configuration other than zero weights is left", "smaller", COLLAPSE),
                ),
                "all",
            ),
        ),
    )
