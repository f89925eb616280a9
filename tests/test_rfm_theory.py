"""Deep RFM with linear kernels: the recursion is the algorithm's; fixed points, rates, collapse, best kernel."""

from fractions import Fraction
from random import Random

import cvxpy as cp
import numpy as np
import pytest
import sympy as sp
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat
from scipy.optimize import minimize

from dufm.theory.derivations.rfm.kernel import random_kernel
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction, identity
from dufm.theory.rfm.blocks import block_rates, projectors
from dufm.theory.rfm.descent import falls, fixed_objective, objective
from dufm.theory.rfm.fixed_points import (
    collapse_rate,
    contraction,
    fixed_values,
    folds,
    level,
    rate,
    unique,
    without_map,
)
from dufm.theory.rfm.kernels import collapsed, cost, cross_class, least_cost
from dufm.theory.rfm.labels import Labels
from dufm.theory.rfm.linear_map import stalled
from dufm.theory.rfm.recursion import Kernels, ball, step
from dufm.theory.rfm.spread import Reached, ball_run, contractions, exact_run
from dufm.theory.stated import ProblemError
from dufm.verification.claims.rfm.exact import random_gram

# (lambda_k, lambda_Phi) and r for n = 12, from an independent prototype in floating point.
KNOWN = {
    ("1/10", "1/2"): 0.15990,
    ("1/2", "1/2"): 0.47830,
    ("1", "1/5"): 0.81690,
    ("3/10", "2"): 0.11109,
    ("2", "1/2"): 0.75174,
    ("1", "1/20"): 0.94760,
}


def test_wrong_words_are_caught() -> None:
    k = sp.Symbol("k", positive=True)
    G, J, A, B = letters("G J A B")
    rules = {G * J: 1 - k * J, J * G: 1 - k * J}
    assert same_words(G * J * G, G - k + k**2 * J, rules)().ok
    assert not same_words(G * J * G, G - k + k * J, rules)().ok
    assert not same_words(A * B, B * A)().ok
    with pytest.raises(ValueError, match="do not come to rest"):
        same_words(A, 0, {A: A * B})()


