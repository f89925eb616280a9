"""What weight decay asks of a product of matrices, and why minima of low rank stay minima in wider networks."""

from fractions import Fraction
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.derivations.jumps.lemmas import orthogonal
from dufm.theory.derivations.squared.lemmas import am_gm, random_matrix
from dufm.theory.derivations.squared.linear_network import chain_norm
from dufm.theory.jumps.step import ball, gradients, imbalance, inner, product
from dufm.theory.proof.checks import all_of, identical, inference, instances, named, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_SCHWARZ, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction, squared_norm

L, n, r, lam, g, sigma, m = sp.symbols("L n r lambda g sigma m", positive=True)
e_in, e_out = sp.symbols("e_in e_out", real=True)


class _Padded:
    """A rational critical point of rank r in layers of width n, all entries observed, with a free complement G."""

    def __init__(self, seed: int, L: int, n: int = 3, r: int = 2, pull: Fraction = Fraction(1)) -> None:
        rng = Random(seed)
        self.L, self.n, self.r, self.N = L, n, r, n * n
        self.lam = Fraction(rng.randint(1, 9), 20)
        left, right = orthogonal(rng, n), orthogonal(rng, n)
        values = [Fraction(rng.randint(1, 8), 4) for _ in range(r)]
        core = _diagonal(values, n)
        self.weights = [core * right.transpose(), *[core] * (L - 2), left * core]
        # E g_l = -2 lambda W_l wants the fit's gradient -G to be 2 lambda s^(2-L) on the singular vectors in use;
        # on the complement it is free: `pull` times 2 lambda.
        self.pull = _diagonal([2 * self.lam * v ** (2 - L) for v in values] + [pull * 2 * self.lam] * (n - r), n)
        self.fit_gradient = left * self.pull * right.transpose() * fmpq(-1)
        self.target = product(self.weights) - self.fit_gradient * fmpq(self.N)

    def is_critical(self) -> bool:
        """2 lambda W_l + E g_l = 0 in every layer, and D_l = 0."""
        total = [w * ball(2 * self.lam * self.N) for w in self.weights]
        for i in range(self.n):
            for j in range(self.n):
                y = fraction(self.target[i, j])
                total = [t + d for t, d in zip(total, gradients(self.weights, i, j, y), strict=True)]
        zero = fmpq_mat(self.n, self.n)
        return all(t == zero for t in total) and all(d == zero for d in imbalance(self.weights))

    def second_order(self, E: list[fmpq_mat]) -> Fraction:
        """Coefficient of t^2 in the loss at W + t E."""
        # A(t) up to t^2, factor by factor.
        orders = [self.weights[0], E[0], fmpq_mat(self.n, self.n)]
        for w, e in zip(self.weights[1:], E[1:], strict=True):
            orders = [w * orders[0], w * orders[1] + e * orders[0], w * orders[2] + e * orders[1]]
        fit = squared_norm(orders[1]) / (2 * self.N) + inner(self.fit_gradient, orders[2])
        return fit + self.lam * sum((squared_norm(e) for e in E), Fraction(0))

    def idle(self, seed: int) -> list[fmpq_mat]:
        """A random direction in the entries that touch an idle hidden neuron."""
        rng, idle = Random(seed), range(self.r, self.n)
        E = [random_matrix(rng, self.n, self.n) for _ in range(self.L)]
        for layer, e in enumerate(E):
            for i in range(self.n):
                for j in range(self.n):
                    into, out = layer < self.L - 1 and i in idle, layer > 0 and j in idle
                    if not (into or out):
                        e[i, j] = fmpq(0)
        return E

    def active(self, seed: int) -> list[fmpq_mat]:
        """A random direction in the entries of the width-r problem."""
        whole = [random_matrix(Random(seed + i), self.n, self.n) for i in range(self.L)]
        for layer, e in enumerate(whole):
            for i in range(self.n):
                for j in range(self.n):
                    if (layer < self.L - 1 and i >= self.r) or (layer > 0 and j >= self.r):
                        e[i, j] = fmpq(0)
        return whole

    def predicted(self, E: list[fmpq_mat]) -> Fraction:
        """lambda (||E||^2 - 2 sum <e_out, Q_l e_in>) over hidden layers l and idle neurons, Q_l = -M_l / (2 lambda)."""
        crossed = Fraction(0)
        for layer in range(self.L - 1):
            Q = self._crossing(layer)
            for k in range(self.r, self.n):
                e_in = fmpq_mat(self.n, 1, [E[layer][k, j] for j in range(self.n)])
                e_out = fmpq_mat(self.n, 1, [E[layer + 1][i, k] for i in range(self.n)])
                crossed += inner(e_out, Q * e_in)
        return self.lam * (sum((squared_norm(e) for e in E), Fraction(0)) - 2 * crossed)

    def _crossing(self, layer: int) -> fmpq_mat:
        M = self.fit_gradient
        for w in reversed(self.weights[layer + 2 :]):
            M = w.transpose() * M
        for w in self.weights[:layer]:
            M = M * w.transpose()
        return M * ball(Fraction(-1) / (2 * self.lam))

    def isometric(self) -> bool:
        """Q_l Q_l^T and Q_l^T Q_l are projections of rank r: idempotent with trace r."""
        for layer in range(self.L - 1):
            Q = self._crossing(layer)
            for square in (Q * Q.transpose(), Q.transpose() * Q):
                if square * square != square or sum((square[i, i] for i in range(self.n)), fmpq(0)) != self.r:
                    return False
        return True


