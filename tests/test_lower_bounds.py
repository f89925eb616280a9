"""Bounds from below: true of random networks and of the best known, found by the program, printed by the command."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from dufm.solvers.spectra.lines import Place, best_lines
from dufm.solvers.spectra.tree import tree, worst
from dufm.theory.stated import ProblemError
from dufm.verification import lower_checker
from dufm.verification.base.lower import dnc_value, lower_certificate, pair_value, value_of
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.filed import judge
from dufm.verification.claims.best_known import best_cost, best_loss
from dufm.verification.claims.squared.lower_bounds import HALF, LABELS, cells, made, shares, shipped, table
from dufm.verification.cli.app import app


def relu(P: np.ndarray) -> np.ndarray:
    return np.maximum(P, 0)


def random_matrix(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    P = rng.normal(size=(rows, columns)) * np.exp(rng.normal(size=columns))
    return P + rng.choice([0, 0.5, 2]) * np.abs(rng.normal(size=P.shape))


def network(rng: np.random.Generator, K: int, L: int) -> tuple[np.ndarray, np.ndarray, float]:
    """First features, last features, and the cost of all but the last layer; near a multiple of I at times."""
    P = random_matrix(rng, int(rng.integers(2, K + 3)), K)
    if rng.random() < 0.5:
        P = np.eye(K) + rng.choice([0.03, 0.3]) * rng.normal(size=(K, K))
    P *= np.exp(rng.normal())
    F = relu(P)
    cost = 2 * np.linalg.norm(P, "nuc")
    if L == 2:
        return F, F, cost
    W = random_matrix(rng, K + 1, len(F)) * np.exp(0.5 * rng.normal())
    if rng.random() < 0.5:
        W = np.eye(K + 1, len(F)) * np.exp(0.3 * rng.normal())
    return F, relu(W @ F), cost + np.sum(W * W)


def value(last: np.ndarray, cost: float, x: float) -> float:
    """2K loss / x with the best last layer."""
    K = last.shape[1]
    return float(np.trace(np.linalg.inv(last.T @ last + max(x, 1e-12) * np.eye(K)))) + cost


def shown(lines: list[list[float]], x: float, t: np.ndarray) -> np.ndarray:
    """c(l), written down once more."""
    a, b = lines[0]
    if len(lines) == 1:
        return 2 * t * (a - b * t) + 1 / (t + x)
    e, g = lines[1]
    q = e - g * t
    d = 2 * q - q * q * t
    return 2 * t * (a - b * t) + 2 * np.sqrt(d) - x * d


@pytest.mark.parametrize("L", [2, 3])
def test_the_sum_over_eigenvalues_is_below_random_networks(L: int) -> None:
    rng, nearest, tried = np.random.default_rng(L), np.inf, 0
    for _ in range(400 if L == 2 else 120):
        K, x = int(rng.integers(2, 6)), float(rng.choice([0.01, 0.1, 0.25]))
        F, last, cost = network(rng, K, L)
        levels = np.sort(np.linalg.eigvalsh(F.T @ F))[::-1]
        if levels[0] < 1e-3:
            continue
        points = [(max(v, 0.0), max(v, 1e-9)) for v in levels]
        found = best_lines(Place(K, L, x), points)
        if not found.lines:
            continue
        bound = shown([list(line) for line in found.lines], x, np.maximum(levels, 0)).sum()
        tried += 1
        assert value(last, cost, x) >= bound - 1e-7 * abs(bound)
        nearest = min(nearest, value(last, cost, x) / bound)
    assert tried > (350 if L == 2 else 60) and nearest < (1.002 if L == 2 else 1.05), (
        "the bound is met near multiples of the identity"
    )


@pytest.mark.parametrize(("K", "L"), [(3, 2), (5, 2), (3, 3), (4, 3)])
def test_no_random_network_is_below_a_shipped_bound(K: int, L: int) -> None:
    rng = np.random.default_rng(10 * K + L)
    for x in (Fraction(0), HALF[L]):
        lower, least = float(value_of(shipped(K, L, x))), np.inf
        for _ in range(600):
            _, last, cost = network(rng, K, L)
            least = min(least, value(last, cost, float(x)))
        assert lower <= least < 1.6 * lower


def test_what_is_known_is_above_every_shipped_bound_and_pairs_are_below() -> None:
    for K, L, x in (cell for layers in LABELS for cell in cells(layers)):
        own, pairs = shares(K, L, x)
        known = best_loss(K, L, x)[0] / float(dnc_value(K, L, x)[0] * x / (2 * K)) if x else best_cost(K, L)[0] / K
        assert pairs < own < known * (1 + 1e-9) and known <= 1 + 1e-9


@pytest.mark.parametrize(("K", "L", "x"), [(3, 2, Fraction(1, 5)), (3, 3, Fraction(0))])
def test_a_bound_is_made_anew_and_is_what_is_shipped(K: int, L: int, x: Fraction) -> None:
    certificate = made(K, L, HALF[L] if x else x)
    assert value_of(certificate) == pytest.approx(float(value_of(shipped(K, L, HALF[L] if x else x))), rel=2e-3)
    assert lower_checker.check(json.dumps(certificate)).ok


def test_a_tree_is_refused_beyond_the_best_value() -> None:
    cell = Place(4, 2, 0.3)
    best = worst(cell)
    assert tree(cell, best * 0.99) is not None and tree(cell, best * 1.002) is None
    assert best == pytest.approx(float(dnc_value(4, 2, Fraction(3, 10))[0]), rel=0.03)


def test_pairs_where_they_are_all_there_is() -> None:
    for K, L, x in ((2, 4, Fraction(1, 10)), (5, 1, Fraction(1, 3)), (101, 5, Fraction(0)), (3, 2, Fraction(5))):
        certificate = lower_certificate(K, L, x, "test")
        assert certificate["witness"] == {"method": "pairs"} and value_of(certificate) == pair_value(K, L, x)
        if K == 2 or L == 1:
            assert float(value_of(certificate) / dnc_value(K, L, x)[1]) == pytest.approx(1, abs=1e-8)
    with pytest.raises(ProblemError, match="x must be"):
        lower_certificate(3, 2, Fraction(-1), "test")


def test_the_page_shows_what_is_shipped() -> None:
    page = Path("docs/lower-bounds.md").read_text()
    assert all("\n".join(table(layers)) in page for layers in LABELS)


def test_a_file_of_another_cell_shows_nothing_the_claim_needs() -> None:
    needs = claim_named("lower-bounds").needs
    assert len(needs) == 52
    text = json.dumps(shipped(3, 2, HALF[2])).encode()
    result, shows = judge(text, needs)
    assert result.ok and shows is not None and needs[shows]["x"] == [99, 500]
    other = json.loads(text) | {"problem": {"K": 3, "L": 2, "x": [1, 5]}}
    assert not judge(json.dumps(other).encode(), needs)[0].ok


def invoke(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_writes_what_it_says_and_check_accepts_it(tmp_path: Path) -> None:
    out = tmp_path / "bound.json"
    found = json.loads(invoke("bound", "--K", "3", "--L", "2", "--x", "0.2", "--json", "--out", str(out)))
    assert found["lower"] < found["best_known"] <= found["dnc"] and 0.98 < found["ratio"] < 1
    assert found["gap"] == pytest.approx(1 - found["best_lower"] / found["best_known"], abs=1e-9) and found[
        "certificate"
    ] == str(out)
    assert invoke("check", str(out)).startswith("ACCEPTED")
    assert "for K=3, L=2" in found["says"] and found["method"] == "spectrum" and found["pairs_ratio"] < 0.9
    inside = json.loads(invoke("bound", "--K", "2", "--L", "3", "--x", "0", "--json"))
    assert inside["certificate"]["kind"] == "lower" and inside["quantity"] == "cost C"
    assert inside["lower"] == pytest.approx(2) and inside["dnc"] == 2


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ("1 2 0.1", "K must be"),
        ("3 0 0.1", "L must be"),
        ("3 2 -1", "--x must"),
        ("3 2 y", "--x"),
        ("3 2 1e-40", "--x"),
    ],
)
def test_bad_input_is_one_sentence(arguments: str, word: str) -> None:
    K, L, x = arguments.split()
    with pytest.raises(ProblemError, match=word) as error:
        CliRunner().invoke(app, ["bound", "--K", K, "--L", L, f"--x={x}"], catch_exceptions=False)
    assert "\n" not in str(error.value)
