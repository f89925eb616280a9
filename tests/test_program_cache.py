"""The cache of compiled programs: whatever a program is made of is in its key, and damaged files are compiled anew."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from dufm.solvers.base import program_cache
from dufm.solvers.base.made_of import made_of
from dufm.solvers.base.program_cache import compile_cached
from dufm.solvers.networks import steps

ROOT = Path(__file__).parents[1]
# One edit for each source that a compiled program is made of, in the code it uses.
EDITS = {
    "solvers/compiled/vectors.py": ("for c in (0.0, 1.0, 0.5))", "for c in (0.0, 1.0, 0.25))"),
    "solvers/compiled/products.py": ("fma(builder, factor, values[j]", "fma(builder, values[j], values[j]"),
    "solvers/compiled/passes.py": ("if layer > 0:", "if layer > 1:"),
    "solvers/compiled/lbfgs.py": ("NOISE = 1e-14", "NOISE = 2e-14"),
    "solvers/objectives/evaluation.py": ("return fit, 0.5 * weighted_square", "return fit, 0.25 * weighted_square"),
    "solvers/objectives/squared_kernel.py": ("return 0.5 * ridge * trace", "return 0.25 * ridge * trace"),
    "solvers/objectives/cross_entropy_kernel.py": ("return total / K", "return total / (2 * K)"),
    "solvers/objectives/samples_kernel.py": ("return 0.5 * square / n", "return 0.25 * square / n"),
    "solvers/engines/cpu.py": ("return fit + regulariser", "return fit - regulariser"),
    "solvers/heads/kernel.py": ("ROUND = 1e-16", "ROUND = 1e-15"),
    "solvers/jumps/chain_kernel.py": (
        "for c in range(o[p + 1], o[p - FIELDS + 2]):",
        "for c in range(o[p + 1], o[p - FIELDS + 1]):",
    ),
    "solvers/jumps/chain_vectors.py": ("return parts[0]", "return parts[-1]"),
    "solvers/jumps/scalar_chain.py": ("x = k * x + push", "x = k * x - push"),
    "solvers/rank_two/kernel.py": ("return rates.size", "return rates.size + 0"),
    "solvers/networks/steps.py": (
        "BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8",
        "BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8",
    ),
}
PROGRAMS = """
import json, sys
from pathlib import Path
import dufm.solvers.base.made_of as m
from dufm.solvers.base import program_cache
found, files, called = {}, {}, []
program_cache_compile = program_cache.compile_cached
def record(function, signature, errors="python"):
    plain = getattr(function, "py_func", function)
    called.append(plain)
import importlib, pkgutil
from dufm import solvers
program_cache.compile_cached = record
for module in pkgutil.walk_packages(solvers.__path__, "dufm.solvers."):
    if "torch" not in module.name and "gpu" not in module.name:
        loaded = importlib.import_module(module.name)
        for name, value in sorted(vars(loaded).items()):
            if getattr(value, "__wrapped__", None) is not None and value.__wrapped__.__module__ == module.name:
                if "compile_cached" in value.__wrapped__.__code__.co_names:
                    value.__wrapped__()
root = Path(m.__file__).resolve().parents[2]
for plain in called:
    name = f"{plain.__module__}.{plain.__qualname__}"
    found[name] = m.made_of(plain)
    codes = [getattr(v, "__code__", None) for v in m.parts_of(plain)]
    sources = {Path(code.co_filename).resolve() for code in codes if code and "solvers" in code.co_filename}
    files[name] = sorted(str(source.relative_to(root)) for source in sources)
