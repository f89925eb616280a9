"""Cross-entropy: pictures of the low-rank winners, class features as points, classes at the least margin joined.

Source: ours; the features are the columns of S^(1/2) V^T for logits Z = U S V^T at least margin 1: from the definitions
of theory.ce or, for minima without closed form, from the searched table (solvers.ce.margin_records), where costs are
upper bounds. An edge joins classes one of which has the other at the least margin.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import ConvexHull

from dufm.paper_figs.ce.ce_winner_map import KINDS, kind
from dufm.paper_figs.style import Table
from dufm.solvers.ce.margin_records import best_margins
from dufm.theory.ce.numbers import Balls, working
from dufm.theory.ce.structure import hard_margin_cost, rank
from dufm.theory.ce.structures import ce_structure_named

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (11.5, 7.6)
SEARCHED, FREE = "free", "#CC79A7"
# name, K, L at which its cost is quoted, words
CODES = (
    ("polygon", 7, 5, "polygon"),
    ("pairs", 6, 3, "pairs: the octahedron"),
    ("antiprism", 8, 5, "antiprism"),
    ("icosahedron", 12, 3, "icosahedron"),
    (SEARCHED, 7, 3, "searched, no closed form"),
    (SEARCHED, 9, 4, "searched, no closed form"),
)
# How far above 1 a margin still counts as the least: rounding of closed forms, and of searched logits.
TOUCH, NEAR = 1e-9, 1e-5
ELEVATION, AZIMUTH = 18, 28  # degrees
SOLID = {"projection": "3d", "computed_zorder": False}


def data(budget: str) -> Table:
    """A row for every class of every code: three coordinates (the last 0 in the plane) and its neighbours."""
    return [row for name, K, L, _ in CODES for row in _code(name, K, L)]


def _code(name: str, K: int, L: int) -> Table:
    if name == SEARCHED:
        (record,) = [r for r in best_margins() if (r.K, r.L, r.structure) == (K, L, SEARCHED)]
        return points(name, K, L, np.array(record.logits, dtype=float), record.rank, record.cost, NEAR)
    structure = ce_structure_named(name)
    with working(20):
        logits = np.array([[float(x) for x in row] for row in structure.logits(K, Balls())])
    return points(name, K, L, logits, rank(structure, K), float(hard_margin_cost(structure, K, L).evalf(15)))


def points(name: str, K: int, L: int, logits: np.ndarray, size: int, cost: float, touch: float = TOUCH) -> Table:
    """Rows for logits (K x K) of rank 2 or 3, scaled to least margin 1.

    Raises:
        ValueError: for a rank that has no picture.
    """
    if size not in (2, 3):
        raise ValueError(f"a picture needs rank 2 or 3, got {size} for {name}")
    gaps = np.diag(logits)[:, None] - logits.T  # of class i (row) over class j
    logits = logits / np.min(gaps[~np.eye(K, dtype=bool)])
    _, values, right = np.linalg.svd(logits)
    places = np.zeros((K, 3))
    places[:, :size] = (np.sqrt(values[:size])[:, None] * right[:size]).T
    margins = np.diag(logits)[:, None] - logits.T
    rows: Table = []
    for i in range(K):
        near = [j for j in range(K) if j != i and min(margins[i, j], margins[j, i]) < 1 + touch]
        x, y, z = (float(v) for v in places[i])
        named = {"structure": name, "K": K, "L": L, "rank": size, "cost": cost, "class": i}
        rows.append({**named, "x": x, "y": y, "z": z, "neighbours": " ".join(map(str, near))})
    return rows


def draw(figure: "Figure", table: Table) -> None:
    """A picture for each code; nearer points are drawn larger."""
    for k, (name, K, L, words) in enumerate(CODES):
        rows = [row for row in table if (row["structure"], row["K"]) == (name, K)]
        flat = rows[0]["rank"] == 2
        ax: Any = figure.add_subplot(2, 3, k + 1, **({} if flat else SOLID))
        (_flat if flat else _solid)(ax, rows, FREE if name == SEARCHED else KINDS[kind(name)][0])
        ax.set_title(
            f"{words}\n$K = {K}$, rank {rows[0]['rank']};  $c / (K - 1) = {rows[0]['cost'] / (K - 1):.3f}$ at $L = {L}$"
        )
        ax.set_axis_off()
    figure.suptitle("Cross-entropy: the classes of low-rank winners (edges: classes at the least margin)", fontsize=13)


def _edges(rows: Table) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(row, rows[int(j)]) for row in rows for j in str(row["neighbours"]).split() if int(j) > row["class"]]


def _flat(ax: Any, rows: Table, colour: str) -> None:
    for one, other in _edges(rows):
        ax.plot([one["x"], other["x"]], [one["y"], other["y"]], color="#999999", linewidth=1.2, zorder=1)
    for row in rows:
        ax.plot([0, row["x"]], [0, row["y"]], color="#DDDDDD", linewidth=1, zorder=0)
    ax.scatter([r["x"] for r in rows], [r["y"] for r in rows], s=90, color=colour, edgecolor="#333333", zorder=2)
    ax.set_aspect("equal")
    ax.margins(0.12)


def _solid(ax: Any, rows: Table, colour: str) -> None:
    """Edges behind are thin and light, those in front dark; the same for points."""
    up, round_ = np.radians(ELEVATION), np.radians(AZIMUTH)
    eye = np.array([np.cos(up) * np.cos(round_), np.cos(up) * np.sin(round_), np.sin(up)])
    places = np.array([[row[c] for c in "xyz"] for row in rows])
    depth = places @ eye / np.max(np.linalg.norm(places, axis=1))
    hull = ConvexHull(places)
    ax.plot_trisurf(*places.T, triangles=hull.simplices, color=colour, alpha=0.13, linewidth=0, shade=False, zorder=0)
    for one, other in _edges(rows):
        front = (depth[one["class"]] + depth[other["class"]]) / 2
        shade = "#555555" if front > 0 else "#BBBBBB"
        ax.plot(*([one[c], other[c]] for c in "xyz"), color=shade, linewidth=1.4 + 0.7 * front, zorder=2 + front)
    for i, place in enumerate(places):
        size = 80 * (1 + 0.35 * depth[i])
        ax.scatter(*place, s=size, color=colour, edgecolor="#333333", depthshade=False, zorder=4 + depth[i])
    ax.view_init(elev=ELEVATION, azim=AZIMUTH)
    reach = float(np.max(np.abs(places)))
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), zlim=(-reach, reach))
    ax.set_box_aspect((1, 1, 1), zoom=1.35)
