"""The frozen instance: its landscape, the Hessian's flat directions, the penalty on A, and what is refused."""

import json
import warnings

import numpy as np
import pytest

from dufm.solvers.jumps.experiments import frozen_minimum, strength
from dufm.solvers.jumps.factorisation import fit, gradient, loss, product, schatten_objective, unseen_error
from dufm.solvers.jumps.hessian import curvature, dead_level, hessian, stability_limit, zero_modes
from dufm.solvers.jumps.instance import Completion, full_target32, instance32, read_instance
from dufm.solvers.jumps.minima import critical_strength, find_minimum, follow
from dufm.theory.derivations.jumps.objective import schatten_objective as derivation
from dufm.theory.proof.derivation import proved
from dufm.theory.stated import ProblemError

# Losses at 0.95 of the reference strength: rank -> (loss, largest singular values).
LANDSCAPE = {
    3: {0: (0.363770, ()), 1: (0.216179, (3.57,)), 2: (0.185365, (3.10, 2.52)), 3: (0.196149, (2.91, 1.52, 0.80))},
    4: {0: (0.363770, ()), 1: (0.195922, (3.91,)), 2: (0.155413, (3.50, 2.91)), 3: (0.176664, (3.22, 1.71, 0.91))},
}


def test_the_derivation_checks() -> None:
    assert proved(derivation().check())


def test_the_frozen_instance_is_what_it_was() -> None:
    problem = instance32()
    assert (problem.observed, round(problem.largest, 3)) == (22, 1.834)
    assert np.linalg.norm(full_target32()) == pytest.approx(6, rel=1e-12)
    assert np.linalg.svd(full_target32(), compute_uv=False)[:3] == pytest.approx([18**0.5, 18**0.5, 0], abs=1e-12)


@pytest.mark.parametrize("L", LANDSCAPE)
def test_the_landscape(L: int) -> None:
    problem, lam = instance32(), strength(L, 0.95)
    found = {r: frozen_minimum(L, r, 0.95) for r in range(4)}
    for r, (value, sigma) in LANDSCAPE[L].items():
        m = found[r]
        assert m.loss == pytest.approx(value, abs=1e-5) and m.gradient < 1e-13
        assert m.sigma[:r] == pytest.approx(sigma, abs=5e-3) and not m.sigma[r:].any() or m.sigma[r] < 1e-13
        shape = curvature(m.weights, problem, lam)
        assert shape.flat == zero_modes(L, 6, r) and shape.least > -1e-12
        # Idle neurons have curvature 2 lambda; the active ones may be flatter, as the rank-3 minimum's are.
        assert shape.next <= 2 * lam * (1 + 1e-9)
        # Dead singular values of rounding size enter with the power 2/L.
        slack = lam * L * 6 * (6 * np.finfo(float).eps * m.sigma.max()) ** (2 / L) if r else 0.0
        assert abs(schatten_objective(product(m.weights), problem, lam, L) - m.loss) <= slack
    assert min(found.values(), key=lambda m: m.loss).rank == 2
    wrong = {r: unseen_error(product(m.weights), full_target32(), problem) for r, m in found.items()}
    assert wrong[3] > 1.3 and min(wrong, key=lambda r: wrong[r]) == 2


def test_how_far_the_minima_reach() -> None:
    problem = instance32()
    for L, r, lam, value in ((3, 1, 0.008, 0.0432), (3, 3, 0.008, 0.01461), (4, 3, 0.008, 0.01095)):
        start = find_minimum(problem, lam, L, r)
        assert start is not None
        assert critical_strength(problem, start, lam) == pytest.approx(value, rel=0.01)
    start = find_minimum(problem, 0.008, 3, 3)
    assert start is not None and follow(problem, start, 0.008, 0.02) is None


def test_levels_and_limits() -> None:
    problem = instance32()
    dead = {r: dead_level(frozen_minimum(3, r, 0.95).weights, problem, strength(3, 0.95), r) for r in (1, 2)}
    assert dead == {1: pytest.approx(0.0394, rel=0.01), 2: pytest.approx(0.674, rel=0.01)}
    assert stability_limit(frozen_minimum(3, 3, 0.95).weights, problem) == pytest.approx(0.347, rel=0.01)
    assert [zero_modes(3, 6, r) for r in range(4)] == [0, 10, 18, 24]


