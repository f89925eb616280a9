"""Cross-entropy: losses of the closed forms over the strength, relative to collapse, with crossings and lambda_PSD.

Source: ours; theory.ce.crossing.candidate_loss (enclosed), theory.ce.hessian.psd_threshold, and as rings the searched
table (solvers.ce.records: upper bounds). n = 1, one strength for all factors. Collapse is dotted where its Hessian has
negative eigenvalues, and ends where zero weights cost less.
"""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from dufm.paper_figs.ce.ce_winner_map import DIGITS, KINDS, beats_zero, candidates, kind
from dufm.paper_figs.style import Table
from dufm.solvers.ce.records import best_known
from dufm.theory.ce.crossing import Candidate, candidate_loss, crossing
from dufm.theory.ce.hessian import psd_threshold
from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (13.0, 6.8)
CLASSES = (3, 4, 6, 10)
DEPTHS = (2, 4)
POINTS = {"quick": 16, "full": 48}  # a decade
DECADES = (-5, 0)
# What a single-scale structure is called once its family is drawn instead.
BETTER = {"antiprism": "antiprism(A,B)", "pentagon+pairs": "pentagon+pairs(A,B)", "pairs+1": "pyramid"}
MARKS = ("crossing", "lambda_PSD", "best known")
WORDS = {
    "polygon": "polygon",
    "pairs": "pairs",
    "antiprism(A,B)": "antiprism",
    "johnson(5,2)": "J(5,2) code",
    "undecided": "two classes, others undecided",
    "pair+singles": "other sums",
}


def data(budget: str) -> Table:
    """Rows (K, L, curve, lambda, loss, ratio); the curves of MARKS hold points."""
    steps = POINTS[budget]
    grid = [_strength(k, steps) for k in range(DECADES[0] * steps, DECADES[1] * steps + 1)]
    rows: Table = []
    for L in DEPTHS:
        for K in CLASSES:
            rows += _cell(K, L, grid)
    return rows


def _strength(k: int, steps: int) -> Fraction:
    """10^(k / steps) as a decimal of six digits."""
    return Fraction(f"{10 ** (k / steps):.5e}")


def _row(K: int, L: int, curve: str, lam: Any, loss: float | None, ratio: float | None) -> dict[str, Any]:
    return {"K": K, "L": L, "curve": curve, "lambda": float(lam), "loss": loss, "ratio": ratio}


def _cell(K: int, L: int, grid: list[Fraction]) -> Table:
    rows: Table = []
    drawn = _distinct(K, L, grid[0])
    best: list[Candidate] = []
    for lam in grid:
        problem = Problem.of(K, L, lam, loss="ce")
        balls = {c.name: candidate_loss(c, problem, DIGITS) for c in drawn}
        alive = {name: float(ball) for name, ball in balls.items() if beats_zero(problem, ball)}
        if not alive:
            break
        collapse = float(balls[DNC_LOGITS.name])
        rows += [_row(K, L, name, lam, loss, loss / collapse) for name, loss in alive.items()]
        least = min(alive, key=lambda name: alive[name])
        best.append(next(c for c in drawn if c.name == least))
    for i in range(1, len(best)):
        before, after = best[i - 1], best[i]
        if before is not after:
            met = crossing(before, after, K, L, (grid[i - 1], grid[i]), Fraction(1, 10**6))
            problem = Problem.of(K, L, met.low, loss="ce")
            loss = float(candidate_loss(before, problem, DIGITS))
            rows.append(
                _row(K, L, "crossing", met.low, loss, loss / float(candidate_loss(DNC_LOGITS, problem, DIGITS)))
            )
    for record in best_known():
        if (record.K, record.L) == (K, L) and record.structure != "zero":
            problem = Problem.of(K, L, record.lam, loss="ce")
            share = record.loss / float(candidate_loss(DNC_LOGITS, problem, DIGITS))
            rows.append(_row(K, L, "best known", record.lam, record.loss, share))
    if K > 3:
        # For K = 3 collapse is PSD at every strength at which it beats zero weights.
        rows.append(_row(K, L, "lambda_PSD", float(psd_threshold(K, L)), None, None))
    return rows


