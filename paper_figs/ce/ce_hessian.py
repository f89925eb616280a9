"""Cross-entropy: the Hessian spectrum at collapse over the strength, predicted in closed form and measured.

Source: ours; lines are theory.ce.hessian.spectrum at the larger stationary scale, crosses the eigenvalues of an
automatic-differentiation Hessian (verification.claims.ce.hessian.measure), the vertical line theory.ce.hessian's exact
lambda_PSD, beyond which the hollow symmetric level, K (K-3)/2 eigenvalues at once, is negative. In units of lambda.
"""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy as sp

from dufm.paper_figs.style import Table
from dufm.theory.ce.enclosure import best_scale
from dufm.theory.ce.hessian import K, L, alpha, b, d, n, psd_threshold, spectrum, z
from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.problem import Problem
from dufm.verification.claims.ce.hessian import measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (11.5, 6.6)
CASES = ((5, 2, 6), (8, 3, 8))  # K, L, width
POINTS = {"quick": 48, "full": 96}
MEASURED = {"quick": 4, "full": 6}
DECADES = (-4, 0)
COLOURS = {
    "orbit": "#999999",
    "outside the features": "#BBBBBB",
    "against balance": "#777777",
    "hollow symmetric": "#D55E00",
    "antisymmetric": "#0072B2",
    "scale": "#009E73",
    "diagonal and mean": "#CC79A7",
}


def data(budget: str) -> Table:
    """Rows (K, L, width, kind, level, count, lambda, value); kinds "predicted", "measured" and "lambda_PSD"."""
    rows: Table = []
    for case in CASES:
        grid = _strengths(*case[:2], POINTS[budget])
        for lam in grid:
            rows += _predicted(*case, lam)
        shown = MEASURED[budget]
        for lam in [grid[(2 * k + 1) * len(grid) // (2 * shown)] for k in range(shown)]:
            found = measure(DNC_LOGITS, Problem.of(case[0], case[1], lam, case[2], loss="ce"))
            rows += [_row(case, "measured", None, 1, float(lam), float(v)) for v in found.values]
        rows.append(_row(case, "lambda_PSD", None, None, float(psd_threshold(*case[:2])), None))
    return rows


def _row(case: tuple[int, int, int], kind: str, level: str | None, count: int | None, lam: float, value: float | None):
    named = dict(zip(("K", "L", "width"), case, strict=True))
    return {**named, "kind": kind, "level": level, "count": count, "lambda": lam, "value": value}


def _strengths(classes: int, layers: int, points: int) -> list[Fraction]:
    """A logarithmic grid up to where collapse ceases to exist."""
    grid = [Fraction(f"{10 ** (DECADES[0] + k * (DECADES[1] - DECADES[0]) / points):.5e}") for k in range(points)]
    return [lam for lam in grid if best_scale(DNC_LOGITS, Problem.of(classes, layers, lam, loss="ce"), 15) is not None]


def _predicted(classes: int, layers: int, width: int, lam: Fraction) -> Table:
    case = classes, layers, width
    found = best_scale(DNC_LOGITS, Problem.of(classes, layers, lam, width, loss="ce"), 20)
    if found is None:
        return []
    scale = sp.Rational(str(found.alpha.str(18, radius=False)))
    numbers = {K: classes, L: layers, d: width, n: 1, alpha: scale, b: sp.N(1 / (sp.exp(scale) + classes - 1), 18)}
    rows: Table = []
    for level in spectrum():
        count = int(level.count.subs(numbers))
        if count:
            for root in sp.Poly(level.factor.subs(numbers), z).nroots():
                rows.append(_row(case, "predicted", level.name, count, float(lam), float(sp.re(root))))
    return rows


def draw(figure: "Figure", table: Table) -> None:
    """A panel for each case; its legend says how often each level occurs."""
    panels = figure.subplots(1, len(CASES))
    for ax, case in zip(panels, CASES, strict=True):
        _panel(ax, case, [row for row in table if (row["K"], row["L"], row["width"]) == case])
    panels[0].set_ylabel(r"eigenvalue / $\lambda$")
    figure.suptitle("Cross-entropy: all eigenvalues of the Hessian at collapse", fontsize=13)


def _panel(ax: "Axes", case: tuple[int, int, int], rows: Table) -> None:
    levels = dict.fromkeys(row["level"] for row in rows if row["kind"] == "predicted")
    for name in levels:
        own = [row for row in rows if row["level"] == name]
        count, colour = own[0]["count"], COLOURS[name]
        lines: dict[float, list[float]] = {}
        for row in own:
            lines.setdefault(row["lambda"], []).append(row["value"])
        strengths = sorted(lines)
        for k, curve in enumerate(zip(*(sorted(lines[x]) for x in strengths), strict=True)):
            ax.plot(strengths, curve, color=colour, label=f"{name}: {count}" if k == 0 else None, zorder=2)
    measured: list[tuple[Any, Any]] = [(row["lambda"], row["value"]) for row in rows if row["kind"] == "measured"]
    ax.plot(*zip(*measured, strict=True), "x", color="#222222", markersize=5, label="measured (autodiff)", zorder=3)
    (threshold,) = [row["lambda"] for row in rows if row["kind"] == "lambda_PSD"]
    ax.axvline(threshold, color="#999999", linewidth=0.9, linestyle="--")
    ax.axhline(0, color="#222222", linewidth=0.8)
    ax.annotate(
        r"$\lambda_{\mathrm{PSD}}$",
        (threshold, 1),
        (-3, -10),
        xycoords=("data", "axes fraction"),
        ha="right",
        textcoords="offset points",
        fontsize=10,
        color="#666666",
    )
    ax.set_xscale("log")
    ax.set_ylim(min(row["value"] for row in rows if row["value"] is not None) - 1, None)
    ax.set_xlabel(r"strength $\lambda$ of every factor ($n = 1$)")
    ax.set_title(f"$K = {case[0]}$, $L = {case[1]}$, width {case[2]}")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, title="level: how many times")
