"""Deep RFM with linear kernels: a layer acts on the Gram matrix alone, G -> A Y Y^T A + lambda_Phi."""

from fractions import Fraction
from random import Random
from typing import Any

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.proof.checks import all_of, definition, identical, inference, instances
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CHAIN_RULE, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction, identity
from dufm.theory.rfm.labels import CODES, Labels
from dufm.theory.rfm.recursion import layer, step

k, phi, scale, n, N, K, w, b, x = sp.symbols("lambda_k lambda_Phi c n N K w b x", positive=True)
X, X_t, G, J, T, A, Y, Y_t = letters("X X^T G J T A Y Y^T")
RESOLVENT = {G * J: 1 - k * J, J * G: 1 - k * J}
RUNS = (((2, 2), 3), ((3, 1), 2), ((2, 2, 2), 4), ((1, 2, 3), 2))
LAYERS = 3


def _gradient(outputs: int) -> bool:
    """d/dx of sum_j alpha_jo <x_j, x> is (X^T alpha)_o, symbolically; the diagonal term is constant off the data."""
    samples, width = 3, 2
    data: Any = sp.Matrix(samples, width, sp.symbols(f"x:{samples * width}"))
    alpha: Any = sp.Matrix(samples, outputs, sp.symbols(f"a:{samples * outputs}"))
    point = sp.symbols("z0 z1")
    slopes = data.T * alpha
    for o in range(outputs):
        value = sum(alpha[j, o] * sum(data[j, i] * point[i] for i in range(width)) for j in range(samples))
        if any(sp.expand(sp.diff(value, point[i]) - slopes[i, o]) != 0 for i in range(width)):
            return False
    return True


def _runs(case: tuple[tuple[tuple[int, ...], int], str]) -> bool:
    """The algorithm with features and the Gram recursion agree exactly, layer after layer."""
    (sizes, width), code = case
    labels = Labels(sizes, code)
    features = random_matrix(Random(sum(sizes)), labels.N, width)
    gram, y = features * features.transpose(), labels.matrix()
    for _ in range(LAYERS):
        features = layer(features, y, fmpq(3, 10), fmpq(2, 3))
        gram = step(gram, y, identity(labels.N), fmpq(3, 10), fmpq(4, 9))
        if features * features.transpose() != gram:
            return False
    return True


def _factor_is_enough(seed: int) -> bool:
    """X M X^T for both factors of M = B B^T: M^(1/2), here the projector M itself, and B, a unit column."""
    rng = Random(seed)
    p, q = rng.randint(1, 9), rng.randint(1, 9)
    root = p * p + q * q
    # (2 p q, p^2 - q^2) / (p^2 + q^2) is a rational unit vector.
    unit = fmpq_mat(2, 1, [fmpq(2 * p * q, root), fmpq(p * p - q * q, root)])
    m, data = unit * unit.transpose(), random_matrix(rng, 4, 2)
    left, right = data * m, data * unit
    return m * m == m and left * left.transpose() == right * right.transpose()


def _spectrum(case: tuple[tuple[int, ...], str]) -> bool:
    labels = Labels(*case)
    gram = labels.gram()
    levels = labels.levels()
    characteristic = gram.charpoly()
    counted = sum(level.count for level in levels) == labels.N
    for found in levels:
        tau, order = fmpq(found.tau.numerator, found.tau.denominator), 0
        poly = characteristic
        while poly.degree() > 0 and poly(tau) == 0:
            poly, order = poly / type(poly)([-tau, 1]), order + 1
        counted = counted and order == found.count
    return counted


def _class_space(count: int) -> bool:
    """Signs: (2 I - J) (2 I - J)^T = 4 I + (K - 4) J has eigenvalues 4 and (K - 2)^2."""
    code = 2 * sp.eye(count) - sp.ones(count, count)
    gram = code * code.T
    constant = gram * sp.ones(count, 1) == (count - 2) ** 2 * sp.ones(count, 1)
    return gram == 4 * sp.eye(count) + (count - 4) * sp.ones(count, count) and constant


def _centred_means(labels: Labels) -> bool:
    """Collapsed at any two eigenvalues, the centred class means have a Gram matrix proportional to I - J/K."""
    size, member = labels.K, labels.members()
    share = fmpq(1, labels.sizes[0])
    centre = identity(size) - fmpq_mat(size, size, [fmpq(1, size)] * size**2)
    constant = fmpq_mat(size, size, [fmpq(1, size)] * size**2)
    s = member * (centre * fmpq(7, 3) + constant * fmpq(5, 2)) * member.transpose()
    means = member.transpose() * s * member * share * share
    found = centre * means * centre
    return found == centre * fmpq(7, 3) and fraction(found[0, 1] / found[0, 0]) == Fraction(-1, size - 1)


