"""The family behind the exponent of the least cost: its weights, its spectrum, and what it costs beside the bounds."""

from itertools import product

import numpy as np
import pytest
import sympy as sp

from dufm.theory.derivations import derivation
from dufm.theory.derivations.squared.exponents import coefficient, grid, weights
from dufm.theory.squared.bounds import pair_power
from dufm.theory.squared.structure import cost_power
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.claim import BUDGETS
from dufm.verification.claims.base.verdict import Status


@pytest.mark.parametrize(("m", "r"), [(2, 2), (2, 4), (4, 2)])
def test_the_gram_matrix_is_at_least_what_is_stated_and_meets_it(m: int, r: int) -> None:
    X, W = (np.array(part.tolist(), dtype=float) for part in grid(m, r))
    F = np.maximum(W @ X, 0)
    levels = np.linalg.eigvalsh(F.T @ F) / len(W)
    f = float(coefficient(m))
    assert levels[0] == pytest.approx(f**2, rel=1e-9), "the worst direction sees the whole product of signs alone"
    assert np.linalg.norm(X, "nuc") ** 2 <= m**2 * r ** (m + 1)


def test_f_is_the_mean_over_all_signs() -> None:
    for m in (2, 4, 6, 8):
        signs = np.array(list(product((1, -1), repeat=m)))
        mean = np.mean(np.maximum(signs.sum(axis=1), 0) * signs.prod(axis=1))
        assert abs(mean) == pytest.approx(float(coefficient(m)))


@pytest.mark.parametrize("case", [(2, 3, 2), (2, 2, 3), (2, 2, 5)])
def test_costs_are_between_the_bound_of_pairs_and_what_is_stated(case: tuple[int, int, int]) -> None:
    m, r, L = case
    K, factors = r**m, weights(*case)
    product_form = [factors[1] * factors[0], *factors[2:]]
    power = float(cost_power(product_form, L))
    assert pair_power(K, L) <= power <= m**L / float(coefficient(m)) ** 2 * K ** (2 + (L - 1) / m)


def test_the_claim_is_proved_and_its_exponent_is_that_of_pairs() -> None:
    verdict = claim_named("exponents").check(BUDGETS["quick"])
    assert verdict.status is Status.PROVED and all(c.holds for c in verdict.comparisons)
    L = sp.Symbol("L", positive=True)
    assert all(step.ok for step in derivation("exponents").check())
    assert sp.limit(-(L - 1) / (L + 1), L, sp.oo) == -1
