"""What a run ended in, read off its last checkpoint: numerical ranks by one stated rule, and a kind.

The rank of a layer is the number of singular values of the class means of P_l = W_{l-1} F_{l-1}, l = 2..L, above `CUT`
times the largest. Pre-activations are counted, not the features: a minimum on kinks of the relu keeps a fixed learning
rate jumping across them, and each jump leaves singular values of the size of the step in relu(P_l), while those of P_l
decay with the weights. The rank is *clear* where no singular value lies within half a decade of the cut, so that every
cut in that decade gives the same number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.statistics import Proportion, clopper_pearson
from dufm.solvers.training.batch import Batch
from dufm.solvers.training.run import DescentRun, Ending
from dufm.solvers.training.setting import DescentSetting
from dufm.solvers.weights.collapse import collapse_beside
from dufm.theory.squared.phi import phi_of_power

CUT = 0.01
HALF_DECADE = 10**0.5
# Below this singular value nothing is left of a matrix: outputs of fitted classes are of size one.
NOTHING = 1e-3
# Runs end this close to DNC's loss, relatively, before they count as DNC; ranks must be K as well.
NEAR = 0.01
KINDS = ("DNC", "low rank", "full rank", "classes lost", "zero", "diverged")


@dataclass(frozen=True)
class RunEnd:
    """The end of one run.

    Attributes:
        kind: "DNC": all hidden ranks K, loss within `NEAR` of DNC's; "low rank": output of rank K, a hidden rank below;
            "full rank": hidden ranks K at another loss; "classes lost": output of rank 1..K-1; "zero"; "diverged".
        ranks: of P_2, ..., P_L; 0 for nothing left. Empty for a run that diverged.
        clear: whether no other cut in the decade around `CUT` would change a rank.
        ratio: loss over DNC's; NaN for a run that diverged, or where DNC's is not known.
        settled: whether the loss had stopped falling.
    """

    kind: str
    ranks: tuple[int, ...]
    clear: bool
    ratio: float
    settled: bool


def dnc_loss(setting: DescentSetting) -> float:
    """The exact loss of DNC at a setting, rounded; in other models that of `collapse_beside`, NaN if not known."""
    problem = setting.problem
    if problem.is_plain:
        return float(phi_of_power(problem.L, problem.x_power)[0])
    beside = collapse_beside(problem)
    return float("nan") if beside is None else beside[1]


def rank(values: Sequence[float], cut: float = CUT) -> int:
    """How many singular values (largest first) exceed `cut` times the largest; 0 where that is below `NOTHING`."""
    return 0 if not values[0] >= NOTHING else sum(value > cut * values[0] for value in values)


def is_clear(values: Sequence[float]) -> bool:
    """Whether all cuts in the decade around `CUT` give one rank."""
    return rank(values, CUT / HALF_DECADE) == rank(values, CUT * HALF_DECADE)


def end_of(setting: DescentSetting, run: DescentRun, dnc: float) -> RunEnd:
    """The end of a run, as of its last checkpoint.

    Args:
        setting: the run's.
        run: one that has passed a checkpoint.
        dnc: `dnc_loss(setting)`.
    """
    if run.ending is Ending.DIVERGED:
        return RunEnd("diverged", (), True, float("nan"), False)
    K, L = setting.problem.K, setting.problem.L
    singular = run.trace.singular[-1]
    hidden = [singular[2 * i].tolist() for i in range(L - 1)]
    output = singular[-1].tolist()
    ranks, ratio = tuple(rank(values) for values in hidden), float(run.trace.loss[-1]) / dnc
    if rank(output) == 0:
        kind = "zero"
    elif sum(value >= NOTHING for value in output) < K:
        kind = "classes lost"
    elif all(r == K for r in ranks):
        kind = "DNC" if abs(ratio - 1) < NEAR else "full rank"
    else:
        kind = "low rank"
    return RunEnd(kind, ranks, all(map(is_clear, hidden)), ratio, run.ending is Ending.CONVERGED)


def ends(batch: Batch, place: int) -> list[RunEnd]:
    """The ends of all runs of one setting that have ended."""
    setting = batch.settings[place]
    dnc = dnc_loss(setting)
    return [end_of(setting, run, dnc) for run in batch.of(place) if run.ending is not Ending.INTERRUPTED]


@dataclass(frozen=True)
class Summary:
    """The ends of one setting together.

    Attributes:
        runs: how many.
        kinds: count of each of `KINDS`.
        dnc: share of DNC among all runs, with its Clopper-Pearson interval.
        mean_rank: mean over the runs with all classes kept of the least hidden rank; NaN if there is none.
        rank_error: its standard error; NaN for fewer than two.
        best: least loss over DNC's, NaN if all diverged.
        unclear: runs with a rank that depends on the cut.
        moving: runs whose loss was still falling at the last step.
    """

    runs: int
    kinds: dict[str, int]
    dnc: Proportion
    mean_rank: float
    rank_error: float
    best: float
    unclear: int
    moving: int


def summarise(found: Iterable[RunEnd], confidence: float = 0.95) -> Summary:
    """Counts, mean rank and the share of DNC.

    Raises:
        ProblemError: if there is no run.
    """
    found = list(found)
    kinds = {kind: sum(end.kind == kind for end in found) for kind in KINDS}
    ranks = [min(end.ranks) for end in found if end.kind in ("DNC", "low rank", "full rank") and end.ranks]
    spread = float(np.std(ranks, ddof=1) / len(ranks) ** 0.5) if len(ranks) > 1 else float("nan")
    return Summary(
        runs=len(found),
        kinds=kinds,
        dnc=clopper_pearson(kinds["DNC"], len(found), confidence),
        mean_rank=float(np.mean(ranks)) if ranks else float("nan"),
        rank_error=spread,
        best=min((end.ratio for end in found if end.ratio == end.ratio), default=float("nan")),
        unclear=sum(not end.clear for end in found),
        moving=sum(not end.settled and end.kind != "diverged" for end in found),
    )
