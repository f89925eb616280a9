"""Claims over processes: each once, supports first, claims of a room in the process that has been there."""

import os

from dufm.verification.claims import CLAIMS
from dufm.verification.claims.base.claim import BUDGETS, Claim, Known
from dufm.verification.claims.base.verdict import Status, Verdict
from dufm.verification.claims.schedule import in_parallel, next_task


def _process(label: str, budget: str, known: Known | None) -> Verdict:
    """In place of a check: which process was asked, and what it was told."""
    told = sorted(known.statuses) if known else []
    return Verdict(Status.SUPPORTED, str(os.getpid()), details={"told": told})


def test_a_process_stays_in_the_rooms_it_has_been_to() -> None:
    ready = [(False, "a1"), (False, "b1"), (False, "c1")]
    rooms = dict(zip(ready, ("a", "b", "c"), strict=True))
    assert next_task(ready, rooms, [{"b"}, {"a"}], 0) == (False, "b1")
    assert next_task(ready, rooms, [{"d"}, {"a"}], 0) == (False, "b1")
    assert next_task(ready, rooms, [{"d"}, {"a", "b"}], 0) == (False, "c1")
    assert next_task(ready[:2], rooms, [{"d"}, {"a", "b"}], 0) == (False, "a1")


def test_a_claim_waits_for_what_it_rests_on() -> None:
    chain = [c for c in CLAIMS if any(isinstance(s, Claim) for s in c.rests_on)][:1]
    below = [s for c in chain for s in c.rests_on if isinstance(s, Claim)]
    order = list(in_parallel([*chain, *below], BUDGETS["quick"], 2, _process))
    verdict = order[-1][1]
    assert [label for label, _ in order][-1] == chain[0].label and isinstance(verdict, Verdict)
    assert verdict.details["told"] == sorted(s.label for s in below)
