"""lower_checker.py refuses for the right reason: each condition of the proof has a file that breaks it alone."""

import json
import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dufm.theory.squared.phi import phi_of_power
from dufm.verification import lower_checker
from dufm.verification.base.checkers import checker_of
from dufm.verification.claims.base.filed import judge
from dufm.verification.claims.best_known import best_loss
from dufm.verification.claims.squared.lower_bounds import HALF, LOWER_BOUNDS, shipped

BITS = 28
N = 1 << BITS
FLAT, HUMP = [N, 0], [9 * N, 90 * N]  # p = 1, and p = 9 - 90 l, with l p^2 > 1 near l = 1/30 alone below 0.104


def bound(nodes: Any, lower: list[int], K: Any = 3, L: Any = 2, x: Any = (1, 5)) -> dict[str, Any]:
    """A certificate; flat lines show any bound as low as these."""
    return {
        "format": "dufm-certificate",
        "version": 1,
        "kind": "lower",
        "claim": "test",
        "problem": {"K": K, "L": L, "x": list(x)},
        "lower": lower,
        "witness": {"method": "spectrum", "bits": BITS, "nodes": nodes},
    }


def said(certificate: Any) -> lower_checker.Result:
    return lower_checker.check(json.dumps(certificate))


def at(value: float) -> int:
    return int(value * N)


SMALL = [63, 100]  # top = 0.099225
IN_TAIL = [[1, at(0.095)], [FLAT], [HUMP]]
IN_MIDDLE = [
    *([1, at(0.095)], [FLAT], [2, at(0.05)], [2, at(0.02)], [FLAT]),
    *([3, at(0.005)], [HUMP], [FLAT], [FLAT]),
]


def test_the_plain_trees_are_accepted() -> None:
    flat = [[FLAT] if node == [HUMP] else node for node in IN_TAIL]
    for nodes in ([[FLAT]], flat, [[FLAT] if node == [HUMP] else node for node in IN_MIDDLE]):
        assert said(bound(nodes, SMALL)).ok, said(bound(nodes, SMALL)).sentence
    assert "(1 box of eigenvalues" in said(bound([[FLAT]], SMALL)).sentence


@pytest.mark.parametrize("line", [[N, -1], [N, True], [float(N), 0], ["1", 0], [N, N << 41], [-1, 0]])
def test_a_line_is_two_integers_that_do_not_rise(line: list[Any]) -> None:
    assert "a or b of a line must be an integer" in said(bound([[line]], SMALL)).sentence


@pytest.mark.parametrize("nodes", [IN_TAIL, IN_MIDDLE])
def test_the_contraction_is_asked_of_every_interval(nodes: list[Any]) -> None:
    """HUMP breaks it only where the other eigenvalues, or the second of three, may lie."""
    result = said(bound(nodes, SMALL))
    assert not result.ok and "|F M| may be above 1" in result.sentence


def test_eigenvalues_are_as_many_as_classes() -> None:
    nodes = [[i, at(0.09) >> i] for i in range(2, 5)]
    assert "i of a cut must be an integer from 1 to 3" in said(bound(nodes, SMALL)).sentence


def test_what_lies_near_the_top_is_covered_too() -> None:
    top = (Fraction(*SMALL) / 2) ** 2
    assert said(bound([[1, int(top * N) - 5], [FLAT], [FLAT]], SMALL)).ok
    assert "a cut of l_1" in said(bound([[1, int(top * N) + 5], [FLAT], [FLAT]], SMALL)).sentence


def test_a_tree_of_another_depth_is_refused_for_its_depth() -> None:
    for L in (1, 4, 5):
        assert "at L = 2 and 3 spectrum" in said(bound([[FLAT] * (L - 1)], SMALL, L=L)).sentence


def test_keys_stand_once_even_with_the_same_value() -> None:
    text = json.dumps(bound([[FLAT]], SMALL))
    assert lower_checker.check(text).ok
    assert "each once" in lower_checker.check(text.replace('"K": 3', '"K": 3, "K": 3')).sentence


