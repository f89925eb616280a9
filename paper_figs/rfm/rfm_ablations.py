"""What makes a Deep RFM collapse: NC1 layer by layer without the AGOP, without the map, and with shuffled labels.

Source: ours, in the setting of arXiv 2402.13728 on scikit-learn's digits; each seed draws its own samples and maps.
With M = I nothing collapses, with no map M^(1/2) alone stalls, and labels at random collapse as labels proper do
(training samples only: at held-out ones the accuracy is that of guessing).
"""

from typing import TYPE_CHECKING

import numpy as np

from dufm.paper_figs.style import Table
from dufm.solvers.rfm.experiments import digit_runs
from dufm.solvers.rfm.settings import DeepSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (11.0, 4.4)
SEEDS = 3
# Samples, width, layers, sigma of the cosine map.
RUNS = {"quick": (300, 256, 8, 0.03), "full": (1000, 512, 12, 0.02)}
CASES = {
    "whole": ({}, False, "#0072B2", "o", "Deep RFM"),
    "no AGOP": ({"matrix": "identity"}, False, "#D55E00", "s", "$M = I$"),
    "no map": ({"map": "identity"}, False, "#009E73", "^", r"$\Phi$ = identity"),
    "shuffled": ({}, True, "#CC79A7", "D", "shuffled labels"),
}


def data(budget: str) -> Table:
    """One row for every map, case and layer."""
    n, width, depth, sigma = RUNS[budget]
    table: Table = []
    for name in ("relu", "cosine"):
        for case, (options, shuffled, *_) in CASES.items():
            settings = DeepSettings(**{"map": name, "width": width, "depth": depth, "sigma": sigma} | options)
            for layer in zip(*digit_runs(n, settings, SEEDS, shuffled), strict=True):
                values = np.array([row.nc1[0] for row in layer])
                right = np.array([row.test_accuracy for row in layer], dtype=float)
                found = {"map": name, "case": case, "n": n, "seeds": SEEDS, "layer": layer[0].layer}
                found |= {"nc1": float(values.mean()), "nc1_sd": float(values.std())}
                table.append(found | {"test_accuracy": float(right.mean())})
    return table


def draw(figure: "Figure", table: Table) -> None:
    """NC1 of X, relu at the left and cosine at the right."""
    from matplotlib.ticker import MaxNLocator

    axes = figure.subplots(1, 2, sharey=True)
    for ax, name in zip(axes, ("relu", "cosine"), strict=True):
        for case, (_, _, colour, marker, word) in CASES.items():
            own = [row for row in table if row["map"] == name and row["case"] == case]
            layers = [row["layer"] for row in own]
            mean, spread = (np.array([row[key] for row in own]) for key in ("nc1", "nc1_sd"))
            word += f" (test accuracy {100 * own[-1]['test_accuracy']:.0f} %)"
            ax.plot(layers, mean, marker=marker, markersize=4, color=colour, label=word)
            ax.fill_between(layers, np.maximum(mean - spread, mean / 10), mean + spread, color=colour, alpha=0.2, lw=0)
        ax.set_yscale("log")
        ax.set_title(f"{name} map")
        ax.set_xlabel("layer")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid()
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, fontsize=8.5)
    axes[0].set_ylabel("NC1 of $X$")
    figure.suptitle(
        f"Neither half collapses alone ($n = {table[0]['n']}$, mean and s.d. of {table[0]['seeds']} seeds)", fontsize=12
    )
