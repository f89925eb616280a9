"""One module per figure: `data(budget)` makes the table, `draw(figure, table)` the picture.

`FIGURES` lists every one. Each is written as PDF, PNG and the CSV it was drawn from, the same bytes on every run.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from dufm.paper_figs.ce import ce_codes, ce_hessian, ce_loss, ce_orbits, ce_spectra, ce_winner_map
from dufm.paper_figs.jumps import jumps, jumps_exact
from dufm.paper_figs.networks import network_ansatz, network_head, network_layers, network_rank
from dufm.paper_figs.rank_two import rank_two
from dufm.paper_figs.rfm import rfm_ablations, rfm_gram, rfm_nc, rfm_rates
from dufm.paper_figs.squared import (
    brackets,
    critical_depth,
    head_frontier,
    head_gallery,
    loss_ratio,
    neck_rank,
    phase_diagram,
    regularisation,
    srg_heatmaps,
    winner_map,
    x_intervals,
)
from dufm.paper_figs.style import FigureModule, as_csv, render
from dufm.paper_figs.training import fig2, fig3, fig5, fig6
from dufm.paper_figs.variants import leaky_map, minority_collapse
from dufm.solvers.base.whole import write_whole
from dufm.theory.stated import ProblemError, listed
from dufm.verification.claims.base.claim import BUDGETS

FIGURES: dict[str, FigureModule] = {
    "winner-map": winner_map,
    "critical-depth": critical_depth,
    "loss-ratio": loss_ratio,
    "brackets": brackets,
    "head-frontier": head_frontier,
    "head-gallery": head_gallery,
    "phase-diagram": phase_diagram,
    "neck-rank": neck_rank,
    "regularisation": regularisation,
    "x-intervals": x_intervals,
    "srg-heatmaps": srg_heatmaps,
    "leaky-map": leaky_map,
    "minority-collapse": minority_collapse,
    "ce-winner-map": ce_winner_map,
    "ce-loss": ce_loss,
    "ce-spectra": ce_spectra,
    "ce-hessian": ce_hessian,
    "ce-codes": ce_codes,
    "ce-orbits": ce_orbits,
    "fig2": fig2,
    "fig3": fig3,
    "fig5": fig5,
    "fig6": fig6,
    "jumps": jumps,
    "jumps-exact": jumps_exact,
    "rank-two": rank_two,
    "rfm-nc": rfm_nc,
    "rfm-gram": rfm_gram,
    "rfm-ablations": rfm_ablations,
    "rfm-rates": rfm_rates,
    "network-layers": network_layers,
    "network-ansatz": network_ansatz,
    "network-head": network_head,
    "network-rank": network_rank,
}
# Figures of experiments: what they show was run, not computed, and takes from seconds to a minute or two each.
MEASURED = frozenset(
    {name for name in FIGURES if name.startswith(("fig", "jumps", "network"))}
    | {"ce-orbits", "rank-two", "rfm-nc", "rfm-gram", "rfm-ablations", "minority-collapse"}
)


def draw_figures(names: Iterable[str] | None, out: str | Path, budget: str = "quick") -> Iterator[Path]:
    """Draw figures into the folder `out`, made if it is missing.

    Args:
        names: keys of `FIGURES`; all of them if None.
        out: where NAME.pdf, NAME.png and NAME.csv go.
        budget: "quick" or "full".

    Returns:
        An iterator that draws one figure at a time and gives the path of each file once it is whole.

    Raises:
        ProblemError: at once, for a figure or budget that does not exist.
    """
    wanted = list(FIGURES) if names is None else list(dict.fromkeys(names))
    if budget not in BUDGETS:
        raise ProblemError(f"--budget must be one of {', '.join(BUDGETS)}, got {budget!r}")
    for name in wanted:
        if name not in FIGURES:
            accepted, found = listed(name, FIGURES, "dufm figures --list")
            raise ProblemError(f"figure must be {accepted}, got {found}")
    Path(out).mkdir(parents=True, exist_ok=True)
    return write_figures(wanted, Path(out), budget)


def write_figures(names: list[str], out: Path, budget: str) -> Iterator[Path]:
    for name in names:
        module = FIGURES[name]
        table = module.data(budget)
        files = {"csv": as_csv(table), **render(module, table)}
        for kind in ("pdf", "png", "csv"):
            path = out / f"{name}.{kind}"
            write_whole(path, files[kind])
            yield path
