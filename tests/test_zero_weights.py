"""Zero weights are optimal from some strength on: the theorem at random networks, shipped ends, what brackets say."""

import json
from fractions import Fraction

import numpy as np
import pytest
from test_lower_bounds import random_matrix, relu

from dufm.theory.squared.phi import collapse_ends, phi
from dufm.theory.squared.zero_weights import for_more_classes, zero_from
from dufm.verification.base.lower import judged
from dufm.verification.base.shipped_bounds import certificate, rows
from dufm.verification.claims import CLAIMS, claim_named
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.best_bound import recheck
from dufm.verification.claims.brackets import thresholds
from dufm.verification.claims.squared.beyond import lasting
from dufm.verification.claims.squared.zero_weights import CELLS, LABEL, end, end_of_pairs, made

STATED = {c.label: c.expected.quick for c in CLAIMS}
HALF = Fraction(1, 2)


def least_loss(F: np.ndarray, cost: float, x: float, p: int) -> float:
    """Least loss over one scale of all layers; `cost` is the squared norms of all but the last, at best balance."""
    K, best = F.shape[1], 0.5
    for scale in np.geomspace(1e-2, 1e2, 4000):
        A = scale * F.T @ F
        best = min(best, x * (np.sum(1 / (np.linalg.eigvalsh(A) + x)) + scale ** (1 / (p - 1)) * cost) / (2 * K))
    return best


def test_what_beats_zero_at_one_x_gains_one_classs_worth_at_a_smaller_one() -> None:
    rng, seen, worst = np.random.default_rng(2), 0, np.inf
    for _ in range(25):
        K, L = int(rng.integers(2, 5)), 2 + int(rng.integers(0, 2))
        collapse, p = float(collapse_ends(L)[0]), L + 1
        alive = np.diag((np.arange(K) < rng.integers(1, K + 1)) * 1.0)
        P = alive @ (np.eye(K) + 0.1 * rng.random() * random_matrix(rng, K, K))
        F, cost = relu(P), 2 * float(np.linalg.norm(P, "nuc"))
        if L == 3:
            W = alive @ (np.eye(K) + 0.1 * rng.random() * random_matrix(rng, K, K))
            F, cost = relu(W @ F), 3 * (cost / 2) ** (2 / 3) * np.sum(W * W) ** (1 / 3)
        high = collapse * rng.uniform(0.8, 1)
        low = high * rng.uniform(0.3, 1)
        if least_loss(F, cost, high, p) < 0.5 - 1e-9:
            gain = 0.5 - float(phi(L, Fraction(collapse * low / high))[0])
            found = K * (0.5 - least_loss(F, cost, low, p)) / gain
            seen, worst = seen + 1, min(worst, found)
    assert seen > 10 and 0.999 < worst < 1.5, "met by one class of DNC"


@pytest.mark.parametrize("L", [2, 3, 7])
def test_the_end_leaves_as_much_as_is_missing_and_hardly_more(L: int) -> None:
    low, x = collapse_ends(L)[0], Fraction(9, 10)
    for missing in (Fraction(1, 10**6), Fraction(1, 50), Fraction(2, 5), HALF - Fraction(1, 10**6)):
        found = zero_from(L, x, missing)
        assert found is not None and found >= x
        assert HALF - phi(L, low * x / found)[1] >= missing - Fraction(1, 10**20)
        assert HALF - phi(L, low * x / found * (1 + Fraction(1, 10**6)))[0] < missing
    assert zero_from(L, x, HALF) is None and zero_from(L, x, Fraction(0)) == x == for_more_classes(L, x, 4, 4)
    assert for_more_classes(2, x, 2, 16) >= 2 * x and for_more_classes(2, x, 2, 16) < 2 * x + Fraction(1, 10**20)


def test_every_cell_is_shipped_above_what_outlives_dnc_and_below_pairs() -> None:
    assert set(CELLS) == {(K, L) for L in range(2, 8) for K in range(3, 16)}
    for K, L in CELLS:
        alive = lasting(K, L)
        least = collapse_ends(L)[1] * (alive.share if alive else 1)
        assert least < end(K, L) < Fraction("0.95") * end_of_pairs(K, L)
    assert len(claim_named(LABEL).needs) == len(CELLS)


def test_a_shipped_bound_is_made_anew() -> None:
    again = made(3, 2)
    assert again is not None and again["problem"] == certificate(rows()[3, 2, CELLS[3, 2]].file)["problem"]
    assert Fraction(*again["lower"]) == rows()[3, 2, CELLS[3, 2]].lower and judged(again).ok


def test_brackets_rest_on_the_claim_and_the_file() -> None:
    found = thresholds(6, 4, status=STATED.__getitem__).empty
    assert (found[1].x, found[1].claim, found[1].also) == (end(6, 4), LABEL, ())
    assert found[1].files == (rows()[6, 4, CELLS[6, 4]].file,) and recheck(found[1]) == [] and found[0].x < found[1].x
    fallen = thresholds(6, 4, status=(STATED | {LABEL: Status.UNDECIDED}).__getitem__).empty[1]
    assert fallen.claim == "pair-bound" and fallen.x > found[1].x
    assert thresholds(2, 4, status=STATED.__getitem__).empty[1].x == collapse_ends(4)[1]


def test_more_classes_than_are_shipped() -> None:
    own, last = (thresholds(K, 3, status=STATED.__getitem__).empty[1] for K in (60, 15))
    assert own.claim == LABEL and own.x == for_more_classes(3, last.x, 15, 60)
    assert 2 * last.x <= own.x < 2 * last.x + Fraction(1, 10**9)


def test_a_bound_of_another_claim_is_named_beside() -> None:
    """Without the cells' own files, the bounds just below collapse settle something, too."""
    missing = (3 - rows()[3, 2, Fraction("0.39685")].lower * Fraction("0.39685")) / 2
    other = zero_from(2, Fraction("0.39685"), missing)
    assert other is not None and end(3, 2) < other < end_of_pairs(3, 2)


def test_a_false_bound_is_refused() -> None:
    spoiled = json.loads(json.dumps(certificate(rows()[5, 3, CELLS[5, 3]].file)))
    spoiled["problem"]["x"] = [1, 3]
    assert not judged(spoiled).ok