def _diagonal(values: list[Fraction], n: int) -> fmpq_mat:
    matrix = fmpq_mat(n, n)
    for i, value in enumerate(values):
        matrix[i, i] = ball(value)
    return matrix


def _balanced_factors(seed: int) -> bool:
    """sum ||W_l||^2 = L sum sigma_i(A)^(2/L) for balanced rational factors, sigma_i = s_i^L."""
    rng = Random(seed)
    depth, size = rng.randint(2, 5), rng.randint(2, 3)
    frames = [orthogonal(rng, size) for _ in range(depth + 1)]
    values = [Fraction(rng.randint(0, 9), 6) for _ in range(size)]
    weights = [b * _diagonal(values, size) * a.transpose() for a, b in zip(frames, frames[1:], strict=False)]
    A = product(weights)
    wanted = frames[-1] * _diagonal([v**depth for v in values], size) * frames[0].transpose()
    total = sum((squared_norm(w) for w in weights), Fraction(0))
    return A == wanted and total == depth * sum((v**2 for v in values), Fraction(0))


def _splits(case: tuple[int, int]) -> bool:
    """At a padded critical point the second variation of idle entries is as predicted, and Q_l is isometric."""
    seed, depth = case
    point = _Padded(seed, depth, pull=Fraction(7, 2))
    directions = [point.idle(100 + seed + i) for i in range(3)]
    same = all(point.second_order(E) == point.predicted(E) >= 0 for E in directions)
    # Idle and active entries do not mix: the second variation of a sum is the sum.
    idle = directions[0]
    active = point.active(200 + seed)
    both = [a + b for a, b in zip(active, idle, strict=True)]
    apart = point.second_order(both) == point.second_order(active) + point.second_order(idle)
    return point.is_critical() and point.isometric() and same and apart


def _saddle(seed: int) -> bool:
    """L = 2: the idle neuron that reads and writes the complement has negative curvature for pull > 1."""
    point = _Padded(seed, 2, pull=Fraction(7, 2))
    # In the frames of A the direction is e e^T; there the rest of W_1 and W_2 is zero.
    right, left = fmpq_mat(3, 3), fmpq_mat(3, 3)
    rng = Random(seed)
    rng.randint(1, 9)
    frame_left, frame_right = orthogonal(rng, 3), orthogonal(rng, 3)
    for j in range(3):
        right[2, j] = frame_right[j, 2]
        left[j, 2] = frame_left[j, 2]
    return point.is_critical() and point.second_order([right, left]) < 0


