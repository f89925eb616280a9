"""Deep RFM with linear kernels: predicted and measured collapse, where a linear map stalls, and the fixed points.

Source: ours; theory.rfm. Left: the block of the Gram matrix between classes and deviations within them, one-hot,
n = 12; lines are r^l through the last layer. Middle: tr(Q S)/tr(P S) after M^(1/2) at lambda_k = 1/2; lines fall by r^2
a layer, for lambda_Phi = 0 the line is the level told by the first layer. Right: curves are all fixed values a, f(a) =
n; marks are the eigenvalues of the class block that runs of 200 layers reach from large and from small data.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from dufm.paper_figs.style import Table
from dufm.theory.rfm.blocks import block_rates
from dufm.theory.rfm.fixed_points import collapse_rate, fixed_values, level
from dufm.theory.rfm.labels import Labels
from dufm.theory.rfm.linear_map import stalled
from dufm.theory.rfm.recursion import Kernels, ball
from dufm.theory.rfm.spread import ball_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (13.0, 5.2)
SEED = 0
SAMPLES = 12
PAIRS = (("1", "1/20"), ("1", "1/5"), ("2", "1/2"), ("1/2", "1/2"), ("1/10", "1/2"))
MAPS = ("0", "1/50", "1/10", "1/2", "2")
SHARES = ("1/100", "1/20", "1/8", "1/2")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")


def data(budget: str) -> Table:
    """Rows of three panels, `kind` "run" or "predicted"; the full budget has more classes and layers."""
    K, layers = (3, 36) if budget == "full" else (2, 24)
    return [*_blocks(K, layers), *_shares(layers), *_fixed(budget)]


def _gram(N: int, scale: int) -> fmpq_mat:
    entries = np.random.default_rng(SEED).integers(-9, 10, N * 20)
    x = fmpq_mat(N, 20, [fmpq(int(v), scale) for v in entries])
    return x * x.transpose()


def _blocks(K: int, layers: int) -> Table:
    rows: Table = []
    labels = Labels.balanced(K, SAMPLES)
    for k, phi in PAIRS:
        block = block_rates(labels, _gram(labels.N, 20), Kernels.of(k, phi), layers)[0, 1]
        rate, sizes = float(block.predicted), [float(size) for size in block.sizes]
        name = f"${k},\\ {phi}$:  $r = {rate:.4f}$"
        rows += [_row("blocks", name, "run", at, size) for at, size in enumerate(sizes)]
        rows += [_row("blocks", name, "predicted", at, sizes[-1] * rate ** (at - layers)) for at in range(layers + 1)]
    return rows


def _shares(layers: int) -> Table:
    rows: Table = []
    labels = Labels.balanced(2, SAMPLES)
    for phi in MAPS:
        kernels = Kernels.of("1/2", phi)
        run = ball_run(labels, _gram(labels.N, 8), kernels, layers)
        with ctx.workdps(300):
            found = [float(reached.within() / _own(labels, reached.U)) for reached in run]
            stop = float(stalled(run[0], ball(kernels.k), arb(SAMPLES))) if not kernels.phi else 0
        name = f"$\\lambda_\\Phi = {phi}$"
        rows += [_row("shares", name, "run", at, share) for at, share in enumerate(found, 1)]
        factor = _square(kernels) if kernels.phi else 1
        for at in range(1, layers + 1):
            rows.append(_row("shares", name, "predicted", at, stop or found[-1] * factor ** (at - layers)))
    return rows


def _own(labels: Labels, reached: arb_mat) -> arb:
    means = arb_mat(labels.members().transpose()) * reached
    return sum((x * x for x in means.entries()), arb(0)) / SAMPLES


def _square(kernels: Kernels) -> float:
    (a, _) = fixed_values(Fraction(SAMPLES), kernels)[-1]
    return float(collapse_rate(a, kernels.k, kernels.phi)) ** 2


def _fixed(budget: str) -> Table:
    rows: Table = []
    for share in SHARES:
        phi = float(Fraction(share))
        name = f"$\\lambda_\\Phi = \\lambda_k\\,/\\,{1 / phi:g}$"
        for value in phi * np.geomspace(1 + 1e-4, 20 / phi, 400):
            rows.append(_row("fixed", name, "predicted", float(level(value, 1.0, phi)), float(value)))
        for n in range(1, 13):
            for scale in (4.0, 0.02):
                rows += [_row("fixed", name, "run", n, value) for value in _reached(n, phi, scale, budget)]
    return rows


def _reached(n: int, phi: float, scale: float, budget: str) -> list[float]:
    """Eigenvalues of the class block after 200 layers in floating point, lambda_k = 1, two classes (full: three)."""
    K = 3 if budget == "full" else 2
    y = np.kron(np.eye(K), np.ones((n, 1)))
    x = scale * np.random.default_rng(SEED + n).standard_normal((K * n, 20))
    gram, unit = x @ x.T, np.eye(K * n)
    for _ in range(200):
        reached = y - np.linalg.solve(gram + unit, y)
        gram = reached @ reached.T + phi * unit
    return [float(value) for value in np.linalg.eigvalsh(y.T @ gram @ y / n)]


def _row(panel: str, series: str, kind: str, x: float, y: float) -> dict[str, object]:
    return {"panel": panel, "series": series, "kind": kind, "x": x, "y": y}


def draw(figure: "Figure", table: Table) -> None:
    """Three panels; marks are runs, lines are predictions."""
    left, middle, right = figure.subplots(1, 3)
    for ax, panel in ((left, "blocks"), (middle, "shares"), (right, "fixed")):
        _panel(ax, [row for row in table if row["panel"] == panel])
    left.set(xlabel="layer $l$", ylabel=r"$\Vert Q\,G_l\,P \Vert$", title="Collapse is exponential in depth, $r^l$")
    middle.set(
        xlabel="layer $l$",
        ylabel="spread within classes / size of classes",
        title=r"Feature maps with less of $\lambda_\Phi$ collapse slower",
    )
    right.set(
        xlabel=r"samples a class / $\lambda_k$",
        ylabel=r"$a\,/\,\lambda_k$",
        title="Fixed points: one, or one of several",
    )
    left.set_ylim(1e-9, 300)
    middle.set_ylim(1e-9, 1e2)
    right.set(xlim=(0, 12.4), ylim=(6e-3, 20))
    right.axvline(4, color="#555555", linewidth=1, linestyle=":")
    right.text(4.15, 7.5e-3, r"$n = 4 \lambda_k$", fontsize=9, color="#555555")
    for ax, columns, title in ((left, 2, r"$\lambda_k,\ \lambda_\Phi$"), (middle, 3, None), (right, 2, None)):
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=columns, title=title)


def _panel(ax: "Axes", rows: Table) -> None:
    ax.set_yscale("log")
    ax.grid(axis="y")
    for name, colour in zip(dict.fromkeys(row["series"] for row in rows), COLOURS, strict=False):
        for kind, line, marker in (("predicted", "-", ""), ("run", "", "o")):
            own = [row for row in rows if row["series"] == name and row["kind"] == kind]
            label = name if kind == "run" else None
            x, y = [row["x"] for row in own], [row["y"] for row in own]
            ax.plot(x, y, color=colour, ls=line, lw=1.3, marker=marker, ms=3.5, markerfacecolor="white", label=label)
