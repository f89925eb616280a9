"""Orthogonal inputs: every global minimum with weight decay has rank at most two, with its loss in closed form."""

from fractions import Fraction
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.derivations.squared.lemmas import balanced_neurons, random_matrix
from dufm.theory.proof.checks import Check, all_of, identical, inference, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import BESSEL, CHAIN_RULE, TRIANGLE, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rank_two.two_layer import Network
from dufm.theory.rational import fraction, relu, squared_norm

# Pythagorean quadruples: columns of a rational orthogonal matrix once divided by 3.
FRAME = ((1, 2, 2), (2, 1, -2), (2, -2, 1))


def inputs(rng: Random) -> fmpq_mat:
    """Two or three orthogonal rows of different rational lengths in R^3."""
    rows = rng.sample(FRAME, rng.randint(2, 3))
    lengths = [fmpq(rng.randint(1, 6), rng.randint(1, 4)) for _ in rows]
    return fmpq_mat([[fmpq(v, 3) * length for v in row] for row, length in zip(rows, lengths, strict=True)])


def weighted(values: list[fmpq], X: fmpq_mat) -> Fraction:
    """||z||^2 = sum_i z_i^2 / |x_i|^2 for the rows x_i of X."""
    norms = [sum((X[i, j] ** 2 for j in range(X.ncols())), fmpq(0)) for i in range(X.nrows())]
    return fraction(sum((z * z / n for z, n in zip(values, norms, strict=True)), fmpq(0)))


def bessel() -> Check:
    """The outputs z_i = relu(w x_i) of a neuron have ||z|| <= |w|."""

    def holds(rng: Random) -> bool:
        X, w = inputs(rng), random_matrix(rng, 3, 1)
        return weighted(relu(X * w).entries(), X) <= squared_norm(w)

    x, x_t, y, y_t = letters("x_i x_i^T x_j x_j^T")
    return quoted(BESSEL, same_words(x_t * y, 0, {x_t * y: 0, y_t * x: 0}), spots=[seeded(holds)])


def parts() -> Check:
    """For p, q >= 0 both norms are at least those of the positive and negative parts of p - q."""

    def holds(rng: Random) -> bool:
        X = inputs(rng)
        p, q = ([fmpq(rng.randint(0, 9), rng.randint(1, 5)) for _ in range(X.nrows())] for _ in range(2))
        f = [u - v for u, v in zip(p, q, strict=True)]
        plus, minus = [max(v, fmpq(0)) for v in f], [max(-v, fmpq(0)) for v in f]
        return weighted(p, X) >= weighted(plus, X) and weighted(q, X) >= weighted(minus, X)

    f, q = sp.symbols("f q", nonnegative=True)
    # p = f + q where f_+ = f and p - q = f; p - f_+ = q and its square's excess are >= 0.
    return all_of(
        identical(sp.UnevaluatedExpr(f + q) - f, q),
        signed((f + q) ** 2 - f**2, "f_+ = f, p = f + q"),
        spots=[seeded(holds)],
    )


def two_neurons() -> Check:
    """w_+- = sum_i (f_+-)_i x_i / |x_i|^2 read out by +1 and -1 give f, with |w_+-| = ||f_+-||."""

    def holds(rng: Random) -> bool:
        X = inputs(rng)
        f = [fmpq(rng.randint(-9, 9), rng.randint(1, 5)) for _ in range(X.nrows())]
        rows, sizes = [], []
        for sign in (1, -1):
            own = [max(sign * v, fmpq(0)) for v in f]
            dual = [sum((X[i, j] ** 2 for j in range(3)), fmpq(0)) for i in range(X.nrows())]
            rows.append([sum((own[i] * X[i, j] / dual[i] for i in range(X.nrows())), fmpq(0)) for j in range(3)])
            sizes.append(weighted(own, X))
        w = fmpq_mat(rows)
        out = fmpq_mat(1, 2, [1, -1]) * relu(w * X.transpose())
        inner = sum((rows[0][j] * rows[1][j] for j in range(3)), fmpq(0))
        exact = [squared_norm(fmpq_mat([row])) for row in rows]
        return out.entries() == f and exact == sizes and inner == 0

    x, x_t, y_t = letters("x_i x_i^T x_j^T")
    value, length = sp.symbols("f_i |x_i|^2", positive=True)
    w, w_t = value / length * x, value / length * x_t
    return all_of(
        same_words(x_t * w, value, {x_t * x: length}),
        same_words(y_t * w, 0, {y_t * x: 0}),
        same_words(w_t * w, value**2 / length, {x_t * x: length}),
        spots=[seeded(holds)],
    )


def never_lower() -> Check:
    """Unit inputs e_i: random networks are not below the closed form, decided between rational bounds."""

    def holds(rng: Random) -> bool:
        # Labels of which both signs have Pythagorean norms, so the closed form is rational: (3, 4), (-5, -12).
        scale, lam = Fraction(rng.randint(1, 5)), Fraction(rng.randint(1, 30), 20)
        y = [3 * scale, 4 * scale, -5 * scale, -12 * scale]
        X = [[Fraction(int(i == j)) for j in range(4)] for i in range(4)]
        least = sum(part_value(norm * scale, 4, lam) for norm in (5, 13))
        W, A = random_matrix(rng, 5, 4), random_matrix(rng, 1, 5)
        for away in (fmpq(1), fmpq(1, 4), fmpq(0)):
            if Network.of(W * away, A * away, X, [[v] for v in y], lam).loss() < least:
                return False
        return True

    return seeded(holds, what="random weights, and zero")