def schatten_objective() -> Derivation:
    """Weight decay on factors is a Schatten 2/L penalty on the product; low-rank minima survive padding for L >= 3."""
    cases = [(seed, depth) for seed in range(4) for depth in (3, 4, 5)]
    orbit = r * (r - 1) / 2 + r * (n - r)
    W, V_t, V, f, g_l, _g_t = letters("W_l W_(l+1)^T W_(l+1) g_(l+1) g_l g_l^T")
    # Column and row of an idle neuron, where W_l and W_(l+1) are zero; V^+ = V_inverse, onto = V V^+.
    W_t, idle, idle_t, into_t, out, Q, Q_t, inverse, inverse_t, onto = letters("W_l^T k k^T e_i^T e_o Q Q^T V^+ V^+T P")
    # g_l = u_l v_l^T summed over entries: up = u_(l+1), below = v_l^T, down = v_(l+1)^T.
    up, u_l, below, down = letters("u_(l+1) u_l v_l^T v_(l+1)^T")
    pull = 1 / (2 * lam)
    return Derivation(
        name="schatten-objective",
        title="Minima of low rank in deep linear networks",
        source="penalty and balance: known (e.g. Wang and Jacot, arXiv 2305.16038); the Hessian: ours",
        states="L_lambda = C(W_L ... W_1) + lambda sum ||W_l||^2, C smooth, lambda > 0. Critical points are balanced. "
        "Over factors of A (hidden widths >= rank A) the penalty is at least lambda L sum_i sigma_i(A)^(2/L), with "
        "equality at balanced factors. For L >= 3 let a rank-r minimum of hidden width r have a Hessian that is "
        "positive but for the r (r - 1)/2 rotations of each hidden layer. Padded with zeros to width n it is a local "
        "minimum, whose Hessian is 0 on (L-1) (r (r - 1)/2 + r (n - r)) directions, the orbit of the rotations, and "
        "else positive; on idle neurons it has the eigenvalues 0, 2 lambda and 4 lambda. For L = 2 it is a saddle as "
        "soon as the gradient of C on the complement exceeds 2 lambda.",
        steps=(
            Step(
                "2 lambda W_l = -g_l for the gradient g_l of C, and W_{l+1}^T g_{l+1} = g_l W_l^T: multiplying from "
                "either side gives W_{l+1}^T W_{l+1} = W_l W_l^T.",
                (),
                all_of(
                    same_words(V_t * V, W * W_t, {V: -pull * f, V_t * f: g_l * W_t, W * W_t: -pull * g_l * W_t}),
                    same_words(pull * V_t * up * down, pull * u_l * below * W_t, {V_t * up: u_l, down: below * W_t}),
                    spots=[
                        instances(cases, lambda c: _Padded(*c).is_critical(), "rational critical points, L = 3, 4, 5")
                    ],
                ),
                "balance",
            ),
            Step(
                "By AM-GM sum ||W_l||^2 >= L (prod ||W_l||)^(2/L), and by Horn and Hoelder sum_i sigma_i^(2/L) <= prod "
                "||W_l||^(2/L). Balanced factors have sigma_i(W_l) = sigma_i^(1/L): equality.",
                (),
                all_of(
                    am_gm(),
                    chain_norm(),
                    identical(L * sp.UnevaluatedExpr(sigma ** (1 / L)) ** 2, L * sigma ** (2 / L)),
                    inference("balanced factors share their singular values", "balance"),
                    spots=[instances(range(12), _balanced_factors, "balanced rational factors, seeds 0, ..., 11")],
                ),
            ),
            Step(
                "Pad with zeros. An idle neuron k of hidden layer l reads e_in (row k of W_l) and writes e_out (column "
                "k of W_{l+1}); to second order the product changes only by W_L ... e_out e_in^T ... W_1. So the "
                "second variation is that of width r plus lambda sum (|e_in|^2 + |e_out|^2 - 2 <e_out, Q_l e_in>) plus "
                "lambda for entries between idle neurons, with Q_l = -(W_L ... W_{l+2})^T grad C (W_{l-1} ... W_1)^T / "
                "(2 lambda). Stationarity and balance make Q_l a partial isometry of rank r for L >= 3, whatever grad "
                "C is on the complement: the form is >= 0, zero iff e_out = Q_l e_in and e_in lies in its support.",
                (),
                all_of(
                    identical(
                        lam * sp.UnevaluatedExpr(e_in**2 + e_out**2 - 2 * e_in * e_out), lam * (e_in - e_out) ** 2
                    ),
                    signed(lam * (e_in - e_out) ** 2, "a square"),
                    same_words(V * idle * into_t, 0, {V * idle: 0}),
                    same_words(out * idle_t * W, 0, {idle_t * W: 0}),
                    same_words(
                        inverse_t * V_t * Q * Q_t * V * inverse,
                        onto,
                        {
                            V_t * Q: W,
                            Q_t * V: W_t,
                            W * W_t: V_t * V,
                            inverse_t * V_t: onto,
                            V * inverse: onto,
                            onto**2: onto,
                        },
                    ),
                    quoted(CAUCHY_SCHWARZ),
                    inference(
                        "stationarity of W_l and W_(l+1): Q_l^T W_(l+1) = W_l^T, Q_l maps onto W_(l+1)", "balance"
                    ),
                    spots=[instances(cases, _splits, "rational critical points with a free complement")],
                ),
                "idle",
            ),
            Step(
                "These zeros are r per idle neuron and hidden layer; with the rotations of width r they make up the "
                "orbit of O(n), whose stabiliser is O(n - r). A Hessian that is positive across an orbit of critical "
                "points makes it a local minimum.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(orbit), n * (n - 1) / 2 - (n - r) * (n - r - 1) / 2),
                    inference("dim O(n) less dim O(n - r), and a positive Hessian across", "idle"),
                ),
            ),
            Step(
                "For L = 2 nothing stands between an idle neuron and grad C: Q_1 = -grad C / (2 lambda), longer than 1 "
                "where the complement pulls harder than 2 lambda, and the form takes negative values.",
                (),
                all_of(
                    same_words(out * idle_t * W + V * idle * into_t, 0, {idle_t * W: 0, V * idle: 0}),
                    identical(lam * (sp.UnevaluatedExpr(1) + 1) - (2 * lam + sigma), -sigma),
                    inference("unit vectors with <grad C, e_out e_in^T> = -(2 lambda + sigma)", "idle"),
                    spots=[
                        instances(range(6), _saddle, "rational critical points at L = 2, negative second variation")
                    ],
                ),
            ),
            Step(
                "A balanced new direction s = sigma^(1/L) on singular vectors of grad C with value -g moves as s' = s "
                "+ eta s (g s^(L-2) - 2 lambda) on average, to first order: it dies below sigma_dead = (2 lambda / "
                "g)^(L/(L-2)).",
                (),
                # m = L - 2.
                all_of(
                    named(sp.Symbol("sigma_dead"), (2 * lam / g) ** (L / (L - 2))),
                    identical(g * sp.UnevaluatedExpr((2 * lam / g) ** (1 / m)) ** m, 2 * lam),
                ),
            ),
        ),
    )
