"""Minority collapse: at which strengths collapse gives up each class, and what a search finds there.

Four classes of 9, 6, 4 and 2 samples at four layers. Lines: the output s_k / tau_k of each class under collapse, exact
(`dufm derive unequal-classes`); marks: the diagonal of the output of the best weights a search found, over its target.
Below: the loss found over collapse's. Source: ours.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dufm.paper_figs.style import Table
from dufm.solvers.objectives.squared import Objective
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.theory.problem import Problem, Variant
from dufm.theory.squared.phi import collapse_ends, collapse_power, minimiser, power_root
from dufm.theory.squared.variants import class_powers, split_loss

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (8.6, 6.0)
SIZES, L, SEED = (9, 6, 4, 2), 4, 20261129
LINE, SEARCHED = 120, 20
COLOURS = ("#0072B2", "#009E73", "#E69F00", "#D55E00")
WIDTH = Fraction(1, 2**30)


def problem_at(x: Fraction) -> Problem:
    """The problem at x = K Lambda, strengths equal once sizes are meaned."""
    K, mean = len(SIZES), Fraction(sum(SIZES), len(SIZES))
    return Problem(K, L, (x / K / mean, *(x / K,) * L), K + 2, variant=Variant(sizes=SIZES))


def outputs(problem: Problem) -> list[float]:
    """The output of each class over its target under collapse; 0 from its threshold on."""
    found = []
    for power in class_powers(problem):
        u = minimiser(L, power_root(power, L + 1)[0], WIDTH) if power < collapse_power(L) else None
        found.append(float(u[0]) ** (L + 1) if u is not None else 0.0)
    return found


def data(budget: str) -> Table:
    """One row a class and strength: exact, and where a search was run what it found."""
    most = collapse_ends(L)[0] * Fraction(SIZES[0] * len(SIZES), sum(SIZES))
    table: Table = []
    options = SearchOptions(24 if budget != "full" else 400, SEED, threads=1)
    every = LINE // SEARCHED
    for step in range(1, LINE + 1):
        x = (most * step / LINE).limit_denominator(10**6)
        problem = problem_at(x)
        exact, loss, diagonal = outputs(problem), None, [None] * len(SIZES)
        if step % every == 0:
            solution, _ = global_search(problem, options)
            solution.raise_if_interrupted()
            features = Objective(problem).forward(solution.weights[:-1]).features[-1]
            loss = round(solution.loss / float(split_loss(problem)[1]), 9)
            diagonal = [round(float(v), 6) for v in np.diag(solution.weights[-1] @ features)]
        for k, size in enumerate(SIZES):
            row = {"x": float(x), "size": size, "collapse": exact[k], "found": diagonal[k], "loss_ratio": loss}
            table.append(row)
    return table


def draw(figure: "Figure", table: Table) -> None:
    """Outputs above, the ratio of losses below."""
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[2.4, 1])
    for size, colour in zip(SIZES, COLOURS, strict=True):
        own = [r for r in table if r["size"] == size]
        kept = [r for r in own if r["collapse"] > 0]
        top.plot([r["x"] for r in kept], [r["collapse"] for r in kept], color=colour, label=f"{size} samples")
        if kept:
            top.plot([kept[-1]["x"]] * 2, [kept[-1]["collapse"], 0], ":", color=colour, linewidth=1.2)
        seen = [r for r in own if r["found"] is not None]
        top.plot([r["x"] for r in seen], [r["found"] for r in seen], "o", color=colour, markersize=5, alpha=0.8)
    top.set(ylabel="output of the class over its target", ylim=(-0.04, 1.04))
    top.set_title("Classes of 9, 6, 4 and 2 samples, four layers: the smallest is given up first")
    figure.legend(loc="outside right upper", title="lines: collapse, exact\ndots: best weights found")
    seen = [r for r in table if r["size"] == SIZES[0] and r["loss_ratio"] is not None]
    bottom.plot([r["x"] for r in seen], [r["loss_ratio"] for r in seen], "o-", color="#222222", markersize=4)
    bottom.axhline(1, color="#555555", linewidth=1, linestyle="--")
    bottom.set(xlabel="$x = K \\Lambda$", ylabel="loss / collapse")
