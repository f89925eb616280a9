"""Rank and loss of a four-layer head trained on digits, over weight decay, width, learning rate and scale of the start.

Source: SML24, Fig. 2 bottom and its text (CIFAR-10: stronger weight decay and narrower layers give lower rank, smaller
rates come closer to DNC); runs ours. One dot a run, the line is their mean; rank is that of the narrowest of W_1, ...,
W_(L-1): singular values above 0.05 of the largest, 0 where the network's outputs died.
"""

from typing import TYPE_CHECKING, Any

from dufm.paper_figs.style import Table
from dufm.solvers.networks.heads import DEFAULTS, FOLDS, head_data, relative_loss, run_head

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (13.0, 6.0)
SETTINGS = {
    "decay": "weight decay $\\lambda_l$, in thousandths",
    "width": "width",
    "rate": "learning rate",
    "gain": "scale of the start",
}
QUICK: dict[str, tuple[float, ...]] = {
    "decay": (0.0025, 0.005, 0.0075),
    "width": (16, 24, 32, 48, 64),
    "rate": (0.1, 0.2, 0.4),
    "gain": (0.6, 0.7, 0.85),
}
FULL: dict[str, tuple[float, ...]] = {
    "decay": (0.00125, 0.0025, 0.005, 0.0075, 0.01),
    "width": (16, 24, 32, 48, 64, 96),
    "rate": (0.05, 0.1, 0.2, 0.4),
    "gain": (0.6, 0.7, 0.8, 0.9, 1.0),
}


def data(budget: str) -> Table:
    """One row a run: two short runs a value at quick budget (rate 0.4, 2/3 of the training), five at full."""
    quick = budget == "quick"
    base: dict[str, Any] = {"rate": 0.4 if quick else DEFAULTS["rate"]}
    rows: Table = []
    training = head_data()
    done: dict[tuple[Any, ...], dict[str, Any]] = {}
    for setting, values in (QUICK if quick else FULL).items():
        for value in values:
            for seed in range(2 if quick else 5):
                changed = base | {setting: value}
                key = (*sorted((DEFAULTS | changed).items()), seed)
                if key not in done:
                    done[key] = _row(training, seed, changed, 2 / 3 if quick else 1.0)
                rows.append({"setting": setting, "value": value, "seed": seed} | done[key])
    return rows


def _row(training: Any, seed: int, changed: dict[str, Any], share: float) -> dict[str, Any]:
    settings = DEFAULTS | changed
    steps = share * FOLDS / (settings["rate"] * settings["decay"])
    epochs = round(steps * settings["batch"] / len(training.X))
    result = run_head(training, seed, **changed, epochs=epochs)
    ranks = {f"rank_W{i + 1}": rank for i, rank in enumerate(result.ranks)}
    narrowest = result.ranks.index(result.neck)
    facts = {
        "neck": result.neck,
        "gap": result.gaps[narrowest],
        "loss": result.loss,
        "ratio": relative_loss(result, training),
    }
    return {"epochs": epochs, "ended": result.run.outcome.name} | ranks | facts


def draw(figure: "Figure", table: Table) -> None:
    """Rank above, loss relative to DNC below; one column for each setting."""
    panels = figure.subplots(2, len(SETTINGS), sharey="row", sharex="col")
    for column, (setting, name) in enumerate(SETTINGS.items()):
        own = [row for row in table if row["setting"] == setting]
        values = sorted({row["value"] for row in own})
        for ax, key, colour in ((panels[0, column], "neck", "#0072B2"), (panels[1, column], "ratio", "#D55E00")):
            groups = [[row[key] for row in own if row["value"] == value] for value in values]
            ax.plot(values, [sum(g) / len(g) for g in groups], "-", color=colour)
            for value, group in zip(values, groups, strict=True):
                ax.plot([value] * len(group), group, "o", color=colour, alpha=0.55, ms=5, clip_on=False)
            ax.set_xscale("log")
            ax.set_xticks(values, [f"{1000 * value if setting == 'decay' else value:g}" for value in values])
            ax.minorticks_off()
            ax.grid()
        panels[1, column].set_xlabel(name)
        panels[1, column].axhline(1, color="#555555", linestyle="--", linewidth=1.2)
        panels[0, column].axhline(10, color="#555555", linestyle="--", linewidth=1.2)
    panels[0, 0].set_ylabel("rank of the narrowest layer")
    panels[1, 0].set_ylabel("loss / DNC's loss")
    panels[0, 0].set_ylim(-0.4, 10.8)
    panels[0, 0].set_yticks(range(0, 11, 2))
    panels[0, 0].text(0.02, 0.93, "DNC", transform=panels[0, 0].transAxes, fontsize=9, color="#555555", va="bottom")
    figure.suptitle("Four-layer head on digits, SGD: rank and loss at the end; dashed: DNC", fontsize=12)
