"""The notebooks in examples/ run from top to bottom, and hold nothing that only running them would make."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
# What a notebook does with the last value of a cell: it asks for every way to show it.
SHOW = """
import ast
def show(value):
    for way in ("_repr_html_", "_repr_markdown_", "_repr_latex_", "_repr_png_"):
        getattr(value, way, lambda: None)()
    assert repr(value)
space = {"__name__": "__main__"}
for source in CELLS:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), space)
    if last is not None:
        show(eval(compile(ast.Expression(last.value), "cell", "eval"), space))
"""


def cells(path: Path) -> list[str]:
    return ["".join(c["source"]) for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"]


def test_there_are_three_and_they_are_notebooks() -> None:
    assert [path.stem for path in BOOKS] == ["main_result", "own_structure", "own_weights"]
    for path in BOOKS:
        book = json.loads(path.read_text())
        assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
        assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
        for cell in book["cells"]:
            assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)


@pytest.mark.slow
@pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    program = f"CELLS = {cells(path)!r}\n{SHOW}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