def algorithm(labels: Labels, data: np.ndarray, k: float, phi: float, layers: int, largest: bool) -> list[np.ndarray]:
    """Deep RFM in floating point: one gradient per sample and output, M^(1/2) by eigenvalues, explicit features."""
    y = np.array(labels.matrix().tolist(), dtype=float)
    found, x = [], data
    for _ in range(layers):
        alpha = np.linalg.solve(x @ x.T + k * np.eye(len(x)), y)
        gradients = [alpha.T @ x for _ in x]
        agop = np.mean([g.T @ g for g in gradients], axis=0)
        agop = agop / agop.max() if largest else agop
        values, vectors = np.linalg.eigh(agop)
        mapped = x @ (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
        found.append(mapped @ mapped.T)
        x = np.hstack([mapped, np.sqrt(phi) * np.eye(len(x))])
    return found


@pytest.mark.parametrize("labels", [Labels.balanced(3, 4), Labels.balanced(3, 4, "signs"), Labels((2, 5, 3))], ids=str)
def test_the_recursion_is_the_algorithm(labels: Labels) -> None:
    rng = np.random.default_rng(1)
    data = rng.integers(-9, 10, (labels.N, 7)) / 8
    grams = algorithm(labels, data, 0.3, 0.5, 6, largest=False)
    exact = fmpq_mat(labels.N, 7, [fmpq(int(v * 8), 8) for v in data.ravel()])
    for gram, reached in zip(
        grams, ball_run(labels, exact * exact.transpose(), Kernels.of("0.3", "0.5"), 6), strict=True
    ):
        wanted = np.array([[float(v) for v in row] for row in (reached.U * reached.U.transpose()).tolist()])
        assert np.abs(gram - wanted).max() < 1e-12 * np.abs(wanted).max()


@pytest.mark.parametrize("code", ["one-hot", "signs"])
def test_collapse_survives_the_largest_entry_normalisation(code: str) -> None:
    """The authors divide M by its largest entry, another number in every layer."""
    labels, k, phi = Labels.balanced(3, 5, code), 0.4, 0.3
    data = np.random.default_rng(2).standard_normal((labels.N, 6))
    y, q = np.array(labels.matrix().tolist(), float), np.array(labels.within().tolist(), float)
    sizes = []
    for gram in algorithm(labels, data, k, phi, 12, largest=True):
        # S = U U^T and C = Y^T U = U^T Y give S Y = U C and Y^T S Y = C^2, so Z = Q S Y (Y^T S Y)^(-1).
        sizes.append(np.linalg.norm(q @ gram @ y @ np.linalg.inv(y.T @ gram @ y) @ y.T))
    ratios = np.array(sizes[2:]) / np.array(sizes[1:-1])
    assert np.all(ratios <= k / (k + phi)) and sizes[-1] < 1e-2 * sizes[1]


def test_known_rates() -> None:
    for (k, phi), wanted in KNOWN.items():
        kernels = Kernels.of(k, phi)
        values = fixed_values(Fraction(12), kernels)
        assert len(values) == 1
        found = collapse_rate(values[0][0], kernels.k, kernels.phi)
        assert float(found) == pytest.approx(wanted, abs=5e-6)
        assert found == rate(values[0][0], kernels.phi, kernels.k, kernels.phi)
        assert found < contraction(Fraction(12), kernels.k, kernels.phi) < kernels.k / (kernels.k + kernels.phi)


def test_fixed_values_solve_the_cubic_and_are_counted() -> None:
    for share, several in (("1/8", False), ("1/9", True), ("1/20", True), ("3", False)):
        kernels = Kernels.of(1, share)
        assert unique(kernels) is not several
        if several:
            low, high = (level(v, 1, sp.Rational(share)) for v in reversed(folds(sp.Integer(1), sp.Rational(share))))
            between = Fraction(str(sp.N((low + high) / 2, 20)))
            assert [len(fixed_values(between * f, kernels)) for f in (Fraction(1, 3), 1, 3)] == [1, 3, 1]
    kernels = Kernels.of("1/2", "1/4")
    for tau in (Fraction(1, 100), Fraction(1), Fraction(30)):
        ((low, high),) = fixed_values(tau, kernels)
        assert level(low, kernels.k, kernels.phi) <= tau <= level(high, kernels.k, kernels.phi)
    assert fixed_values(Fraction(0), kernels) == ((Fraction(1, 4), Fraction(1, 4)),)


def test_threshold_of_the_linear_map() -> None:
    assert [float(without_map(12, sp.Rational(k))) / 12 for k in ("5/2", "29/10")] == pytest.approx(
        [0.49579, 0.34962], abs=5e-6
    )
    assert without_map(12, sp.Rational(31, 10)).is_real is False and without_map(12, 3) == 3


def test_rates_of_all_blocks() -> None:
    """Without spread the blocks of class space show their own rates; with it they follow r^2 where that is larger."""
    labels, kernels = Labels((2, 4)), Kernels.of("1/2", "1/2")
    start = labels.members() * random_gram(2) * labels.members().transpose() + identity(6)
    for (i, j), block in block_rates(labels, start, kernels, 16).items():
        if max(i, j) < 2:
            assert abs(block.measured() / block.predicted - 1) < 1e-5
    spread = block_rates(Labels.balanced(2, 6), random_gram(12), kernels, 18)
    r, own = spread[0, 1].predicted, spread[0, 0].predicted
    assert r**2 > own and abs(spread[0, 0].measured() / r**2 - 1) < 1e-2
    assert abs(spread[1, 1].measured() / r**2 - 1) < 1e-4 and spread[1, 1].predicted == 0
    with pytest.raises(ProblemError, match="one fixed point is needed"):
        block_rates(Labels.balanced(2, 5), random_gram(10), Kernels.of(1, "1/20"), 2)
    with pytest.raises(ProblemError, match="two layers"):
        spread[0, 1].measured(0)


def test_projectors_split_the_space() -> None:
    for labels in (Labels((1, 2, 2)), *(Labels.balanced(K, 2, "signs") for K in (2, 3, 4, 5))):
        parts = projectors(labels)
        total, gram = identity(labels.N) * 0, identity(labels.N) * 0
        for found, part in parts:
            assert part * part == part and fraction(sum((part[i, i] for i in range(labels.N)), fmpq(0))) == found.count
            total, gram = total + part, gram + part * fmpq(found.tau.numerator, found.tau.denominator)
        assert total == identity(labels.N) and gram == labels.gram()


def test_spread_falls_by_q_from_any_data_and_a_wrong_bound_would_fail() -> None:
    for seed in range(4):
        rng = Random(seed)
        labels = Labels((2, rng.randint(1, 4), rng.randint(1, 4)))
        kernels = Kernels.of(Fraction(rng.randint(1, 20), 10), Fraction(rng.randint(1, 20), 20))
        run = ball_run(labels, random_gram(labels.N, seed=seed), kernels, 10)
        q = contraction(max(labels.sizes), kernels.k, kernels.phi)
        assert all(ratio < ball(q) ** 2 for ratio in contractions(run[1:]))
    # Near the fixed point the bound is nearly reached: half of it is broken.
    run = ball_run(Labels.balanced(2, 12), random_gram(24), Kernels.of("1/10", "1/2"), 6)
    assert contractions(run)[-1] > (ball(contraction(Fraction(12), Fraction(1, 10), Fraction(1, 2))) * arb("0.99")) ** 2


def test_exact_and_ball_runs_agree_and_nc1_falls_like_r_squared() -> None:
    labels, kernels = Labels.balanced(2, 3), Kernels.of("1/2", "1/4")
    gram = random_gram(6)
    for one, other in zip(exact_run(labels, gram, kernels, 3), ball_run(labels, gram, kernels, 3), strict=True):
        with ctx.workdps(60):
            assert other.nc1(labels).contains(arb(one.nc1(labels)))
            assert other.weighted().contains(arb(one.weighted()))
    with ctx.workdps(200):
        run = ball_run(labels, gram, kernels, 20)
        ((a, _),) = fixed_values(Fraction(3), kernels)
        r = ball(collapse_rate(a, kernels.k, kernels.phi))
        assert abs(run[-1].nc1(labels) / run[-2].nc1(labels) / r**2 - 1) < 1e-5


@pytest.mark.parametrize("labels", [Labels((2, 5, 3)), Labels.balanced(3, 3, "signs")], ids=str)
def test_every_layer_minimises_what_is_said(labels: Labels) -> None:
    """A general-purpose minimiser of ||Y-U||^2 + lambda_k log det(U U^T + lambda_Phi) ends where the layers do."""
    kernels = Kernels.of("3/10", "1/10")
    with ctx.workdps(150):
        run = ball_run(labels, random_gram(labels.N), kernels, 30)
        assert all(fall > -arb("1e-60") for fall in falls(run, kernels))
        end = float(objective(run[-1], kernels))
        levels = [level for level in labels.levels() if level.tau > 0] if labels.code == "one-hot" else []
        if levels:
            at = [fixed_values(level.tau, kernels)[0][0] for level in levels]
            parts = zip(levels, at, strict=True)
            told = sum((v.count * fixed_objective(ball(v.tau), ball(a), kernels) for v, a in parts), arb(0))
            assert abs(told - objective(run[-1], kernels)) < 1e-8
    y = np.array(labels.matrix().tolist(), dtype=float)

    def loss(flat: np.ndarray) -> float:
        u = flat.reshape(y.shape)
        return np.sum((y - u) ** 2) + 0.3 * np.linalg.slogdet(u @ u.T / 0.1 + np.eye(len(y)))[1]

    start = np.random.default_rng(5).standard_normal(y.size)
    assert minimize(loss, start, method="L-BFGS-B").fun == pytest.approx(end, rel=1e-6)


def test_any_labels_converge_from_any_data_where_the_fixed_point_is_unique() -> None:
    labels, kernels = Labels((2, 5, 3)), Kernels.of(1, "1/8")
    ends = [
        block_rates(labels, random_gram(10, seed=seed, scale=scale), kernels, 30) for seed, scale in ((1, 1), (2, 400))
    ]
    for blocks in ends:
        assert all(block.sizes[-1] < block.sizes[0] and block.sizes[-1] < 1e-2 for block in blocks.values())


def test_several_fixed_points_attract() -> None:
    labels, kernels = Labels.balanced(2, 5), Kernels.of(1, "1/20")
    values = [float(low) for low, _ in fixed_values(Fraction(5), kernels)]
    y, unit = labels.matrix(), identity(10)
    with ctx.workdps(500):
        for scale, wanted in ((10, values[2]), (fmpq(1, 100), values[0])):
            gram = arb_mat(labels.gram() * scale + unit * fmpq(1, 50))
            for _ in range(60):
                gram = step(gram, arb_mat(y), arb_mat(unit), *kernels.balls())
            found = (arb_mat(y).transpose() * gram * arb_mat(y))[0, 0] / 5
            assert float(found) == pytest.approx(wanted, rel=1e-9)


def test_a_linear_map_conserves_the_spread_and_stalls_where_it_is_said() -> None:
    labels, kernels = Labels.balanced(3, 4), Kernels.of("1/8", 0)
    first, *_, last = exact_run(labels, random_gram(12, width=5, scale=2), kernels, 4)
    assert first.Z == last.Z and first.within() > 0
    run = ball_run(labels, random_gram(12, width=8, scale=2), kernels, 14)
    with ctx.workdps(100):
        means = arb_mat(labels.members().transpose()) * run[-1].U
        share = run[-1].within() / sum((x * x for x in means.entries()), arb(0)) * 4
        assert share > arb("0.0001") and abs(share / stalled(run[0], arb(1) / 8, arb(4)) - 1) < 1e-8


@pytest.mark.parametrize(
    ("labels", "ridge"), [(Labels.balanced(3, 2, "signs"), "1/10"), (Labels((2, 1, 3)), "1/2")], ids=str
)
def test_the_best_kernel_is_what_a_convex_solver_finds(labels: Labels, ridge: str) -> None:
    mu = Fraction(ridge)
    kernel = cp.Variable((labels.N, labels.N), PSD=True)
    y = np.array(labels.matrix().tolist(), dtype=float)
    loss = sum(cp.matrix_frac(y[:, c], kernel + float(mu) * np.eye(labels.N)) for c in range(labels.K))
    problem = cp.Problem(cp.Minimize(loss), [cp.diag(kernel) <= 1])
    problem.solve(solver=cp.CLARABEL)
    assert problem.value == pytest.approx(float(least_cost(labels, mu)), rel=1e-6)
    rho = cross_class(labels.K, mu / labels.sizes[0], labels.code)
    wanted = np.array(collapsed(labels, rho).tolist(), dtype=float)
    assert np.abs(kernel.value - wanted).max() < 2e-3


def test_kernel_optimum_in_numbers() -> None:
    assert least_cost(Labels.balanced(4, 6), Fraction(1, 10)) == Fraction(240, 61)
    shares = {3: -0.20050, 6: 0.14321, 10: 0.23135}
    for K, wanted in shares.items():
        assert float(cross_class(K, Fraction(1, 400))) == pytest.approx(wanted, abs=6e-6)
    assert cross_class(10, Fraction(10, 3)) == 1 and cross_class(3, Fraction(2)) == Fraction(-1, 2)
    labels, rng = Labels.balanced(5, 2, "signs"), Random(3)
    best = least_cost(labels, Fraction(1, 5))
    assert all(cost(random_kernel(rng, 10), labels, Fraction(1, 5)) > best for _ in range(10))


def test_bad_input_is_named() -> None:
    for bad in ((3,), (2, 0), (2, True)):
        with pytest.raises(ProblemError, match="sizes must be at least two integers"):
            Labels(bad)
    with pytest.raises(ProblemError, match="code must be one of one-hot, signs, got 'ones'"):
        Labels((2, 2), "ones")
    with pytest.raises(ProblemError, match="classes of one size only"):
        Labels((2, 3), "signs").levels()
    with pytest.raises(ProblemError, match="classes of one size here"):
        least_cost(Labels((2, 3), "signs"), Fraction(1))
    for k, phi in ((0, 1), (1, -1), ("-1", 0)):
        with pytest.raises(ProblemError, match="lambda_k must be > 0"):
            Kernels.of(k, phi)
    with pytest.raises(ProblemError, match="lambda_k must be a finite number"):
        Kernels.of("nan", 1)
    with pytest.raises(ProblemError, match="tau >= 0"):
        fixed_values(Fraction(1), Kernels.of(1, 0))
    with pytest.raises(ProblemError, match="ridge must be > 0"):
        least_cost(Labels((2, 2)), Fraction(0))
    with pytest.raises(ProblemError, match=r"K \+ mu must be invertible"):
        cost(Labels((2, 2)).gram(), Labels((2, 2)), Fraction(0))
    signs = Labels.balanced(2, 2, "signs")
    with pytest.raises(ProblemError, match="singular"):
        Reached.of(signs.matrix(), signs.matrix(), signs.within())
    with pytest.raises(ProblemError, match="G \\+ lambda_k I is singular"):
        exact_run(Labels((1, 1)), identity(2) * -1, Kernels.of(1, 1), 1)
