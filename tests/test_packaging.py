"""The wheel: everything a command reads is inside, and nothing is written into the installation."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dufm import __version__
from dufm.solvers.base.shipped import in_checkout, shipped

ROOT = Path(__file__).parents[1]
PARTS = ("dufm", "theory", "solvers", "verification", "paper_figs", "atlas", "examples")
FILES = ("pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder holding what the wheel holds, built from a copy of the checkout."""
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in PARTS:
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", str(source), "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "-q", "-w", str(made)], check=True, timeout=300, env=clean())
    with zipfile.ZipFile(next(made.glob("dufm-*.whl"))) as archive:
        archive.extractall(made / "site")
    return made / "site"


def clean(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more


def ran(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = clean(
        PYTHONPATH=str(installed), PYTHONDONTWRITEBYTECODE="1", NUMBA_CACHE_DIR=str(installed.parent / "numba")
    )
    command = [sys.executable, "-m", "dufm", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_file_of_data_and_every_module_is_in_the_wheel(installed: Path) -> None:
    held = set(contents(installed))
    for name in PARTS:
        for path in (ROOT / name).rglob("*"):
            if path.suffix in {".py", ".json", ".js", ".css"}:
                inside = path.relative_to(ROOT)
                assert str(inside if name == "dufm" else "dufm" / inside) in held


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--version", f"dufm {__version__}"),
        ("records --K 6 --L 3", "all accepted by checker.py"),
        ("records --csv out/table", "out/table/records.csv"),
        ("compare examples/my.py:Mine --K 10 --L 4", "petersen (yours)"),
        ("figures critical-depth head-frontier", "out/figures/head-frontier.csv"),
        ("verify --only frontier,depth3-K7 --jobs 1", "accepted by checker.py"),
        ("ce-table --K 3 --L 1 --lam 1/10 --restarts 2", "out/ce/table.json"),
        ("ce-table --margins --K 3 --L 2 --restarts 2", "out/ce/margins.json"),
    ],
)
def test_commands_work_from_another_folder(installed: Path, tmp_path: Path, arguments: str, words: str) -> None:
    before = contents(installed)
    done = ran(installed, tmp_path, *arguments.split())
    assert (done.returncode, done.stderr if "error" in done.stderr else "") == (0, "")
    assert words in " ".join(done.stdout.split())
    assert contents(installed) == before


def test_an_installed_atlas_is_copied_before_anything_is_filed(installed: Path, tmp_path: Path) -> None:
    shipped = json.loads((ROOT / "atlas/K06_L4.json").read_text())
    index = next(i for i, record in enumerate(shipped["records"]) if record["certificate"])
    (tmp_path / "mine.json").write_text(json.dumps(shipped["records"][index]["certificate"]))
    before = contents(installed)
    assert ran(installed, tmp_path, "submit", "mine.json").returncode == 1
    own = tmp_path / "out/atlas"
    assert {p.name for p in own.iterdir()} == {p.name for p in (ROOT / "atlas").glob("*.json")}
    shipped["records"][index] = {"Lambda": shipped["records"][index]["Lambda"], "state": "dnc", "ratio": 1.0}
    shipped["records"][index]["certificate"] = None
    (own / "K06_L4.json").write_text(json.dumps(shipped))
    done = ran(installed, tmp_path, "submit", "mine.json")
    assert (done.returncode, "filed in out/atlas" in done.stdout) == (0, True), done.stderr
    assert json.loads((own / "K06_L4.json").read_text())["records"][index]["state"] == "low rank"
    assert contents(installed) == before


def test_data_are_found_in_the_checkout() -> None:
    assert in_checkout() and shipped("atlas").resolve() == ROOT / "atlas"
