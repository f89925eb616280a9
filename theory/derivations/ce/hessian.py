"""Cross-entropy: the complete Hessian spectrum at collapse, its PSD threshold, orbits, gap and rank bound."""

import sympy as sp

from dufm.theory.ce.hessian import (
    K,
    L,
    alpha,
    b,
    d,
    matches_spectrum,
    mixed_block,
    parameters,
    spectrum,
    z,
)
from dufm.theory.derivations.ce.lemmas import (
    CASES,
    at_scale,
    determinant,
    diagonal_mode,
    layers,
    nonnegative,
    orbit_counts,
    softmax_form,
    trace_of_parts,
)
from dufm.theory.proof.checks import all_of, identical, inference, instances, named
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words

s, Q, t, v, x = sp.symbols("s Q t v x", positive=True)
lam, mu, sigma, C = sp.symbols("lambda mu sigma C", positive=True)
q = K - 1
M = L + 1


def _listing() -> str:
    """Every level with its value and how often it occurs; the mixed levels are those of the block B."""
    values = [str(z - level.factor) for level in spectrum()]
    values = [v if "z" not in v else "the eigenvalues of B" for v in values]
    return "; ".join(f"{v.name}: {x}, {v.count} times" for v, x in zip(spectrum(), values, strict=True))


def _levels() -> dict[str, sp.Expr]:
    return {level.name: sp.solve(level.factor, z)[0] for level in spectrum() if level.name != "diagonal and mean"}


