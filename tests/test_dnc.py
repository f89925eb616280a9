"""What deep neural collapse costs: the derivation covers L = 1, unequal norms and any n, and agrees with the code."""

from fractions import Fraction
from math import prod
from pathlib import Path
from random import Random

import numpy as np
import pytest
import sympy as sp

from dufm.theory import derivations
from dufm.theory.derivations.squared import dnc as dnc_steps
from dufm.theory.problem import Problem
from dufm.theory.proof.checks import Method
from dufm.theory.proof.words import same_words
from dufm.theory.squared import dnc, phi
from dufm.verification import checker


def collapsed(rng: np.random.Generator, K: int, L: int, n: int, width: int) -> list[np.ndarray]:
    """Weights H_1, W_1, ... whose features of layers 2 .. L are orthogonal class by class, of norms of their own."""

    def frame() -> np.ndarray:
        """Non-negative with orthogonal columns: disjoint supports."""
        out = np.zeros((width, K))
        for row in range(width):
            out[row, row % K] = rng.exponential() + 0.05
        return out

    if L == 1:
        return [rng.normal(size=(width, K * n)), rng.normal(size=(K, width))]
    features = [frame() for _ in range(L - 1)]
    first = rng.normal(size=(width, width))
    sampled = np.repeat(features[0], n, axis=1)
    # Negative entries of P_2 are free: relu drops them.
    sampled = np.where(sampled > 0, sampled, -rng.exponential(size=sampled.shape) * 0.1)
    layers = [np.linalg.solve(first, sampled), first]
    for before, after in zip(features, features[1:], strict=False):
        layers.append(after @ np.linalg.pinv(before))
    return [*layers, np.diag(rng.uniform(-0.2, 1.2, size=K)) @ np.linalg.pinv(features[-1])]


def loss(factors: list[np.ndarray], lambdas: list[float], K: int, n: int) -> float:
    """The loss with every sample's own column of H_1."""
    out = factors[1] @ factors[0]
    for factor in factors[2:]:
        out = factor @ np.maximum(out, 0)
    fit = float(np.sum((out - np.repeat(np.eye(K), n, axis=1)) ** 2)) / (2 * K * n)
    return fit + sum(lam * float(np.sum(f**2)) for lam, f in zip(lambdas, factors, strict=True)) / 2


@pytest.mark.parametrize("L", [1, 2, 3, 5])
@pytest.mark.parametrize("n", [1, 3])
def test_no_collapsed_weights_are_below_phi_whatever_their_norms(L: int, n: int) -> None:
    rng = np.random.default_rng(10 * L + n)
    for _ in range(60):
        K = int(rng.integers(2, 5))
        strengths = [Fraction(int(rng.integers(1, 60)), 1000) for _ in range(L + 1)]
        problem = Problem(K, L, tuple(strengths), width=K, n=n)
        factors = collapsed(rng, K, L, n, K + 2)
        # Balanced by scaling, so that the bound is not met with room to spare.
        size = [float(lam) * float(np.sum(f**2)) for lam, f in zip(strengths, factors, strict=True)]
        mean = prod(size) ** (1 / (L + 1))
        factors = [f * (mean / own) ** 0.5 for f, own in zip(factors, size, strict=True)]
        found = loss(factors, [float(x) for x in strengths], K, n)
        assert found >= float(phi.phi_of_power(L, problem.x_power)[0]) * (1 - 1e-12)


@pytest.mark.parametrize("L", range(1, 13))
def test_the_derivation_speaks_of_the_code_s_own_phi(L: int) -> None:
    u, p = phi.u, L + 1
    assert sp.expand(phi.stationarity(L) - u ** (p - 2) * (1 - u**p) + phi.x) == 0
    if L > 1:
        t = sp.Rational(L - 1, L)
        assert phi.collapse_threshold(L) == sp.powsimp(t ** sp.Rational(L - 1, L + 1) * (1 - t))


def test_the_check_of_a_projector_can_fail() -> None:
    Q, T = dnc_steps.Q, dnc_steps.T

    def projector(rest: sp.Expr) -> bool:
        return same_words(rest * rest, rest, {T * Q: 1})().ok

    assert projector(1 - Q * T) and projector(Q * T)
    assert not any(projector(wrong) for wrong in (1 + Q * T, 1 - 2 * Q * T, Q - T))


def test_every_step_is_algebra_and_none_is_a_sample() -> None:
    derivation = derivations.dnc()
    assert [c.method for c in derivation.check()] == [Method.SYMBOLIC] * len(derivation.steps)
    assert all(step.shown for step in derivation.steps)
    for words in ("every K >= 2, L >= 1", "equal norms or not", "pairwise orthogonal"):
        assert words in derivation.states


def test_the_pieces_of_the_bound_hold_exactly_at_random_rationals() -> None:
    """sum of p numbers >= p times their geometric mean; the product telescopes to Lambda^p t^2."""
    rng = Random(5)
    for _ in range(50):
        L, n = rng.randint(1, 6), rng.randint(1, 4)
        lambdas = [Fraction(rng.randint(1, 30), rng.randint(1, 30)) for _ in range(L + 1)]
        squares = [Fraction(rng.randint(1, 30), rng.randint(1, 30)) for _ in range(L)]  # d_2 .. d_(L+1) = t^2
        first = n * lambdas[0] * lambdas[1] * squares[0]  # the two equal numbers, multiplied
        rest = [lam * b / a for lam, a, b in zip(lambdas[2:], squares, squares[1:], strict=False)]
        assert first * prod(rest) == n * prod(lambdas) * squares[-1]


ROOT = Path(checker.__file__).resolve().parents[1]
DEFINITION = (
    "in every hidden layer 2 .. L the samples of a class share one feature and the K class features are pairwise "
    "orthogonal"
)
WHERE = ("README.md", "docs/glossary.md", "theory/squared/dnc.py", "verification/checker.py")


@pytest.mark.parametrize("name", [*WHERE, "verification/rocq/Model.v"])
def test_there_is_one_definition_of_collapse(name: str) -> None:
    if not (ROOT / name).exists():
        pytest.skip("an installed package has no such file")
    words = " ".join((ROOT / name).read_text().split())
    assert DEFINITION + (", of equal norms or not" if name in WHERE else "") in words
    assert "from some layer on" not in words


def test_the_configuration_with_its_definition_reaches_the_bound() -> None:
    assert DEFINITION in " ".join((dnc.__doc__ or "").split())
    assert dnc.DeepNeuralCollapse().cost(7, 3) == 7
