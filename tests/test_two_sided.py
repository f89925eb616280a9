"""The table of both sides of every cell: what the page shows is what the program finds, and the command prints it."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dufm.verification.claims import CLAIMS
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.two_sided import brackets, markdown, told, two_sided
from dufm.verification.cli.app import app

STATED = {c.label: c.expected.quick for c in CLAIMS}
PAGE = Path(__file__).parents[1] / "docs" / "two-sided.md"


def test_the_page_shows_what_the_program_finds() -> None:
    cells = [two_sided(K, L, STATED.__getitem__) for L in range(2, 8) for K in range(2, 16)]
    shown = PAGE.read_text().split("<!-- table -->\n")[1].split("\n<!-- end -->")[0]
    assert shown.splitlines() == markdown(cells)
    for cell in cells:
        low, high = cell.cost
        assert cell.before[0] - Fraction(1, 10**18) <= low <= high <= 1 + Fraction(1, 10**9)
        assert cell.before[1] >= min(1, cell.thresholds.critical[1].x / cell.thresholds.collapse[0])


def test_a_fallen_claim_widens_the_brackets() -> None:
    cell = two_sided(8, 2, STATED.__getitem__)
    assert brackets(cell) == ("[0, 0.8221]", "[1.0251, 1.1241]", "[0.9478, 1]") and cell.state == "open"
    fallen = STATED | {"thresholds": Status.UNDECIDED}
    found = two_sided(8, 2, fallen.__getitem__).thresholds
    assert found.critical[1].x / found.collapse[0] == cell.before[1] > Fraction("0.83")
    assert (
        two_sided(5, 4, STATED.__getitem__).state == "low rank" and two_sided(2, 3, STATED.__getitem__).state == "DNC"
    )


def test_brackets_are_rounded_outwards() -> None:
    assert told(Fraction(12345678, 10**7), Fraction(1234501, 10**6)) == "[1.2345, 1.2346]"
    assert told(Fraction(1, 2), Fraction(1, 2)) == "0.5" and told(Fraction(0), Fraction(1, 10**9)) == "[0, 0.0001]"


def test_the_command_prints_the_cost_and_the_same_table() -> None:
    words = ["threshold", "--K", "4", "--L", "3"]
    (found,) = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert found["C_over_K"][0] == pytest.approx(0.96896, abs=1e-4) and found["bound_claims"] == ["lower-bounds"]
    printed = CliRunner().invoke(app, [*words, "--markdown"]).stdout.splitlines()
    assert printed[-1] in PAGE.read_text().splitlines() and printed[-1].startswith("| 3 | 4 |")