def rfm_recursion() -> Derivation:
    """G+ = A T A + lambda_Phi with A = G (G + lambda_k)^(-1), T = Y Y^T."""
    kinds = [(run, code) for run in RUNS for code in CODES]
    M, B, B_t, root, ones = letters("M B B^T M^(1/2) J")
    y = sp.Symbol("y", positive=True)
    ablated = (w + x * (N - K)) / (b + x * (K - 1))
    spectra = [((2, 2), "signs"), ((3, 3, 3), "signs"), ((2,) * 4, "signs"), ((2,) * 5, "signs")]
    spectra += [((2, 2, 2), "one-hot"), ((1, 3, 3, 2), "one-hot")]
    return Derivation(
        name="rfm-recursion",
        title="Deep RFM with linear kernels: the Gram recursion",
        source="setting: Beaglehole et al. (arXiv 2402.13728); statement and proof ours",
        states="For predictor kernel <x,x'> + lambda_k 1[x=x'], no ridge, feature-map kernel <z,z'> + lambda_Phi "
        "1[z=z'] and distinct data, any labels, lambda_k > 0, lambda_Phi >= 0, a layer of Deep RFM takes the Gram "
        "matrix G to A T A + lambda_Phi, A = G (G + lambda_k)^(-1), T = c Y Y^T; c = 1 for the gradients' mean outer "
        "product, c > 0 if it is rescaled.",
        steps=(
            Step(
                "The predictor is f(x) = alpha^T (X x + lambda_k 1[x = x_j]), (G + lambda_k) alpha = Y, G = X X^T. Off "
                "the data the diagonal term is 0, so the gradient is B = X^T alpha at every point (that is how the "
                "algorithm reads it at the data too), and the mean outer product is M = B B^T.",
                (),
                all_of(
                    definition("the predictor"),
                    quoted(
                        CHAIN_RULE, spots=[instances((1, 2, 3), _gradient, "symbolic X and alpha, 1, 2, 3 outputs")]
                    ),
                ),
                "gradient",
            ),
            Step(
                "M^(1/2) x and B^T x have the same inner products x^T M x', and a kernel of inner products sees no "
                "more. So the Gram matrix after M^(1/2) is X B B^T X^T.",
                (),
                all_of(
                    same_words(X * root * root * X_t, X * B * B_t * X_t, {root * root: M, B * B_t: M}),
                    inference("M = B B^T", "gradient"),
                    spots=[instances(range(12), _factor_is_enough, "rational M with a rational root")],
                ),
                "factor",
            ),
            Step(
                "With J = (G + lambda_k)^(-1): X B = X X^T alpha = G J Y = A Y, and A = 1 - lambda_k J is symmetric, 0 "
                "<= A <= 1. The Gram matrix after M^(1/2) is S = A T A, T = Y Y^T; if M is divided by a number, as the "
                "authors do with its largest entry, T is too.",
                (),
                all_of(
                    inference("alpha = J Y", "gradient", "factor"),
                    same_words(X * X_t * J * Y, (1 - k * J) * Y, {X * X_t: G, **RESOLVENT}),
                    same_words(G * J, J * G, RESOLVENT),
                    same_words(
                        G * J * scale * Y * Y_t * J * G, scale * (1 - k * J) * T * (1 - k * J), {Y * Y_t: T} | RESOLVENT
                    ),
                ),
                "square",
            ),
            Step(
                "The feature map adds lambda_Phi on the diagonal, for example by Phi(z_i) = [z_i; sqrt(lambda_Phi) "
                "e_i], which keeps the data distinct. The algorithm with explicit features agrees with the recursion, "
                "exactly.",
                (),
                all_of(
                    inference("inner products <z_i, z_j> + lambda_Phi 1[i = j]", "square"),
                    spots=[instances(kinds, _runs, f"{LAYERS} layers of features, balanced and unbalanced classes")],
                ),
                "layer",
            ),
            Step(
                "T for K classes of n samples: one-hot labels give n on class vectors (n_c on class c in general) and "
                "0 on deviations within classes; +-1 labels give 4 n on class vectors that sum to zero and n (K-2)^2 "
                "on the constant vector. For K = 4 the two codes differ by a scale, for K = 2 the constant vector is "
                "lost.",
                (),
                all_of(
                    identical(n * sp.UnevaluatedExpr(4 + K * (K - 4)), n * (K - 2) ** 2),
                    same_words((2 - ones) * (2 - ones), 4 + (K - 4) * ones, {ones * ones: K * ones}),
                    same_words((4 + (K - 4) * ones) * ones, (K - 2) ** 2 * ones, {ones * ones: K * ones}),
                    spots=[
                        instances(range(2, 9), _class_space, "(2 I - J)^2, K = 2, ..., 8"),
                        instances(spectra, _spectrum, "characteristic polynomials of Y Y^T"),
                    ],
                ),
            ),
            Step(
                "A Gram matrix of M^(1/2) X that is b on centred class vectors, any value on the constant one and 0 "
                "within classes is neural collapse: no deviation within classes, and centred class means that form a "
                "simplex equiangular tight frame.",
                (),
                # Centred, the class means have the Gram matrix P (b P + v J) P with P = I - J/K.
                all_of(
                    same_words(
                        (1 - ones / K) * (b * (1 - ones / K) + w * ones) * (1 - ones / K),
                        b * (1 - ones / K),
                        {ones * ones: K * ones},
                    ),
                    identical(-1 / K / sp.UnevaluatedExpr(1 - 1 / K), -1 / (K - 1)),
                    spots=[instances([Labels.balanced(c, 3) for c in range(2, 7)], _centred_means, "exact means")],
                ),
            ),
            Step(
                "Without AGOP, M = 1, the Gram matrix after l feature maps is G + x, x = l lambda_Phi. With w = tr (Q "
                "G) and b the trace on centred class vectors NC1 = (w + x (N-K))/(b + x (K-1)) for equal classes: "
                "monotone in x, with the limit (N-K)/(K-1), so it grows if it starts below.",
                (),
                # The limit is the value at y = 0 of the quotient in y = 1/x.
                all_of(
                    identical(sp.Derivative(ablated, x), ((N - K) * b - (K - 1) * w) / (b + x * (K - 1)) ** 2),
                    identical(ablated, (w * y + (N - K)).subs(y, 1 / x) / (b * y + (K - 1)).subs(y, 1 / x)),
                    identical(sp.Subs((w * y + (N - K)) / (b * y + (K - 1)), y, 0), (N - K) / (K - 1)),
                    identical(((N - K) * b - (K - 1) * w) / sp.UnevaluatedExpr((K - 1) * b), (N - K) / (K - 1) - w / b),
                    inference("G plus a multiple of the identity", "layer"),
                ),
            ),
        ),
    )
