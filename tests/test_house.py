"""The rules of the house: imports point down, theory holds no floats, modules stay small."""

import ast
from pathlib import Path

import pytest

FLOORS = ("theory", "solvers", "verification", "paper_figs")
MAY_IMPORT = {
    "theory": {"theory"},
    "solvers": {"theory", "solvers"},
    "verification": {"theory", "solvers", "verification"},
    "paper_figs": set(FLOORS),
}
MODULES = [p for floor in FLOORS for p in sorted(Path(floor).rglob("*.py"))]


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_point_down(path: Path) -> None:
    floors = {name.split(".")[0] for name in imported(ast.parse(path.read_text()))} & set(FLOORS)
    allowed = MAY_IMPORT[path.parts[0]]
    # The command line calls the figures by name; nothing else looks up.
    if path.name.startswith("cli"):
        allowed = allowed | {"paper_figs"}
    assert floors <= allowed


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
        if path.name.startswith("cli") or path.name == "checker.py":
            continue
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        assert not any(getattr(c.func, "id", "") == "print" for c in calls), path
