"""Every claim is registered and earns its status; certificates of the claims hold, spoiled ones do not."""

import copy
import importlib
import json
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sympy as sp

import dufm.verification.claims
from dufm.solvers.search.fixed_portfolio import compiled_search
from dufm.solvers.search.options import FixedOptions
from dufm.solvers.search.solution import Solution
from dufm.theory import derivations
from dufm.theory.derivations import DERIVATIONS
from dufm.theory.derivations.squared.cuts import below_one, p
from dufm.theory.problem import Problem
from dufm.theory.proof.checks import Checked, Method
from dufm.theory.proof.derivation import Builder, Derivation, Step
from dufm.theory.stated import ProblemError
from dufm.verification.checker import check
from dufm.verification.claims import CLAIMS, claim_named, select
from dufm.verification.claims.base import claim as claim_module
from dufm.verification.claims.base.claim import BUDGETS, Budget, Claim, Expected, Support
from dufm.verification.claims.base.filed import judge, missing
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, From, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.ce.searched import CE_SEARCHED
from dufm.verification.claims.jumps.chains import JUMPS_CHAINS
from dufm.verification.claims.rank_two.dynamics import RANK_TWO_DYNAMICS
from dufm.verification.claims.rank_two.measured import RANK_TWO_MEASURED
from dufm.verification.claims.rfm.measured import RFM_MEASURED
from dufm.verification.claims.squared import searched
from dufm.verification.claims.squared.searched import SEARCHED, nothing_below_dnc
from dufm.verification.claims.squared.variants_searched import VARIANTS_SEARCHED
from dufm.verification.claims.training.descent import TRAINING
from dufm.verification.claims.training.networks import NETWORKS

# What searches and runs say; the tests of each part check these.
STATISTICAL = (
    *(*SEARCHED, *VARIANTS_SEARCHED, *CE_SEARCHED, *TRAINING, *JUMPS_CHAINS),
    *(*RANK_TWO_MEASURED, *RANK_TWO_DYNAMICS, *RFM_MEASURED, *NETWORKS),
)
EXACT = [c for c in CLAIMS if c not in STATISTICAL]
ONE = Budget("test", 1)


def written() -> Iterator[Claim]:
    for module in pkgutil.walk_packages(dufm.verification.claims.__path__, "dufm.verification.claims."):
        for value in vars(importlib.import_module(module.name)).values():
            found = value if isinstance(value, tuple) else (value,)
            yield from (c for c in found if isinstance(c, Claim))


def test_every_claim_that_is_written_is_registered_once() -> None:
    assert {c.label for c in written()} == {c.label for c in CLAIMS}
    assert len({c.label for c in CLAIMS}) == len(CLAIMS)


def test_claims_rest_on_registered_claims_and_derivations() -> None:
    for claim in CLAIMS:
        for support in claim.rests_on:
            assert support in (CLAIMS if isinstance(support, Claim) else DERIVATIONS), claim.label
        assert len(set(claim.rests_on)) == len(claim.rests_on)
        assert claim.statement and claim.regime and claim.source


def test_what_is_proved_rests_on_a_derivation() -> None:
    for claim in CLAIMS:
        if claim.expected.quick is Status.PROVED:
            assert any(not isinstance(s, Claim) for s in claim.rests_on), claim.label


def test_whoever_says_that_dnc_is_or_is_not_the_best_rests_on_what_dnc_costs() -> None:
    spoken = [c for c in CLAIMS if any(c.settles(K, L) for K in range(2, 22) for L in range(1, 9))]
    assert len(spoken) > 20
    for claim in spoken:
        assert derivations.dnc in claim.rests_on, claim.label


@pytest.mark.parametrize("claim", EXACT, ids=lambda c: c.label)
def test_exact_claims_hold(claim: Claim) -> None:
    verdict = claim.check(ONE)
    assert verdict.status is claim.expected.at(ONE), verdict.sentence
    assert verdict.status in (Status.PROVED, Status.CERTIFIED)
    # Each certificate shows something that the claim needs, and together they show all of it.
    judged = [judge(json.dumps(certificate).encode(), claim.needs) for certificate in verdict.certificates]
    assert [result.sentence for result, _ in judged if not result.ok] == []
    assert missing(claim.needs, [need for _, need in judged]) == ()


@pytest.mark.parametrize(
    "claim", [c for c in EXACT if c.label in {"three-layers", "cuts-win-at-3", "depth3-K9"}], ids=lambda c: c.label
)
def test_spoiled_certificates_are_rejected(claim: Claim) -> None:
    for certificate in claim.check(ONE).certificates:
        spoiled = copy.deepcopy(certificate)
        if certificate["kind"] == "head":
            spoiled["witness"][-1]["rows"][0][0] += 1
        else:
            spoiled["problem"]["lambdas"][1][0] *= 40
        assert not check(json.dumps(spoiled)).ok


def test_searches_support_and_never_more() -> None:
    for cases in ([(3, 2, "0.05")], [(3, 3, "0.015")]):
        verdict = nothing_below_dnc("searched", cases, Budget("test", 80))
        assert verdict.status is Status.SUPPORTED, verdict.sentence
        assert not verdict.certificates


# Zero weights cost several times DNC's loss at the first strength, a few percent more at the second.
@pytest.mark.parametrize("x", ["0.05", "0.38"])
def test_a_search_that_misses_dnc_says_nothing(x: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searched, "compiled_search", _zeros)
    verdict = nothing_below_dnc("searched", [(3, 2, x)], ONE)
    assert verdict.status is Status.UNDECIDED and f"none reached it for K = 3, L = 2, x = {x}" in verdict.sentence


