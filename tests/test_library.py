"""`import dufm`: fast, documented, typed, and every example in a docstring holds."""

import doctest
import importlib
import inspect
import operator
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import dufm
from dufm.theory.stated import ProblemError
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.two_sided import two_sided

FUNCTIONS = [name for name in dufm.__all__ if not name.startswith("Problem")]
LIBRARY = sorted(path.stem for path in Path("dufm/library").glob("*.py") if path.stem != "__init__")
HEAVY = ("numpy", "scipy", "sympy", "cvxpy", "numba", "matplotlib", "typer")


def test_import_loads_nothing_heavy() -> None:
    program = "import sys, dufm; print(*[m for m in sys.modules if m in sys.argv[1:]])"
    done = subprocess.run([sys.executable, "-c", program, *HEAVY], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    "asked", ["--version", "--help", "search --help", "check atlas/heads/none.json", "check README.md"]
)
def test_a_command_that_computes_nothing_loads_nothing_heavy(asked: str) -> None:
    program = (
        "import sys; from dufm.__main__ import main; heavy, sys.argv = sys.argv[1].split(), ['dufm', *sys.argv[2:]]\n"
        "try: main()\nexcept SystemExit: print('loaded', *[m for m in sys.modules if m in heavy])"
    )
    heavy = " ".join(set(HEAVY) - {"typer"})
    done = subprocess.run(
        [sys.executable, "-c", program, heavy, *asked.split()], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "loaded"


def test_one_list_of_names() -> None:
    assert dufm.__all__ == sorted(dufm.PLACES) and set(dufm.__all__) <= set(dir(dufm))
    source = inspect.getsource(dufm).partition("if TYPE_CHECKING:")[2].partition("\n\n    __version__")[0]
    typed = {line.rpartition(" ")[2]: line.split()[1] for line in source.split("\n") if " import " in line}
    assert typed == dufm.PLACES
    page = Path("docs/library.md").read_text()
    assert [name for name in dufm.__all__ if f"`dufm.{name}" not in page] == []


@pytest.mark.parametrize("name", dufm.__all__)
def test_a_public_name_is_documented_and_annotated(name: str) -> None:
    found = getattr(dufm, name)
    assert found.__module__ == dufm.PLACES[name] and inspect.getdoc(found)
    if name not in FUNCTIONS:
        return
    words = inspect.getdoc(found) or ""
    assert ">>> import dufm" in words, "an example"
    hints, parameters = get_type_hints(found), inspect.signature(found).parameters
    assert set(parameters) | {"return"} == set(hints)
    for parameter in parameters:
        assert any(f"    {names}:" in words for names in (parameter, f"K, {parameter}")), parameter
    if parameters:
        assert "Raises:" in words


@pytest.mark.parametrize("name", FUNCTIONS)
def test_results_are_frozen_and_tell_themselves(name: str) -> None:
    result = get_type_hints(getattr(dufm, name))["return"]
    if result == tuple[str, ...]:
        return
    for kind in get_args(result) or (result,):
        assert kind.__dataclass_params__.frozen and inspect.getdoc(kind)
        assert kind.__module__.startswith("dufm.library.")
        fields = [
            field for field in kind.__dataclass_fields__ if field not in ("K", "L", "rank", "x_collapse", "figure")
        ]
        words = "\n".join(inspect.getdoc(above) or "" for above in kind.__mro__)
        assert [field for field in fields if field not in words] == []


def examples() -> Iterator[Any]:
    for stem in LIBRARY:
        module = importlib.import_module(f"dufm.library.{stem}")
        for test in doctest.DocTestFinder(exclude_empty=True).find(module):
            if test.examples:
                yield pytest.param(test, id=test.name)


@pytest.mark.parametrize("example", list(examples()))
def test_the_examples_hold(example: doctest.DocTest) -> None:
    assert doctest.DocTestRunner().run(example).failed == 0


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        operator.attrgetter("nonsense")(dufm)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dufm.bound(3, 2, "-1"), "^x must be >= 0"),
        (lambda: dufm.structures(1), "K must be an integer >= 2"),
        (lambda: dufm.derive("nonsense"), "`dufm derive` lists"),
        (lambda: dufm.figure("nonsense"), "`dufm figures --list` lists"),
        (lambda: dufm.verify("nonsense"), "^only must match a claim label"),
        (lambda: dufm.search(4, 4, 0.01, restarts=0), "restarts must be"),
        (lambda: dufm.search(4, 4, 0.01, device="abacus"), "^device must be one of"),
        (lambda: dufm.records(K=99), "the atlas holds no cell"),
        (lambda: dufm.check("no/such/file.json"), "cannot be read"),
        (lambda: dufm.certify([[[1.0, 0.0]]], lam=0.1), "at least one W"),
        (lambda: dufm.train(3, 2, 0.01, runs=0), "runs must be"),
        (lambda: dufm.compare("nonsense", 10, 4), "structure must be one of"),
    ],
)
def test_a_mistake_is_one_line_without_dashes(call: Any, words: str) -> None:
    with pytest.raises(ProblemError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_threshold_names_every_claim_behind_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    found = two_sided(15, 2, status=lambda label: Status.PROVED)
    monkeypatch.setattr("dufm.library.bounds.judged_cells", lambda cells: [found])
    behind = {label for end in (*found.thresholds.critical, *found.thresholds.empty) for label in end.claims}
    assert set(dufm.threshold(15, 2).claims) == behind >= {"beyond-collapse", "zero-optimal"}
