"""Cross-entropy: singular values of the logits at the best closed form over depth, against those of collapse.

Source: ours; the best of theory.ce.structures and theory.ce.families at one strength (an upper bound of the minimum),
its singular values at the enclosed best scale. Each of the L + 1 factors has their (L+1)-st roots.
"""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from dufm.paper_figs.ce.ce_winner_map import DIGITS, KINDS, beats_zero, candidates, kind
from dufm.paper_figs.style import Table
from dufm.theory.ce.crossing import Candidate, candidate_loss
from dufm.theory.ce.enclosure import best_scale
from dufm.theory.ce.newton import best_member
from dufm.theory.ce.numbers import Balls, working
from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (11.5, 6.8)
CLASSES = (4, 6, 8, 10, 12, 16)
DEPTHS = range(1, 11)
STRENGTH = Fraction(1, 1000)


def data(budget: str) -> Table:
    """Rows (K, L, structure, rank, sigma, count), collapse and the best one; the same for both budgets."""
    rows: Table = []
    for K in CLASSES:
        for L in DEPTHS:
            problem = Problem.of(K, L, STRENGTH, loss="ce")
            losses = {c: candidate_loss(c, problem, DIGITS) for c in candidates(K)}
            best = min(losses, key=lambda c: float(losses[c]))
            for one in dict.fromkeys((DNC_LOGITS, best)):
                if beats_zero(problem, losses[one]):
                    values = singular_values_at(one, problem)
                    rank = sum(count for _, count in values)
                    named = {"K": K, "L": L, "structure": one.name, "best": one is best, "rank": rank}
                    rows += [{**named, "sigma": sigma, "count": count} for sigma, count in values]
    return rows


def singular_values_at(candidate: Candidate, problem: Problem) -> list[tuple[float, int]]:
    """Non-zero singular values and their multiplicities at a candidate's best scale or best member."""
    with working(DIGITS):
        if hasattr(candidate, "parameters"):
            member = best_member(candidate, problem, DIGITS)  # pyright: ignore[reportArgumentType]
            squares: Any = member and candidate.squares(problem.K, member.theta, Balls())  # pyright: ignore
            scale = 1
        else:
            found = best_scale(candidate, problem, DIGITS)  # pyright: ignore[reportArgumentType]
            squares = found and candidate.squares(problem.K, Balls())  # pyright: ignore
            scale = found.alpha if found else 1
        return [(float(value.sqrt() * scale), count) for value, count in squares or ()]


def draw(figure: "Figure", table: Table) -> None:
    """A panel for each K: dots for singular values with how often they occur, bars for those of collapse."""
    panels = figure.subplots(2, len(CLASSES) // 2, sharex=True, sharey=True)
    for ax, K in zip(panels.ravel(), CLASSES, strict=True):
        _panel(ax, [row for row in table if row["K"] == K])
        ax.set_title(f"$K = {K}$")
    for ax in panels[-1]:
        ax.set_xlabel("depth $L$ (weight layers)")
    for row in panels:
        row[0].set_ylabel("singular values of the logits")
    first = panels[0][0]
    first.scatter([], [], marker="_", s=120, color="#444444", label="collapse: one value, $K - 1$ times")
    for name in dict.fromkeys(kind(row["structure"]) for row in table if row["best"]):
        first.scatter([], [], s=60, color=KINDS[name][0], edgecolor="#333333", label=KINDS[name][1])
    handles, labels = first.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    figure.suptitle(
        f"Cross-entropy, $\\lambda = {float(STRENGTH):g}$: singular values at the best closed form "
        "(number: how often, if not once)",
        fontsize=13,
    )


def _panel(ax: "Axes", rows: Table) -> None:
    for row in rows:
        colour = KINDS[kind(row["structure"])][0]
        if row["structure"] == DNC_LOGITS.name and not row["best"]:
            ax.scatter(row["L"], row["sigma"], marker="_", s=120, color="#444444", zorder=2)
            continue
        ax.scatter(row["L"], row["sigma"], s=45, color=colour, edgecolor="#333333", linewidth=0.8, zorder=3)
        if row["count"] > 1:
            ax.annotate(
                str(row["count"]),
                (row["L"], row["sigma"]),
                (0, 6),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                zorder=4,
            )
    ax.set_yscale("log")
    ax.set_xticks(DEPTHS)
