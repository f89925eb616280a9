"""The rules of the house: imports point down, theory holds no floats, modules stay small."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

FLOORS = ("theory", "solvers", "verification", "paper_figs")
# On top of them, in the folder that gives all the one name.
TOP = "dufm/library"
TOPICS = ("ce", "jumps", "rank_two", "rfm")
# Lowest first. A module may import its own room and rooms of lower rows; rooms of one row do not see each other.
ROWS = (
    ("theory.rational", "theory.stated"),
    ("theory.model",),
    ("theory.problem",),
    ("theory.proof",),
    ("theory.squared",),
    tuple(f"theory.{topic}" for topic in TOPICS),
    ("theory.derivations.squared",),
    tuple(f"theory.derivations.{topic}" for topic in TOPICS),
    ("theory.derivations",),
    ("solvers.base",),
    ("solvers.compiled",),
    ("solvers.objectives",),
    ("solvers.weights",),
    ("solvers.engines",),
    ("solvers.minima",),
    ("solvers.search",),
    (
        "solvers.intervals",
        "solvers.heads",
        "solvers.metrics",
        "solvers.datasets",
        "solvers.spectra",
        "solvers.weight_files",
    ),
    ("solvers.training", "solvers.networks", "solvers.symmetric", *(f"solvers.{topic}" for topic in TOPICS)),
    (
        "verification.checker",
        "verification.lower_checker",
        "verification.deep_checker",
        "verification.margin_checker",
        "verification.symmetric_checker",
        "verification.evaluator",
    ),
    ("verification.base",),
    ("verification.atlas",),
    ("verification.claims.base",),
    ("verification.claims.squared",),
    ("verification.claims.training", *(f"verification.claims.{topic}" for topic in TOPICS)),
    ("verification.claims",),
    ("verification.formal",),
    ("verification.answers",),
    ("verification.site",),
    ("verification.cli",),
    ("paper_figs.style",),
    (
        "paper_figs.squared",
        "paper_figs.training",
        "paper_figs.networks",
        "paper_figs.variants",
        *(f"paper_figs.{topic}" for topic in TOPICS),
    ),
    ("paper_figs",),
    ("library",),
)
ROOMS = {room: row for row, rooms in enumerate(ROWS) for room in rooms}
MODULES = [p for floor in (*FLOORS, TOP) for p in sorted(Path(floor).rglob("*.py"))]
NAMES = {".".join(p.with_suffix("").parts).removesuffix(".__init__").removeprefix("dufm."): p for p in MODULES}


def imported(tree: ast.AST) -> set[str]:
    """Every module a file imports, inside functions too; `from package import module` counts as the module."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            inside = {part for part in parts if part.removeprefix("dufm.") in NAMES}
            names |= inside | ({node.module or ""} if len(inside) < len(parts) else set())
    return names


def room(name: str) -> str | None:
    """The room a module of ours stands in: the longest name of a room that it begins with."""
    found = [r for r in ROOMS if name == r or name.startswith(r + ".")]
    return max(found, key=len) if found else None


@pytest.mark.parametrize("name", NAMES)
def test_imports_point_down(name: str) -> None:
    mine = room(name)
    if mine is None:
        assert name in FLOORS and not imported(ast.parse(NAMES[name].read_text())), "a module outside every room"
        return
    for other in imported(ast.parse(NAMES[name].read_text())):
        if other.split(".")[0] in FLOORS:
            pytest.fail(f"{other} is imported without `dufm.`")
        theirs = room(other.removeprefix("dufm.")) if other.startswith("dufm.") else None
        assert theirs is None or theirs == mine or ROOMS[theirs] < ROOMS[mine], f"{name} looks up at {other}"


def test_the_library_knows_no_command_line() -> None:
    for path in (p for p in MODULES if p.is_relative_to(TOP)):
        assert not any("verification.cli" in name for name in imported(ast.parse(path.read_text()))), path


def test_no_module_waits_for_itself() -> None:
    """No circles, those through imports inside functions included: so every module can be imported alone."""
    needs = {
        name: {n.removeprefix("dufm.") for n in imported(ast.parse(path.read_text()))} & set(NAMES)
        for name, path in NAMES.items()
    }
    TopologicalSorter(needs).prepare()


@pytest.mark.parametrize("path", [p for p in MODULES if p.parts[0] == "theory"], ids=str)
def test_theory_is_exact(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), (
            f"float literal in line {node.lineno}"
        )
        assert not (isinstance(node, ast.Attribute) and node.attr == "Float"), f"sp.Float in line {node.lineno}"
        assert not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"float", "open", "print"})
    assert imported(tree).isdisjoint({"numpy", "scipy", "cvxpy"})


@pytest.mark.parametrize("path", [*MODULES, *sorted(Path("tests").glob("*.py"))], ids=str)
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_only_the_command_line_prints() -> None:
    for path in MODULES:
        if path.is_relative_to("verification/cli") or path.name in (
            "checker.py",
            "lower_checker.py",
            "deep_checker.py",
            "margin_checker.py",
            "symmetric_checker.py",
        ):
            continue
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        assert not any(getattr(c.func, "id", "") == "print" for c in calls), path