def _zeros(problem: Problem, options: FixedOptions, **more: Any) -> Solution:
    """A search that ends in zero weights and nowhere else."""
    found = compiled_search(problem, options, **more)
    weights = tuple(0 * w for w in found.weights)
    return replace(found, weights=weights, loss=0.5, losses=0 * found.losses + 0.5)


def test_a_search_that_finds_something_refutes_with_a_certificate() -> None:
    verdict = nothing_below_dnc("false", [(6, 4, "0.012")], Budget("test", 16))
    assert verdict.status is Status.REFUTED
    assert check(json.dumps(verdict.certificates[0])).ok


def test_a_broken_comparison_is_never_proved() -> None:
    verdict = by_derivation("would be fine", [Comparison(2, "<", 1)])
    assert verdict.status is Status.REFUTED and "comparison fails" in verdict.sentence


EVERYWHERE = Regime((Part(From(2), From(1), EVERY),))


def _claim(*rests_on: Support, says: Status = Status.PROVED, label: str = "made-up") -> Claim:
    return Claim(
        label, "s", EVERYWHERE, "ours", rests_on, lambda budget: Verdict(says, "would be fine"), Expected(says)
    )


def _built(ok: bool, method: Method = Method.SYMBOLIC) -> Builder:
    def made_up_steps() -> Derivation:
        return Derivation("d", "t", "ours", "s", (Step("w", (), lambda: Checked(ok, method)),))

    return made_up_steps


def test_a_verdict_is_no_stronger_than_the_derivations_it_rests_on() -> None:
    assert _claim(_built(True)).check(ONE).status is Status.PROVED
    for rests_on in ((_built(False),), (_built(True), _built(False, Method.EXACT))):
        refuted = _claim(*rests_on).check(ONE)
        assert refuted.status is Status.REFUTED and "made-up-steps: NOT proved: step 1 fails" in refuted.sentence
    sampled = _claim(_built(True, Method.SAMPLED)).check(ONE)
    assert sampled.status is Status.UNDECIDED and "suspended: rests on the derivation made-up-steps" in sampled.sentence
    for says in (Status.CERTIFIED, Status.SUPPORTED):
        assert _claim(_built(True), says=says).check(ONE).status is says
        assert _claim(_built(False), says=says).check(ONE).status is Status.UNDECIDED


def test_a_claim_that_does_not_hold_suspends_what_rests_on_it() -> None:
    for status in (Status.REFUTED, Status.UNDECIDED, Status.SUPPORTED, Status.CERTIFIED):
        support = _claim(says=status, label="below")
        verdict = _claim(_built(True), support).check(ONE)
        assert verdict.status is Status.UNDECIDED
        assert verdict.sentence == f"suspended: rests on below, which is {status.name}"
        weak = _claim(support, says=Status.SUPPORTED).check(ONE).status
        assert weak is (Status.UNDECIDED if status in (Status.REFUTED, Status.UNDECIDED) else Status.SUPPORTED)
    broken = _claim(_built(False), label="below")
    above = _claim(_built(True), _claim(_built(True), broken, label="between")).check(ONE)
    assert above.sentence == "suspended: rests on between, which is UNDECIDED"


def test_nothing_is_proved_on_no_derivation() -> None:
    with pytest.raises(ValueError, match="rests on no derivation"):
        _claim().check(ONE)
    assert _claim(says=Status.REFUTED).check(ONE).status is Status.REFUTED


def test_no_claim_on_dnc_survives_a_broken_derivation_of_what_dnc_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_module, "steps_of", lambda b: _built(b is not derivations.dnc)().check())
    for claim in CLAIMS:
        if derivations.dnc in claim.rests_on:
            assumed = replace(claim, work=lambda budget, c=claim: Verdict(c.expected.quick, "w"))
            assert assumed.check(ONE).status in (Status.REFUTED, Status.UNDECIDED), claim.label


def test_claims_do_not_contradict_each_other() -> None:
    for K in range(2, 22):
        for L in range(1, 9):
            said = {w for c in CLAIMS if (w := c.settles(K, L))}
            # At different strengths both may win; tests/test_regimes.py compares them strength by strength.
            for whole, other in (("dnc", "low rank"), ("low rank", "dnc")):
                assert whole not in said or not any(w.startswith(other) for w in said), (K, L)


def test_the_rate_that_cuts_vanish_states_is_that_of_both_bounds() -> None:
    for order in (2 * p, 2 * p - 1):
        bound, check = below_one(order)
        assert check().ok
        rate = sp.limit(bound * order**2, p, sp.oo)
        assert f"like {rate}/r^2" in claim_named("cuts-vanish").work(ONE).sentence


def test_select() -> None:
    assert [c.label for c in select("three-*")] == [
        "three-classes-two-layers",
        "three-classes-three-layers",
        "three-classes-weak-decay",
        "three-classes",
        "three-layers",
        "three-layers-strong",
        "three-classes-optimal",
        "three-classes-optimal-three-layers",
        "three-layers-few-classes",
    ]
    assert len(select("srg-*, one-layer")) == 5
    assert select(None) == CLAIMS
    with pytest.raises(ProblemError, match="--only must match a claim label"):
        select("srg-*,nonsense")
    with pytest.raises(ProblemError, match="claim must be one of"):
        claim_named("nonsense")
    assert set(BUDGETS) == {"quick", "full"}
