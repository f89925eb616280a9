"""Beyond collapse: structures of cost C beat zero weights up to x* k / C, and brackets of x_e say so."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from dufm.theory.squared.beyond import outliving, share_of
from dufm.theory.squared.direct_sum import product_form
from dufm.theory.squared.head32 import RankTwoHead
from dufm.theory.squared.phi import collapse_threshold
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import BLOCKS, CheapestSum
from dufm.verification.base.exact import rational
from dufm.verification.claims import CLAIMS
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.brackets import thresholds
from dufm.verification.claims.squared.beyond import of_witness
from dufm.verification.claims.squared.strips import STRETCHES
from dufm.verification.claims.squared.thresholds import witness

STATED = {c.label: c.expected.quick for c in CLAIMS}


def loss_at(weights: list[np.ndarray], x: float) -> float:
    """Least normalised loss of the product P_2 and the factors after it, x = K Lambda, over a grid of scales."""
    K, p = weights[0].shape[1], len(weights) + 1
    product = np.linalg.norm(weights[0], "nuc") ** 2 * np.prod([np.sum(w**2) for w in weights[1:]])
    h = weights[0]
    for w in weights[1:]:
        h = w @ np.maximum(h, 0)
    t = np.linspace(0.01, 1, 4000)
    fit = np.array([np.sum((s * h - np.eye(K)) ** 2) for s in t]) / (2 * K)
    return float(np.min(fit + p / 2 * (x / K) * product ** (1 / p) * t ** (2 / p)))


@pytest.mark.parametrize("L", [4, 7])
def test_weights_beat_zero_just_below_the_end_and_not_just_above(L: int) -> None:
    found = outliving(3, L)
    assert found is not None and (found.structure, found.classes) == ("head32", 3)
    exact = product_form(RankTwoHead().weights(3, L), L)
    weights = [np.array(w.tolist(), dtype=float) for w in exact]
    end = float(found.share) * float(collapse_threshold(L))
    assert loss_at(weights, 0.999 * end) < 0.5 < loss_at(weights, 1.001 * end)


def test_the_share_is_that_of_the_best_block_and_a_sum_does_no_better() -> None:
    for K, L in ((3, 4), (7, 3), (12, 3), (15, 5)):
        found = outliving(K, L)
        assert found is not None
        own = sp.Rational(found.classes) / total_cost(
            next(s for s in BLOCKS if s.name == found.structure), found.classes, L
        )
        assert 0 <= sp.N(own - sp.Rational(found.share.numerator, found.share.denominator), 50) < 1e-30
        assert sp.N(K / total_cost(CheapestSum(), K, L) - own, 30) < 1e-20
    assert outliving(3, 3) is None and outliving(6, 2) is None and outliving(4, 1) is None


def test_more_classes_never_lower_the_share() -> None:
    shares = [found.share for K in range(3, 16) if (found := outliving(K, 4)) is not None]
    assert len(shares) == 13 and shares == sorted(shares) and shares[0] < shares[-1]


def test_brackets_take_the_farthest_strip_of_fewer_classes() -> None:
    strips = {K: Fraction(span[1]) for (K, L), span in STRETCHES.items() if L == 2 and K <= 12}
    end = thresholds(12, 2, status=STATED.__getitem__).empty[0]
    assert (end.x, end.claim) == (max(strips.values()), "strips") and end.width >= 12
    assert end.also == ("beyond-collapse",), "a strip of eleven classes"
    weights = thresholds(10, 2, status=STATED.__getitem__).empty[0]
    assert weights.claim == "beyond-collapse" and weights.x > max(v for (K, L), v in strips_of(2).items() if K <= 10)
    assert thresholds(10, 3, status=STATED.__getitem__).empty[0].claim == "beyond-collapse"


def strips_of(L: int) -> dict[tuple[int, int], Fraction]:
    return {cell: Fraction(span[1]) for cell, span in STRETCHES.items() if cell[1] == L}


@pytest.mark.parametrize("cell", [(4, 2), (6, 2), (4, 3)])
def test_shipped_weights_beat_zero_just_below_their_end_and_not_just_above(cell: tuple[int, int]) -> None:
    K, L = cell
    share, p = float(of_witness(K, L).share), L + 1
    weights = [np.array([[x / m["den"] for x in row] for row in m["rows"]]) for m in witness(K, L)["witness"]]
    h = weights[1] @ weights[0]
    for w in weights[2:]:
        h = w @ np.maximum(h, 0)
    product = np.prod([np.sum(w**2) for w in weights]) ** (1 / p)
    k = np.linspace(0.3, 1.5, 20_000)
    fit = (np.sum(h**2) * k**2 - 2 * np.trace(h) * k + K) / (2 * K)
    for factor, below in ((0.9999, True), (1.0001, False)):
        x = factor * share * float(collapse_threshold(L))
        assert (np.min(fit + p / 2 * x / K * product * k ** (2 / p)) < 0.5) == below
    assert 1 < share == float(share_of([rational(w) for w in weights]))


def test_without_the_claim_nothing_is_carried() -> None:
    fallen = STATED | {"beyond-collapse": Status.UNDECIDED}
    own = thresholds(12, 2, status=fallen.__getitem__).empty[0]
    assert own.x == Fraction(STRETCHES[12, 2][1]), "its own strip needs no other claim"
    found = thresholds(10, 3, status=fallen.__getitem__)
    assert found.empty[0].x == found.collapse[0] and not found.empty[0].claim


def test_the_table_of_the_docs_is_what_the_program_finds() -> None:
    text = (Path(__file__).parents[1] / "docs" / "thresholds.md").read_text()
    rows = text.split("## Beyond collapse")[1].split("## Why")[0].splitlines()
    cells = [line.strip("|").split("|") for line in rows if line.startswith("| ") and "L" not in line]
    assert [int(row[0]) for row in cells] == list(range(3, 16))
    for row in cells:
        for L, word in zip(range(2, 8), row[1:], strict=True):
            found = thresholds(int(row[0]), L, status=STATED.__getitem__)
            assert 0 <= found.empty[0].x / found.collapse[1] - Fraction(word.strip()) + Fraction(1, 10**30) < 1e-4
