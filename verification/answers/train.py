"""What runs of gradient descent ended in, setting by setting, and a certificate of the best that is below DNC."""

from typing import Any

from dufm.solvers.training.batch import Batch
from dufm.solvers.training.reading import CUT, dnc_loss, ends, summarise
from dufm.solvers.training.run import Ending, class_mean_weights
from dufm.solvers.training.setting import DescentSetting
from dufm.verification.answers.models import model_words
from dufm.verification.atlas.levels import levels
from dufm.verification.base.certificate import Certificate, point_certificate


def train_record(batch: Batch) -> dict[str, Any]:
    """A batch for JSON: a row for each setting, with what its runs ended in and the exact levels beside them."""
    rows = []
    for place, setting in enumerate(batch.settings):
        problem, found = setting.problem, ends(batch, place)
        if not found:
            continue
        summary, level = summarise(found), _levels(setting)
        rows.append(
            {"lambda": str(problem.lambdas[0]), "width": problem.width, "lr": setting.rate, "scale": setting.scale}
            | {"x": float(problem.x), "steps": setting.steps, "runs": summary.runs, "kinds": summary.kinds}
            | {"p_dnc": [summary.dnc.share, summary.dnc.low, summary.dnc.high], "mean_rank": _number(summary.mean_rank)}
            | {"rank_error": _number(summary.rank_error), "best_over_dnc": _number(summary.best)}
            | {"unclear_ranks": summary.unclear, "still_falling": summary.moving}
            | {"levels": level}
            | {"ranks": [list(end.ranks) for end in found], "ratios": [_number(end.ratio) for end in found]}
        )
    interrupted = sum(run.ending is Ending.INTERRUPTED for run in batch.runs)
    first = batch.settings[0].problem
    return {
        "K": first.K,
        "L": first.L,
        "n": first.n,
        "model": None if first.is_plain else model_words(first),
        "seed": batch.seed,
        "rank_cut": CUT,
        "points": rows,
        "interrupted": interrupted,
        "finished": batch.finished,
        "versions": batch.versions,
    }


def _levels(setting: DescentSetting) -> dict[str, float | None]:
    """Losses to compare with; in other models than the papers' that of collapse alone."""
    if not setting.problem.is_plain:
        return {"dnc": _number(dnc_loss(setting)), "srg": None, "record": None}
    level = levels(setting.problem)
    return {"dnc": level.dnc, "srg": level.srg, "record": level.record}


def _number(value: float) -> float | None:
    return value if abs(value) < float("inf") else None


def best_certificate(batch: Batch) -> Certificate | None:
    """A certificate of the run that is furthest below DNC, relatively; None if none is, or in other models."""
    if not batch.settings[0].problem.is_plain:
        return None
    losses = [dnc_loss(setting) for setting in batch.settings]
    below = [run for run in batch.runs if run.loss < losses[run.setting]]
    if not below:
        return None
    best = min(below, key=lambda run: run.loss / losses[run.setting])
    setting = batch.settings[best.setting]
    found = {"engine": "gradient descent", "seed": batch.seed, "run": best.number, "steps": best.step}
    weights = class_mean_weights(setting, best)
    return point_certificate(setting.problem, weights, "train", found | batch.versions)