def _distinct(K: int, L: int, lam: Fraction) -> list[Candidate]:
    """Candidates without those that are another one by a second name (the square is two pairs): enclosures meet."""
    problem, kept = Problem.of(K, L, lam, loss="ce"), []
    for one in candidates(K):
        loss = candidate_loss(one, problem, DIGITS)
        if one.name not in BETTER and not any(loss.overlaps(candidate_loss(c, problem, DIGITS)) for c in kept):
            kept.append(one)
    return kept


def draw(figure: "Figure", table: Table) -> None:
    """A panel for each (K, L): one line for a structure, a dot where the best one changes."""
    panels = figure.subplots(len(DEPTHS), len(CLASSES), sharex=True)
    for i, L in enumerate(DEPTHS):
        for j, K in enumerate(CLASSES):
            _panel(panels[i][j], [row for row in table if (row["K"], row["L"]) == (K, L)])
            panels[i][j].set_title(f"$K = {K}$, $L = {L}$")
    for ax in panels[-1]:
        ax.set_xlabel(r"strength $\lambda$ of every factor ($n = 1$)")
    for row in panels:
        row[0].set_ylabel("loss / loss of collapse")
    entries: dict[str, Any] = {}
    for ax in panels.ravel():
        handles, labels = ax.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=5)
    figure.suptitle("Cross-entropy: losses of the closed forms relative to collapse", fontsize=13)


def _panel(ax: "Axes", rows: Table) -> None:
    (threshold,) = [row["lambda"] for row in rows if row["curve"] == "lambda_PSD"] or [None]
    curves = dict.fromkeys(row["curve"] for row in rows if row["curve"] not in MARKS)
    low = min(row["ratio"] for row in rows if row["ratio"] is not None)
    high = 1 + 0.6 * (1 - low) + 0.02
    for name in curves:
        own = [(row["lambda"], row["ratio"]) for row in rows if row["curve"] == name]
        colour = KINDS[kind(name)][0]
        if name == "dnc":
            end = own[-1][0] if threshold is None else min(threshold, own[-1][0])
            stable = [p for p in own if p[0] <= end] + [(end, 1.0)]
            saddle = [(end, 1.0), *[p for p in own if p[0] > end]]
            ax.plot(*zip(*stable, strict=True), color="#444444", linewidth=2.2, label="collapse, PSD Hessian")
            ax.plot(*zip(*saddle, strict=True), color="#444444", linewidth=2.2, linestyle=":", label="saddle")
        elif min(ratio for _, ratio in own) < high:
            label = WORDS.get(name)
            ax.plot(*zip(*own, strict=True), color=colour, label=label, linewidth=1.0 if kind(name) == "other" else 1.8)
    if threshold is not None:
        ax.axvline(threshold, color="#999999", linewidth=0.9, linestyle="--")
        ax.annotate(
            r"$\lambda_{\mathrm{PSD}}$",
            (threshold, high),
            (3, -12),
            textcoords="offset points",
            fontsize=9,
            color="#666666",
        )
    marks = [(row["lambda"], row["ratio"]) for row in rows if row["curve"] == "crossing"]
    if marks:
        ax.plot(*zip(*marks, strict=True), "o", color="#222222", markersize=5, label="the best one changes")
    known = [(row["lambda"], row["ratio"]) for row in rows if row["curve"] == "best known"]
    if known:
        label = "best known (search)"
        ax.plot(*zip(*known, strict=True), "o", mfc="none", mec="#222222", markersize=8, label=label)
    ax.set_xscale("log")
    ax.set_ylim(low - 0.06 * (high - low), high)
    ax.grid(True)
