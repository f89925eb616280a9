"""Over several processes each support is run once and handed on; what broke it breaks what rests on it."""

import pytest

from dufm.theory.proof.checks import Checked, Method
from dufm.verification.claims import claim_named, select
from dufm.verification.claims.base.claim import BUDGETS, Known
from dufm.verification.claims.base.measured import MIN_RUNS, all_agree, enough, none_of
from dufm.verification.claims.base.verdict import Status, Verdict
from dufm.verification.claims.entry import Entry
from dufm.verification.claims.jumps import chains
from dufm.verification.claims.rank_two import dynamics
from dufm.verification.claims.schedule import in_parallel, next_task
from dufm.verification.claims.training import descent

QUICK = BUDGETS["quick"]
FAILS = (Checked(False, Method.SYMBOLIC),)


def told(label: str, budget: str, known: Known | None) -> Entry:
    """What a worker is told: every claim is as it should be, but for one that breaks."""
    assert known is not None
    status = "CERTIFIED" if label == "three-classes" else "SUPPORTED"
    steps = {name: all(c.ok for c in checked) for name, checked in known.steps.items()}
    statuses = {name: status.name for name, status in known.statuses.items()}
    details = {"steps": steps, "statuses": statuses}
    return Entry(label, status, status, budget, (), (), details, failed=label == "srg-cost")


def test_supports_come_first_and_are_handed_on() -> None:
    chosen = select("srg-cost,srg-wins,three-classes,four-layers")
    found = list(in_parallel(chosen, QUICK, 2, told))
    labels = [entry.label for entry in found]
    assert sorted(labels) == sorted(c.label for c in chosen)
    assert labels.index("three-classes") < labels.index("four-layers")
    entries = dict(zip(labels, found, strict=True))
    four = entries["four-layers"]
    assert four.details["statuses"] == {"three-classes": "CERTIFIED"}
    assert four.details["steps"] == dict.fromkeys(["dnc", "direct-sum", "head", "reductions"], True)
    # A support that broke is not handed on.
    assert entries["srg-wins"].details["statuses"] == {}


def test_a_process_stays_in_the_rooms_it_has_been_to() -> None:
    ready = [(False, "a1"), (False, "b1"), (False, "c1")]
    rooms = dict(zip(ready, ("a", "b", "c"), strict=True))
    assert next_task(ready, rooms, [{"b"}, {"a"}], 0) == (False, "b1")
    assert next_task(ready, rooms, [{"d"}, {"a"}], 0) == (False, "b1")
    assert next_task(ready, rooms, [{"d"}, {"a", "b"}], 0) == (False, "c1")
    assert next_task(ready[:2], rooms, [{"d"}, {"a", "b"}], 0) == (False, "a1")


def test_what_is_handed_over_is_believed() -> None:
    claim = claim_named("four-layers")
    assert claim.check(QUICK, Known({"dnc": FAILS})).status is Status.REFUTED
    for status in (Status.REFUTED, Status.UNDECIDED, Status.CERTIFIED):
        verdict = claim.check(QUICK, Known({}, {"three-classes": status}))
        assert verdict.status is Status.UNDECIDED and "rests on three-classes" in verdict.sentence
    assert claim.check(QUICK, Known({}, {"three-classes": Status.PROVED})).status is Status.PROVED


def test_few_runs_support_nothing() -> None:
    good = Verdict(Status.SUPPORTED, "seen")
    assert enough(good, MIN_RUNS) is good and MIN_RUNS >= 5
    few = enough(good, MIN_RUNS - 1)
    assert few.status is Status.UNDECIDED and few.sentence.startswith("4 runs, too few")
    assert enough(Verdict(Status.REFUTED, "no"), 1).status is Status.REFUTED
    assert all_agree(5) == "all of 5 runs, so more than 55% of such runs at 95% confidence"
    assert none_of(100) == "none of 100, so at most 2.95% of such runs at 95% confidence"


@pytest.mark.parametrize(
    ("number", "least"),
    [
        (chains.MAGNITUDE, 10),
        (dynamics.FAR, 10),
        (descent.MANY, 5),
        (1 / descent.FAR, 1.25),
        (1 / descent.VISIBLE, 0.5),
    ],
)
def test_words_for_sizes_keep_their_numbers(number: float, least: float) -> None:
    assert number >= least
