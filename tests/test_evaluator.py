"""`dufm evaluator`: a folder that stands alone and gives every program the score of its weights, or none."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.answers import evaluator
from dufm.verification.answers.evaluator import write_evaluator
from dufm.verification.atlas.records import FOLDER, read_file
from dufm.verification.base.certificate import entries
from dufm.verification.checker import check
from dufm.verification.claims.best_bound import Bound

K, L = 3, 4
CELL, RECORD = [pair for pair in read_file(FOLDER / "K03_L4.json").items() if pair[1]["certificate"]][-2]
X = str(K * CELL.Lambda)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "evaluator"
    with pytest.MonkeyPatch.context() as patch:
        # The bound is told and decides nothing; to find it runs claims for a quarter of a minute.
        patch.setattr(evaluator, "best_bound", lambda *cell: Bound(Fraction(1, 50), "told", ()))
        write_evaluator(K, L, X, out)
    return out


def alone(folder: Path, seconds: float = 20.0) -> ModuleType:
    """The evaluator as another program loads it, with a limit of time that suits a test."""
    task = json.loads((folder / "problem.json").read_text()) | {"seconds": seconds}
    place = folder.parent / f"alone-{seconds:g}"
    if not place.exists():
        shutil.copytree(folder, place)
        (place / "problem.json").write_text(json.dumps(task))
    spec = importlib.util.spec_from_file_location("evaluation_module", place / "evaluate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(path: Path, body: str) -> str:
    path.write_text(body)
    return str(path)


def test_the_folder_runs_without_this_project(folder: Path, tmp_path: Path) -> None:
    assert sorted(p.name for p in folder.iterdir()) == ["README.md", "evaluate.py", "initial.py", "problem.json"]
    command = [sys.executable, "-I", str(folder / "evaluate.py"), "--program_path", str(folder / "initial.py")]
    done = subprocess.run([*command, "--results_dir", str(tmp_path / "r")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "r" / "metrics.json").read_text())
    assert set(told) == {"combined_score", "public", "private", "text_feedback"} and 0 < told["combined_score"] < 1
    assert told["public"]["loss_over_dnc"] == pytest.approx(1, abs=1e-12)
    assert json.loads((tmp_path / "r" / "correct.json").read_text()) == {"correct": True, "error": None}
    assert not (tmp_path / "r" / "certificate.json").exists(), "collapse is not below collapse"
    source = (folder / "evaluate.py").read_text()
    imported = {line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)


def test_the_score_is_exact_and_good_weights_give_a_certificate(folder: Path, tmp_path: Path) -> None:
    matrices = entries(RECORD["certificate"])
    rows = [[[float(x) for x in row] for row in matrix] for matrix in matrices]
    path = program(tmp_path / "good.py", f"def weights():\n    return {rows!r}\n")
    module = alone(folder)
    metrics, error, proof = module.scored(path)
    rounded = [[[Fraction(round(x * 2**40), 2**40) for x in row] for row in matrix] for matrix in matrices]
    loss = Problem.of(K, L, Fraction(X) / K).objective(rounded)
    assert not error and metrics["loss"] == float(loss)
    task = module.problem()
    assert metrics["combined_score"] == float(Fraction(task["record"]) / loss)
    assert metrics["combined_score"] == pytest.approx(1, abs=1e-6) and metrics["new_record"] in (0.0, 1.0)
    result = check(json.dumps(proof))
    assert result.ok and result.margin is not None and result.margin > 0
    assert metrics["loss_over_dnc"] == pytest.approx(RECORD["ratio"], rel=1e-9)


def test_a_score_above_one_needs_more_than_rounding(folder: Path) -> None:
    task = alone(folder).problem()
    assert task["bound"] < task["record"] < task["dnc"] and task["dnc_low"] <= task["dnc"]


BAD = {
    "no function": ("x = 1", "no attribute 'weights'"),
    "broken": ("def weights(:", "invalid syntax"),
    "an error": ("def weights():\n    raise ValueError('no luck')", "no luck"),
    "nothing": ("def weights():\n    return None", "not iterable"),
    "too few": ("def weights():\n    return [[[1.0] * 3] * 3] * 2", r"must give L \+ 1 = 5 matrices"),
    "wrong columns": ("def weights():\n    return [[[1.0] * 4] * 3] * 5", "H_1 must have 3 columns"),
    "wrong rows": ("def weights():\n    return [[[1.0] * 3] * 3] * 4 + [[[1.0] * 3] * 4]", "W_4 must have K = 3 rows"),
    "too wide": ("def weights():\n    return [[[1.0] * 3] * 201] + [[[1.0] * 201] * 3] * 4", "1 to 200 rows"),
    "not a number": ("def weights():\n    return [[[float('nan')] * 3] * 3] * 5", "hold numbers"),
    "infinite": ("def weights():\n    return [[[float('inf')] * 3] * 3] * 5", "hold numbers"),
    "huge": ("def weights():\n    return [[[1e300] * 3] * 3] * 5", "hold numbers"),
    "words": ("def weights():\n    return [[['a'] * 3] * 3] * 5", "could not convert"),
    "leaves early": ("import os\nos._exit(0)", "gave nothing that could be read"),
    "leaves with a code": ("import sys\nsys.exit(3)", "code 3"),
    "its own text": ("import sys\nopen(sys.argv[2], 'w').write('[' * 10**5)\nimport os; os._exit(0)", "no matrices"),
    "a pipe": ("import os, sys\nos.mkfifo(sys.argv[2])\nos._exit(0)", "gave nothing that could be read"),
    "a link": ("import os, sys\nos.symlink('/etc/passwd', sys.argv[2])\nos._exit(0)", "gave nothing"),
    "a flood": ("import sys\nwhile True: sys.stderr.write('x' * 10**6)", "code"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_program_that_gives_no_weights_has_no_score(name: str, folder: Path, tmp_path: Path) -> None:
    body, words = BAD[name]
    path = program(tmp_path / "bad.py", body)
    metrics, error, proof = alone(folder).scored(path)
    assert metrics["combined_score"] == 0.0 and metrics["valid"] == 0.0 and proof is None
    assert re.search(words, error), error
    assert "\n" not in error and len(error) < 500


def test_a_program_without_end_is_ended_with_what_it_began(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    later = f"import time, pathlib; time.sleep(3); pathlib.Path({str(mark)!r}).touch()"
    body = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {later!r}])\nwhile True: pass\n"
    metrics = alone(folder, 1.0).evaluate(program(tmp_path / "loop.py", body))
    assert metrics["error"] == "no weights within 1 seconds"
    subprocess.run([sys.executable, "-c", "import time; time.sleep(3.5)"], check=True)
    assert not mark.exists()


def test_what_a_program_changes_in_its_process_changes_no_score(folder: Path, tmp_path: Path) -> None:
    """Zero weights, and every function that might sum them replaced: loss 1/2 all the same."""
    body = "import builtins, json, fractions\nbuiltins.sum = lambda *a: 0\nfractions.Fraction = lambda *a: 0\n"
    body += "def weights():\n    return [[[0.0] * 3] * 3] * 5\n"
    assert alone(folder).evaluate(program(tmp_path / "sly.py", body))["loss"] == 0.5


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ((3, 4, "0"), "--x must be > 0"),
        ((0, 4, "1"), "K must be"),
        ((3, 4, "9"), "below DNC's collapse"),
        ((60, 4, "0.1"), "at most 50"),
    ],
)
def test_cells_without_a_task(cell: tuple[int, int, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=words):
        write_evaluator(*cell, tmp_path / "out")


def test_no_folder_is_overwritten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    monkeypatch.setattr(evaluator, "evaluator_task", lambda *cell: called.append(cell))
    with pytest.raises(ProblemError, match="a new or an empty folder"):
        write_evaluator(K, L, X, folder)
    assert not called
