"""Every certificate that the pages show: of the atlas, of the shipped witnesses, and of a run of the claims."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dufm.solvers.base.shipped import shipped
from dufm.verification.atlas.cells import Cell
from dufm.verification.base.checkers import checker_of
from dufm.verification.checker import Result

# Folders with the prefix of their names on the site.
FOLDERS = (
    ("atlas/heads", "head"),
    ("verification/witnesses", "witness"),
    ("verification/witnesses/thresholds", "threshold"),
    ("verification/witnesses/margins", "margin"),
    ("verification/witnesses/lower", "lower"),
)


@dataclass(frozen=True)
class Filed:
    """One certificate.

    Attributes:
        name: of its page and file, without ending.
        text: the JSON, compact, keys sorted.
        place: where the project has it, for a reader.
        said: what its checker said as the site was built; None before that.
    """

    name: str
    text: str
    place: str
    said: Result | None = None

    @cached_property
    def content(self) -> dict[str, Any]:
        """The JSON read."""
        return json.loads(self.text)

    @property
    def kind(self) -> str:
        return str(self.content["kind"])

    @property
    def claim(self) -> str:
        return str(self.content["claim"])

    @property
    def program(self) -> str:
        """Name of the checker that judges it."""
        return checker_of(self.text.encode()).__name__.rsplit(".", 1)[-1]

    @property
    def about(self) -> str:
        """What it is about, in short."""
        cell = self.content["problem"]
        words = f"K = {cell['K']}, L = {cell['L']}" if "L" in cell else f"K = {cell['K']}, L >= {cell['L_from']}"
        if isinstance(cell.get("x"), list):
            words += f", x = {cell['x'][0] / cell['x'][1]:.4g}"
        if "lambdas" in cell:
            pairs = [a / b for a, b in cell["lambdas"]]
            words += f", x = {cell['K'] * pairs[0]:.4g}" if len(set(pairs)) == 1 else ", unequal strengths"
        if "cuts" in cell:
            low, high = (cell["K"] * cell["cuts"][i][0] / cell["cuts"][i][1] for i in (0, -1))
            words += f", x = {low:.4g} to {high:.4g}"
        return words


def judged(text: str) -> Result:
    """What its checker says of a certificate; a function of its text, so that another process can do it."""
    return checker_of(text.encode()).check(text.encode())


def compact(content: dict[str, Any]) -> str:
    """The text of a certificate: equal certificates, equal text."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def cell_name(cell: Cell) -> str:
    """Name of the page of a cell of the atlas, and of its certificate."""
    return f"K{cell.K:02d}_L{cell.L}_{cell.strength.replace('/', 'over')}"


def of_cell(cell: Cell, record: dict[str, Any]) -> Filed | None:
    """The certificate of a record of the atlas; None where nothing below DNC is known."""
    if record["certificate"] is None:
        return None
    return Filed(f"atlas-{cell_name(cell)}", compact(record["certificate"]), f"atlas/K{cell.K:02d}_L{cell.L}.json")


def witnesses() -> Iterator[Filed]:
    """Those shipped beside the atlas."""
    for folder, prefix in FOLDERS:
        for path in sorted(shipped(folder).glob("*.json")):
            content = json.loads(path.read_text())
            if isinstance(content, dict):
                yield Filed(f"{prefix}-{path.stem}", compact(content), f"{folder}/{path.name}")


def of_run(report: Path, names: list[str]) -> Iterator[Filed]:
    """Those that a run of the claims wrote beside its report.

    Raises:
        OSError, ValueError: for one that is missing or no JSON.
    """
    for name in names:
        path = report.parent / name
        yield Filed(f"run-{path.stem}", compact(json.loads(path.read_bytes())), name)