def test_no_factors_beat_the_penalty_on_the_product() -> None:
    problem, lam, rng = instance32(), 0.01, np.random.default_rng(0)
    m = frozen_minimum(3, 3, 0.95)
    floor = schatten_objective(product(m.weights), problem, lam, 3)
    for _ in range(300):
        # The same product through other factors of full width.
        turns = [np.eye(6), *(np.eye(6) + 0.3 * rng.normal(size=(6, 6)) for _ in range(2)), np.eye(6)]
        factors = [b @ w @ np.linalg.inv(a) for w, a, b in zip(m.weights, turns, turns[1:], strict=False)]
        assert np.abs(product(factors) - product(m.weights)).max() < 1e-8
        assert loss(factors, problem, lam) > floor


def test_gradient_and_hessian_are_those_of_the_loss() -> None:
    rng, lam, step = np.random.default_rng(1), 0.05, 1e-6
    problem = Completion(
        np.outer([3.0, -2.0, 1.0], [1.0, 2.0, -1.0]) / 2, np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]]) > 0
    )
    weights = [rng.normal(size=(2, 3)), rng.normal(size=(3, 2))]
    slopes = np.concatenate([g.ravel() for g in gradient(weights, problem, lam)])
    matrix = hessian(weights, problem, lam)
    flat = np.concatenate([w.ravel() for w in weights])

    def layers(x: np.ndarray) -> list[np.ndarray]:
        return [x[:6].reshape(2, 3), x[6:].reshape(3, 2)]

    for p in range(len(flat)):
        ends = [flat + sign * step * np.eye(len(flat))[p] for sign in (1, -1)]
        difference = (loss(layers(ends[0]), problem, lam) - loss(layers(ends[1]), problem, lam)) / (2 * step)
        # Central differences: step^2 times a third derivative, and rounding over the step.
        assert difference == pytest.approx(slopes[p], abs=1e-8)
        turned = [np.concatenate([g.ravel() for g in gradient(layers(x), problem, lam)]) for x in ends]
        assert (turned[0] - turned[1]) / (2 * step) == pytest.approx(matrix[p], abs=1e-8)
    assert fit(product(weights), problem) < loss(weights, problem, lam)


def test_what_makes_no_sense_is_refused(tmp_path) -> None:
    with pytest.raises(ProblemError, match="mask must be boolean"):
        Completion(np.eye(2), np.eye(2))
    with pytest.raises(ProblemError, match="at least one entry"):
        Completion(np.eye(2), np.zeros((2, 2), bool))
    with pytest.raises(ProblemError, match="finite where it is observed"):
        Completion(np.array([[np.nan, 1], [1, 1]]), np.ones((2, 2), bool))
    with pytest.raises(ProblemError, match="shape of the target"):
        Completion(np.eye(2), np.ones((2, 3), bool))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Completion(np.eye(2), np.array([[True, False], [False, False]]))
    assert "not observed at all" in str(caught[0].message)
    # What is not observed is not read.
    unknown = Completion(np.array([[1, np.nan], [np.nan, 1]]), np.eye(2, dtype=bool))
    assert np.isfinite(unknown.target).all()
    for arguments in ((2, 0.1, 1, 5), (3, 0.1, 3, -1), (3, 0.0, 3, 1), (3, 0.1, 1, 1)):
        with pytest.raises(ProblemError):
            find_minimum(unknown, arguments[1], arguments[2], arguments[3])
    path = tmp_path / "mine.json"
    with pytest.raises(ProblemError, match="cannot be read"):
        read_instance(path)
    path.write_text("{}")
    with pytest.raises(ProblemError, match="must hold JSON with A and mask"):
        read_instance(path)
    path.write_text(json.dumps({"A": [[1, None], [0, 1]], "mask": [[1, 0], [1, 1]]}))
    assert read_instance(path).observed == 3
