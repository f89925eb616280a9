"""How fast the least cost grows with the number of classes: the exponent of C(K, L) is 2/(L + 1) at every depth."""

from fractions import Fraction
from itertools import product

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.problem import Problem
from dufm.theory.proof.checks import all_of, definition, every, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_SCHWARZ, quoted
from dufm.theory.rational import identity, relu, squared_norm

m, r, L, K, N, f, M, k, j = sp.symbols("m r L K N f M k j", positive=True)
wide = sp.symbols("e", nonnegative=True)


def coefficient(even: int) -> Fraction:
    """f for an even m: the mean of relu(s_1 + ... + s_m) s_1 ... s_m over all signs, without its sign."""
    return Fraction(int(sp.binomial(even - 2, even // 2 - 1)), 2 ** (even - 1))


def grid(size: int, sides: int) -> tuple[fmpq_mat, fmpq_mat]:
    """X and W for `sides`^`size` classes: class i has a one in row i_j of block j; W holds all rows of signs."""
    classes = list(product(range(sides), repeat=size))
    X = fmpq_mat([[int(c[b] == v) for c in classes] for b in range(size) for v in range(sides)])
    return X, fmpq_mat([list(signs) for signs in product((1, -1), repeat=size * sides)])


def weights(size: int, sides: int, layers: int) -> list[fmpq_mat]:
    """(H_1, W_1, ..., W_L) of the family with output I, exact; L >= 2."""
    X, W = grid(size, sides)
    rows = X.nrows()
    first = [X, identity(rows)] if layers > 2 else [X, W]
    last = relu(W * X)
    readout = (last.transpose() * last).inv() * last.transpose()
    return [*first, *[identity(rows)] * (layers - 3), *([W] if layers > 2 else []), readout]


def exponents() -> Derivation:
    """C(K, L) = K^(2/(L+1) + o(1)): the bound of pairs has the right exponent at every depth."""
    cost = N * m**L * r ** (m + L - 1) * r**m / (N * f**2)
    power = 2 + (L - 1) / m
    share = -(L - 1) / (L + 1) * (1 - 1 / m)
    step = sp.binomial(M - 2, k) - sp.binomial(M - 2, k - 2)
    end = sp.binomial(2 * j, j) - sp.binomial(2 * j, j - 1)
    return Derivation(
        name="exponents",
        title="The exponent of the least cost",
        source="ours",
        states="Let C(K, L) be the infimum of the costs of networks with output I, of all widths. For every even m and "
        "L >= 2, C(K, L)^(L+1) <= (m^L / f^2) K^(2 + (L-1)/m) at K = r^m, f = binomial(m-2, m/2-1) / 2^(m-1), and C(K, "
        "L) >= 2 (K/2)^(2/(L+1)). C(K, L) does not fall with K. So for every L >= 1 log C(K, L) / log K tends to "
        "2/(L+1) as K grows: at weak decay the least loss over DNC's is K^(-(L-1)/(L+1) + o(1)).",
        steps=(
            Step(
                "Classes are the r^m = K words i = (i_1, ..., i_m) of r letters. X has m blocks of r rows, class i a "
                "one in row i_b of block b. W has all N = 2^(m r) rows of signs. The first features are X >= 0, "
                "which relu and L - 3 layers I leave as they are, then comes F = relu(W X), then W_L = A^(-1) F^T, A = "
                "F^T F: output I. At L = 2 the first features are W X themselves.",
                (),
                all_of(
                    definition("X, W, F, A"),
                    spots=[
                        every(
                            [(2, 2, 2), (2, 2, 3), (2, 2, 5), (2, 3, 2)],
                            _output_is_identity,
                            "exact outputs at (m, r, L)",
                        )
                    ],
                ),
                "names",
            ),
            Step(
                "||X||_F^2 = m K and X has at most m r singular values: ||X||_*^2 <= m r m K. The columns of W are "
                "orthogonal, W^T W = N I, so ||W X||_*^2 = N ||X||_*^2, and ||W||_F^2 = N m r.",
                (),
                all_of(
                    identical(m * r * m * r**m, sp.UnevaluatedExpr(m**2 * r ** (m + 1))),
                    quoted(CAUCHY_SCHWARZ),
                    inference("ones and signs, counted", "names"),
                    spots=[every([(2, 2), (2, 3), (4, 2)], _orthogonal, "W^T W = N I at (m, r)")],
                ),
                "norms",
            ),
            Step(
                "The entry of W X at a row and class i is a sum of m independent signs s_1 + ... + s_m, one of each "
                "block. relu of it is the sum over U of f_U prod_U s_b, and over all rows prod_U s_b of i and prod_V "
                "s_b of i' have mean 1 if U = V and i, i' agree on U, else 0. So A = N sum_U f_U^2 T_U, T_U a tensor "
                "product of I (blocks in U) and J, all ones, and A >= N f^2 I for f = f_U of the whole U.",
                (),
                all_of(
                    inference("T_U >= 0, and it is I for the whole U", "names"),
                    spots=[every([(2, 2), (2, 3), (4, 2)], _above_identity, "A - N f^2 I >= 0 at (m, r)")],
                ),
                "gram",
            ),
            Step(
                "Of m = M signs k are -1: 2^M f is the sum over k < M/2 of (-1)^k binomial(M, k) (M - 2 k), whose "
                "terms are the differences of (-1)^k M (binomial(M-2, k) - binomial(M-2, k-1)). For M = 2 j + 2 it "
                "ends at k = j: the sum is 2 binomial(2 j, j) up to its sign, not zero.",
                (),
                all_of(
                    identical(M * step / sp.binomial(M, k), M - 2 * k),
                    identical((2 * j + 2) * end / sp.binomial(2 * j, j), 2),
                    inference("a sum of differences", "gram"),
                    spots=[every(range(2, 13, 2), _mean_of_signs, "f summed over all signs, m = 2, ..., 12")],
                ),
                "signs",
            ),
            Step(
                "So tr A^(-1) <= K / (N f^2), and C^(L+1), the product of ||X||_*^2, of L - 3 factors m r, of N m r "
                "and of tr A^(-1) (at L = 2 of N ||X||_*^2 and tr A^(-1)), is at most m^L/f^2 times the power of K = "
                "r^m shown.",
                (),
                all_of(
                    identical(m**2 * r ** (m + 1) * (m * r) ** (L - 3) * N * m * r, N * m**L * r ** (m + L - 1)),
                    identical(N * m**2 * r ** (m + 1), (N * m**L * r ** (m + L - 1)).subs(L, 2)),
                    identical(cost, m**L / f**2 * sp.UnevaluatedExpr(r ** (m * power))),
                    inference("cost of weights with output I", "norms", "gram", "signs", "derivation reductions"),
                    spots=[every([(2, 2, 2), (2, 3, 2), (2, 2, 3), (2, 2, 4)], _cost_holds, "costs at (m, r, L)")],
                ),
                "above",
            ),
            Step(
                "Of K' classes K may be kept: their columns of H_1, their rows of W_L. The output stays I and no norm "
                "grows, so C(K, L) <= C(K', L); with r the least integer such that r^m >= K, r <= 2 K^(1/m): r^m <= "
                "2^m K.",
                (),
                all_of(
                    identical((2 * K ** (1 / m)) ** m, 2**m * K),
                    signed(sp.expand(2 * (1 + wide) - (1 + wide) - 1), "K^(1/m) = 1 + e"),
                    inference("the restricted network", "above", "derivation pairs"),
                ),
                "all",
            ),
            Step(
                "C/K has the exponent shown, for every even m; it tends to -(L - 1)/(L + 1) as m grows, which is the "
                "exponent of the bound of pairs, C >= 2 (K/2)^(2/(L+1)). At L = 1 C = K.",
                (),
                all_of(
                    identical(power / (L + 1) - 1, share),
                    identical(sp.Limit(share, m, sp.oo), -(L - 1) / (L + 1)),
                    identical(2 / (L + 1) - 1, -(L - 1) / (L + 1)),
                    inference("both bounds agree in the limit", "all", "derivation pairs"),
                ),
            ),
        ),
    )


def _output_is_identity(case: tuple[int, int, int]) -> bool:
    size, sides, layers = case
    return Problem.of(sides**size, layers, 1).output(weights(*case)) == identity(sides**size)


def _orthogonal(case: tuple[int, int]) -> bool:
    _, W = grid(*case)
    return W.transpose() * W == W.nrows() * identity(W.ncols())


def _above_identity(case: tuple[int, int]) -> bool:
    """A - N f^2 I >= 0: with a thousandth of I added all leading minors are positive."""
    X, W = grid(*case)
    F = relu(W * X)
    A = F.transpose() * F
    least = W.nrows() * coefficient(case[0]) ** 2 - Fraction(1, 1000)
    shifted = A - fmpq(least.numerator, least.denominator) * identity(A.nrows())
    return all(
        fmpq_mat([[shifted[a, b] for b in range(n)] for a in range(n)]).det() > 0 for n in range(1, A.nrows() + 1)
    )


def _mean_of_signs(even: int) -> bool:
    total = sum((-1) ** minus * int(sp.binomial(even, minus)) * (even - 2 * minus) for minus in range(even // 2))
    return Fraction(abs(total), 2**even) == coefficient(even)


def _cost_holds(case: tuple[int, int, int]) -> bool:
    """The squared norms after the first features, times m^2 r^(m+1) for these, against the bound."""
    size, sides, layers = case
    rest = weights(*case)[2:]
    known = Fraction(size**2 * sides ** (size + 1)) * (1 if layers > 2 else 2 ** (size * sides))
    for factor in rest:
        known *= squared_norm(factor)
    exponent = 2 * size + layers - 1
    return known <= Fraction(size**layers) / coefficient(size) ** 2 * sides**exponent
