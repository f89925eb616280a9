"""Bounds from below at four layers and more: true of random networks, met where they should be, shipped and printed."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from test_deep_checker import most_shown
from test_lower_bounds import invoke, random_matrix, relu, value

from dufm.solvers.spectra.deep import best_chain
from dufm.solvers.spectra.deep_tree import REACH, chain_tree
from dufm.solvers.spectra.lines import Place
from dufm.solvers.spectra.tree import worst
from dufm.verification.base.lower import judged, lower_certificate, pair_value, value_of
from dufm.verification.claims import claim_named
from dufm.verification.claims.squared.lower_bounds import DEEP, HALF, cells, made, shares, shipped


def layers(rng: np.random.Generator, K: int, j: int) -> tuple[list[np.ndarray], list[float]]:
    """Features of j layers and what all up to each of them cost, at best balance; near multiples of I at times."""
    near = rng.random() < 0.5
    P = random_matrix(rng, K + 1, K) if not near else np.eye(K) * np.exp(rng.normal()) + 0.05 * rng.normal(size=(K, K))
    features, costs = [relu(P)], [2 * float(np.linalg.norm(P, "nuc"))]
    for _ in range(j - 1):
        rows = len(features[-1])
        W = random_matrix(rng, K + 1, rows) * np.exp(0.5 * rng.normal())
        if near:
            W = np.eye(rows) * np.exp(0.3 * rng.normal()) + 0.05 * rng.normal(size=(rows, rows))
        features.append(relu(W @ features[-1]))
        costs.append(costs[-1] + float(np.sum(W * W)))
    return features, costs


def levels(F: np.ndarray) -> np.ndarray:
    return np.maximum(np.sort(np.linalg.eigvalsh(F.T @ F))[::-1], 0)


def front(t: np.ndarray, j: int) -> float:
    """What the derivation says that j layers cost."""
    weight = 1.2 if j == 1 else 2.0
    return sum((j + 1) * (end + weight * t[2:].sum()) ** (1 / (j + 1)) for end in t[:2])


def test_the_layers_before_the_last_two_cost_what_is_said() -> None:
    rng, nearest = np.random.default_rng(1), np.inf
    for _ in range(1000):
        K = int(rng.integers(2, 7))
        features, costs = layers(rng, K, 5)
        for j, (F, cost) in enumerate(zip(features, costs, strict=True), start=1):
            bound = front(levels(F), j)
            assert cost >= bound * (1 - 1e-9)
            nearest = min(nearest, cost / bound) if bound > 1e-6 else nearest
    assert nearest < 1.02


@pytest.mark.parametrize("j", [1, 2, 3, 5])
def test_two_classes_meet_it(j: int) -> None:
    """F_j = diag(a, b), every layer the same share."""
    ends = np.array([3.0, 0.4])
    share = ends ** (1 / (j + 1))
    assert front(ends**2, j) == pytest.approx((j + 1) * np.sum(share**2))


@pytest.mark.parametrize("L", [4, 5])
def test_the_sum_over_eigenvalues_is_below_random_networks(L: int) -> None:
    rng, nearest, tried = np.random.default_rng(L), np.inf, 0
    for _ in range(60):
        K, x = int(rng.integers(3, 6)), float(rng.choice([0.01, 0.05, 0.1]))
        features, costs = layers(rng, K, L - 1)
        t = levels(features[-2])
        if t[1] < 1e-3:
            continue
        found = best_chain(Place(K, L, x), [(t[0], t[0]), (t[1], t[1])])
        tried += 1
        assert value(features[-1], costs[-1], x) >= found.value - 1e-7 * abs(found.value)
        nearest = min(nearest, value(features[-1], costs[-1], x) / found.value)
    assert tried > 30 and nearest < 1.5


def test_no_random_network_is_below_a_shipped_bound() -> None:
    rng = np.random.default_rng(3)
    for K, L in ((3, 4), (4, 5)):
        for x in (Fraction(0), HALF[L]):
            lower, least = float(value_of(shipped(K, L, x))), np.inf
            for _ in range(400):
                features, costs = layers(rng, K, L - 1)
                if x or np.linalg.matrix_rank(features[-1]) == K:
                    least = min(least, value(features[-1], costs[-1], float(x)))
            assert lower <= least < 3 * lower


def test_shipped_bounds_are_above_pairs_everywhere() -> None:
    known = list(cells(DEEP))
    assert len(known) == 104 == len(claim_named("deep-lower-bounds").needs)
    for K, L, x in known:
        own, pairs = shares(K, L, x)
        assert 1.02 * pairs < own < 1


def test_a_bound_is_made_anew_and_is_what_is_shipped() -> None:
    certificate = made(3, 4, Fraction(0))
    assert value_of(certificate) == pytest.approx(float(value_of(shipped(3, 4, Fraction(0)))), rel=2e-3)
    assert certificate["kind"] == "deep" and judged(certificate).ok


def test_a_tree_is_refused_beyond_the_best_value() -> None:
    cell = Place(3, 4, 0.05)
    best = worst(cell, best_chain, REACH)
    assert chain_tree(cell, best * 0.93) is not None and chain_tree(cell, best * 1.03) is None


def test_two_classes_and_many_have_pairs() -> None:
    for K, L in ((2, 5), (101, 4), (3, 13)):
        certificate = lower_certificate(K, L, Fraction(1, 20), "test")
        assert certificate["kind"] == "lower" and value_of(certificate) == pair_value(K, L, Fraction(1, 20))


def test_the_checker_agrees_with_the_finder_on_one_box() -> None:
    """One leaf, the bound worked out once more in floats."""
    N, K, L, x = 1 << 40, 4, 4, 0.1
    ends, e, k = [(1.5, 1.6), (1.0, 1.05)], 1.4, 0.6
    known = [(int(a * N), int(b * N)) for a, b in ends]
    shown = most_shown(K, L - 1, int(x * N) + 1, N, known, int(e * N), int(k * N))
    least = np.inf
    for first in np.linspace(*ends[0], 7):
        for second in np.linspace(*ends[1], 7):
            for others in np.linspace(0, second, 40):
                t = np.array([first, second, others, others])
                q = e - (e - k) * t / first
                d = 2 * q - q * q * t
                least = min(least, front(t, L - 2) + np.sum(2 * np.sqrt(d) - x * d))
    assert shown / N <= least and least - shown / N < 0.12


def test_the_command_names_the_program_that_judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dufm.verification.answers.bound.lower_certificate", lambda K, L, x, _: shipped(K, L, x))
    out = tmp_path / "bound.json"
    said = invoke("bound", "--K", "3", "--L", "4", "--x", "0.102", "--out", str(out))
    assert "deep_checker: for K=3, L=4" in said and f"python -S -I verification/deep_checker.py {out}" in said
    assert invoke("check", str(out)).startswith("ACCEPTED")
