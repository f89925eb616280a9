"""The recipes of docs/contributing.md: what is added to a registry is taken up everywhere, and its tests find it."""

from types import ModuleType

import pytest
import sympy as sp
from matplotlib.figure import Figure

from dufm.paper_figs.squared import critical_depth, winner_map
from dufm.theory.squared import structures
from dufm.theory.squared.structure import HeadCost


class Cheap:
    """A structure nobody has: three classes at half of DNC's cost. Its weights are not asked for."""

    name = "novel"
    needs = "K = 3 and L >= 3"

    def valid(self, K: int, L: int) -> bool:
        return K == 3 and L >= 3

    def weights(self, K: int, L: int) -> list[sp.Matrix]:
        raise AssertionError("a figure of costs asks for no weights")

    def cost(self, K: int, L: int) -> HeadCost:
        return HeadCost(sp.Integer(20), 2)


@pytest.mark.parametrize("figure", [winner_map, critical_depth], ids=lambda f: f.__name__.rpartition(".")[2])
def test_a_new_structure_is_drawn(figure: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    more = (*structures.BLOCKS, Cheap())
    for module in (structures, critical_depth):
        monkeypatch.setattr(module, "BLOCKS", more)
    monkeypatch.setattr(winner_map, "CLASSES", range(2, 6))
    monkeypatch.setattr(winner_map, "DEPTHS", range(1, 4))
    monkeypatch.setattr(critical_depth, "MOST_CLASSES", 5)
    structures.cheapest_sum.cache_clear()
    try:
        table = figure.data("quick")
        drawing = Figure()
        figure.draw(drawing, table)
    finally:
        structures.cheapest_sum.cache_clear()
    told = " ".join(str(text.get_text()) for text in drawing.findobj(lambda a: hasattr(a, "get_text")))
    assert "novel" in told and any("novel" in str(row.values()) for row in table)
