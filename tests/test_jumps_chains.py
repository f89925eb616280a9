"""SGD chains: the compiled step is the plain one, chains repeat, and ranks fall and never rise."""

import numpy as np
import pytest
from jumps_probe import batch_step

from dufm.solvers.jumps.chain_kernel import layout
from dufm.solvers.jumps.chains import ChainSetting, advance, begin, pack, sgd_chains, unpack
from dufm.solvers.jumps.experiments import basin, frozen_minimum, jumps, strength
from dufm.solvers.jumps.factorisation import gradient, spectral_gap_share
from dufm.solvers.jumps.instance import Completion, diagonal, instance32
from dufm.solvers.jumps.minima import find_minimum
from dufm.solvers.jumps.tally import exits, hazard, rank_shares, transition_matrix, upward, upward_bound
from dufm.theory.stated import ProblemError

MASK64 = 2**64 - 1


def picks(seed: int, chain: int, count: int, steps: int) -> list[int]:
    """The entries a chain draws, by SplitMix64 in Python's integers."""
    state = int(np.random.SeedSequence(seed, spawn_key=(0, chain)).generate_state(1, np.uint64)[0])
    found = []
    for _ in range(steps):
        state = (state + 0x9E3779B97F4A7C15) & MASK64
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
        z ^= z >> 31
        found.append(((z >> 32) * count) >> 32)
    return found


@pytest.mark.parametrize("widths", [(5, 4, 6), (4, 3, 5, 2), (6, 6, 6, 6), (3, 9, 7, 4, 3)], ids=str)
def test_the_compiled_step_is_the_plain_one(widths: tuple[int, ...]) -> None:
    rng = np.random.default_rng(len(widths))
    problem = Completion(rng.normal(size=(widths[-1], widths[0])), np.ones((widths[-1], widths[0]), bool))
    weights = [0.5 * rng.normal(size=(3, above, below)) for below, above in zip(widths, widths[1:], strict=False)]
    setting = ChainSetting(problem, 0.05, 0.1, checkpoint=40, seed=7)
    end = sgd_chains(setting, weights, 40)
    rows, columns, targets = problem.entries()
    for chain in range(3):
        plain = [w[chain : chain + 1] for w in weights]
        for pick in picks(7, chain, problem.observed, 40):
            entry = [v[pick : pick + 1][None] for v in (rows, columns, targets)]
            plain = batch_step(plain, *entry, 0.05, 0.1)
        assert max(np.abs(a[0] - b[chain]).max() for a, b in zip(plain, end.weights, strict=True)) < 1e-12


def test_single_steps_average_to_the_gradient() -> None:
    problem, rng = instance32(), np.random.default_rng(0)
    weights = [rng.normal(size=(6, 6)) for _ in range(3)]
    rows, columns, targets = (v[:, None] for v in problem.entries())
    many = [np.repeat(w[None], problem.observed, axis=0) for w in weights]
    moved = batch_step(many, rows, columns, targets, 0.02, 0.1)
    for w, m, g in zip(weights, moved, gradient(weights, problem, 0.02), strict=True):
        assert np.abs((w - m.mean(axis=0)) / 0.1 - g).max() < 1e-12


def test_matrices_follow_the_scalar_chain() -> None:
    """A* = I_2, diagonal observed, balanced diagonal start: coordinates are the chain of theory.jumps.scalar."""
    eta, lam, L = 0.2, 0.05, 3
    end = sgd_chains(ChainSetting(diagonal(2), lam, eta, 200, 3), [0.9 * np.eye(2)] * L, 200, chains=2)
    for chain in range(2):
        x = [0.9, 0.9]
        for pick in picks(3, chain, 2, 200):
            push = eta * (1 - x[pick] ** L) * x[pick] ** (L - 1)
            x = [(1 - 2 * eta * lam) * value + (push if i == pick else 0.0) for i, value in enumerate(x)]
        for w in end.weights:
            assert np.abs(w[chain] - np.diag(x)).max() < 1e-12


def test_a_run_goes_on_where_it_stopped_whatever_the_threads() -> None:
    weights = frozen_minimum(3, 3, 0.96).weights
    setting = ChainSetting(instance32(), strength(3, 0.96), 0.3, 100, 5, inject=1e-2)
    whole = sgd_chains(setting, weights, 500, chains=6)
    stopped = sgd_chains(setting, weights, 200, chains=6)
    resumed = sgd_chains(setting, (), 500, state=stopped)
    threaded = sgd_chains(setting, weights, 500, chains=6, threads=2)
    fewer = sgd_chains(setting, weights, 500, chains=4)
    for other in (resumed, threaded):
        assert np.array_equal(other.spectra, whole.spectra)
        assert all(np.array_equal(a, b) for a, b in zip(other.weights, whole.weights, strict=True))
    assert np.array_equal(fewer.spectra, whole.spectra[:, :4])
    assert not np.array_equal(advance(setting, stopped).sigma[-1], stopped.sigma[-1])


def test_packing_keeps_everything() -> None:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(2, 9, 3)), rng.normal(size=(2, 4, 9))]
    back = unpack(pack(weights, layout([(9, 3), (4, 9)])), layout([(9, 3), (4, 9)]))
    assert all(np.array_equal(a, b) for a, b in zip(weights, back, strict=True))


