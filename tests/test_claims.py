"""Every claim is registered and earns its status; certificates of the claims hold, spoiled ones do not."""

import copy
import importlib
import json
import pkgutil
from collections.abc import Iterator

import pytest

import dufm.verification.claims
from dufm.theory.derivations import names
from dufm.theory.problem import ProblemError
from dufm.verification.checker import check
from dufm.verification.claims import CLAIMS, claim_named, select
from dufm.verification.claims.base.claim import BUDGETS, Budget, Claim
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.verdict import Comparison, Status
from dufm.verification.claims.ce.searched import CE_SEARCHED
from dufm.verification.claims.ce.structures import CE_CROSSINGS
from dufm.verification.claims.jumps.chains import JUMPS_CHAINS
from dufm.verification.claims.rank_two.dynamics import RANK_TWO_DYNAMICS
from dufm.verification.claims.rank_two.measured import RANK_TWO_MEASURED
from dufm.verification.claims.rfm.measured import RFM_MEASURED
from dufm.verification.claims.squared.intervals import INTERVALS
from dufm.verification.claims.squared.searched import SEARCHED, nothing_below_dnc
from dufm.verification.claims.squared.strips import STRIPS
from dufm.verification.claims.squared.witnesses import WITNESSES
from dufm.verification.claims.training.descent import TRAINING
from dufm.verification.claims.training.networks import NETWORKS

# What searches and runs say; the tests of each part check these.
STATISTICAL = (
    *(*SEARCHED, *CE_SEARCHED, *TRAINING, *JUMPS_CHAINS),
    *(*RANK_TWO_MEASURED, *RANK_TWO_DYNAMICS, *RFM_MEASURED, *NETWORKS),
)
EXACT = [c for c in CLAIMS if c not in STATISTICAL]
CERTIFIED = (*WITNESSES, *INTERVALS, *STRIPS, *CE_CROSSINGS)
CERTIFIED_ALONE = {"three-layers-strong", "dyn-jumps-certified", "dyn-rank-two-states", "rfm-measured-rates"}
ONE = Budget("test", 1)


def written() -> Iterator[Claim]:
    for module in pkgutil.walk_packages(dufm.verification.claims.__path__, "dufm.verification.claims."):
        for value in vars(importlib.import_module(module.name)).values():
            found = value if isinstance(value, tuple) else (value,)
            yield from (c for c in found if isinstance(c, Claim))


def test_every_claim_that_is_written_is_registered_once() -> None:
    assert {c.label for c in written()} == {c.label for c in CLAIMS}
    assert len({c.label for c in CLAIMS}) == len(CLAIMS)


def test_claims_rest_on_things_that_exist() -> None:
    known = {c.label for c in CLAIMS} | set(names())
    for claim in CLAIMS:
        assert set(claim.rests_on) <= known, claim.label
        assert claim.statement and claim.regime and claim.source


@pytest.mark.parametrize("claim", EXACT, ids=lambda c: c.label)
def test_exact_claims_hold(claim: Claim) -> None:
    verdict = claim.check(ONE)
    wanted = Status.CERTIFIED if claim in CERTIFIED or claim.label in CERTIFIED_ALONE else Status.PROVED
    assert verdict.status is wanted, verdict.sentence
    for certificate in verdict.certificates:
        assert check(json.dumps(certificate)).ok


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
    for claim in SEARCHED:
        verdict = claim.check(ONE)
        assert verdict.status is Status.SUPPORTED
        assert not verdict.certificates


def test_a_search_that_finds_something_refutes_with_a_certificate() -> None:
    verdict = nothing_below_dnc("false", [(6, 4, "0.012")], Budget("test", 8))
    assert verdict.status is Status.REFUTED
    assert check(json.dumps(verdict.certificates[0])).ok


def test_a_broken_comparison_or_step_is_never_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = by_derivation(["dnc"], "would be fine", [Comparison(2, "<", 1)])
    assert verdict.status is Status.REFUTED and "comparison fails" in verdict.sentence
    from dufm.theory.proof.checks import Checked, Method
    from dufm.verification.claims.base import proofs

    for broken in (Checked(False, Method.SYMBOLIC), Checked(True, Method.SAMPLED)):
        monkeypatch.setattr(proofs, "_checked", lambda name, broken=broken: (broken,))
        assert by_derivation(["dnc"], "would be fine").status is not Status.PROVED


def test_claims_do_not_contradict_each_other() -> None:
    for K in range(2, 22):
        for L in range(1, 9):
            assert len({w for c in CLAIMS if (w := c.settles(K, L))}) <= 1, (K, L)


def test_select() -> None:
    assert [c.label for c in select("three-*")] == [
        "three-classes-two-layers",
        "three-classes",
        "three-layers",
        "three-layers-strong",
        "three-layers-few-classes",
    ]
    assert len(select("srg-*, one-layer")) == 5
    assert select(None) == CLAIMS
    with pytest.raises(ProblemError, match="--only must match a claim label"):
        select("srg-*,nonsense")
    with pytest.raises(ProblemError, match="claim must be one of"):
        claim_named("nonsense")
    assert set(BUDGETS) == {"quick", "full"}