def ce_hessian() -> Derivation:
    """All eigenvalues at collapse; PSD iff alpha >= K (L-1)/(L+1); what follows for orbits and ranks."""
    soft = 1 - K * b
    root = _levels()
    form = (alpha / K) * (1 + K * soft * (K - 1) / K)
    block = mixed_block()
    J, x_, D = letters("J x D")
    above = block.subs(b, (1 - v) / K).subs(L, (1 + t) / (1 - t))
    return Derivation(
        name="ce-hessian",
        title="Cross-entropy: Hessian of the full model at collapse, threshold, orbits, gap",
        source="orbits, gap and existence of a threshold: Garrod and Keating (arXiv 2410.23169), Theorems 3 to 5; the "
        "whole spectrum, the threshold's value and all proofs ours",
        states="For L >= 2, K >= 3, width d >= K and one strength lambda, the Hessian of the full model at DNC of "
        "scale alpha has the ten levels listed in step 9, in units of lambda; for K >= 4 it is PSD iff alpha >= K "
        "(L-1)/(L+1), with no zeros but the orbit's if >; below, at least K (K-3)/2 eigenvalues are negative. Every "
        "non-zero singular value of critical logits is >= (lambda sqrt(K/2))^((L+1)/(L-1)). For every K and L >= 1 the "
        "balanced factorisations of rank-q logits have dimension L (d q - q (q+1)/2).",
        steps=(
            Step(
                "Gauge. M = L + 1 factors A_1 = H_1, ..., A_M = W_L, logits alpha P, P = I - J/K of rank q = K - 1; "
                "the softmax is a on the class and b = 1/(e^alpha + K - 1) elsewhere, grad CE = -b P. Balanced "
                "factors are s Q_l Q_(l-1)^T, s^M = alpha; rotating the hidden spaces makes each s (I_q 0; 0 0). "
                "Stationarity lambda s = b s^(M-1) gives lambda. A move E_l of factor l has blocks PP, PN, NP, NN: "
                "from and to the features (P) and their complement (N).",
                (),
                all_of(
                    named(sp.Symbol("lambda"), b * s ** (M - 2)),
                    identical(b * s ** (M - 1), sp.UnevaluatedExpr(b * s ** (M - 2)) * s),
                    inference("DNC's softmax and gradient; balance", "derivation ce-dnc", "derivation ce-reduction"),
                ),
                "gauge",
            ),
            Step(
                "Second derivatives of the logits against grad CE = -b P: factors l < m give -lambda tr(E_m^PP "
                "E_l^PP), neighbours also -lambda tr(E_(l+1)^PN E_l^NP), and the penalty lambda |E_l|^2/2 each. So NN "
                "blocks, and E_M into the constant output (which changes no fit), have eigenvalue 1; a neighbouring "
                "pair has |X|^2/2 + |Y|^2/2 - tr(X Y) = |X - Y^T|^2/2: eigenvalues 0, 2.",
                (),
                all_of(
                    identical((z * sp.eye(2) - sp.Matrix([[1, -1], [-1, 1]])).det(), z * (z - 2)),
                    inference("second derivatives of a product of factors", "gauge"),
                ),
                "blocks",
            ),
            Step(
                "PP blocks: tr(E_m E_l) is <S_m, S_l> - <T_m, T_l> for symmetric and antisymmetric parts, so without "
                "the fit they carry 2 I - J and J over the M factors: 2 and 0 against the mean direction, 1 - L and L "
                "+ 1 along it.",
                (),
                all_of(
                    same_words((2 - J) * J, (2 - M) * J, {J * J: M * J}),
                    same_words((2 - J) * x_, 2 * x_, {J * x_: 0}),
                    same_words(J * J, M * J, {J * J: M * J}),
                    identical(2 - sp.UnevaluatedExpr(M), 1 - L),
                    inference("symmetric and antisymmetric matrices are orthogonal", "blocks"),
                    spots=[
                        instances((2, 3, 4), trace_of_parts, "tr(E F) for symbolic E, F of size 2, 3, 4"),
                        instances(range(3, 9), layers, "charpoly, M = 3, ..., 8; J has rank one and trace M"),
                    ],
                ),
                "layers",
            ),
            Step(
                "The fit sees the mean direction alone, delta = s^(M-1) (sqrt(M) (S + T) + y 1^T/sqrt(K)) with y the "
                "move of the mean feature (eigenvalue 1 without the fit). Its form, columns centred, is "
                "(b/K)(|delta|^2 + K (1 - K b) sum delta_ii^2), and s^(2M-2) b / lambda = alpha.",
                (),
                # Of a centred column: x on the class, the others sum to -x and their squares to Q.
                all_of(
                    identical(
                        (1 - (K - 1) * b) * x**2 + b * Q - sp.UnevaluatedExpr((1 - (K - 1) * b) * x + b * (-x)) ** 2,
                        b * (x**2 + Q) + K * b * (1 - K * b) * x**2,
                    ),
                    identical(s ** (2 * M - 2) * b / sp.UnevaluatedExpr(b * s ** (M - 2)), s**M),
                    inference("the variance under the softmax", "gauge"),
                    spots=[instances(range(3, 7), softmax_form, "the form, symbolic, K = 3, ..., 6")],
                ),
                "fit",
            ),
            Step(
                "Antisymmetric modes and symmetric ones with zero diagonal have sum delta_ii^2 = 0: L + 1 + (L+1) "
                "alpha/K and (L+1) alpha/K - (L-1), (K-1)(K-2)/2 and K (K-3)/2 times. S = P/sqrt(K-1) gives (L+1) a "
                "alpha - (L-1), a = 1 - (K-1) b.",
                (),
                all_of(
                    inference("modes without a diagonal, and the scale", "layers", "fit"),
                    identical(form, alpha * (1 - (K - 1) * b)),
                    identical(root["antisymmetric"], M + M * alpha / K),
                    identical(root["hollow symmetric"], (1 - L) + M * alpha / K),
                    identical(root["scale"], (1 - L) + M * form),
                    identical(q * (q + 1) / 2 - K, K * (K - 3) / 2),
                ),
            ),
            Step(
                "The rest is K - 1 copies of a 2 x 2 block: S = P D P / sqrt((K-2)/K), D = diag(x), |x| = 1, sum x = "
                "0, with y = x.",
                (),
                all_of(
                    named(sp.MatrixSymbol("B", 2, 2), sp.ImmutableMatrix(block)),
                    same_words(
                        (1 - J / K) * D * (1 - J / K) * D, D * D - J * D * D / K - D * J * D / K, {J * D * J: 0}
                    ),
                    identical(1 - sp.UnevaluatedExpr(1 / K + 1 / K), (K - 2) / K),
                    inference("tr(J D^2) = tr(D J D) = |x|^2", "layers", "fit"),
                    spots=[instances(range(3, 8), diagonal_mode, "P D P, symbolic, K = 3, ..., 7")],
                ),
                "diagonal",
            ),
            Step(
                "Its entries, from the fit's form above.",
                (),
                all_of(
                    inference("read off", "fit", "diagonal"),
                    identical(block[0, 0], (1 - L) + alpha / K * (M + K * soft * M * (K - 2) / K)),
                    identical(block[0, 1], alpha * soft * sp.sqrt(M * (K - 2) / K) / sp.sqrt(K)),
                    identical(block[1, 1], 1 + alpha / K * (1 + K * soft / K)),
                ),
            ),
            Step(
                "Moves within a class (sum over its samples zero) meet no other move, and see the fit of one column: "
                "1 outside the features, 1 + alpha/K between the other classes, 1 + a alpha towards the own one.",
                (),
                all_of(
                    inference("columns of one class, with sum zero", "fit"),
                    identical(root["within a class, towards it"], 1 + form),
                    identical(root["within a class, between others"], 1 + alpha / K),
                ),
            ),
            Step(
                f"The ten levels, in units of lambda: {_listing()}. These are all: the multiplicities add up to the "
                "number of parameters.",
                (),
                all_of(
                    identical(
                        sum(level.count * sp.Poly(level.factor, z).degree() for level in spectrum()), parameters()
                    ),
                    inference("the levels of all blocks", "blocks", "layers", "fit", "diagonal"),
                    spots=[
                        instances(
                            CASES,
                            matches_spectrum,
                            "the Hessian entry by entry, (K, L, d, sqrt n, s, 1/b) = " + ", ".join(map(str, CASES)),
                        )
                    ],
                ),
                "levels",
            ),
            Step(
                "PSD threshold, K >= 4. The hollow symmetric eigenvalue is >= 0 iff alpha >= K (L-1)/(L+1), and it "
                "occurs K (K-3)/2 >= 2 times. There the others are > 0: a > 1/K for alpha > 0, so (L+1) a alpha > L - "
                "1. In the block put v = 1 - K b in (0, 1), L = (1+t)/(1-t), so that L - 1 = (L+1) t; alpha = K (t + "
                "x), x >= 0: its entries at (2,2) and its determinant have positive coefficients only.",
                (),
                all_of(
                    inference("the least of the levels", "levels"),
                    identical(sp.solve(root["hollow symmetric"], alpha)[0], K * (L - 1) / (L + 1)),
                    identical((1 - (K - 1) * b).subs(b, (1 - v) / K) - 1 / K, v * (K - 1) / K),
                    identical(((L - 1) / (L + 1)).subs(L, (1 + t) / (1 - t)), t),
                    nonnegative(sp.cancel(at_scale(above, 1, 1))),
                    nonnegative(sp.cancel(sp.together(determinant(above) * (1 - t) / 2)).subs(K, Q + 2)),
                ),
            ),
            Step(
                "Just above the strength of that scale exactly those are negative. The fold of DNC is where (L+1) a "
                "alpha = L - 1, so the threshold lies on the upper branch: lambda_PSD = alpha^((L-1)/(L+1))/(e^alpha "
                "+ K - 1).",
                (),
                identical(
                    (
                        alpha
                        * sp.diff((L - 1) / (L + 1) * sp.log(alpha) - sp.log(sp.exp(alpha) + K - 1), alpha)
                        * (L + 1)
                    ),
                    -root["scale"].subs(b, 1 / (sp.exp(alpha) + K - 1)),
                ),
            ),
            Step(
                "Orbit. Balance makes A_1 = Q_1 S^(1/M) V^T with Q_1 = A_1 V S^(-1/M), and then A_(l+1) = Q_(l+1) "
                "S^(1/M) Q_l^T: the balanced factorisations of rank q logits are L orthonormal d x q frames, of "
                "dimension d q - q (q+1)/2 each. It grows with q < d, and at DNC it is the number of zero eigenvalues.",
                (),
                all_of(
                    identical(L * sp.UnevaluatedExpr(d * q - q * (q + 1) / 2), spectrum()[0].count),
                    identical(L * q * (d - q) + L * q * (q - 1) / 2, spectrum()[0].count),
                    inference("frames of balanced factors", "levels", "derivation schatten-objective"),
                    identical((d * (Q + 1) - (Q + 1) * (Q + 2) / 2) - (d * Q - Q * (Q + 1) / 2), d - Q - 1),
                    spots=[
                        instances(
                            [
                                (4, 3, 4, (18, 15)),
                                (4, 3, 64, (558, 375)),
                                (10, 3, 10, (135, 51)),
                                (10, 3, 64, (1593, 375)),
                            ],
                            orbit_counts,
                            "DNC and rank 2 at four (K, L, d)",
                        )
                    ],
                ),
            ),
            Step(
                "Any critical rank-q logits, L >= 2: with S the factors' common singular values G = -lambda S^(2-M) "
                "on the features, a path from N to N needs two steps and M >= 3, so NN blocks give +lambda and "
                "neighbours |X - Y^T|^2 as before. The rest is the model of width q: the full Hessian is PSD iff its "
                "Hessian is. At Z = 0 only +lambda is left: 0 is a local minimum.",
                (),
                all_of(
                    identical(lam * s ** (2 - M) * sp.UnevaluatedExpr(s ** (M - 2)), lam),
                    inference("the same blocks", "blocks"),
                ),
            ),
            Step(
                "Gap. Along a singular pair of critical logits lambda sigma^(1/M) = sigma^((M-1)/M) <u, -G v> <= "
                "sigma^(L/(L+1)) ||G||; a column of K G is softmax - e_i, with squared norm (1-a)^2 + sum b_j^2 <= "
                "(1-a)^2 + (sum b_j)^2 = 2 (1-a)^2 <= 2, so ||G||^2 <= K 2/K^2.",
                (),
                all_of(
                    inference("stationarity along a singular pair", "gauge"),
                    identical(sigma ** (L / M) / sp.UnevaluatedExpr(sigma ** (1 / M)), sigma ** ((L - 1) / (L + 1))),
                    nonnegative((x + t + v) ** 2 - x**2 - t**2 - v**2),
                    identical((L + 1) / (L - 1) * sp.UnevaluatedExpr(-2 / (L + 1)), -2 / (L - 1)),
                ),
                "gap",
            ),
            Step(
                "Rank. At a global minimiser rank eps^p <= sum sigma^p <= F_polygon/mu with eps the gap. With mu "
                "fixed, lambda = 2 mu/(L+1), eps^(-p) = (C (L+1)^2)^(1/(L-1)), C = 1/(2 mu^2 K), falls with L while C "
                "(L+1)^2 > e^2, and tends to 1; c_polygon alpha^p falls (sigma alpha > 1) to 2: the bound tends to 2 "
                "+ CE_polygon(alpha)/mu.",
                (),
                all_of(
                    identical(
                        (2 * mu / (L + 1)) ** 2 * K / 2, 1 / (sp.UnevaluatedExpr(1 / (2 * mu**2 * K)) * (L + 1) ** 2)
                    ),
                    identical(
                        sp.Derivative(sp.log(C * (L + 1) ** 2) / (L - 1), L) * (L - 1) ** 2,
                        2 - 4 / (L + 1) - sp.log(C * (L + 1) ** 2),
                    ),
                    identical(sp.Limit(sp.log(C * (L + 1) ** 2) / (L - 1), L, sp.oo), 0),
                    inference("each singular value pays for the gap", "gap", "derivation ce-low-rank"),
                ),
            ),
        ),
    )
