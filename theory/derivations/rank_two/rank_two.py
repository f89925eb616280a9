"""Weight decay and rank two: how far the first layer is from rank two, from gradients alone, at any parameters."""

from collections.abc import Iterable
from fractions import Fraction
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.proof.checks import Check, all_of, definition, identical, inference, seeded
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CHAIN_RULE, ECKART_YOUNG_FROBENIUS, RANK_OF_PRODUCT, TRIANGLE, quoted
from dufm.theory.rank_two.two_layer import Network, rank_two_bound
from dufm.theory.rational import fraction, squared_norm

lam, a, h, g, w = sp.symbols("lambda a_k h_k g_k w_k", real=True)
lam_positive = sp.Symbol("lambda", positive=True)


def network(rng: Random, K: int = 1) -> Network:
    """A small random network with rational weights and data, some neurons dead."""
    m, p, N = rng.randint(1, 6), rng.randint(1, 4), rng.randint(1, 6)
    W, A, X, Y = (random_matrix(rng, *shape) for shape in ((m, p), (K, m), (N, p), (N, K)))
    return Network.of(W, A, X, Y, Fraction(rng.randint(1, 9), rng.randint(1, 9)))


def chain_rule() -> Check:
    """While no activation changes the loss is quadratic in W, so its central difference is its derivative exactly."""

    def holds(rng: Random) -> bool | None:
        net = network(rng, rng.randint(1, 3))
        before = net.W * net.X.transpose()
        # A pre-activation of zero is on the boundary of two activation patterns.
        if any(z == 0 for z in before.entries()):
            return None
        direction = random_matrix(rng, net.W.nrows(), net.W.ncols())
        moved = (direction * net.X.transpose()).entries()
        ratios = [abs(z / v) for z, v in zip(before.entries(), moved, strict=True) if v]
        step = min([*ratios, fmpq(1)]) / 2
        ahead, behind = (Network(net.W + direction * t, net.A, net.X, net.Y, net.lam).loss() for t in (step, -step))
        gradient = net.data_gradient() + net.W * fmpq(net.lam.numerator, net.lam.denominator)
        inner = sum((x * y for x, y in zip(gradient.entries(), direction.entries(), strict=True)), fmpq(0))
        return ahead - behind == 2 * fraction(step) * fraction(inner)

    return quoted(CHAIN_RULE, spots=[seeded(holds, what="central differences of a quadratic")])


def two_groups() -> Check:
    """M = -(1/lambda)(a_+ h_+^T + a_- h_-^T) has rank <= 2 for any h_+, h_-; B-I holds with them and with the best."""

    def holds(rng: Random) -> bool:
        net = network(rng)
        m, p = net.W.nrows(), net.W.ncols()
        data, strength = net.data_gradient(), fmpq(net.lam.numerator, net.lam.denominator)
        products = fmpq_mat(m, p)
        for sign in (1, -1):
            own = fmpq_mat(m, 1, [max(x * sign, fmpq(0)) * sign for x in net.A.entries()])
            products += own * random_matrix(rng, 1, p)
        gradient, spread = squared_norm(data + net.W * strength), squared_norm(data - products)
        gap = squared_norm(net.W + products * (1 / strength))
        excess = net.lam**2 * gap - gradient - spread
        best = rank_two_bound(net)
        return (
            products.rank() <= 2
            and (excess <= 0 or excess**2 <= 4 * gradient * spread)
            and best.holds
            and best.spread <= spread
        )

    return all_of(quoted(TRIANGLE, spots=[seeded(holds)]), quoted(ECKART_YOUNG_FROBENIUS))


def patterns() -> Check:
    """The data gradient of one output has at most as many independent rows as there are activation patterns."""

    def holds(rng: Random) -> bool:
        net = network(rng)
        before = net.W * net.X.transpose()
        seen = {
            tuple(bool(before[k, i] > 0) for i in range(before.ncols()))
            for k in range(before.nrows())
            if net.A[0, k] != 0
        }
        return net.data_gradient().rank() <= len(seen)

    return quoted(RANK_OF_PRODUCT, spots=[seeded(holds)])


def outputs() -> Check:
    """With one group A^T H has rank <= K; <= K - 1 if the outputs' residuals cancel for every sample."""

    def holds(rng: Random) -> bool:
        K, m, p, N = rng.randint(2, 3), 6, 5, 5
        residuals = random_matrix(rng, K, N)
        table = residuals.tolist()
        table[-1] = [-sum((table[c][i] for c in range(K - 1)), fmpq(0)) for i in range(N)]
        X, A = random_matrix(rng, N, p), random_matrix(rng, K, m)
        free = (A.transpose() * (residuals * X)).rank() <= K
        return free and (A.transpose() * (fmpq_mat(table) * X)).rank() <= K - 1

    return quoted(RANK_OF_PRODUCT, spots=[seeded(holds)])


