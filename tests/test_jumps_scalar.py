"""The chain that can be solved: exact levels, exit times from the operator and from simulation, entry into B_1."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from dufm.solvers.jumps.absorbing import certify, ratio_to_boundary
from dufm.solvers.jumps.chains import ChainSetting, sgd_chains
from dufm.solvers.jumps.instance import diagonal
from dufm.solvers.jumps.scalar_chain import ScalarChain, exit_time, simulate
from dufm.theory.derivations.jumps.scalar import scalar_chain
from dufm.theory.jumps.scalar import critical_scale, critical_strength, levels, roots
from dufm.theory.proof.derivation import proved
from dufm.theory.stated import ProblemError

# (L, n, lambda / lambda_c, eta): mean exit time.
EXACT = {
    (3, 2, "9/10", 0.2): 536.8,
    (3, 2, "9/10", 0.4): 127.5,
    (3, 6, "9/10", 0.2): 1073,
    (3, 6, "9/10", 0.4): 327.3,
    (4, 6, "9/10", 0.2): 617.8,
    (4, 6, "9/10", 0.4): 200.4,
    (3, 6, "7/10", 0.4): 2048,
}


def test_the_derivation_checks() -> None:
    assert proved(scalar_chain().check())


def test_levels_are_roots() -> None:
    assert critical_scale(3) ** 3 == sp.Rational(1, 4)
    assert critical_strength(3, 6) == sp.Rational(3, 4) * sp.Rational(1, 4) ** sp.Rational(1, 3) / 12
    lam = Fraction(1, 30)
    found = levels(3, 6, lam)
    for (low, high), s in ((found.x_minus, 2 * lam), (found.barrier, 12 * lam), (found.minimum, 12 * lam)):
        assert high - low < Fraction(1, 2**70)
        assert ((1 - low**3) * low - s) * ((1 - high**3) * high - s) <= 0
    assert found.top[0] > found.minimum[1]


@pytest.mark.parametrize("case", EXACT, ids=str)
def test_exit_times_agree(case: tuple[int, int, str, float]) -> None:
    L, n, share, eta = case
    chain = ScalarChain.of(L, n, Fraction(share), eta)
    exact = exit_time(chain, 2000)
    assert exact == pytest.approx(EXACT[case], rel=1e-3)
    assert exit_time(chain, 1000) == pytest.approx(exact, rel=2e-3)
    run = simulate(chain, 600, 5, 200_000)
    assert abs(run.mean - exact) < 4 * run.error
    assert run.returned == 0


def test_a_level_that_is_too_high_is_not_absorbing() -> None:
    """Just above the sharp level chains come back: with the barrier in its place many do."""
    chain = ScalarChain.of(3, 6, Fraction(9, 10), 0.2)
    loose = ScalarChain(chain.L, chain.n, chain.lam, chain.eta, 0.98 * chain.barrier, chain.barrier, chain.minimum)
    assert simulate(loose, 300, 5, 100_000).returned > 0
    x = np.linspace(0, chain.x_minus, 1000)
    assert (chain.pushed(x) <= x).all() and chain.pushed(1.01 * chain.x_minus) > 1.01 * chain.x_minus


def test_chains_that_do_not_leave_in_time_have_no_mean() -> None:
    run = simulate(ScalarChain.of(3, 6, Fraction(7, 10), 0.2), 20, 5, 50)
    assert np.isnan(run.mean) and (run.times == -1).any()


def test_every_chain_enters_the_certified_set_and_stays() -> None:
    found = certify(3, "0.12", 1, "9.6e-5")
    assert found is not None
    bound = found.entry_steps()
    assert bound is not None and 140_000 < bound < 200_000
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(16, 2, 2)) for _ in range(3)]
    size = float(found.c) * 0.99
    weights = [w / np.linalg.norm(w, axis=(1, 2), keepdims=True) * size for w in weights]
    assert (ratio_to_boundary(weights, 1, found) > 1).all()
    setting = ChainSetting(diagonal(2), 0.12, 9.6e-5, 10_000, 0)
    inside = []
    end = sgd_chains(setting, weights, bound + 40_000, progress=lambda s: inside.append(_inside(s.weights, found)))
    assert inside[bound // 10_000].all() and not end.diverged.any()
    # Once in, never out.
    assert (np.diff(np.array(inside).astype(int), axis=0) >= 0).all()


def _inside(weights, found):
    return ratio_to_boundary(weights, 1, found) <= 1


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ProblemError, match="L >= 3"):
        critical_scale(2)
    with pytest.raises(ProblemError, match="lambda must be between 0 and lambda_c"):
        levels(3, 2, Fraction(1))
    with pytest.raises(ProblemError, match="two levels need"):
        roots(3, Fraction(1))
    with pytest.raises(ProblemError, match="share must be"):
        ScalarChain.of(3, 2, Fraction(1), 0.1)
    with pytest.raises(ProblemError, match="eta must be"):
        ScalarChain.of(3, 2, Fraction(1, 2), 1.5)
    with pytest.raises(ProblemError, match="nodes must be"):
        exit_time(ScalarChain.of(3, 2, Fraction(1, 2), 0.1), 10)
    with pytest.raises(ProblemError, match="chains and limit"):
        simulate(ScalarChain.of(3, 2, Fraction(1, 2), 0.1), 0, 0, 1)
