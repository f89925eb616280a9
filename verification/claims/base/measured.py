"""What a statistical sentence needs: enough independent runs, an interval, for a null result the effect it could see.

Below MIN_RUNS runs a verdict says UNDECIDED, whatever the runs did. Intervals are Clopper and Pearson's at 95 %.
"""

from dataclasses import replace

from dufm.solvers.base.statistics import clopper_pearson
from dufm.verification.claims.base.verdict import Status, Verdict

MIN_RUNS = 5
CONFIDENCE = 0.95


def enough(verdict: Verdict, runs: int) -> Verdict:
    """The verdict, or UNDECIDED if it is SUPPORTED by fewer than MIN_RUNS independent runs."""
    if verdict.status is not Status.SUPPORTED or runs >= MIN_RUNS:
        return verdict
    sentence = f"{runs} run{'' if runs == 1 else 's'}, too few to say more ({MIN_RUNS} are needed): {verdict.sentence}"
    return replace(verdict, status=Status.UNDECIDED, sentence=sentence)


def all_agree(runs: int) -> str:
    """In words, what it says of other runs that all of these did so."""
    low = clopper_pearson(runs, runs, CONFIDENCE, "lower").low
    return f"all of {runs} runs, so more than {low:.0%} of such runs at {CONFIDENCE:.0%} confidence"


def none_of(runs: int) -> str:
    """In words, the largest share that could be missed when none of so many runs shows an effect."""
    high = clopper_pearson(0, runs, CONFIDENCE, "upper").high
    return f"none of {runs}, so at most {high:.2%} of such runs at {CONFIDENCE:.0%} confidence"
