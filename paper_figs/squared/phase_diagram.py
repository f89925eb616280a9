"""Best loss known relative to DNC over classes and depth, one panel for each regularisation, with how sure it is.

Source: ours; the shipped atlas (`dufm records`), whose weights are exact and re-checked. The colour is the loss of the
best weights known over DNC's; a dot marks proofs that hold at every Lambda below collapse, an empty mark exact weights
at this Lambda alone (a diamond: of full rank). Grey cells: nothing below DNC is known, and unless marked DNC is not
proved optimal by this program.
"""

from typing import TYPE_CHECKING, Any

from dufm.paper_figs.style import Table, number
from dufm.theory.squared.phi import collapse_threshold
from dufm.verification.atlas.records import FOLDER
from dufm.verification.claims.settled import CERTIFIED_LOW, CERTIFIED_OTHER, PROVED_DNC, PROVED_LOW, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (13.0, 5.6)
CLASSES = range(2, 16)
DEPTHS = range(2, 8)
# x = K Lambda of the panels; the last is a share of the strength x*_L at which DNC collapses.
STRENGTHS = (0.003, 0.01, 0.03, 0.1)
SHARE = 0.9
CLOSE = 1e-4
COLLAPSED = "$0.9\\,x^*_L$"
PANELS = (*(f"{x:g}" for x in STRENGTHS), COLLAPSED)
MARKS: dict[str, dict[str, Any]] = {
    PROVED_LOW: {"marker": "o", "facecolor": "#10202F", "edgecolor": "white"},
    CERTIFIED_LOW: {"marker": "o", "facecolor": "white", "edgecolor": "#10202F"},
    CERTIFIED_OTHER: {"marker": "D", "facecolor": "white", "edgecolor": "#10202F"},
    PROVED_DNC: {"marker": "s", "facecolor": "#10202F", "edgecolor": "white"},
}


def data(budget: str) -> Table:
    """One row for every (K, L) and panel; the same for both budgets, for the atlas is what it is."""
    rows = []
    for row in table(FOLDER):
        panel = panel_of(row)
        if panel is not None and row["K"] in CLASSES and row["L"] in DEPTHS:
            kept = ("K", "L", "Lambda", "x", "ratio", "verdict", "neck_rank")
            rows.append({"panel": panel, **{key: row[key] for key in kept}})
    return sorted(rows, key=lambda row: (PANELS.index(row["panel"]), row["L"], row["K"]))


def panel_of(row: dict[str, Any]) -> str | None:
    """The panel a strength belongs to; None for strengths between."""
    threshold = number(collapse_threshold(row["L"]))
    nominal = dict(zip(PANELS, (*STRENGTHS, SHARE * threshold), strict=True))
    return next((name for name, x in nominal.items() if abs(row["x"] / x - 1) < CLOSE), None)


def draw(figure: "Figure", table: Table) -> None:
    """One panel for each strength, and the key in the sixth place."""
    axes = figure.subplots(2, 3, sharex=True, sharey=True).ravel()
    mesh = None
    for ax, panel in zip(axes, PANELS, strict=False):
        mesh = _panel(ax, [row for row in table if row["panel"] == panel])
        ax.set_title(f"$K\\Lambda$ = {panel}")
    for ax in axes[::3]:
        ax.set_ylabel("depth $L$ (weight layers)")
    for ax in axes[2:5]:
        ax.set_xlabel("number of classes $K$")
        ax.tick_params(labelbottom=True)
    key = axes[5]
    key.axis("off")
    for name, mark in MARKS.items():
        if any(row["verdict"] == name for row in table):
            key.scatter([], [], s=45, linewidth=1.1, label=name, **mark)
    key.scatter([], [], s=90, marker="s", color="#E4E1DB", label="nothing below DNC is known")
    key.legend(loc="upper center", fontsize=10, labelspacing=0.6)
    if mesh is not None:
        inner = key.inset_axes([0.08, 0.2, 0.84, 0.07])
        bar = figure.colorbar(mesh, cax=inner, orientation="horizontal")
        bar.set_label("loss of the best weights known / DNC's loss", fontsize=10)
        bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    figure.suptitle("Deep neural collapse against the best weights known", fontsize=13.5)


def _panel(ax: "Axes", rows: Table) -> Any:
    edges = [[span[0] - 0.5 + i for i in range(len(span) + 1)] for span in (CLASSES, DEPTHS)]
    ratios = {(row["K"], row["L"]): row["ratio"] for row in rows if row["ratio"] < 1}
    shown = [[ratios.get((K, L), float("nan")) for K in CLASSES] for L in DEPTHS]
    ax.set_facecolor("#E4E1DB")
    mesh = ax.pcolormesh(*edges, shown, cmap="YlGnBu_r", vmin=0.45, vmax=1, edgecolors="white", linewidth=0.8)
    for name, mark in MARKS.items():
        own = [(row["K"], row["L"]) for row in rows if row["verdict"] == name]
        ax.scatter([K for K, _ in own], [L for _, L in own], s=16, linewidth=0.7, **mark)
    ax.set_xticks(CLASSES[::2])
    ax.set_yticks(DEPTHS)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return mesh
