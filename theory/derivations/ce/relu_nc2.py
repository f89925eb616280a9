"""relu layers under cross-entropy: what NC2 alone, centred features that form a simplex, pays for a mean margin."""

from itertools import combinations

import sympy as sp

from dufm.theory.derivations.ce.relu_collapse import pays
from dufm.theory.proof.checks import all_of, identical, inference, instances, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_SCHWARZ, LAGRANGE, quoted
from dufm.theory.proof.words import letters, same_words

K, L, n, t, t_1, alpha = sp.symbols("K L n t t' alpha", positive=True)
lost, gained, b = sp.symbols("u v k", nonnegative=True)
# J = K E, so E is the projector J/K, and C = 1 - E.
E, Q, T = letters("E Q T")
C = 1 - E


def ce_relu_nc2() -> Derivation:
    """prod ||factor||^2 >= n (K-1)^(L+1) alpha^2 for NC2 alone."""
    return Derivation(
        name="ce-relu-nc2",
        title="Cross-entropy with relu layers: what NC2 alone pays for a margin",
        source="ours",
        states="For every K >= 2, L >= 2, n, width and any activation that is non-decreasing and 1-Lipschitz: let the "
        "samples of a class share one feature in every hidden layer 2 .. L, F_l = M_l (x) 1_n^T, and let the centred "
        "features form a simplex, C M_l^T M_l C = c_l C, C = I - J/K. With alpha = tr(C Z)/(K-1) > 0 the squared "
        "norms of the L + 1 factors multiply to at least n (K-1)^(L+1) alpha^2.",
        steps=(
            Step(
                "NC2 alone, any non-decreasing 1-Lipschitz activation. Between two samples one coordinate differs by "
                "g before it and by f = u g after it, u >= 0 and v = 1 - u >= 0: f g >= f^2 and g^2 >= f^2 (k = g^2).",
                (),
                all_of(
                    identical(b * lost * sp.UnevaluatedExpr(lost + gained) - b * lost**2, b * lost * gained),
                    identical(
                        b * sp.UnevaluatedExpr(lost + gained) ** 2 - b * lost**2, b * gained * (2 * lost + gained)
                    ),
                    signed(b * lost * gained, "f g - f^2"),
                    signed(b * gained * (2 * lost + gained), "g^2 - f^2"),
                ),
                "lipschitz",
            ),
            Step(
                "Summed over pairs of samples (Lagrange's identity, and its polarisation) and over coordinates: <P "
                "C', F C'> >= ||F C'||^2 and ||P C'||^2 >= ||F C'||^2, C' centring over all samples. On collapsed "
                "features F C' = (M C) (x) 1^T, of squared norm n (K-1) t^2.",
                (),
                all_of(
                    quoted(LAGRANGE, spots=[instances(range(2, 6), _polarised, "sums of N = 2, ..., 5, symbolic")]),
                    identical(n * sp.UnevaluatedExpr(t**2 * K - t**2), n * (K - 1) * t**2),
                    inference("each pair of samples", "lipschitz"),
                ),
                "spread",
            ),
            Step(
                "Equal features have alpha = 0, so t > 0. Q = M C/t has Q^T Q = C and Q C = Q, so 1 - Q Q^T is its own "
                "square. First two factors: n (K-1) t^2/t <= <P, Q (x) 1^T> <= sqrt(n) ||H_1|| ||W_1||. Middle: "
                "||W||^2 >= ||W M C||^2/t^2 >= (K-1) t'^2/t^2. Last, as before: (K-1) alpha^2/t_L^2.",
                (),
                all_of(
                    same_words((1 - Q * T) * (1 - Q * T), 1 - Q * T, {T * Q: C, Q * E: 0}),
                    identical(sp.UnevaluatedExpr(n * (K - 1) * t) ** 2 / n, n * (K - 1) ** 2 * t**2),
                    quoted(CAUCHY_SCHWARZ),
                    inference("as in collapse, with centred features", "spread", "derivation ce-relu-collapse"),
                ),
                "simplex",
            ),
            Step(
                "Multiplied: n (K-1)^2 (K-1)^(L-2) (K-1) alpha^2 = n (K-1)^(L+1) alpha^2.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(n * (K - 1) ** 2 * t**2)
                        * (K - 1) ** (L - 2)
                        * ((K - 1) * alpha**2 / sp.UnevaluatedExpr(t) ** 2),
                        n * (K - 1) ** (L + 1) * alpha**2,
                    ),
                    inference("the t cancel from layer to layer", "simplex"),
                    spots=[seeded(lambda rng: pays("nc2", rng), 40, "networks with centred features on a simplex")],
                ),
            ),
        ),
    )


def _polarised(size: int) -> bool:
    """N sum x f - sum x sum f = sum over pairs of (x_a - x_b)(f_a - f_b)."""
    before, after = sp.symbols(f"x:{size}", real=True), sp.symbols(f"f:{size}", real=True)
    left = size * sum(u * v for u, v in zip(before, after, strict=True)) - sum(before) * sum(after)
    pairs = combinations(range(size), 2)
    return sp.expand(left - sum((before[i] - before[j]) * (after[i] - after[j]) for i, j in pairs)) == 0
