"""Every figure draws, into small files that never change, from numbers that are the theory's own."""

import csv
from pathlib import Path

import matplotlib
import matplotlib.image
import pytest

from dufm import paper_figs
from dufm.paper_figs import FIGURES, MEASURED, draw_figures
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import BLOCKS, CheapestSum, structure_named
from dufm.theory.stated import ProblemError

COMPUTED = [name for name in FIGURES if name not in MEASURED]
# Each takes longer than ten seconds: drawn in the tier of slow tests alone.
LONG = ("ce-winner-map", "ce-loss", "ce-spectra", "leaky-map", "minority-collapse")
QUICK = [name for name in COMPUTED if name not in LONG]
KINDS = ("pdf", "png", "csv")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that did not exist, with every figure in it that is drawn quickly."""
    out = tmp_path_factory.mktemp("figures") / "new" / "folder"
    before = dict(matplotlib.rcParams)
    paths = list(draw_figures(QUICK, out, "quick"))
    assert dict(matplotlib.rcParams) == before
    assert paths == [out / f"{name}.{kind}" for name in QUICK for kind in KINDS]
    return out


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with open(folder / f"{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in LONG)) for n in COMPUTED])
def test_every_figure_is_whole_small_and_the_same_again(drawn: Path, tmp_path: Path, name: str) -> None:
    if name in LONG:
        list(draw_figures([name], drawn, "quick"))
    assert (drawn / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    assert (drawn / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert (drawn / f"{name}.png").stat().st_size < 200_000
    # A user's own settings must not show in the files.
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red"}):
        again = list(draw_figures([name], tmp_path, "quick"))
    assert [path.read_bytes() for path in again] == [(drawn / path.name).read_bytes() for path in again]
    assert sorted(tmp_path.iterdir()) == sorted(again)


def test_a_module_is_a_figure_and_registered() -> None:
    folder = Path(paper_figs.__file__).parent
    modules = {path.stem for path in folder.rglob("*.py")} - {"__init__", "style", "run_figures"}
    assert modules == {name.replace("-", "_") for name in FIGURES}
    assert all(FIGURES[stem.replace("_", "-")].__name__.rpartition(".")[2] == stem for stem in modules)


COMMITTED = Path(__file__).parents[1] / "docs" / "figures"


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in COMPUTED if (COMMITTED / f"{name}.png").exists()])
def test_a_committed_picture_is_what_is_drawn_now(name: str, tmp_path: Path) -> None:
    list(draw_figures([name], tmp_path, "quick"))
    shown, now = (matplotlib.image.imread(folder / f"{name}.png") for folder in (COMMITTED, tmp_path))
    # Last digits of runs, which differ between processors, shift the shade of a pixel and no more.
    assert shown.shape == now.shape, name
    assert abs(shown - now).max() < 0.1, f"dufm figures {name} draws another picture than that in docs/figures"


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPUTED)
def test_both_budgets_give_rows_with_the_same_keys(name: str) -> None:
    quick, full = FIGURES[name].data("quick"), FIGURES[name].data("full")
    assert len(full) >= len(quick) > 0
    assert len({tuple(row) for row in quick + full}) == 1


def test_unknown_names_and_budgets_are_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="names that `dufm figures --list` lists, got 'nope'"):
        draw_figures(["winner-map", "nope"], tmp_path / "out", "quick")
    with pytest.raises(ProblemError, match="--budget must be one of quick, full, got 'huge'"):
        draw_figures(None, tmp_path / "out", "huge")
    assert not (tmp_path / "out").exists()


def test_loss_ratios_are_the_papers_and_the_theorys(drawn: Path) -> None:
    table = {(r["structure"], int(r["L"]), int(r["r"])): r for r in rows(drawn, "loss-ratio")}
    papers = {(4, 4): 0.9633, (4, 5): 0.9014, (4, 6): 0.8569, (5, 4): 0.9060, (5, 5): 0.8170, (3, 4): 1.0561}
    for (L, order), ratio in papers.items():
        assert float(table["srg", L, order]["cost_ratio"]) == pytest.approx(ratio, abs=5e-5)
    for (name, L, _), row in table.items():
        K, ratio, loss = int(row["K"]), float(row["cost_ratio"]), float(row["loss_ratio"])
        if K <= 45:
            assert ratio == pytest.approx(float(total_cost(structure_named(name), K, L) / K), rel=1e-14)
        # phi grows with the cost, and its ratio is nearer to 1: phi is concave.
        assert (ratio < loss < 1) or (1 < loss < ratio)
    assert {int(r) for s, _, r in table if s == "srg"} == set(range(4, 21))


def test_critical_depths_tell_who_wins(drawn: Path) -> None:
    table = rows(drawn, "critical-depth")
    depths = {(r["structure"], int(r["K"])): r for r in table}
    assert float(depths["head32", 3]["L_star"]) == pytest.approx(3.73189, abs=1e-5)
    for (name, K), row in depths.items():
        L = int(row["least_L"])
        structure = structure_named(name)
        assert total_cost(structure, K, L) < K
        below = L - 1 if name == "sum" else max(3, L - 1)
        if below < L and structure.valid(K, below):
            assert total_cost(structure, K, below) >= K
    heads = {s.name for s in BLOCKS} - {"dnc", "truncated", "halves"}
    assert {name for name, _ in depths} == heads | {"sum"}
    assert [K for name, K in depths if name == "sum"] == list(range(3, 31))


def test_winner_map_shows_the_cheapest_sum(drawn: Path) -> None:
    cells = {(int(r["K"]), int(r["L"])): r for r in rows(drawn, "winner-map")}
    assert set(cells) == {(K, L) for K in range(2, 22) for L in range(1, 9)}
    for (K, L), row in cells.items():
        if L == 1 or K == 2:
            assert row["state"] == "proved optimal"
        else:
            ratio = float(total_cost(CheapestSum(), K, L) / K)
            assert float(row["ratio"]) == pytest.approx(ratio, rel=1e-14)
            weak = "open" if K == 3 else "near collapse"
            assert row["state"] == ("beaten" if ratio < 1 else weak)
            assert row["blocks"] == CheapestSum().blocks(K, L)
        assert (row["ratio"] == "1.0") == (row["state"] != "beaten")


def test_heat_maps_show_a_rank_that_one_relu_lifts(drawn: Path) -> None:
    table = rows(drawn, "srg-heatmaps")
    ranks = {(r["structure"], r["matrix"]): int(r["rank"]) for r in table}
    assert all(rank == (5 if name == "srg" else 10) for (name, _), rank in ranks.items())
    before = {(int(r["row"]), int(r["column"])): float(r["value"]) for r in table if r["matrix"] == "P_4"}
    assert all(max(value, 0) == (i == j) for (i, j), value in before.items())
    assert {float(r["value"]) for r in table if (r["structure"], r["matrix"]) == ("srg", "gram_3")} == {0, 0.5, 1}
    assert {float(r["value"]) for r in table if (r["structure"], r["matrix"]) == ("srg", "gram_4")} == {-0.5, 0.25, 1}
