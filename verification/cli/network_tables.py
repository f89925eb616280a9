"""Tables of `dufm network`: layers of a perceptron, layers of a head, and the rows of its CSV."""

import csv
import io

import numpy as np
from rich.table import Table

from dufm.solvers.networks.measure import NetworkLayer, Snapshot, numerical_rank
from dufm.solvers.networks.plan import NetworkPlan


def mlp_table(first: Snapshot, last: Snapshot) -> Table:
    """One row a layer, at the end of training; the ansatz at the start too."""
    table = Table(
        title="NC1 into a layer, after S V^T, after relu; share of its fall by S V^T",
        title_justify="left",
        pad_edge=False,
    )
    for name in ("layer", "in", "S V^T", "relu", "share", "NC2", "rank", "NFA", "NFA at 0"):
        table.add_column(name, justify="right", no_wrap=True)
    for i, (early, late) in enumerate(zip(first.layers, last.layers, strict=True)):
        out = i + 1 == len(last.layers)
        ratios = [f"{v:.2g}" for v in (late.nc1_in, late.nc1_linear)] + ["-" if out else f"{late.nc1_out:.2g}"]
        share = "-" if out or np.isnan(late.share) else f"{late.share:.0%}" if late.share <= 1 else "more"
        correlations = ["-" if v is None else f"{v:.2f}" for v in (late.nfa, early.nfa)]
        name = "output" if out else str(i + 1)
        table.add_row(name, *ratios, share, f"{late.nc2_out:.2g}", str(late.rank), *correlations)
    return table


def head_table(plan: NetworkPlan, last: Snapshot) -> Table:
    """One row for the features and for each weight matrix of the head."""
    table = Table(pad_edge=False)
    for name in ("layer", "rank", "gap", "NC1", "NC2", "singular values"):
        table.add_column(name, no_wrap=name != "singular values", justify="left" if name == "layer" else "right")
    begin = plan.features or 0
    table.add_row("features", "", "", *_ratios(last.layers[begin], before=True), "")
    for i, layer in enumerate(last.layers[begin:]):
        rank, gap = numerical_rank(layer.values)
        values = " ".join(f"{v:.3g}" for v in layer.values[: plan.widths[-1]])
        clear = "-" if np.isinf(gap) else f"{gap:.3g}"
        table.add_row(f"W_{i + 1}", str(rank), clear, *_ratios(layer), values)
    return table


def _ratios(layer: NetworkLayer, before: bool = False) -> tuple[str, str]:
    return (f"{layer.nc1_in:.2g}", "-") if before else (f"{layer.nc1_out:.2g}", f"{layer.nc2_out:.2g}")


def as_csv(snapshots: list[Snapshot]) -> bytes:
    """One row for each snapshot and layer."""
    text = io.StringIO(newline="")
    names = ("nc1_in", "nc1_linear", "nc1_out", "nc2_out", "nfa", "nfa_plain", "rank")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", "loss", "accuracy", "layer", *names, "singular_values"])
    for shot in snapshots:
        for i, layer in enumerate(shot.layers):
            values = [getattr(layer, name) for name in names]
            whole = " ".join(map(repr, layer.values))
            writer.writerow([shot.epoch, shot.loss.total, shot.accuracy, i + 1, *values, whole])
    return text.getvalue().encode()
