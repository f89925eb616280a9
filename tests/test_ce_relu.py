"""relu layers under cross-entropy: derivations, structures, and attempts to break the proof with random networks."""

from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from scipy.special import logsumexp

from dufm.solvers.ce.relu import collapse_loss
from dufm.solvers.objectives.cross_entropy import CeObjective
from dufm.theory.ce.relu import (
    RIVALS,
    SMALL_HEADS,
    MarginLayers,
    Rival,
    edges,
    edges_power,
    halves,
    halves_power,
    rival_power,
    small_head,
)
from dufm.theory.derivations.ce.relu_collapse import ce_relu_collapse, pays, random_collapse
from dufm.theory.derivations.ce.relu_margins import ce_relu_margins
from dufm.theory.derivations.ce.relu_nc2 import ce_relu_nc2
from dufm.theory.derivations.ce.relu_nc2_structures import ce_relu_nc2_structures
from dufm.theory.derivations.ce.relu_structures import ce_relu_structures
from dufm.theory.derivations.ce.relu_sums import ce_relu_sums
from dufm.theory.problem import Problem
from dufm.theory.proof.derivation import proved
from dufm.theory.rational import identity, matrix, to_lists
from dufm.theory.squared.srg import nuclear_norm
from dufm.theory.stated import ProblemError
from dufm.verification.claims.base.claim import Budget
from dufm.verification.claims.ce.relu import BEYOND_NC2, CE_RELU, FEW_CLASSES, LABELS, SUBOPTIMAL
from dufm.verification.claims.entry import Entry
from dufm.verification.claims.relu_grid import least_share, relu_cell
from dufm.verification.cli.ce.numbers import ce_relu_numbers_at

BUILDERS = (
    ce_relu_collapse,
    ce_relu_nc2,
    ce_relu_margins,
    ce_relu_sums,
    ce_relu_structures,
    ce_relu_nc2_structures,
)


@pytest.mark.parametrize("builder", BUILDERS, ids=lambda b: b.__name__)
def test_every_step_checks(builder) -> None:
    checked = builder().check()
    assert proved(checked), [(i, c) for i, c in enumerate(checked, 1) if not c.ok]


def floats(m: fmpq_mat) -> np.ndarray:
    return np.array([[float(x) for x in row] for row in to_lists(m)])


def balanced_pair(first: np.ndarray) -> list[np.ndarray]:
    """(H_1, W_1) of least norms with W_1 H_1 given."""
    left, values, right = np.linalg.svd(first, full_matrices=False)
    return [np.sqrt(values)[:, None] * right, left * np.sqrt(values)]


def relu_loss(weights: list[np.ndarray], lambdas: np.ndarray, n: int) -> float:
    """Cross-entropy with relu layers, n equal samples a class: the loss written down once more."""
    output = weights[0]
    for i, weight in enumerate(weights[1:]):
        output = weight @ (output if i == 0 else np.maximum(output, 0))
    fit = np.mean(logsumexp(output - np.diag(output), axis=0))
    norms = np.array([(w**2).sum() for w in weights])
    return float(fit + (lambdas[0] * n * norms[0] + lambdas[1:] @ norms[1:]) / 2)


def answer(weights: list[np.ndarray], layers: MarginLayers, alpha: float) -> list[np.ndarray]:
    """The witness scaled as in the proof: the collapsed network's norms, the first lower, output alpha Z."""
    own = [floats(f) for f in layers.factors]
    own[-1] = (own[-1] - own[-1].mean(axis=0)) / float(layers.least_margin)
    scales = [np.sqrt((w**2).sum() / (v**2).sum()) for w, v in zip(weights, own, strict=True)]
    scales[0] = alpha / np.prod(scales[1:])
    return [s * v for s, v in zip(scales, own, strict=True)]


CASES = [(small_head(3, 5), "dnc"), (edges(4), "dnc"), (small_head(5, 4), "dnc"), (small_head(6, 5), "nc2")]