def test_it_is_bound_to_what_is_expected() -> None:
    text = json.dumps(bound([[FLAT]], SMALL))
    own = {"kind": "lower", "K": 3, "L": 2, "x": [1, 5], "lower": SMALL}
    assert lower_checker.check(text, own).ok
    for change in ({"K": 4}, {"L": 3}, {"x": [1, 6]}, {"lower": [64, 100]}, {"kind": "head"}):
        assert "not what the claim needs" in lower_checker.check(text, own | change).sentence
    assert not lower_checker.check([1, 2]).ok


def test_a_weaker_bound_of_a_cell_does_not_show_the_claim() -> None:
    claim, _ = LOWER_BOUNDS
    good = shipped(3, 2, HALF[2])
    place = judge(json.dumps(good).encode(), claim.needs)[1]
    assert place is not None and claim.needs[place]["lower"] == good["lower"]
    weak = good | {"lower": [1, 10**9], "witness": {"method": "pairs"}}
    assert checker_of(json.dumps(weak).encode()) is lower_checker and said(weak).ok
    assert not judge(json.dumps(weak).encode(), claim.needs)[0].ok


def test_the_number_in_the_sentence() -> None:
    weak = shipped(4, 3, Fraction(0))
    assert f"cost less than C = {Fraction(*weak['lower']) / 4} " in said(weak).sentence
    half = shipped(4, 3, HALF[3])
    assert f"2K loss / x below {Fraction(*half['lower'])} " in said(half).sentence


@pytest.mark.parametrize("L", [1, 2, 3, 6])
def test_the_least_of_pairs_is_phi(L: int) -> None:
    # Close to collapse the two stationary points are near each other, and only the right one is a minimum.
    for x in (Fraction(1, 1000), *(Fraction(i, 60) for i in range(1, 31)), Fraction(2), Fraction(50)):
        power = x ** (L + 1)
        low, high = phi_of_power(L, power)
        assert low - Fraction(1, 10**12) <= lower_checker.least_of_pairs(L, power) <= high


def test_no_piece_shows_more_than_the_least_value_of_c() -> None:
    rng, negative = np.random.default_rng(7), 0
    for _ in range(1500):
        e, x = rng.uniform(0.3, 4), float(rng.choice([0.0, 0.1, 0.5]))
        g, a, b = rng.uniform(0.05, 2) * e, rng.uniform(0, 2), rng.uniform(0, 2)
        u, v = np.sort(rng.uniform(0, 1.2 * e / g, size=2))
        if v - u < 1e-3:
            continue
        lines = [[at(a), at(b)], [at(e), at(g)]]
        t = np.linspace(at(u) / N, at(v) / N, 800)
        q = lines[1][0] / N - lines[1][1] / N * t
        d = 2 * q - q**2 * t
        here = lower_checker.piece(lines, N, at(x), at(u), at(v)) / N
        if d.min() < -1e-9:
            negative += 1
            assert here == -np.inf
            continue
        c = 2 * t * (lines[0][0] / N - lines[0][1] / N * t) + 2 * np.sqrt(np.maximum(d, 0)) - at(x) / N * d
        assert here <= c.min() + 1e-9
    assert negative > 100


def test_a_tree_that_grows_is_refused_at_once() -> None:
    top = 1 << 22
    nodes = [[i + 1, top - 1 - i] for i in range(1, 6500)]
    began = time.process_time()
    grown = bound(nodes, [1, 1], K=10**6, x=(1, 1)) | {"witness": {"method": "spectrum", "bits": 24, "nodes": nodes}}
    assert "i of a cut must be an integer from 1 to 8" in said(grown).sentence
    assert time.process_time() - began < 5


def test_beyond_collapse_the_best_known_are_zero_weights() -> None:
    assert best_loss(3, 2, Fraction(1)) == (0.5, "zero weights")
    assert best_loss(3, 2, Fraction(1, 10))[1] == "DNC"
