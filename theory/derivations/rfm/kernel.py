"""Learning the kernel as well: the optimum is collapsed for every label code; one-hot and +-1 in closed form."""

from fractions import Fraction
from itertools import product
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.proof.checks import Check, all_of, identical, inference, instances, named, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_SCHWARZ, CONVEX_INVERSE, not_negative, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction, identity
from dufm.theory.rfm.kernels import collapsed, cost, cross_class, family, least_cost
from dufm.theory.rfm.labels import CODES, Labels

K, n, mu, nu = sp.symbols("K n mu nu", positive=True)
rho, u, d = sp.symbols("rho u d", real=True)
SIZES = ((2, 2), (3, 1), (2, 2, 2), (1, 2, 3), (2,) * 5)


def random_kernel(rng: Random, size: int) -> fmpq_mat:
    """A rational PSD matrix with unit diagonal: rows are rational points of the sphere (inverse stereographic)."""
    rows = []
    for _ in range(size):
        flat = [fmpq(rng.randint(-9, 9), rng.randint(1, 6)) for _ in range(3)]
        far = sum((x * x for x in flat), fmpq(0))
        rows.append([2 * x / (far + 1) for x in flat] + [(far - 1) / (far + 1)])
    points = fmpq_mat(size, 4, [x for row in rows for x in row])
    return points * points.transpose()


def convexity() -> Check:
    """tr(Y^T A^(-1) Y) is convex in A > 0: at the middle of two matrices it is at most the mean."""

    def holds(rng: Random) -> bool:
        labels = Labels.balanced(2, 2, CODES[rng.randint(0, 1)])
        first, second = random_kernel(rng, 4), random_kernel(rng, 4)
        ends = [cost(m, labels, Fraction(1, 3)) for m in (first, second)]
        return cost((first + second) * fmpq(1, 2), labels, Fraction(1, 3)) <= sum(ends) / 2

    return quoted(CONVEX_INVERSE, not_negative(mu), spots=[seeded(holds)])


def cauchy_schwarz() -> Check:
    """y^T A^(-1) y >= (y^T y)^2 / (y^T A y) for A > 0."""

    def holds(rng: Random) -> bool:
        m, y = random_matrix(rng, 3, 3), random_matrix(rng, 3, 1)
        a = m * m.transpose() + identity(3)
        inverse, straight = (y.transpose() * a.inv() * y)[0, 0], (y.transpose() * a * y)[0, 0]
        return fraction(inverse * straight - (y.transpose() * y)[0, 0] ** 2) >= 0

    return quoted(CAUCHY_SCHWARZ, spots=[seeded(holds)])


def _averaged(seed: int) -> bool:
    """Averaging over permutations inside classes does not raise the cost, nor does merging each class afterwards."""
    rng = Random(seed)
    labels = Labels((2, 3), CODES[seed % 2])
    kernel, ridge = random_kernel(rng, 5), Fraction(1, 7)
    blocks = [range(2), range(2, 5)]
    mean = [[fmpq(0)] * 5 for _ in range(5)]
    for one, other in product(blocks, blocks):
        diagonal = sum((kernel[i, i] for i in one), fmpq(0)) / len(one)
        pairs = [(i, j) for i in one for j in other if i != j]
        apart = sum((kernel[i, j] for i, j in pairs), fmpq(0)) / len(pairs)
        for i, j in product(one, other):
            mean[i][j] = diagonal if i == j else apart
    average = fmpq_mat(5, 5, [x for row in mean for x in row])
    merged = fmpq_mat(5, 5, [fmpq(1) if (i < 2) == (j < 2) else mean[i][j] for i in range(5) for j in range(5)])
    costs = [cost(m, labels, ridge) for m in (kernel, average, merged)]
    return costs[0] >= costs[1] >= costs[2]


def _least(case: tuple[tuple[int, ...], str, Fraction]) -> bool:
    """The closed form is the cost of its own kernel, and no random kernel costs less."""
    sizes, code, ridge = case
    labels = Labels(sizes, code)
    if code == "signs" and len(set(sizes)) > 1:
        return True
    best = least_cost(labels, ridge)
    own = collapsed(labels, cross_class(labels.K, ridge / sizes[0], code))
    rng = Random(len(sizes))
    others = [random_kernel(rng, labels.N) for _ in range(5)]
    near = [own * fmpq(29, 30) + other * fmpq(1, 30) for other in others]
    return cost(own, labels, ridge) == best and all(cost(m, labels, ridge) > best for m in (*others, *near))


