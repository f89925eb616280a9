"""The programs that repeat a proof with the standard library alone: short, and importing no more than they say."""

import ast
from pathlib import Path
from types import ModuleType

import pytest

from dufm.verification import deep_checker, lower_checker, margin_checker, symmetric_checker

COMMON = {"json", "math", "os", "sys", "collections", "fractions", "typing"}


@pytest.mark.parametrize(
    ("program", "also"),
    [
        (lower_checker, {"heapq"}),
        (deep_checker, {"heapq"}),
        (margin_checker, {"operator"}),
        (symmetric_checker, {"operator"}),
    ],
    ids=lambda value: value.__name__.rpartition(".")[2] if isinstance(value, ModuleType) else "",
)
def test_the_program_is_short_and_imports_the_library_alone(program: ModuleType, also: set[str]) -> None:
    text = Path(str(program.__file__)).read_text()
    assert len(text.splitlines()) < 200
    tree = ast.parse(text, feature_version=(3, 9))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= COMMON | also
