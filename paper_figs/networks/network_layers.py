"""NC1 of every layer of a perceptron during training on digits: its input, after S V^T, after relu (W = U S V^T).

Source: the network panels of arXiv 2402.13728 (there MNIST, CIFAR-10 and SVHN); data, training and numbers ours.
"""

from typing import TYPE_CHECKING

from dufm.paper_figs.style import Table
from dufm.solvers.datasets import load, prepare, split
from dufm.solvers.networks.measure import Snapshot
from dufm.solvers.networks.plan import NetworkPlan, perceptron
from dufm.solvers.networks.training import measured_epochs, start, train

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (13.0, 3.6)
SAMPLES = 1000
STAGES = {
    "nc1_in": ("input", "#555555", "--"),
    "nc1_linear": ("after $S V^T$", "#0072B2", "-"),
    "nc1_out": ("after relu", "#D55E00", "-"),
}


def trained(budget: str, seed: int, every: int, ansatz: bool = False) -> tuple[NetworkPlan, list[Snapshot]]:
    """A perceptron on the first 1000 digits, looked at every so many hundredths of its training."""
    short = {"width": 128, "epochs": 60, "rate": 2e-3} if budget == "quick" else {}
    data = prepare(*split(load("digits"), SAMPLES))
    plan = perceptron(data.X.shape[1], data.K, seed=seed, **short)
    looks = measured_epochs(plan.epochs, max(1, plan.epochs * every // 100))
    return plan, train(start(plan), data, looks, ansatz).snapshots


def data(budget: str) -> Table:
    """One row for every seed, epoch and hidden layer: 128 wide and one seed at quick budget, 256 and three at full."""
    rows: Table = []
    for seed in range(1 if budget == "quick" else 3):
        plan, snapshots = trained(budget, seed, 5)
        for shot in snapshots:
            for i, layer in enumerate(shot.layers[:-1]):
                ratios = {stage: getattr(layer, stage) for stage in STAGES}
                rows.append({"seed": seed, "width": plan.widths[1], "epoch": shot.epoch, "layer": i + 1} | ratios)
    return rows


def draw(figure: "Figure", table: Table) -> None:
    """One panel for each hidden layer, one line for each stage and seed."""
    layers = sorted({row["layer"] for row in table})
    panels = figure.subplots(1, len(layers), sharey=True)
    for ax, layer in zip(panels, layers, strict=True):
        for stage, (name, colour, style) in STAGES.items():
            for seed in sorted({row["seed"] for row in table}):
                own = [row for row in table if (row["layer"], row["seed"]) == (layer, seed)]
                label = name if seed == 0 else None
                ax.plot([r["epoch"] for r in own], [r[stage] for r in own], style, color=colour, label=label)
        ax.set_yscale("log")
        ax.set_title(f"layer {layer}")
        ax.set_xlabel("epoch")
        ax.grid()
    panels[0].set_ylabel("NC1")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(STAGES))
    width, seeds = table[0]["width"], len({row["seed"] for row in table})
    runs = "one run" if seeds == 1 else f"{seeds} runs"
    figure.suptitle(
        f"What $S V^T$ and relu do to NC1: bias-free perceptron on digits, {width} wide, {runs}", fontsize=12
    )