def _ends(classes: int) -> bool:
    """Where rho leaves [-1/(K-1), 1]: share 2 K/(K-4) for K > 4, 3/2 for K = 3; K = 2 is at its end from share 0 on."""
    if classes == 2:
        return cross_class(2, Fraction(0)) == -1 == cross_class(2, Fraction(1))
    if classes <= 4:
        top = Fraction(3, 2) if classes == 3 else Fraction(10**6)
        low = Fraction(-1, classes - 1)
        return cross_class(classes, top * Fraction(9, 10)) > low and (
            classes == 4 or cross_class(classes, top * 2) == low
        )
    edge = Fraction(2 * classes, classes - 4)
    return (
        cross_class(classes, edge * Fraction(9, 10)) < 1 == cross_class(classes, edge) == cross_class(classes, edge * 2)
    )


def _class_values(classes: int) -> bool:
    """(1 - rho) I + rho J has eigenvalue 1 - rho on centred vectors, 1 + (K-1) rho on the constant one."""
    matrix = (1 - rho) * sp.eye(classes) + rho * sp.ones(classes, classes)
    centred = sp.Matrix([1, -1] + [0] * (classes - 2))
    constant = sp.ones(classes, 1)
    return (matrix * centred - (1 - rho) * centred).expand().is_zero_matrix is True and (
        matrix * constant - (1 + (classes - 1) * rho) * constant
    ).expand().is_zero_matrix is True