def frozen() -> Check:
    """A gradient step leaves inactive pre-activations (1 - eta lambda) times what they were."""

    def holds(rng: Random) -> bool:
        X, lam, eta = inputs(rng), Fraction(rng.randint(1, 9), 10), fmpq(rng.randint(1, 9), 10)
        N = X.nrows()
        net = Network.of(random_matrix(rng, 4, 3), random_matrix(rng, 1, 4), X, random_matrix(rng, N, 1), lam)
        decay = fmpq(lam.numerator, lam.denominator)
        before = net.W * X.transpose()
        after = (net.W - (net.data_gradient() + net.W * decay) * eta) * X.transpose()
        pairs = zip(before.entries(), after.entries(), strict=True)
        return all(new == (1 - eta * decay) * old for old, new in pairs if old <= 0)

    return quoted(CHAIN_RULE, spots=[seeded(holds)])


def part_value(norm: Fraction, N: int, lam: Fraction) -> Fraction:
    """Least of (norm - s)^2 / (2N) + lambda s over s >= 0: one sign's share of the least loss, unit inputs."""
    s = max(norm - N * lam, Fraction(0))
    return (norm - s) ** 2 / (2 * N) + lam * s


def orthogonal_inputs() -> Derivation:
    """Rank at most two at every global minimum, for any loss of the outputs; closed form for the squared loss."""
    a, s, Y, N, lam, rho = sp.symbols("a s Y N lambda rho", positive=True)
    # w x_i, x_j x_i for another sample j, its pull on the neuron, the step size.
    inner, overlap, pull, eta = sp.symbols("w_x x_jx_i r eta", real=True)
    after = inner - eta * (a * pull * overlap / N + lam * inner)
    group = (Y - s) ** 2 / (2 * N) + lam * s / rho
    best = Y - N * lam / rho
    return Derivation(
        name="orthogonal-inputs",
        title="Orthogonal inputs: weight decay gives rank two at every global minimum",
        source="ours; without weight decay two such neurons are known to interpolate at least norm (Boursier, "
        "Pillaud-Vivien, Flammarion, arXiv 2206.00939)",
        states="One output, pairwise orthogonal nonzero inputs (a bias counts as an entry), any loss of the outputs, "
        "lambda > 0, width >= 2: at every global minimum all neurons with a_k > 0 are parallel, so are those with "
        "a_k < 0, and rank(W) <= 2. Squared loss, |x_i| = rho: f_s = max(0, 1 - N lambda / (rho |y_s|)) y_s for the "
        "positive and negative labels, and the two nonzero sigma^2 of W are |f_s| / rho. Gradient steps, eta lambda < "
        "1, never make a neuron active on a sample where it was not, so they need not reach that minimum.",
        steps=(
            balanced_neurons(),
            Step(
                "Write ||z||^2 = sum_i z_i^2 / |x_i|^2 for outputs z on the data. A neuron with outputs z_i = "
                "relu(w x_i) has |w| >= ||z||, and equal only for w = sum_i z_i x_i / |x_i|^2.",
                (),
                bessel(),
                "bessel",
            ),
            Step(
                "f = p - q, p = sum of a_k z_k over a_k > 0 and q likewise, both >= 0 on every sample: p >= f_+, q >= "
                "f_-. So sum_k |a_k| |w_k| >= ||p|| + ||q|| >= ||f_+|| + ||f_-||.",
                (),
                all_of(parts(), quoted(TRIANGLE), inference("|a_k| |w_k| is at least a neuron's norm", "bessel")),
                "parts",
            ),
            Step(
                "Two neurons reach that for any f, and they are orthogonal. So a global minimum reaches it: equality "
                "in the triangle inequality of a strictly convex norm makes the w_k of one sign parallel to "
                "sum_i (f_s)_i x_i / |x_i|^2; rank(W) <= 2, with sum of |w_k|^2 over a sign ||f_s||.",
                (),
                all_of(
                    two_neurons(),
                    inference("equality in the triangle inequality of a strictly convex norm", "bessel", "parts"),
                ),
                "two",
            ),
            Step(
                "Squared loss, |x_i| = rho: each sign minimises its own share, whose best f_s is parallel to y_s "
                "with norm s; completing the square gives s = |y_s| - N lambda / rho where that is positive, else 0. "
                "Rank two needs N lambda < rho min(|y_+|, |y_-|).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(group), group.subs(s, best) + (s - best) ** 2 / (2 * N)),
                    signed((sp.Symbol("z", real=True)) ** 2 / (2 * N), "a square"),
                    inference("each sign alone", "parts", "two"),
                    spots=[never_lower()],
                ),
            ),
            Step(
                "But gradient descent need not find it. A step, of any batch, on a neuron w with w x_i <= 0 moves "
                "w x_i by decay alone, for the other inputs are orthogonal: for eta lambda < 1 no step makes a neuron "
                "active on a sample where it was not. If at the start no neuron is active on all samples with f_i > 0 "
                "at the minimum (or on all with f_i < 0), no training reaches it or comes near.",
                (),
                all_of(
                    identical(sp.Subs(after, overlap, 0), (1 - eta * lam) * inner),
                    frozen(),
                    inference("step by step", "two"),
                ),
            ),
        ),
    )
