"""relu layers under cross-entropy: wins go on to more classes and more layers, fewer cost less."""

from fractions import Fraction
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.ce.relu import MarginLayers, block_power, edges, rival_power, small_head
from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.proof.checks import all_of, identical, inference, instances, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import AM_GM, not_negative, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import block_diagonal, fraction, identity, matrix, squared_norm

K, K_0, L, n, alpha, rho, A, B = sp.symbols("K K_0 L n alpha rho A B", positive=True)
b, size, other, a = sp.symbols("b U p a", positive=True)
sums, more = sp.symbols("S w", nonnegative=True)
F, G, H, M = letters("F G H M")


def _fewer_rows(rng: Random) -> bool:
    """||X||^2 - |x_k|^2 K/(K-1) is what X, columns adding to 0, keeps without row k once its columns add to 0 again."""
    rows, columns = rng.randint(3, 6), rng.randint(1, 4)
    X = _centred(random_matrix(rng, rows, columns))
    kept = _centred(fmpq_mat(rows - 1, columns, [X[i, j] for i in range(1, rows) for j in range(columns)]))
    gone = sum((fraction(X[0, j]) ** 2 for j in range(columns)), Fraction(0))
    return squared_norm(kept) == squared_norm(X) - gone * Fraction(rows, rows - 1)


def _centred(X: fmpq_mat) -> fmpq_mat:
    ones = matrix([[1] * X.nrows()])
    return X - ones.transpose() * (ones * X) * fmpq(1, X.nrows())


def _beside_singles(case: tuple[MarginLayers, int]) -> bool:
    """Direct sums with single classes: the least margin, and the centred readout as the sum of its blocks' parts."""
    layers, more_classes = case
    classes = layers.K + more_classes
    factors = [block_diagonal([factor, identity(more_classes)]) for factor in layers.factors]
    joined = MarginLayers.of(*factors)
    whole = squared_norm(joined.factors[-1])
    ones = matrix([[1] * classes])
    last = whole - squared_norm(ones * joined.factors[-1]) / classes
    own = matrix([[1] * layers.K])
    parts = squared_norm(layers.factors[-1]) - squared_norm(own * layers.factors[-1]) / classes
    apart = parts + more_classes * (1 - Fraction(1, classes))
    return joined.least_margin == min(layers.least_margin, 1) and last == apart


CASES = ((edges(4), 1), (edges(4), 3), (small_head(3, 5), 2), (small_head(5, 4), 4))