print(json.dumps([found, files]))
"""


def tree(to: Path) -> Path:
    """A copy of the package that can be edited."""
    for floor in ("theory", "solvers", "dufm"):
        shutil.copytree(ROOT / floor, to / floor, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    return to


def ran(root: Path, program: str, **more: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(root), "NUMBA_CACHE_DIR": str(root / "cache")} | more
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, cwd=root, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def programs(root: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    return json.loads(ran(root, PROGRAMS))


@pytest.mark.slow
def test_every_source_of_every_program_is_in_its_key(tmp_path: Path) -> None:
    root = tree(tmp_path)
    before, files = programs(root)
    assert len(before) >= 9
    assert {path for used in files.values() for path in used} == set(EDITS), "an edit for each source, and no more"
    for path, edit in EDITS.items():
        text = (root / path).read_text()
        assert edit is not None and edit[0] in text, path
        (root / path).write_text(text.replace(*edit))
        after = programs(root)[0]
        (root / path).write_text(text)
        changed = {name for name in before if before[name] != after[name]}
        # A program may use another part of the file than the one edited.
        assert changed and changed <= {name for name in before if path in files[name]}, path


EVALUATE = """
from dufm.solvers.engines.cpu import CpuEngine
from dufm.theory.problem import Problem
import numpy as np
problem = Problem.of(3, 2, "0.01", 4)
generator = np.random.default_rng(0)
engine = CpuEngine(problem)
point = engine.pack([[generator.normal(size=s) for s in problem.shapes]])
print(repr(float(engine.evaluate(point, 0.3)[0][0])))
"""


def test_an_edit_of_generated_machine_code_is_run(tmp_path: Path) -> None:
    root = tree(tmp_path)
    first = ran(root, EVALUATE)
    kept = {path: path.stat().st_mtime_ns for path in (root / "cache").rglob("*.nbc")}
    assert kept and ran(root, EVALUATE) == first
    assert {path: path.stat().st_mtime_ns for path in (root / "cache").rglob("*.nbc")} == kept, "compiled twice"
    path = root / "solvers/compiled/vectors.py"
    edit = EDITS["solvers/compiled/vectors.py"]
    path.write_text(path.read_text().replace(*edit))
    assert ran(root, EVALUATE) != first


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    return tmp_path


MATRIX = "float64[:,::1]"
SIGNATURE = f"void({MATRIX},{MATRIX},{MATRIX},float64,float64)"


def stepped(program: Any) -> list[float]:
    w, v, slope = np.ones((1, 2)), np.zeros((1, 2)), np.ones((1, 2))
    program(w, v, slope, 0.25, 0.5)
    return w.ravel().tolist()


@pytest.mark.parametrize("damage", [b"", b"cut", b"zeroed", b"other", b"gone"])
@pytest.mark.parametrize("kind", ["nbi", "nbc", "sums"])
def test_a_damaged_file_of_the_cache_is_compiled_anew(folder: Path, kind: str, damage: bytes) -> None:
    assert stepped(compile_cached(steps.sgd, SIGNATURE, "numpy")) == [0.75, 0.75]
    (path,) = folder.rglob(f"*sgd*.{kind}")
    whole = path.read_bytes()
    if damage == b"gone":
        path.unlink()
    elif damage == b"zeroed":
        path.write_bytes(bytes(len(whole)))
    else:
        path.write_bytes({b"": b"", b"cut": whole[: len(whole) // 2], b"other": whole[::-1]}[damage])
    again = compile_cached(steps.sgd, SIGNATURE, "numpy")
    assert stepped(again) == [0.75, 0.75] and sum(again.stats.cache_misses.values()) == 1
    warm = compile_cached(steps.sgd, SIGNATURE, "numpy")
    assert stepped(warm) == [0.75, 0.75] and sum(warm.stats.cache_hits.values()) == 1


def test_without_a_folder_programs_are_compiled_for_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(program_cache.ProgramCache, "__init__", none)
    assert stepped(compile_cached(steps.sgd, SIGNATURE, "numpy")) == [0.75, 0.75]


def test_a_full_disk_does_not_stop_a_program(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(program_cache.ProgramCache, "_save_overload", full)
    assert stepped(compile_cached(steps.sgd, SIGNATURE, "numpy")) == [0.75, 0.75]


def test_nothing_else_caches_programs() -> None:
    for path in ROOT.glob("solvers/**/*.py"):
        assert "cache=True" not in path.read_text(), path


def test_what_cannot_be_told_is_said() -> None:
    class Opaque:
        pass

    thing = Opaque()

    def program() -> Any:
        return thing

    with pytest.raises(TypeError, match="cannot tell what program.thing is made of"):
        made_of(program)
