"""What is printed reads well anywhere: streams of any encoding, consoles of any width, names that are nearly right."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from dufm.paper_figs import FIGURES
from dufm.solvers.rank_two.tasks import TASKS
from dufm.theory.ce.structures import CE_STRUCTURES, ce_structure_named
from dufm.theory.derivations import derivation, names
from dufm.theory.stated import ProblemError
from dufm.verification.claims import CLAIMS, claim_named, select
from dufm.verification.cli.output import show_table
from dufm.verification.cli.rank_two import DATA

PROGRAM = [sys.executable, "-c", "from dufm.verification.cli.app import main; main()"]
ENCODINGS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}
QUICK = (
    ("derive", "srg"),
    ("derive", "ce-dnc", "--L", "3"),
    ("structures", "--K", "6"),
    ("compare", "srg", "--K", "6", "--L", "4"),
    ("derive", "μισθός"),
)


def run(arguments: tuple[str, ...], extra: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHONIO", "PYTHONUTF"))}
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, timeout=120, env=plain | extra)


@pytest.mark.parametrize(("encoding", "arguments"), list(product(ENCODINGS, QUICK)))
def test_streams_that_lack_characters_get_readable_ones(encoding: str, arguments: tuple[str, ...]) -> None:
    done = run(arguments, ENCODINGS[encoding])
    assert b"Traceback" not in done.stderr
    assert done.returncode == (2 if "μισθός" in arguments else 0), done.stderr
    text = (done.stdout + done.stderr).decode("latin-1")
    assert text.isascii()
    if arguments == ("derive", "srg"):
        assert "\\/ r - 2 *(r - 1)" in text and "?" not in text


def test_every_derivation_is_drawn_in_ascii_where_asked() -> None:
    shown = derivation("srg").render(ascii_only=True)
    assert shown.isascii() and not derivation("srg").render().isascii()


def words_of(table: Table) -> set[str]:
    return {word for column in table.columns for cell in column.cells for word in str(cell).split()}


@pytest.mark.parametrize("width", [1, 10, 20, 33, 40, 57, 80, 200])
@pytest.mark.parametrize("whole", [True, False])
def test_no_width_cuts_a_value(width: int, whole: bool) -> None:
    table = Table(title="a title", pad_edge=False)
    for name in ("structure", "loss / DNC", "what it is"):
        table.add_column(name, no_wrap=whole)
    table.add_row("best-known-structure", "0.123456789012345", "a sum of two simplices on six classes")
    table.add_row("[cyan]dnc[/cyan]", "1.000000000000000", "")
    stream = io.StringIO()
    show_table(Console(file=stream, width=width), table)
    printed = stream.getvalue()
    assert {re.sub(r"\[.*?\]", "", word) for word in words_of(table)} <= set(re.split(r"[\s│┃|]+", printed))
    assert "…" not in printed and "a title".split()[0] in printed
    if width >= 100:
        assert "loss / DNC:" not in printed and max(map(len, printed.splitlines())) <= width


@pytest.mark.parametrize(
    "arguments",
    [
        ("structures", "--K", "10", "--L", "4"),
        ("structures", "--K", "6", "--loss", "ce"),
        ("compare", "srg", "--K", "10", "--L", "4"),
        ("compare", "pairs", "--K", "6", "--L", "3", "--loss", "ce"),
        ("ce-landscape", "--K", "4", "--L", "2", "--lam", "0.01", "--widths", "4,8"),
        ("jumps", "certify", "--eta", "1e-5"),
    ],
)
def test_narrow_consoles_show_every_number_that_wide_ones_do(arguments: tuple[str, ...]) -> None:
    def numbers(columns: str) -> set[str]:
        done = run(arguments, {"COLUMNS": columns})
        assert done.returncode == 0, done.stderr
        return {n.decode() for n in re.findall(rb"\d*\.\d+(?:e-\d+)?", done.stdout)}

    wide = numbers("300")
    assert wide and wide == numbers("20") == numbers("60")


def test_every_table_of_the_command_line_goes_through_the_helper() -> None:
    for path in Path("verification/cli").rglob("*.py"):
        assert not re.search(r"onsole(\(\))?\.print\(\w*[Tt]able", path.read_text()) or path.name == "output.py", path


@pytest.mark.parametrize(
    ("find", "wrong", "near", "listing"),
    [
        (claim_named, CLAIMS[0].label + "x", CLAIMS[0].label, "dufm claims"),
        (select, CLAIMS[5].label[:-1], CLAIMS[5].label, "dufm claims"),
        (derivation, names()[3] + "s", names()[3], "dufm derive"),
        (ce_structure_named, CE_STRUCTURES[2].name.upper(), CE_STRUCTURES[2].name, "dufm structures --loss ce"),
    ],
)
def test_a_name_nearly_right_is_answered_with_the_nearest(
    find: Callable[[str], object], wrong: str, near: str, listing: str
) -> None:
    with pytest.raises(ProblemError) as error:
        find(wrong)
    said = str(error.value)
    assert f"`{listing}` lists" in said and near in said.partition("nearest: ")[2].split(", "), said
    assert len(said) < 200


def test_the_commands_named_in_errors_list_all_the_names() -> None:
    done = run(("figures", "--list"), {})
    assert done.stdout.decode().split() == list(FIGURES)
    assert DATA.rstrip(".").replace(" or ", ", ").split(", ") == list(TASKS)