def ce_relu_sums() -> Derivation:
    """Direct sums with single classes, identities between layers, and classes left out."""
    line = K_0 ** (L + 1) * (1 - 1 / K) - b * (size - sums / K)
    at_own, at_many = line.subs(K, K_0), line.subs(1 / K, 0)
    held, shifted = n * rival_power("dnc", K, L) * alpha**2, n * rival_power("nc2", K, L) * alpha**2
    in_block = rho * (K_0 / K) ** (L + 1) * A / (n * B)
    # K_0 - 1 and K - 1 as positive symbols.
    small, large = sp.symbols("k_0 k_1", positive=True)
    in_small = rho * (small / large) ** (L + 1) * A / (n * B)
    third = sp.Symbol("k", positive=True)
    return Derivation(
        name="ce-relu-sums",
        title="Cross-entropy with relu layers: more classes, more layers, fewer classes",
        source="ours",
        states="A win of factors with margins >= 1 at K_0 classes and L layers, as in ce-relu-margins, is one at "
        "depth L for every larger K (widths grow by K - K_0) if Z_kk >= 1 for all k and the product with the readout "
        "as it is is at most K_0^(L+1) against DNC, (K_0 - 1)^(L+1) against NC2; and at every larger L if a hidden "
        "layer 2 .. L has at most K_0 neurons, K_0 - 1 against NC2. At fixed L the least product over K (K-1) does "
        "not fall as K grows.",
        steps=(
            Step(
                "Beside the block of K_0 classes stand K - K_0 single classes with identities as factors: the logits "
                "are block-diagonal. Margins within the block are >= 1, those of its classes towards others Z_kk - 0 "
                ">= 1, those of single classes 1 - 0.",
                (),
                all_of(
                    same_words((F + G) * (H + M), F * H + G * M, {F * M: 0, G * H: 0}),
                    identical(sp.UnevaluatedExpr(1 + more) - 0, 1 + more),
                    inference("margins of block-diagonal logits", "derivation ce-relu-margins"),
                    spots=[instances(CASES, _beside_singles, "margins and centred norms of sums, exact matrices")],
                ),
                "blocks",
            ),
            Step(
                "Blocks have columns of their own in the last factor, so its centred squared norm is the sum of U - "
                "S/K, U = ||U_1||^2 and S = |1^T U_1|^2 of the block, and of (K - K_0)(1 - 1/K) from the single "
                "classes.",
                (),
                all_of(
                    identical((K - K_0) * sp.UnevaluatedExpr(1 - 1 / K), (K - K_0) - (K - K_0) / K),
                    inference("|x|^2 - (sum x)^2/K, column by column", "blocks", "derivation ce-relu-margins"),
                ),
                "readout",
            ),
            Step(
                "Against DNC let a_i multiply to n K^L (K-1) alpha^2 (lower a_0 if need be). Single classes take the "
                "share (K - K_0)/K of each a_i: identities of squared scale a_i/K, the last a_L/(K-1), so their "
                "output is alpha.",
                (),
                all_of(
                    identical((K - K_0) * sp.UnevaluatedExpr(a / (K - 1)) * (1 - 1 / K), (K - K_0) / K * a),
                    identical(sp.UnevaluatedExpr(held) / (n * K**L * (K - 1)), alpha**2),
                    inference("scales of single classes", "readout"),
                ),
                "singles",
            ),
            Step(
                "The block takes the share K_0/K, its first factor rho times that. Its output is alpha for rho = "
                "B_K/(K_0^(L+1) (1 - 1/K)), B_K its product with U - S/K. All norms are those of the collapsed "
                "network, or less if rho < 1.",
                (),
                all_of(
                    identical(in_block.subs(A, held).subs(rho, B / (K_0 ** (L + 1) * (1 - 1 / K))), alpha**2),
                    identical(sp.UnevaluatedExpr(K_0 / K) + (K - K_0) / K, 1),
                    inference("scales of the block", "singles", "blocks"),
                ),
                "block",
            ),
            Step(
                "rho < 1 says that the line in 1/K shown is positive. It is a mean of its values at 1/K_0 and at 0, "
                "theta = K_0/K: positive at the first by the win at K_0, not negative at the second by the "
                "hypothesis.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(line), K_0 / K * at_own + (1 - K_0 / K) * (K_0 ** (L + 1) - b * size)),
                    identical(at_many, block_power("dnc", K_0, L) - b * size),
                    identical(sp.UnevaluatedExpr(at_own), rival_power("dnc", K_0, L) - b * (size - sums / K_0)),
                    inference("a mean of a positive number and one that is not negative", "block"),
                ),
            ),
            Step(
                "Against NC2 the a_i multiply to n (K-1)^(L+1) alpha^2, and the shares are (K - K_0)/(K-1) and (K_0 - "
                "1)/(K-1): identities of squared scale a_i/(K-1), the last of which needs less; the block's rho is "
                "B_K/(K_0 - 1)^(L+1) <= 1, since B_K <= b U.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(shifted) / (n * (K - 1) ** (L + 1)), alpha**2),
                    identical(in_small.subs(A, shifted.subs(K, large + 1)).subs(rho, B / small ** (L + 1)), alpha**2),
                    identical(sp.UnevaluatedExpr((K_0 - 1) / (K - 1)) + (K - K_0) / (K - 1), 1),
                    identical(a - sp.UnevaluatedExpr(1 - 1 / K) * a, a / K),
                    signed(a / K, "what the last identity leaves"),
                    signed(b * sums / K, "b U - B_K"),
                    inference("shares and scales", "blocks", "readout"),
                ),
            ),
            Step(
                "Depth: features are >= 0, so relu(I_q F) = F, and I_q put behind a hidden layer of q neurons "
                "multiplies the product by q; both bounds grow by K, or by K - 1 against NC2.",
                (),
                all_of(
                    identical(rival_power("dnc", K, L + 1) / sp.UnevaluatedExpr(rival_power("dnc", K, L)), K),
                    identical(rival_power("nc2", K, L + 1) / sp.UnevaluatedExpr(rival_power("nc2", K, L)), K - 1),
                    identical(block_power("dnc", K, L + 1) / sp.UnevaluatedExpr(block_power("dnc", K, L)), K),
                    identical(block_power("nc2", K, L + 1) / sp.UnevaluatedExpr(block_power("nc2", K, L)), K - 1),
                    inference("the squared norm of I_q is q", "derivation ce-relu-margins"),
                ),
            ),
            Step(
                "Leaving out class k takes |h_k|^2 from ||H_1||^2, and from the centred readout X |x_k|^2 for its row "
                "and |x_k|^2/(K-1) when the rest is centred again, for the other rows add up to -x_k. As shares these "
                "add up to 1 and to K/(K-1) over k.",
                (),
                all_of(
                    identical(1 + sp.UnevaluatedExpr(1 / (K - 1)), K / (K - 1)),
                    inference("(K-1) |mean|^2 of K - 1 rows that add up to -x_k", "derivation ce-relu-margins"),
                    spots=[seeded(_fewer_rows, what="rows left out")],
                ),
                "left out",
            ),
            Step(
                "So the mean over k of p = (1 - u_k) K/(K-1) is 1, that of w = (1 - v_k)(K-1)/(K-2) too. Some k has p "
                "+ w <= 2, hence p w <= 1 by AM-GM: the product falls at least by (K-2)/K, that of (K-1)(K-2) over K "
                "(K-1) (K = k + 2).",
                (),
                all_of(
                    identical((1 - sp.UnevaluatedExpr(1 / K)) * (K / (K - 1)), 1),
                    identical((1 - sp.UnevaluatedExpr(1 / (third + 1))) * ((third + 1) / third), 1),
                    identical(sp.UnevaluatedExpr((K - 1) / K * ((K - 2) / (K - 1))), (K - 1) * (K - 2) / (K * (K - 1))),
                    quoted(AM_GM, not_negative(other, more)),
                    inference("a mean is not below its least member", "left out"),
                ),
            ),
        ),
    )
