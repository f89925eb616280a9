"""The neural feature ansatz during training on digits, with its value before any training as a line of its own.

Source: arXiv 2402.13728 shows the correlation of W^T W with AGOP^(1/2) over training; the lines of epoch 0 are ours: an
untrained network has most of the correlation already, for both matrices have heavy diagonals.
"""

from typing import TYPE_CHECKING

from dufm.paper_figs.networks.network_layers import trained
from dufm.paper_figs.style import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (10.5, 4.2)
COLOURS = ("#0072B2", "#009E73", "#E69F00", "#D55E00", "#CC79A7")
MATRICES = {"nfa": "with $AGOP^{1/2}$", "nfa_plain": "with $AGOP$"}


def data(budget: str) -> Table:
    """One row for every epoch looked at and hidden layer, one run."""
    plan, snapshots = trained(budget, 0, 10, ansatz=True)
    rows: Table = []
    for shot in snapshots:
        for i, layer in enumerate(shot.layers[:-1]):
            found = {"nfa": layer.nfa, "nfa_plain": layer.nfa_plain}
            rows.append({"width": plan.widths[1], "epoch": shot.epoch, "layer": i + 1} | found)
    return rows


def draw(figure: "Figure", table: Table) -> None:
    """One panel for each matrix; dashed: the layer's value at epoch 0."""
    panels = figure.subplots(1, len(MATRICES), sharey=True)
    for ax, (key, name) in zip(panels, MATRICES.items(), strict=True):
        for layer, colour in enumerate(COLOURS, start=1):
            own = [row for row in table if row["layer"] == layer]
            ax.plot([r["epoch"] for r in own], [r[key] for r in own], "o-", color=colour, ms=4, label=f"layer {layer}")
            ax.axhline(own[0][key], color=colour, linestyle="--", linewidth=1.0, alpha=0.8)
        ax.set_title(f"correlation of $W^T W$ {name}")
        ax.set_xlabel("epoch")
        ax.grid()
    panels[0].set_ylabel("Pearson correlation")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(COLOURS))
    figure.suptitle("Neural feature ansatz on digits; dashed: the same layer before any training", fontsize=12)