def rfm_kernel() -> Derivation:
    """Collapsed kernels are optimal; one-hot value sum n_c/(n_c + mu), signs rho = (1 + mu/n)(K-4)/(3K-4)."""
    value = family(K, rho, nu)
    slope, bend = sp.diff(value, rho), sp.diff(value, rho, 2)
    centred, constant = nu + 1 - rho, nu + 1 + (K - 1) * rho
    best = (1 + nu) * (K - 4) / (3 * K - 4)
    J, x = letters("J x")
    less, more, m = sp.symbols("less more m", nonnegative=True)
    cases = list(product(SIZES, CODES, (Fraction(1, 100), Fraction(1), Fraction(30))))
    return Derivation(
        name="rfm-kernel",
        title="Kernel learning: the best kernel is collapsed",
        source="one-hot: Beaglehole et al. (arXiv 2402.13728); +-1 labels, any code and the regimes in mu: ours",
        states="Over PSD kernel matrices with diagonal <= 1, tr(Y^T (K + mu)^(-1) Y), mu > 0, has a minimiser that is "
        "constant on classes (others may tie with it), for every label code that depends on the class only, classes "
        "of any size. One-hot labels: it is the block identity, unique, with value sum_c n_c/(n_c + mu). +-1 labels, "
        "K equal classes: unique, 1 inside classes and rho = (1 + mu/n)(K-4)/(3K-4), clipped to [-1/(K-1), 1], "
        "between them.",
        steps=(
            Step(
                "Kernel ridge regression: the least of ||Y - K a||^2 + mu tr(a^T K a) is mu tr(Y^T (K + mu)^(-1) Y), "
                "at a = (K + mu)^(-1) Y; on an eigenvalue x of K it is the identity shown.",
                (),
                identical((1 - d / (d + mu)) ** 2 + mu * d / (d + mu) ** 2, mu / (d + mu)),
                "ridge",
            ),
            Step(
                "The cost is convex in K, and permutations within classes change neither it nor the constraints: the "
                "mean over them costs no more. It has diagonal d_c <= 1 and one entry u_c between different samples "
                "of a class.",
                (),
                all_of(
                    convexity(),
                    inference("a convex function at the mean of an orbit", "ridge"),
                    spots=[instances(range(12), _averaged, "averaging, then merging, 12 rational kernels")],
                ),
                "mean",
            ),
            Step(
                "Now set d_c = u_c = 1. That adds (u - d) I + (1 - u) J to block c: on deviations within the class, "
                "where Y is 0, the kernel becomes 0; on class vectors it rises by u - d + n (1 - u) >= (n-1)(1-u) >= "
                "0. So the kernel stays PSD and costs no more.",
                (),
                all_of(
                    identical(u - d + n * (1 - u), (1 - d) + (n - 1) * (1 - u)),
                    signed(less + m * more, "1 - d = less, 1 - u = more, n - 1 = m, all >= 0"),
                    inference("Y is 0 on deviations, and the cost falls as the kernel rises", "mean"),
                ),
                "merged",
            ),
            Step(
                "One-hot: y_c^T (K + mu)^(-1) y_c >= n_c^2 / (y_c^T K y_c + mu n_c), and y_c^T K y_c <= n_c^2 as all "
                "entries are <= 1. Equality in both for all c: ones inside classes, every y_c an eigenvector, so "
                "zeros between.",
                (),
                all_of(
                    cauchy_schwarz(),
                    identical(sp.UnevaluatedExpr(n**2) / (n**2 + mu * n), n / (n + mu)),
                    inference("class by class", "merged"),
                ),
            ),
            Step(
                "+-1, equal classes: the mean over permutations of classes is optimal too: 1 inside, rho between, "
                "with the eigenvalues n (1 - rho) on centred class vectors and n (1 + (K-1) rho) on the constant one. "
                "Y Y^T has 4 n and n (K-2)^2 there; nu = mu/n.",
                (),
                all_of(
                    same_words((1 - rho + rho * J) * x, (1 - rho) * x, {J * x: 0}),
                    same_words((1 - rho + rho * J) * J, (1 + (K - 1) * rho) * J, {J * J: K * J}),
                    identical(4 * n * (K - 1) / (n * centred) + n * (K - 2) ** 2 / (n * constant), value),
                    inference("the mean over permutations of classes", "mean", "merged"),
                    spots=[instances(range(2, 8), _class_values, "eigenvalues, symbolic rho, K = 2, ..., 7")],
                ),
                "family",
            ),
            Step(
                "The cost is strictly convex in rho for K > 2, with slope 0 where 2 (nu + 1 + (K-1) rho) = (K-2)(nu + "
                "1 - rho).",
                (),
                all_of(
                    named(sp.Symbol("rho_0"), best),
                    identical(
                        sp.Derivative(value, rho), 4 * (K - 1) / centred**2 - (K - 1) * (K - 2) ** 2 / constant**2
                    ),
                    identical(bend, 8 * (K - 1) / centred**3 + 2 * (K - 1) ** 2 * (K - 2) ** 2 / constant**3),
                    identical(sp.Subs(slope, rho, best), 0),
                    identical(best - rho, sp.UnevaluatedExpr((K - 2) * centred - 2 * constant) / (3 * K - 4)),
                    inference("a convex function of one variable", "family"),
                ),
                "best",
            ),
            Step(
                "PSD and diagonal 1 ask for -1/(K-1) <= rho <= 1. For K > 4 the end 1 is reached at mu/n = 2 K/(K-4): "
                "more ridge, and the best kernel is constant, no class told from another. For K = 3 the simplex, rho "
                "= -1/2, is reached at mu/n = 3/2; K = 2 has rho = -1 always, K = 4 has rho = 0.",
                (),
                all_of(
                    identical(sp.Subs(best, nu, 2 * K / (K - 4)), 1),
                    identical(sp.Subs(best, (K, nu), (3, sp.Rational(3, 2))), -sp.Rational(1, 2)),
                    identical(sp.Subs(best, K, 2), -(1 + nu)),
                    identical(sp.UnevaluatedExpr(family(2, rho, nu)), 4 / (nu + 1 - rho)),
                    inference("a convex function on an interval", "best"),
                    spots=[instances(range(2, 12), _ends, "both ends, K = 2, ..., 11")],
                ),
            ),
            Step(
                "Uniqueness: the means of an optimum over both kinds of permutations are optimal; entries inside "
                "classes are <= 1 and their mean is 1 (the cost rises strictly otherwise), so they are 1. On class "
                "matrices B the cost tr((B + nu)^(-1) (2I - J)^2) is strictly convex for K > 2, where 2 I - J is "
                "invertible; for K = 2, rho = -1 is forced.",
                (),
                # 2 I - J is 2 on centred vectors and 2 - K on the constant one.
                all_of(
                    same_words((2 - J) * x, 2 * x, {J * x: 0}),
                    same_words((2 - J) * J, (2 - K) * J, {J * J: K * J}),
                    quoted(CONVEX_INVERSE, not_negative(nu)),
                    inference("strict convexity", "mean", "merged", "best"),
                    spots=[
                        instances(
                            cases, _least, "closed forms are the costs of their kernels; 10 other kernels cost more"
                        )
                    ],
                ),
            ),
        ),
    )
