"""A head of four layers trained on digits: loss against DNC's and the SRG's, collapse by layer, singular values.

Source: SML24, Fig. 2 bottom (there ResNet20 on CIFAR-10, width 64); same objective and, by n lambda_H = 5 lambda_l, the
same exact losses; backbone, data and numbers ours.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

import sympy as sp

from dufm.paper_figs.style import Table
from dufm.solvers.networks.heads import head_data, problem_of, run_head
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi_of_cost
from dufm.theory.squared.srg import TriangularGraph
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import CheapestSum

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (13.0, 4.2)
COLOURS = ("#555555", "#0072B2", "#009E73", "#E69F00", "#D55E00")
LINES = {"dnc": ("DNC", "--"), "srg": ("SRG", ":"), "known": ("best closed form", "-.")}
LOOKS = 40
EPOCHS = 1500


def exact_losses(problem: Problem) -> dict[str, float]:
    """Loss of DNC, of the SRG and of the cheapest structure known, for the problem's Lambda."""
    costs = {"dnc": sp.Integer(problem.K)}
    costs |= {
        name: total_cost(structure, problem.K, problem.L)
        for name, structure in (("srg", TriangularGraph()), ("known", CheapestSum()))
    }
    ratios = {name: Fraction(str(sp.N(cost / problem.K, 30))) for name, cost in costs.items()}
    return {name: float(phi_of_cost(problem.L, problem.x_power, ratio)[0]) for name, ratio in ratios.items()}


def data(budget: str) -> Table:
    """One row for every seed, epoch and layer (0: the features); values are singular values of W_layer at the end."""
    rows: Table = []
    training = head_data()
    for seed in range(3 if budget == "quick" else 10):
        epochs = EPOCHS
        result = run_head(training, seed, range(0, epochs, epochs // LOOKS), epochs=epochs)
        plan = result.run.plan
        lines = exact_losses(problem_of(plan, len(training.X)))
        first = plan.features or 0
        for shot in result.run.snapshots:
            ratios = [shot.layers[first].nc1_in, *(layer.nc1_out for layer in shot.layers[first:])]
            for i, ratio in enumerate(ratios):
                last = shot.epoch == epochs and i > 0
                values = shot.layers[first + i - 1].values[: training.K + 2] if last else ()
                rows.append(
                    {"seed": seed, "epoch": shot.epoch, "layer": i, "loss": shot.loss.total, "nc1": ratio}
                    | lines
                    | {"values": " ".join(f"{v:.6g}" for v in values)}
                )
    return rows


def draw(figure: "Figure", table: Table) -> None:
    """Loss at the left, NC1 in the middle, singular values at the right."""
    left, middle, right = figure.subplots(1, 3)
    seeds = sorted({row["seed"] for row in table})
    for seed in seeds:
        own = [row for row in table if row["seed"] == seed]
        shown = [row for row in own if row["layer"] == 0 and row["epoch"] > 0]
        left.plot([r["epoch"] for r in shown], [r["loss"] for r in shown], color="#0072B2", linewidth=1.2)
        for layer, colour in enumerate(COLOURS):
            ratios = [row for row in own if row["layer"] == layer]
            name = "features" if layer == 0 else f"after $W_{layer}$"
            label = name if seed == seeds[0] else None
            middle.plot([r["epoch"] for r in ratios], [r["nc1"] for r in ratios], color=colour, lw=1.2, label=label)
    for key, (name, style) in LINES.items():
        left.axhline(table[0][key], color="#222222", linestyle=style, linewidth=1.3, label=name)
    left.set(yscale="log", xlabel="epoch", title="loss")
    left.set_yticks([0.14, 0.17, 0.2, 0.3, 0.5], ["0.14", "0.17", "0.2", "0.3", "0.5"])
    left.minorticks_off()
    left.legend()
    middle.set(yscale="log", xlabel="epoch", title="NC1")
    middle.legend()
    _spectra(right, table, seeds)
    for ax in (left, middle, right):
        ax.grid()
    figure.suptitle(f"Four-layer head on digits, 50 a class, {len(seeds)} runs of SGD", fontsize=12)


def _spectra(ax: "Axes", table: Table, seeds: list[int]) -> None:
    for seed in seeds:
        for row in table:
            if row["seed"] == seed and row["values"]:
                values = [float(v) for v in row["values"].split()]
                label = f"$W_{row['layer']}$" if seed == seeds[0] else None
                places = range(1, len(values) + 1)
                ax.plot(places, values, "o-", color=COLOURS[row["layer"]], ms=3.5, linewidth=0.8, label=label)
    ax.set(yscale="log", xlabel="number of the singular value", title="singular values at the end", ylim=(1e-4, 5))
    ax.set_xticks(range(1, 13))
    ax.legend()
