"""The exact side of rank two: gradients, inequality B-I, energy bounds, the rank-three and the orthogonal instance."""

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from flint import fmpq

import dufm.theory.rank_two.rank_three as three
from dufm.solvers.rank_two import network, spectrum
from dufm.solvers.rank_two.tasks import ORTHOGONAL_LABELS, task_named, train_task
from dufm.solvers.rank_two.training import initial_weights
from dufm.theory.derivations.rank_two.rank_three import instance, rank_three, value
from dufm.theory.derivations.rank_two.rank_two import network as random_network
from dufm.theory.proof.derivation import proved
from dufm.theory.rank_two.rank_three import dual, labels, margin, minimiser, pairs, rays
from dufm.theory.rank_two.two_layer import Network, energy_at_least, energy_at_most, rank_two_bound, root_above
from dufm.theory.rational import to_lists
from dufm.theory.stated import ProblemError
from dufm.verification.base.exact import rational

Array = np.ndarray


def floats(matrix) -> Array:
    return np.array(to_lists(matrix), dtype=float)


def test_the_derivation_needs_these_multipliers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proved(rank_three().check())
    weak = {1: Fraction(-1), 2: Fraction(2, 5)}
    monkeypatch.setattr(three, "multiplier", lambda x: weak[sum(map(abs, x))])
    broken = [checked.ok for checked in rank_three().check()]
    assert broken[:2] == [True, True] and not all(broken)


def test_exact_and_float_networks_agree() -> None:
    for seed in range(20):
        net = random_network(Random(seed))
        if any(z == 0 for z in (net.W * net.X.transpose()).entries()):
            # Rounding decides whether such a neuron is active.
            continue
        W, A, X, Y = (floats(m) for m in (net.W, net.A, net.X, net.Y))
        lam = float(net.lam)
        assert float(net.loss()) == pytest.approx(network.loss(W, A, X, Y, lam), rel=1e-12)
        assert floats(net.data_gradient()) == pytest.approx(network.data_gradients(W, A, X, Y)[0], rel=1e-9, abs=1e-9)
        exact, found = rank_two_bound(net), spectrum.rank_two_certificate(W, A, X, Y, lam)
        assert exact.holds
        for name in ("gradient", "spread", "gap", "norm"):
            assert float(getattr(exact, name)) == pytest.approx(getattr(found, name) ** 2, rel=1e-8, abs=1e-10)
        if exact.norm:
            assert float(exact.relative()) == pytest.approx(found.bound / found.norm, rel=1e-8)
            assert float(exact.energy_below) <= spectrum.energies(W)[:2][-1] + 1e-10


def test_a_bound_that_is_too_small_does_not_hold() -> None:
    bound = next(b for b in (rank_two_bound(random_network(Random(s))) for s in range(9)) if b.gap > 0)
    assert not type(bound)(bound.gradient / 9, bound.spread / 9, bound.gap * 4 + 1, bound.norm, bound.lam).holds
    assert not type(bound)(Fraction(0), Fraction(0), bound.gap, bound.norm, bound.lam).holds


def test_energy_bounds_bracket_the_singular_values() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        W = rng.standard_normal((9, 5))
        _, s, V = np.linalg.svd(W)
        e2 = (s[:2] ** 2).sum() / (s**2).sum()
        assert float(energy_at_least(rational(W), rational(V[:2]))) == pytest.approx(e2, rel=1e-12)
        assert energy_at_least(rational(W), rational(rng.standard_normal((2, 5)))) < Fraction(e2)
        assert Fraction(e2) < energy_at_most(rational(W)) < Fraction(2 * s[0] ** 2 / (s**2).sum())
    for square in (Fraction(2), Fraction(10**40, 3), Fraction(3, 10**40)):
        root = root_above(square)
        assert square < root**2 < square * (1 + Fraction(1, 1 << 56))
    assert root_above(Fraction(0)) == 0


def test_the_dual_function_by_hand() -> None:
    # In the chamber without bias D is w_1 - w_3.
    assert [dual((*w, 0)) for w in ((5, 3, 2), (4, 4, 0), (1, 1, 1), (0, 0, 0))] == [3, 4, 0, 0]
    assert dual((-5, 2, -3, 0)) == 3
    assert len(rays()) == 15
    assert all(margin(*pair) >= 0 for pair in pairs())
    rng = np.random.default_rng(1)
    for w in rng.integers(-20, 21, (300, 4)).tolist():
        size = sum(v * v for v in w)
        assert dual(w) ** 2 <= size
        assert dual(w) ** 2 < size or sum(map(bool, w[:3])) == 1 - (size == 0) and w[3] == 0


def test_the_rank_three_minimum() -> None:
    net = instance(Fraction(3, 2), Fraction(1, 7), True)
    assert net.loss() == value(Fraction(3, 2), Fraction(1, 7))
    assert energy_at_most(minimiser(Fraction(1))[0], 9) < Fraction(67, 100)
    for scale in (fmpq(99, 100), fmpq(101, 100)):
        assert Network.of(net.W * scale, net.A, net.X, net.Y, net.lam).loss() > net.loss()
    with pytest.raises(ProblemError, match="c and lambda must be > 0, got 1 and 0"):
        labels(Fraction(1), Fraction(0))


def test_training_finds_the_rank_three_minimum() -> None:
    lam = 0.05
    task = task_named("rank-three", lam=lam)
    least = float(value(Fraction(1), Fraction(1, 20)))
    for run in train_task(task, lam, [0, 1, 2], threads=1):
        end = run.looks[-1]
        assert end.energies[1] == pytest.approx(2 / 3, abs=1e-3) and end.energies[2] > 0.999
        assert least <= network.loss(run.W, run.A, task.X, task.Y, lam) < 1.001 * least


def test_training_finds_the_closed_form_of_orthogonal_inputs() -> None:
    task, lam = task_named("orthogonal"), 0.05
    sizes = [np.linalg.norm([v for v in ORTHOGONAL_LABELS if sign * v > 0]) for sign in (-1, 1)]
    for run in train_task(task, lam, [0, 1], threads=1):
        squares = np.linalg.svd(run.W, compute_uv=False) ** 2
        assert squares[:2] == pytest.approx([size - 4 * lam for size in sizes], abs=1e-6)
        assert squares[2:].sum() < 1e-6


def test_orthogonal_inputs_keep_training_from_the_minimum() -> None:
    """Inactive pre-activations only decay: signs of w x_i never turn positive over a whole run."""
    task = task_named("orthogonal-32")
    W, _ = initial_weights(4, 32, 1, 64)
    (run,) = train_task(task, 0.003, [4], threads=1, steps=2000)
    assert not ((run.W > 0) & (W <= 0)).any() and ((run.W <= 0) & (W > 0)).any()


def test_bad_exact_networks_are_refused() -> None:
    one = [[Fraction(1)]]
    with pytest.raises(ProblemError, match="lambda must be > 0, got 0"):
        Network.of(one, one, one, one, 0)
    with pytest.raises(ProblemError, match="W, A, X, Y must be m x p, K x m, N x p, N x K"):
        Network.of(one, one, [[Fraction(1), Fraction(2)]], one, 1)
    with pytest.raises(ProblemError, match="one output, K = 1; got K = 2"):
        rank_two_bound(Network.of(one, [*one, *one], one, [[Fraction(1)] * 2], 1))
