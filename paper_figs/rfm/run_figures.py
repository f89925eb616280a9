"""Figures of one run of `dufm rfm`: how it collapses layer by layer, and its Gram matrices."""

from typing import Any

from dufm.paper_figs.rfm import rfm_gram, rfm_nc
from dufm.paper_figs.style import Table, as_csv, render
from dufm.solvers.rfm.settings import DeepSettings


class RunFigures:
    """Collects what is drawn while layers come.

    Args:
        settings: of the run.
        n: training samples.
    """

    def __init__(self, settings: DeepSettings, n: int) -> None:
        self.settings, self.n = settings, n
        self._rows: list[Any] = []
        self._pictures: Table = []

    def add(self, layer: Any) -> None:
        """Take one layer, a `solvers.rfm.recursion.RfmLayer`."""
        self._rows.append(layer.row)
        self._pictures += rfm_gram.rows(self.settings.map, [layer], (*rfm_gram.LAYERS, self.settings.depth))

    def files(self) -> dict[str, bytes]:
        """Contents by file name: PDF, PNG and CSV of each figure."""
        tables: dict[str, tuple[Any, Table]] = {
            "rfm-nc": (rfm_nc, rfm_nc.rows(self.settings.map, self.n, [self._rows])),
            "rfm-gram": (rfm_gram, self._pictures),
        }
        return {
            f"{name}.{kind}": content
            for name, (module, table) in tables.items()
            for kind, content in ({"csv": as_csv(table)} | render(module, table)).items()
        }
