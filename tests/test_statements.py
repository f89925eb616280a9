"""What claims, derivations and pages say in words, each sentence with what makes it right."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory import derivations
from dufm.theory.ce.numbers import working
from dufm.theory.ce.polygons import DNC_LOGITS, PAIRS
from dufm.theory.ce.structure import cost_ball
from dufm.theory.derivations.jumps.objective import _Padded
from dufm.theory.jumps.step import step
from dufm.theory.proof.derivation import name_of
from dufm.theory.rational import fraction, identity, relu
from dufm.theory.squared.halves import cost_cubed, half_weights
from dufm.theory.squared.structure import singular_value_sum
from dufm.verification.claims import CLAIMS, claim_named
from dufm.verification.claims.base.claim import Budget, Claim
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.jumps.exact import certified_cases

ONE = Budget("test", 1)
PAGES = [
    Path("README.md"),
    *Path("docs").glob("*.md"),
    *Path("verification").rglob("*.py"),
    *Path("theory").rglob("*.py"),
]


def test_halves_vanish_at_the_rate_that_the_claim_names() -> None:
    p = sp.Symbol("p", positive=True)
    rate = sp.limit(cost_cubed(p) / (p * (2 * p - 1)) ** 3 * 2 * p, p, sp.oo)
    assert f"like {rate}/r." in claim_named("two-layers-vanish").work(ONE).sentence


def test_only_costs_of_blocks_add_under_cross_entropy() -> None:
    with working(30):
        assert cost_ball(DNC_LOGITS, 4, 1) < cost_ball(PAIRS, 4, 1), "at L = 1 collapse costs 3, two pairs 2 + 2"
    statement = claim_named("ce-vanish").statement
    assert "at most the sum of the costs of blocks" in statement and "adds over blocks" not in statement


def test_where_entry_is_claimed_it_is_proved() -> None:
    cases = certified_cases()
    assert len(cases) == 12 and all(found.entry_steps() is not None for _, found, _ in cases)
    assert "single entries" in claim_named("dyn-jumps-certified").work(ONE).sentence
    assert "draws one of N entries" in derivations.absorbing_set().states


def test_the_whole_batch_does_not_move_a_critical_point_of_rank_two() -> None:
    point = _Padded(0, 3)
    everything = [(i, j, fraction(point.target[i, j])) for i in range(point.n) for j in range(point.n)]
    assert point.is_critical() and point.weights[0].rank() == 2
    assert step(point.weights, everything, point.lam, Fraction(1, 10)) == point.weights


def test_the_best_kernel_need_not_be_collapsed() -> None:
    y, mu = fmpq_mat(6, 1, [1, 1, 1, 0, 0, 0]), fmpq(3, 10)
    block = fmpq_mat(6, 6, [int(i // 3 == j // 3) for i in range(6) for j in range(6)])
    spread = fmpq_mat(6, 6, [int(i == j or max(i, j) < 3) for i in range(6) for j in range(6)])
    costs = [(y.transpose() * (kernel + identity(6) * mu).inv() * y)[0, 0] for kernel in (block, spread)]
    assert costs[0] == costs[1] == fmpq(10, 11)
    statement = claim_named("rfm-kernel").statement
    assert "kernels of diagonal <= 1 that minimise kernel ridge regression one is collapsed" in statement


def test_the_halves_do_not_keep_the_nuclear_norm() -> None:
    before, _ = half_weights(3)
    assert singular_value_sum(before) < singular_value_sum(relu(before))


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("ce-suboptimal", "Theorem 1"),
        ("ce-psd", "Theorem 4"),
        ("ce-orbit", "Theorem 5"),
        ("ce-gap", "Theorem 3"),
        ("ce-search-relu", "Theorem 7"),
        ("two-layers-low-rank", "2202.08087"),
        ("two-layers-strong", "2202.08087"),
        ("two-layers", "2202.08087"),
        ("dyn-rank-two-bound", "2206.05794"),
        ("dyn-rank-two-batches", "2206.05794"),
        ("dyn-rank-two-noise", "2206.05794"),
    ],
)
def test_what_is_known_is_attributed(label: str, words: str) -> None:
    source = claim_named(label).source
    assert words in source and source != "ours"


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("ce-suboptimal", "alpha > 0"),
        ("linear-networks", "squared loss"),
        ("rfm-spread", "After M^(1/2)"),
        ("rfm-descent", "from layer 2 on"),
        ("dyn-rank-two-counterexample", "hidden bias that is penalised"),
        ("dyn-rank-two-bound", "only where it is below |W|"),
        ("dyn-rank-two-batches", "The largest gradients"),
    ],
)
def test_statements_carry_their_conditions(label: str, words: str) -> None:
    claim = claim_named(label)
    assert words in claim.statement + " " + str(claim.regime)


def test_direct_sums_state_what_is_used_of_them() -> None:
    """`two-layers-strong` puts any weights that win at one x into a block, not a structure that wins at every x."""
    assert derivations.direct_sum in claim_named("two-layers-strong").rests_on
    assert derivations.direct_sum().states.startswith("If weights for K_0 classes have loss below phi_L(x) at some x")


def test_nobody_is_read_into() -> None:
    for path in PAGES:
        text = " ".join(path.read_text().split())
        for words in ("often read", "paper's reading", "quoted for two layers", "without relu it always"):
            assert words not in text, path
    assert not any("effect: Garrod" in c.source for c in CLAIMS if c.source.startswith("ours"))


@pytest.mark.parametrize(
    ("builder", "proved", "label", "stated"),
    [
        (derivations.srg, "r >= 4", "srg-wins", "every r >= 4"),
        (derivations.srg, "r >= 4", "srg-loses-at-3", "every r >= 4"),
        (derivations.cuts, "r >= 5", "cuts-win-at-3", "every r >= 5"),
        (derivations.halves, "even r >= 6", "two-layers-vanish", "even r"),
        (derivations.halves, "K >= 15", "two-layers-low-rank", "every K >= 15"),
        (derivations.direct_sum, "K >= 3 and L >= 4", "four-layers", "every K >= 3, every L >= 4"),
        (derivations.ce_low_rank, "K >= 6, L >= 2", "ce-suboptimal", "every K >= 6, every L >= 2"),
        (derivations.two_layers, "K = 3, L = 2", "three-classes-two-layers", "K = 3, L = 2"),
    ],
)
def test_regimes_of_claims_are_those_that_are_proved(builder, proved: str, label: str, stated: str) -> None:
    claim = claim_named(label)
    assert builder in claim.rests_on and proved in builder().states and stated in str(claim.regime)


def below(claim: Claim) -> set[str]:
    """Names of the derivations that are run when a claim is checked."""
    return set().union(*(below(s) if isinstance(s, Claim) else {name_of(s)} for s in claim.rests_on))


def test_claims_run_the_premises_of_what_they_rest_on() -> None:
    uses = {name_of(build): set(build().uses) for build in derivations.DERIVATIONS}
    for claim in CLAIMS:
        if claim.expected.quick in (Status.PROVED, Status.CERTIFIED):
            found = below(claim)
            assert set().union(*(uses[name] for name in found)) <= found, claim.label


def test_false_changes_on_record_can_be_made() -> None:
    records = json.loads(Path("tests/data/mutants.json").read_text())
    assert len(records) == len({(r["file"], r["old"], r["new"]) for r in records}) > 90
    for record in records:
        assert Path(record["file"]).read_text().count(record["old"]) == 1 and record["old"] != record["new"], record
