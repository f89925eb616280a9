"""Absorbing sets: the derivation checks, constants hold in exact arithmetic, steps stay inside, longer steps do not."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from jumps_probe import batch_step, members, probe

from dufm.solvers.jumps.absorbing import absorbing_measure, certify, eta_max, ratio_to_boundary
from dufm.solvers.jumps.instance import diagonal, instance32
from dufm.theory.derivations.jumps.absorbing import EXAMPLE, absorbing_set
from dufm.theory.derivations.jumps.lemmas import middle_layer, nearly_balanced, tails
from dufm.theory.jumps.absorbing import AbsorbingSet
from dufm.theory.jumps.step import step
from dufm.theory.proof.derivation import proved
from dufm.theory.rational import matrix
from dufm.theory.stated import ProblemError

# Reached by the search at a = 1, confirmed in rational arithmetic.
LARGEST = {
    (3, "0.05"): 9.1e-8,
    (3, "0.1"): 5.31e-5,
    (3, "0.15"): 1.385e-3,
    (4, "0.05"): 8.94e-8,
    (4, "0.1"): 1.853e-4,
    (4, "0.15"): 7.47e-3,
}


@pytest.fixture(scope="module")
def sets() -> list[AbsorbingSet]:
    found = []
    for L, lam in ((3, "0.1"), (3, "0.12"), (4, "0.1")):
        limit = eta_max(L, lam, 1)
        assert limit is not None
        at = certify(L, lam, 1, limit * 9 / 10)
        assert at is not None and at.holds and at.separates
        found.append(at)
    return found


def test_the_derivation_checks() -> None:
    assert proved(absorbing_set().check())


def test_the_instances_of_the_lemmas_can_fail() -> None:
    case = nearly_balanced(3, 4, 0)
    assert case.eps > 0 and tails(3) and middle_layer(3)
    # Without the imbalance in the bounds a network off balance breaks them.
    reached = case.weights[1] * case.left
    tight = [seed for seed in range(16) if _breaks_without_eps(seed)]
    assert reached.nrows() == 3 and tight


def _breaks_without_eps(seed: int) -> bool:
    case = nearly_balanced(seed, 4, 0)
    reached = case.weights[1] * case.left
    return sum(Fraction(str(x)) ** 2 for x in reached.entries()) > case.least**2


@pytest.mark.parametrize(("L", "lam"), LARGEST)
def test_the_largest_certified_steps(L: int, lam: str) -> None:
    limit = eta_max(L, lam, 1)
    assert limit is not None
    assert float(limit) == pytest.approx(LARGEST[L, lam], rel=0.02)
    assert certify(L, lam, 1, limit * 102 / 100) is None


def test_the_frozen_instance_is_certified_at_steps_of_no_use() -> None:
    limit = eta_max(3, "0.0134", Fraction(instance32().largest))
    assert limit is not None and float(limit) == pytest.approx(6.74e-18, rel=0.02)


@pytest.mark.parametrize("name", ["c", "eps", "t", "eta", "m"])
def test_spoiled_constants_are_refused(name: str) -> None:
    value = getattr(EXAMPLE, name)
    spoiled = {
        "c": EXAMPLE.c / 2,
        "eps": EXAMPLE.eps / 2,
        "t": EXAMPLE.t / 40,
        "eta": EXAMPLE.eta * 100,
        "m": tuple(m / 2 for m in EXAMPLE.m),
    }[name]
    assert spoiled != value and EXAMPLE.holds
    assert not replace(EXAMPLE, **{name: spoiled}).holds


def test_no_step_leaves_and_long_steps_do(sets: list[AbsorbingSet]) -> None:
    for found in sets:
        # Violations are rare even at a hundred times the step: the bound is loose, by 10 to 30.
        assert [probe(found, n, r, 150, 7 + n + r).outside for n in (2, 4) for r in range(0, n, 2)] == [0] * 3
        assert sum(probe(found, n, r, 150, 7 + n + r, 100.0).outside for n in (4,) for r in range(3)) > 0


def test_members_are_at_the_boundary(sets: list[AbsorbingSet]) -> None:
    ratio = ratio_to_boundary(members(sets[0], 3, 1, 50, np.random.default_rng(0)), 1, sets[0])
    assert (ratio <= 1).all() and ratio.max() > 0.999 and np.median(ratio) > 0.99


def test_the_probe_steps_as_the_theory_does() -> None:
    rng = np.random.default_rng(4)
    weights = [rng.integers(-8, 9, (2, 3, 3)) / 8 for _ in range(3)]
    rows, columns = rng.integers(0, 3, (2, 2)), rng.integers(0, 3, (2, 2))
    targets = rng.integers(-8, 9, (2, 2)) / 8
    moved = batch_step(weights, rows, columns, targets, 0.25, 0.5)
    for chain in range(2):
        entries = [(int(rows[chain, b]), int(columns[chain, b]), Fraction(targets[chain, b])) for b in range(2)]
        layers = [matrix([[Fraction(x) for x in row] for row in w[chain].tolist()]) for w in weights]
        exact = step(layers, entries, Fraction(1, 4), Fraction(1, 2))
        for w, e in zip(moved, exact, strict=True):
            wanted = np.array([[float(Fraction(str(e[i, j]))) for j in range(3)] for i in range(3)])
            assert np.abs(w[chain] - wanted).max() < 1e-14


def test_the_sets_tell_ranks_apart(sets: list[AbsorbingSet]) -> None:
    """A* = I_2 with the diagonal observed: balanced diag(s, s) is in B_2 and not in B_1, diag(s, 0) not in B_0."""
    found = sets[0]
    assert diagonal(2).largest == 1
    for values, rank in (((0.5, 0.5), 2), ((0.5, 0.0), 1), ((0.0, 0.0), 0)):
        weights = [np.diag(values)] * 3
        inside = [bool(ratio_to_boundary(weights, r, found) <= 1) for r in range(3)]
        assert inside == [r >= rank for r in range(3)]
    assert absorbing_measure([np.eye(2)] * 3, 2)[2] == 0


def test_what_the_theorem_does_not_cover_is_refused() -> None:
    for L in (2, 5):
        with pytest.raises(NotImplementedError, match=f"L = 3 and 4, got L = {L}"):
            certify(L, "0.1", 1, "1e-5")
    for arguments, word in (
        ((1, "0.1", 1, "1e-5"), "L must"),
        ((3, 0, 1, "1e-5"), "lambda"),
        ((3, "0.1", 1, 0), "eta"),
    ):
        with pytest.raises(ProblemError, match=word):
            certify(*arguments)
    with pytest.raises(ProblemError, match="2 eta lambda must be < 1"):
        certify(3, "0.1", 1, 5)
    with pytest.raises(ProblemError, match="lambda must be a finite number"):
        certify(3, "nan", 1, "1e-5")
    assert replace(EXAMPLE, eps=EXAMPLE.stationary).entry_steps() is None
