"""No claim is PROVED in a regime that is not bound to what its derivations conclude, or say word for word."""

from dataclasses import replace

import pytest

from dufm.theory import derivations
from dufm.theory.derivations import derivation
from dufm.verification.claims import CLAIMS, claim_named
from dufm.verification.claims.base.claim import Claim, Known
from dufm.verification.claims.base.conclusions import Stated
from dufm.verification.claims.base.regime import Regime
from dufm.verification.claims.base.verdict import Status, Verdict
from tests.test_regimes import HOLDS, ONE, names_of


def test_every_proved_regime_is_bound_to_what_was_derived() -> None:
    for claim in CLAIMS:
        if claim.expected.quick is Status.PROVED:
            assert not isinstance(claim.regime, str), claim.label
            assert claim.beyond(names_of(claim)) == "", claim.label


STATED = [c for c in CLAIMS if isinstance(c.regime, Stated)]


@pytest.mark.parametrize("claim", STATED, ids=lambda c: c.label)
def test_a_clause_that_no_derivation_states_suspends_the_claim(claim: Claim) -> None:
    assert isinstance(claim.regime, Stated)
    (name, words), *others = claim.regime.clauses
    elsewhere = next(n for n in derivations.names() if n not in names_of(claim))
    holds = Known(dict.fromkeys(names_of(claim), HOLDS))
    # Nobody says the first; the second is said, by a derivation that the claim does not rest on.
    for clause in ((name, words + " or any other"), (elsewhere, derivation(elsewhere).states[:30])):
        wider = replace(claim, regime=Stated((clause, *others)), work=lambda budget: Verdict(Status.PROVED, "w"))
        verdict = wider.check(ONE, holds)
        assert verdict.status is Status.UNDECIDED and clause[1] in verdict.sentence


def test_words_alone_are_never_proved() -> None:
    claim = replace(claim_named("rfm-rates"), regime="everything", work=lambda budget: Verdict(Status.PROVED, "w"))
    verdict = claim.check(ONE, Known(dict.fromkeys(names_of(claim), HOLDS)))
    assert verdict.status is Status.UNDECIDED and "words alone" in verdict.sentence


def test_equal_classes_among_unequal_ones_win_where_they_win_alone() -> None:
    claim = claim_named("var-unequal-low-rank")
    below = [support for support in claim.rests_on if isinstance(support, Claim)]
    assert len(below) == 3 and isinstance(claim.regime, Regime)
    for K in range(2, 30):
        for L in range(1, 9):
            alone = any(support.settles(K, L) == "low rank" for support in below)
            assert claim.regime.has(K, L) == alone, (K, L)
    widths = {part.room(15) for part in claim.regime.parts}
    assert widths == {part.room(15) for s in below if isinstance(s.regime, Regime) for part in s.regime.parts}