@pytest.mark.parametrize(("layers", "rival"), CASES, ids=lambda v: v if isinstance(v, str) else f"K{v.K}")
def test_random_collapsed_networks_lose_to_the_witness_at_random_strengths(layers: MarginLayers, rival: Rival) -> None:
    rng, draws = np.random.default_rng(0), Random(0)
    beaten = 0
    for _ in range(25):
        (first, *rest), average = random_collapse(draws, layers.K, layers.L, rival)
        weights = [*balanced_pair(floats(first)), *(floats(w) for w in rest)]
        # Other scales of the factors leave it collapsed; the output is scaled, too.
        weights = [w * np.exp(rng.normal(scale=0.5)) for w in weights]
        scale = float(rng.choice([0.1, 1, 4])) / abs(float(average) or 1)
        own = relu_logits(weights)
        weights[-1] = weights[-1] * scale / (np.abs(np.trace(own) - own.sum() / layers.K) / (layers.K - 1) or 1)
        alpha = float((np.trace(out := relu_logits(weights)) - out.sum() / layers.K) / (layers.K - 1))
        lambdas, n = np.exp(rng.normal(-6, 2, size=layers.L + 1)), int(rng.integers(1, 4))
        theirs = relu_loss(weights, lambdas, n)
        if alpha <= 0:
            assert theirs > np.log(layers.K)
            continue
        beaten += 1
        assert relu_loss(answer(weights, layers, alpha), lambdas, n) < theirs
    assert beaten > 10


def relu_logits(weights: list[np.ndarray]) -> np.ndarray:
    output = weights[0]
    for i, weight in enumerate(weights[1:]):
        output = weight @ (output if i == 0 else np.maximum(output, 0))
    return output


@pytest.mark.parametrize("rival", RIVALS)
def test_random_networks_pay_what_is_claimed(rival: Rival) -> None:
    found = [pays(rival, Random(1000 + seed)) for seed in range(150)]
    assert all(value is not False for value in found) and sum(value is True for value in found) > 75


def test_the_bounds_are_reached_and_no_larger_ones_hold() -> None:
    for K, L in ((3, 2), (4, 3), (5, 4)):
        narrow = MarginLayers.of(*[identity(K)] * (L + 1))
        assert narrow.power == rival_power("dnc", K, L) and not narrow.wins("dnc")
    # NC2 alone may cost less than DNC: a triangle of side 1 in the quadrant, one vertex at 0.
    angles = np.array([np.pi / 12, 5 * np.pi / 12])
    features = np.column_stack([np.zeros(2), np.vstack([np.cos(angles), np.sin(angles)])])
    centred = features - features.mean(axis=1, keepdims=True)
    assert np.allclose(centred.T @ centred, (np.eye(3) - 1 / 3) / 2)
    readout = (np.eye(3) - 1 / 3) @ np.linalg.pinv(centred)
    product = np.linalg.svd(features, compute_uv=False).sum() ** 2 * (readout**2).sum()
    assert rival_power("nc2", 3, 2) < product < rival_power("dnc", 3, 2) and product == pytest.approx(14.928, abs=1e-3)


def test_the_loss_of_the_search_agrees_with_what_collapse_pays() -> None:
    for K, L, lam in ((6, 3, Fraction(1, 100)), (5, 4, Fraction(1, 1000)), (15, 2, Fraction(1, 200))):
        problem = Problem.of(K, L, lam, 60, loss="ce", activation="relu")
        theirs = collapse_loss(problem)
        layers = {15: halves(3), 6: edges(4), 5: small_head(5, 4)}[K]
        share = float(layers.power / rival_power("dnc", K, L))
        own = [floats(f) for f in layers.factors]
        own[-1] = (own[-1] - own[-1].mean(axis=0)) / float(layers.least_margin)
        size = float(layers.power) ** (1 / (2 * L + 2))
        equal = [size * w / np.sqrt((w**2).sum()) for w in own]
        lambdas = np.full(L + 1, float(lam))
        losses = [relu_loss([t * w for w in equal], lambdas, 1) for t in np.linspace(0.8, 2.2, 141)]
        assert share < 1 and min(losses) < theirs < np.log(K)


def test_the_loss_written_here_is_the_programs() -> None:
    layers = edges(4)
    problem = Problem.of(6, 3, Fraction(1, 50), 6, loss="ce", activation="relu")
    own = [floats(f) for f in layers.factors]
    padded = [np.zeros(shape) for shape in problem.shapes]
    for empty, weight in zip(padded, own, strict=True):
        empty[: weight.shape[0], : weight.shape[1]] = weight
    assert relu_loss(own, np.full(4, 0.02), 1) == pytest.approx(CeObjective(problem).loss(padded), rel=1e-12)


