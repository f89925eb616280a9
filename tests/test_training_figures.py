"""Figures of training draw from tables made of runs: tiny runs here, the same code."""

import io

import pytest
from matplotlib.figure import Figure

from dufm.paper_figs.style import FigureModule, Table, as_csv
from dufm.paper_figs.training import fig2, fig3, fig5, fig6
from dufm.solvers.training.batch import train
from dufm.solvers.training.setting import DescentSetting
from dufm.theory.problem import Problem


def check(module: FigureModule, table: Table) -> None:
    assert len({tuple(row) for row in table}) == 1
    assert b"nan" not in as_csv(table)
    figure = Figure(figsize=module.SIZE, layout="constrained")
    module.draw(figure, table)
    figure.savefig(io.BytesIO(), format="png", dpi=20)
    assert len(figure.axes or figure.subfigs) > 1


def test_fig2_shows_every_run_and_the_exact_levels() -> None:
    setting = DescentSetting(Problem.of(6, 4, "0.004", 8, 2), 0.5, steps=3000)
    table = fig2.table_of(train([setting], 2, 0))
    check(fig2, table)
    known = {row["what"]: row["value"] for row in table if row["panel"] == "level"}
    assert known["record"] < known["SRG"] < known["DNC"]
    assert {row["what"] for row in table if row["panel"] == "spectrum"} == {"P_2", "P_3", "P_4", "Z"}
    assert {row["what"] for row in table if row["panel"] == "trace"} == {"loss", "F_1", "F_2", "F_3", "F_4"}


def test_fig3_has_every_point_once_on_each_axis(monkeypatch: pytest.MonkeyPatch) -> None:
    axes = {"lambda": ("0.004", "0.016"), "width": ("3", "8"), "rate": ("0.5", "300"), "scale": ("0.5", "1")}
    for name, value in {"K": 3, "AXES": axes, "BASE": fig3.BASE | {"width": "8"}}.items():
        monkeypatch.setattr(fig3, name, value)
    monkeypatch.setattr(fig3, "RUNS", {"quick": 3})
    monkeypatch.setattr(fig3, "DECAYS", {"quick": 6})
    table = fig3.data("quick")
    check(fig3, table)
    assert [(row["axis"], row["value"]) for row in table] == [(a, float(v)) for a, vs in axes.items() for v in vs]
    assert all(row["p_low"] <= row["p_dnc"] <= row["p_high"] and row["runs"] == 3 for row in table)
    wild = next(row for row in table if row["rate"] == 300)
    assert wild["diverged"] == 3 and wild["mean_rank"] is None


def test_fig5_shows_the_best_run_of_each_number_of_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fig5, "RUNS", {"quick": 3})
    monkeypatch.setattr(fig5, "STEPS", {"quick": 3000})
    table = fig5.data("quick")
    check(fig5, table)
    for K in (3, 4, 5):
        gram = {(r["row"], r["column"]): r["value"] for r in table if r["K"] == K and r["what"] == "gram"}
        assert len(gram) == K * K and max(gram.values()) == 1 and all(gram[i, j] == gram[j, i] for i, j in gram)
        last = [r for r in table if r["K"] == K and r["panel"] == "trace" and r["row"] == 3000]
        parts = {r["what"]: r["value"] for r in last}
        assert parts["loss"] == pytest.approx(parts["fit"] + parts["regulariser"])


def test_fig6_marks_one_best_run() -> None:
    setting = DescentSetting(Problem.of(10, 7, "0.002", 12), 0.5, steps=3000)
    table = fig6.table_of(train([setting], 2, 1))
    check(fig6, table)
    finals = {row["run"]: (row["best"], row["value"]) for row in table if row["panel"] == "trace"}
    assert min(finals.values(), key=lambda pair: pair[1])[0] == 1 and sum(best for best, _ in finals.values()) == 1