def test_divergence_is_told_and_never_a_rank() -> None:
    weights = [3.0 * w for w in frozen_minimum(3, 2, 0.95).weights]
    end = sgd_chains(ChainSetting(instance32(), strength(3, 0.95), 0.9, 50, 0), weights, 100, chains=5)
    assert end.diverged.all() and np.isnan(end.sigma[-1]).all() and (end.ranks[-1] == -1).all()
    assert all(np.isfinite(w).all() for w in end.weights)
    assert transition_matrix(end.ranks).sum() == 0 and exits(end.ranks, 2) == 0


@pytest.fixture(scope="module")
def by_step() -> dict[float, np.ndarray]:
    return {eta: jumps(3, 3, 0.96, eta, seed=1).ranks for eta in (0.15, 0.2, 0.25, 0.3)}


def test_ranks_fall_and_never_rise(by_step: dict[float, np.ndarray]) -> None:
    assert 190 <= exits(by_step[0.25], 3) <= 240
    assert all(upward(ranks) == 0 for ranks in by_step.values())
    rates = [hazard(ranks, 3, 500).rate for ranks in by_step.values()]
    assert rates[2] == pytest.approx(8.6e-5, rel=0.25)
    # Four step sizes, ever faster.
    assert all(b > 1.5 * a for a, b in zip(rates, rates[1:], strict=False))
    assert exits(jumps(3, 3, 0.98, 0.3).ranks, 3) >= 250
    last = rank_shares(by_step[0.3], 3)[-1]
    assert last.sum() == pytest.approx(1) and last[3] < 0.1


def test_noise_does_not_bring_ranks_back() -> None:
    run = jumps(3, 3, 0.96, 0.2, chains=512, seed=11, inject=1e-2)
    assert upward(run.ranks) == 0
    bound = upward_bound(run.ranks)
    assert bound.n >= 200 and bound.k == 0 and bound.high <= 0.015
    # The noise is seen: no singular value is near zero, and none is where the rank rule could err.
    assert run.sigma[-1].min() > 0 and spectral_gap_share(run.spectra, 5e-3, 5e-2) < 0.05


def test_basins_and_the_control_at_two_layers() -> None:
    problem, lam, start = instance32(), strength(3, 0.95), frozen_minimum(3, 1, 0.95)
    near, edge, far = (basin(problem, start, lam, delta) for delta in (0.05, 0.1, 0.3))
    assert near.above == 0 and near.chains == 256
    # One in a thousand climbs at this noise.
    assert edge.above <= 3
    assert far.above >= 230 and far.tail > 0.0394 > near.tail
    saddle = find_minimum(problem, lam, 2, 1)
    assert saddle is not None
    assert basin(problem, saddle, lam, 1e-6).above >= 245


def test_a_dead_direction_decays_at_the_rate_of_weight_decay() -> None:
    eta, lam = 0.1, strength(3, 0.95)
    rng = np.random.default_rng(0)
    weights = [w + 0.05 * rng.normal(size=w.shape) for w in frozen_minimum(3, 1, 0.95).weights]
    end = sgd_chains(ChainSetting(instance32(), lam, eta, 100, 2), weights, 3000, chains=32)
    tail = np.log(end.spectra[10:, :, 1]).mean(axis=1)
    slope = np.polyfit(np.arange(len(tail)) * 100.0, tail, 1)[0]
    assert -slope == pytest.approx(2 * 3 * eta * lam, rel=0.05)


def test_counting() -> None:
    ranks = np.array([[3, 3, 3], [3, 2, -1], [2, 2, -1], [2, 3, -1]])
    assert transition_matrix(ranks).tolist() == [[0] * 4, [0] * 4, [0, 0, 2, 1], [0, 0, 2, 1]]
    assert (upward(ranks), exits(ranks, 3)) == (1, 2)
    found = hazard(ranks, 3, 10)
    assert (found.exits, found.steps) == (2, 40) and found.low < found.rate < found.high
    bound = upward_bound(ranks)
    assert (bound.k, bound.n) == (1, 2)
    never = hazard(np.full((3, 2), 3), 3, 10)
    assert never.rate == never.low == 0 and never.high > 0


def test_what_makes_no_sense_is_refused() -> None:
    problem = diagonal(3)
    for arguments, word in (
        ((-0.1, 0.1), "lambda"),
        ((0.1, 0.0), "eta"),
        ((1.0, 0.6), "less than"),
        ((0.1, np.nan), "eta"),
    ):
        with pytest.raises(ProblemError, match=word):
            ChainSetting(problem, *arguments)
    with pytest.raises(ProblemError, match="checkpoint must be"):
        ChainSetting(problem, 0.1, 0.1, 0)
    setting = ChainSetting(problem, 0.1, 0.1)
    with pytest.raises(ProblemError, match="chains must be"):
        begin(setting, [np.eye(3)] * 2)
    with pytest.raises(ProblemError, match="target's shape"):
        begin(setting, [np.eye(2)] * 2, 1)
    with pytest.raises(ProblemError, match="as many columns"):
        begin(setting, [np.eye(3), np.ones((3, 2))], 1)
    with pytest.raises(ProblemError, match="steps must be"):
        sgd_chains(setting, [np.eye(3)] * 2, -1, 1)
    with pytest.raises(ProblemError, match="hazard needs chains"):
        hazard(np.array([[2], [2]]), 3, 10)
    with pytest.raises(ProblemError, match="L must be one of"):
        strength(5, 0.9)
