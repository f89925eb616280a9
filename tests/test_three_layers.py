"""Three classes, three layers: both certificates on random Gram matrices, networks, and the limit of weak decay."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

from dufm.theory.derivations.squared import three_layers_nu as nu
from dufm.theory.derivations.squared import three_layers_value as value
from dufm.theory.proof.derivation import name_of
from dufm.theory.squared.head32 import RankTwoHead
from dufm.theory.squared.phi import phi_of_power
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.claim import BUDGETS
from dufm.verification.claims.base.conclusions import uncovered
from dufm.verification.claims.base.regime import EVERY, From, Only, Part, Regime
from dufm.verification.claims.base.verdict import Status


def compiled(letter: sp.Symbol, *expressions: Any) -> Callable[[float], list[float]]:
    """The derivations' own formulas, in floats."""
    return sp.lambdify(letter, list(expressions))


OF_S = compiled(nu.s, nu.loss, nu.beta, nu.kappa_squared, nu.rho_squared)
OF_O = compiled(value.o, value.turned, value.corner, value.side)


class Crossed:
    """A random A whose column 3 is crossed, in normal form, with the two certificates of the derivations."""

    def __init__(self, rng: np.random.Generator) -> None:
        a, b = np.exp(rng.choice([0.3, 1, 2]) * rng.normal(size=2) + 2 * rng.normal() - 1)
        t = min(a * b, 1) * rng.random() ** 2 * 0.999
        self.t, w = t, np.array([a, b])
        plus, minus = np.sqrt(1 + t) / 2, np.sqrt(1 - t) / 2
        self.p, m = plus + minus, plus - minus
        H = np.array([[self.p, -m], [-m, self.p]])
        n = np.linalg.solve(H, w)
        W = np.linalg.norm(n)
        self.Q = np.block([[H @ H + np.outer(w, w), -w[:, None]], [-w[None, :], np.ones((1, 1))]])
        self.s = np.sqrt((1 + 2 * W**2) / (1 + W**2))
        self.k, beta, kappa, rho = OF_S(self.s)
        kappa, rho, y, p_0 = np.sqrt(kappa), np.sqrt(rho), self.k / W, 1 - self.k
        c, r = beta**2 * W / (self.s * kappa), 1 / kappa
        g, u = (c * p_0 + r * y) / rho, (r * p_0 - c * y) / rho
        self.M = np.block([[H, -(u - g / W) * w[:, None]], [-y * n[None, :] / W, np.array([[u]])]])
        o = self.s**2 - 1
        self.x, self.corner, side = OF_O(o)
        self.N = np.block([[H, -np.sqrt(1 - o) * w[:, None]], [side * n[None, :], np.array([[self.corner]])]])
        self.d = np.diag(self.M.T @ np.linalg.inv(self.Q))


def drawn(count: int) -> list[Crossed]:
    rng = np.random.default_rng(0)
    found = [Crossed(rng) for _ in range(count)]
    return [c for c in found if np.linalg.cond(c.Q) < 1e7]


def gap_of_relu(Q: np.ndarray, D: np.ndarray, rng: np.random.Generator) -> float:
    """The least of p^T Q p - relu(p)^T D relu(p), in units of the terms, over random p."""
    p = rng.normal(size=(4000, 3)) * np.exp(2 * rng.normal(size=(4000, 3)))
    f = np.maximum(p, 0)
    gaps = np.einsum("ni,ij,nj->n", p, Q, p) - np.einsum("ni,ij,nj->n", f, D, f)
    return float((gaps / (p**2 @ np.diag(Q))).min())


def test_the_z_matrix_obeys_its_constraints_and_the_bound_holds() -> None:
    cases = drawn(2000)
    assert len(cases) > 1500
    for c in cases:
        contraction = c.M.T @ np.linalg.inv(c.Q) @ c.M
        assert np.linalg.eigvalsh(contraction)[-1] <= 1 + 1e-7
        assert (c.M * (1 - np.eye(3))).max() <= 1e-12 and c.d.min() > 0
        assert c.d[2] == pytest.approx(1 / (c.s * np.sqrt(2 - c.s**2)), rel=1e-6)
        assert c.p**2 * c.d[0] * c.d[1] >= (1 - c.k) * (1 - 1e-9)


def test_what_relu_leaves_of_the_form_is_above_n_and_above_no_larger_one() -> None:
    rng = np.random.default_rng(1)
    refused = 0
    for c in drawn(200):
        assert gap_of_relu(c.Q, c.N @ c.N.T, rng) >= -1e-12
        assert np.diag(c.N) == pytest.approx([c.p, c.p, c.corner])
        refused += gap_of_relu(c.Q, 1.1 * c.N @ c.N.T, rng) < 0
    assert refused > 100


def test_the_product_of_both_diagonals_is_above_one() -> None:
    products = [np.prod(c.d) * np.prod(np.diag(c.N)) for c in drawn(2000)]
    assert 1 - 1e-9 <= min(products) < 1.001 < max(products)
    s = np.linspace(1.001, np.sqrt(2) - 1e-6, 400)
    rest = s * (2 - s**2) + s**2 - 1
    assert (rest * (s**2 - 1 + np.sqrt(s**4 - 3 * s**2 + 3)) / s**2).min() > 1


def test_no_random_network_of_three_layers_costs_less_than_dnc() -> None:
    rng = np.random.default_rng(2)
    least = np.inf
    for _ in range(2000):
        noise = rng.choice([0.01, 0.1, 1])
        P, W = (np.eye(5, 3) @ np.eye(3, c) + noise * rng.normal(size=(5, c)) for c in (3, 5))
        F = np.maximum(W @ np.maximum(P, 0), 0)
        if np.linalg.matrix_rank(F, tol=1e-6) == 3:
            nuclear = np.linalg.norm(P, "nuc") * np.linalg.norm(W) * np.linalg.norm(np.linalg.pinv(F))
            least = min(least, nuclear / 9)
    assert 1 <= least < 1.05


def test_the_limit_is_that_of_the_cost() -> None:
    cost = float((RankTwoHead().cost(3, 4).h * 2) ** 0.2)
    assert cost < 3
    ratios = []
    for x in (Fraction(1, 10**3), Fraction(1, 10**6), Fraction(1, 10**9)):
        head, dnc = (float(phi_of_power(4, (x * scale) ** 5)[0]) for scale in (Fraction(cost) / 3, Fraction(1)))
        delta = float(15 * x) ** 0.5
        ratios.append(head / dnc)
        assert cost / 3 * (1 - delta) ** 0.4 <= head / dnc <= cost / 3 / (1 - delta) ** 0.4
    assert ratios[-1] == pytest.approx(cost / 3, rel=1e-4)


def test_claims_on_three_classes_settle_no_cell_and_reach_no_further() -> None:
    for label in ("three-classes-three-layers", "three-classes-weak-decay"):
        claim = claim_named(label)
        assert claim.work(BUDGETS["quick"]).status is Status.PROVED and claim.says is None
        assert not any(claim.settles(3, L) in ("dnc", "low rank") for L in range(1, 6))
        wider = replace(claim, regime=Regime((Part(Only((3, 4)), From(3), EVERY),)))
        assert uncovered(wider.regime, None, [name_of(s) for s in claim.rests_on], claim.needs)  # pyright: ignore