def batches() -> Check:
    """The data gradient of a batch B has rank <= |B|; all gradients of batches small make W nearly rank one."""

    def holds(rng: Random) -> bool:
        K = rng.randint(1, 3)
        whole = network(rng, K)
        N, strength = whole.X.nrows(), fmpq(whole.lam.numerator, whole.lam.denominator)
        size = rng.randint(1, N)
        rows = range(size)

        def part(index: Iterable[int]) -> fmpq_mat:
            x, y = (fmpq_mat([[m[i, j] for j in range(m.ncols())] for i in index]) for m in (whole.X, whole.Y))
            return Network(whole.W, whole.A, x, y, whole.lam).data_gradient()

        single, batch = [part([i]) for i in range(N)], part(rows)
        total = fmpq_mat(whole.W.nrows(), whole.W.ncols())
        for i in rows:
            total += single[i]
        mean = total == batch * size and batch.rank() <= size and all(s.rank() <= 1 for s in single)
        if size == N:
            return mean
        swapped = part([*rows[:-1], size])
        return (
            mean
            and single[size - 1] - single[size]
            == ((batch + whole.W * strength) - (swapped + whole.W * strength)) * size
        )

    return quoted(RANK_OF_PRODUCT, spots=[seeded(holds, what="batches, and batches that differ in one sample")])


def rank_two() -> Derivation:
    """Inequalities B-I (one output, two signs) and B-II (batches), and what replaces two for K outputs."""
    reference, e, b = sp.symbols("h_s epsilon b", positive=True)
    mu = sp.Symbol("mu", real=True)
    decay = lam_positive * (w + a * reference / lam_positive)
    return Derivation(
        name="rank-two",
        title="Weight decay and rank two: a bound from gradients, at any parameters",
        source="ours; the question is that of Chen, Yi and Yang (arXiv 2410.02176), whose proofs were not used; the "
        "rank of a batch's gradient: Galanti et al. (arXiv 2206.05794)",
        states="f(x) = A relu(W x), squared loss plus lambda/2 (|W|^2 + |A|^2), lambda > 0, K = 1, any data, "
        "parameters and h_+, h_-: dist(W, rank <= 2) <= (|grad_W L| + (sum_k a_k^2 |h(S_k) - h_(sign a_k)|^2)^(1/2)) "
        "/ lambda. For K outputs and one group rank K replaces two (K - 1 under cross-entropy). For any batch B, "
        "dist(W, rank <= |B|) <= |grad_W L_B| / lambda.",
        steps=(
            Step(
                "S_k is the set of samples on which neuron k is active, r_i the residual, h(S) = (1/N) sum_(i in S) "
                "r_i x_i. Row k of the gradient in W is a_k h(S_k) + lambda w_k.",
                (),
                all_of(definition("S_k and h"), chain_rule()),
                "gradient",
            ),
            Step(
                "At a stationary point w_k = -(a_k / lambda) h(S_k): the rank of W is at most the number of distinct "
                "activation patterns of neurons with a_k != 0.",
                (),
                all_of(
                    identical(sp.Subs(a * h + lam_positive * w, w, -a * h / lam_positive), 0),
                    patterns(),
                    inference("a gradient of zero", "gradient"),
                ),
            ),
            Step(
                "Anywhere: give every neuron with a_k > 0 one vector h_+, every one with a_k < 0 one h_-. The rows "
                "-(a_k / lambda) h_s are a matrix M of rank <= 2, one for each sign, and lambda (W - M) is the "
                "gradient minus what the neurons differ by.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(decay), sp.UnevaluatedExpr(a * h + lam_positive * w) - a * (h - reference)
                    ),
                    inference("row by row", "gradient"),
                ),
                "difference",
            ),
            Step(
                "The triangle inequality gives B-I, for dist(W, rank <= 2) <= |W - M|; it also gives the share of the "
                "two largest singular values, E_2 >= 1 - |W - M|^2 / |W|^2.",
                (),
                all_of(two_groups(), inference("norms of both sides", "difference")),
            ),
            Step(
                "The best h_s is mu, the mean of the h(S_k) over its sign with weights a_k^2; any other adds its "
                "distance from mu: summed with weights a_k^2, the middle term of a neuron's share cancels.",
                (),
                all_of(
                    identical(
                        (h - reference) ** 2,
                        (h - mu) ** 2 + 2 * sp.UnevaluatedExpr(h - mu) * (mu - reference) + (mu - reference) ** 2,
                    ),
                    inference("a weighted mean is where the deviations cancel", "difference"),
                ),
            ),
            Step(
                "For K outputs row k is H(S_k)^T a_k + lambda w_k with a K x p matrix H and column a_k of A. One H for "
                "all neurons gives A^T H, of rank <= K; softmax residuals cancel over the outputs, which leaves "
                "K - 1. The same two lines bound dist(W, rank <= K): weight decay asks for rank K, not two.",
                (),
                all_of(outputs(), inference("the same two lines", "gradient", "difference")),
            ),
            Step(
                "Batches: sample i contributes an outer product to the data gradient, so that of a batch has rank "
                "<= |B|, and lambda W is the gradient of L_B minus it. Batches of two give rank two, each on its own.",
                (),
                all_of(batches(), inference("a sample's gradient is an outer product", "gradient")),
                "batch",
            ),
            Step(
                "If the gradients of all batches of size b < N are at most epsilon, swapping one sample shows that any "
                "two samples' gradients differ by at most 2 b epsilon, so dist(W, rank <= 1) <= (2 b - 1) epsilon / "
                "lambda: that hypothesis is too strong to tell two from one.",
                (),
                all_of(
                    identical(e + sp.UnevaluatedExpr((b - 1) / b) * (2 * b * e), (2 * b - 1) * e),
                    quoted(TRIANGLE),
                    inference("batches that differ in one sample", "batch"),
                ),
            ),
        ),
    )