def test_costs_of_the_structures() -> None:
    for order in (4, 5, 6):
        exact = float(nuclear_norm(order).evalf() ** 2) * float(edges_power(order))
        assert exact <= float(edges(order).power) < exact * 1.0001
    for size in (3, 4):
        assert halves(size).whole_power == halves_power(size)
    assert edges(4, 5).power == edges(4).power * 16
    for K, (V, W) in SMALL_HEADS.items():
        assert min(min(row) for row in V) >= 0 and len(V) < K
        layers = small_head(K, 5)
        assert layers.logits == identity(K) and max(layers.width, len(W)) == layers.width


def test_layers_that_make_no_sense_are_refused() -> None:
    eye = identity(3)
    for factors in ([eye, eye], [eye, eye, eye * fmpq(-1)], [eye, eye, matrix([[1, 0, 0], [0, 1, 0]])]):
        with pytest.raises(ProblemError):
            MarginLayers.of(*factors)
    with pytest.raises(ProblemError, match="L >= 3"):
        small_head(3, 2)


@pytest.mark.parametrize("claim", CE_RELU, ids=lambda c: c.label)
def test_the_claims_earn_their_verdicts(claim) -> None:
    assert claim.check(Budget("test", 1)).status is claim.expected.quick


def test_what_is_claimed_and_what_is_not() -> None:
    for regime, inside, outside in (
        (SUBOPTIMAL, {(15, 2), (6, 3), (5, 4), (3, 5), (40, 2), (7, 9)}, {(14, 2), (5, 3), (4, 4), (3, 4), (2, 9)}),
        (BEYOND_NC2, {(26, 2), (10, 3), (8, 4), (6, 5)}, {(25, 2), (9, 3), (7, 4), (5, 5), (5, 40)}),
        (FEW_CLASSES, {(7, 4), (5, 7), (4, 8)}, {(7, 3), (5, 6), (4, 7), (3, 9), (6, 4)}),
    ):
        assert all(regime.has(*cell) for cell in inside) and not any(regime.has(*cell) for cell in outside)
    assert halves(3).power == Fraction(3000)
    for claim, regime in zip(CE_RELU, (SUBOPTIMAL, BEYOND_NC2), strict=False):
        assert claim.repeats is not None
        proved_at = claim.repeats.where
        for K, L in ((K, L) for K in range(2, 40) for L in range(1, 12)):
            assert regime.has(K, L) == any(K in classes and L in layers for classes, layers in proved_at), (K, L)


def test_the_table_of_winners_says_what_is_proved_and_costs_what_is_known() -> None:
    entry = Entry(LABELS["dnc"], "PROVED", "PROVED", "", (), (), {})
    for K in range(3, 30):
        for L in range(2, 8):
            found, (share, name) = relu_cell(K, L, [entry]), least_share(K, L)
            assert (found.winner == "low rank") == SUBOPTIMAL.has(K, L) == (share < 1) == bool(name), (K, L)
            assert relu_cell(K, L, []).winner == ""
    assert least_share(6, 3)[0] ** 4 * 1080 == pytest.approx(1074.87, abs=0.01)
    assert least_share(15, 2)[0] ** 3 * 3150 == pytest.approx(3000, rel=1e-9)
    assert relu_cell(4, 1, [Entry("ce-one-layer", "PROVED", "PROVED", "", (), (), {})]).winner == "dnc"
    assert relu_cell(6, 3, [replace(entry, status="UNDECIDED")]).winner == ""


def test_the_numbers_behind_a_derivation_are_those_of_relu_layers() -> None:
    words = ce_relu_numbers_at(3, "text")
    assert "K = 6: DNC pays 1080, NC2 alone 625; the cheapest known layers (edges, r = 4" in words
    assert "K = 5: DNC pays 500, NC2 alone 256; no layers that cost less than DNC are known" in words
    with pytest.raises(ProblemError, match="--L"):
        ce_relu_numbers_at(1, "text")
