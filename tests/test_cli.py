"""The command line as a user types it: output, exit codes, one line for every foreseen mistake."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from dufm.verification.cli.app import app
from dufm.verification.cli.help import SECTIONS, first_sentence

PROGRAM = [sys.executable, "-c", "from dufm.verification.cli.app import main; main()"]


def dufm(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, timeout=timeout)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("search --K 1 --L 4 --lam 0.002", "K must be an integer >= 2, got 1"),
        ("search --K 3 --L 0 --lam 0.002", "L must be an integer >= 1, got 0"),
        ("search --K 3 --L 2 --lam 0", "lambda must be > 0, got 0"),
        ("search --K 3 --L 2 --lam=-1", "lambda must be > 0, got -1"),
        ("search --K 3 --L 2 --lam nan", "lambda must be a finite number such as 0.004 or 1/250, got 'nan'"),
        ("search --K 3 --L 2 --lam 1,2", "lambdas must be one number or L + 1 = 3 numbers"),
        ("search --K 3 --L 2 --lam 0.1 --width 2", "width must be an integer >= 3, got 2"),
        ("search --K 3 --L 2 --lam 0.1 --device tpu", "--device must be"),
        ("search --K 3 --L 2 --lam 0.1 --budget soon", "--budget must be a time such as 30s, 5m or 1h, got 'soon'"),
        ("search --K 3 --L 2 --lam 0.1 --restarts 0", "restarts must be an integer >= 1, got 0"),
        ("search --K three --L 2 --lam 0.1", "'--K'"),
        ("search --K 3 --L 2 --lam 0.1 --colour red", "No such option"),
        ("map --bias last", "No such option: dufm map has no --bias, but dufm search and train have"),
        ("train --target-matrix a", "No such option: dufm train has no --target-matrix, but dufm search has"),
        ("compare srg --K 3 --L 4", "'srg' needs K = r (r - 1) / 2 with r >= 4"),
        ("compare nonsense --K 3 --L 4", "structure must be one of dnc, srg"),
        ("compare no.py:Mine --K 3 --L 4", "structure file no.py does not exist"),
        ("derive nonsense", "names that `dufm derive` lists"),
        ("derive srg --format pdf", "--format must be one of text, markdown, latex, got 'pdf'"),
        ("derive srg --L 0", "L must be an integer >= 1"),
        ("derive srg --standalone", "--standalone needs --format latex, got 'text'"),
        ("verify --budget slow", "--budget must be one of quick, full, got 'slow'"),
        ("verify --only nonsense", "--only must match a claim label"),
        ("verify --jobs=-1", "--jobs must be an integer >= 0, got -1"),
        ("figures nonsense", "names that `dufm figures --list` lists"),
        ("check no.json", "cannot read"),
        ("search --K 3 --L 3 --lam 1e-12 --restarts 4", "x = K Lambda must be >= 3e-05"),
        ("records --K 99", "--K 99 must name cells that"),
        ("records --K 6 --L 99", "--K 6 and --L 99 must name cells that"),
        ("nonsense", "No such command"),
    ],
)
def test_mistakes_get_one_line_and_exit_code_2(arguments: str, words: str, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path)] if arguments.split()[0] in {"search", "verify"} else []
    done = dufm(*arguments.split(), *out)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr + done.stdout


STRUCTURE_FILES = {
    "broken": ("x = (", "does not import: SyntaxError"),
    "empty": ("", "defines no 'Mine'"),
    "bare": ("class Mine: pass", "missing: name, needs, valid, weights, cost"),
    "greedy": ("class Mine:\n    def __init__(self, x): pass", "must need no arguments"),
    "shapes": ("weights = lambda self, K, L: [sp.eye(2)] * L", "must have K = 3 columns"),
    "count": ("weights = lambda self, K, L: [sp.eye(3)]", "weights are 5 factors, or 4 with P_2"),
    "scale": ("weights = lambda self, K, L: [2 * sp.eye(3)] + [sp.eye(3)] * 3", "do not give the identity"),
    "ragged": ("weights = lambda self, K, L: [[[1, 2], [3]]] * L", "different lengths"),
    "words": ("weights = lambda self, K, L: 'hello'", "structure 'mine' at K = 3, L = 4"),
}


@pytest.mark.parametrize("kind", STRUCTURE_FILES)
def test_structure_files_that_do_not_work_are_explained(kind: str, tmp_path: Path) -> None:
    body, words = STRUCTURE_FILES[kind]
    if body.startswith("weights"):
        body = (
            "import sympy as sp\nclass Mine:\n    name = 'mine'\n    needs = 'anything'\n"
            f"    valid = lambda self, K, L: True\n    cost = lambda self, K, L: sp.Integer(K)\n    {body}\n"
        )
    (tmp_path / "my.py").write_text(body)
    done = dufm("compare", f"{tmp_path / 'my.py'}:Mine", "--K", "3", "--L", "4")
    assert done.returncode == 2 and words in done.stderr, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_readmes_own_structure(tmp_path: Path) -> None:
    options = ["--K", "10", "--L", "4", "--json", "--out", str(tmp_path / "new" / "c.json")]
    done = dufm("compare", "examples/my.py:Mine", *options)
    record = json.loads(done.stdout)
    mine = record["rows"][0]
    assert mine["C_over_K"] == pytest.approx(0.816808, abs=1e-6) and mine["agrees"] and mine["exact"]
    assert mine["critical_depth"] == pytest.approx(2.54034, abs=1e-5)
    assert record["certificate"]["accepted"]
    assert dufm("check", str(tmp_path / "new" / "c.json")).returncode == 0


def test_compare_takes_a_strength_for_each_factor(tmp_path: Path) -> None:
    def losses(*options: str) -> tuple[float, list[float]]:
        done = dufm("compare", "srg", "--K", "6", "--L", "3", "--json", *options)
        found = json.loads(done.stdout)
        return found["x"], [row["loss"] for row in found["rows"]]

    unequal = losses("--lam", "0.001,0.002,0.004,0.008", "--out", str(tmp_path / "c.json"))
    # Only the geometric mean matters: 0.001 * 2^(3/2).
    assert unequal[1] == pytest.approx(losses("--lam", "0.00282842712474619")[1], rel=1e-12)
    assert json.loads((tmp_path / "c.json").read_text())["problem"]["lambdas"] == [
        [1, 1000],
        [1, 500],
        [1, 250],
        [1, 125],
    ]
    done = dufm("compare", "srg", "--K", "6", "--L", "3", "--lam", "0.001,0.002")
    assert done.returncode == 2 and "lambdas must be one number or L + 1 = 4 numbers" in done.stderr
    done = dufm("compare", "polygon", "--loss", "ce", "--K", "6", "--L", "2", "--lam", "0.01,0.02,0.04", "--json")
    assert json.loads(done.stdout)["Lambda"] == pytest.approx(0.02)


LIES = {
    # 5^(L-3) = 5 times as much in h as in q: right at L = 4 alone.
    "cost": ("sp.Rational(55, 36), 5)", "sp.Rational(1, 36), 5)", 1),
    "negative": ("HeadCost(nuclear_norm(5) ** 2 * 50 * sp.Rational(55, 36), 5)", "-sp.Integer(8)", 1),
    "depth": ("sp.Rational(55, 36), 5)", "sp.Rational(55, 36) * 5, 1)", 0),
}


@pytest.mark.parametrize("kind", LIES)
def test_a_structure_is_ranked_by_its_weights_whatever_it_states(kind: str, tmp_path: Path) -> None:
    true, lie, code = LIES[kind]
    (tmp_path / "my.py").write_text(Path("examples/my.py").read_text().replace(true, lie))
    arguments = ["compare", f"{tmp_path / 'my.py'}:Mine", "--K", "10", "--L", "4"]
    done, told = dufm(*arguments), dufm(*arguments, "--json")
    assert done.returncode == told.returncode == code, done.stderr
    assert ("is NOT theirs" in done.stdout) == bool(code) and "beats DNC at every L" not in done.stdout
    mine = json.loads(told.stdout)["rows"][0]
    assert mine["C_over_K"] == pytest.approx(0.816808, abs=1e-6) and mine["critical_depth"] is None


def test_search_reports_saves_and_certifies(tmp_path: Path) -> None:
    options = "search --K 7 --L 3 --lam 3/1400 --width 11 --restarts 8 --json --out".split()
    record = json.loads(dufm(*options, str(tmp_path)).stdout)
    assert record["ratio_to_dnc"] < 0.9834 and record["certificate"]["accepted"]
    assert Path(record["saved"]).exists() and record["polish"]["residual"] < 1e-10
    assert [layer["name"] for layer in record["layers"]] == ["P_2", "F_2", "P_3", "F_3", "Z"]
    shown = dufm(*[o for o in options if o != "--json"], str(tmp_path)).stdout
    assert "accepted by checker.py" in shown and "best known: looped-hub(7)" in shown


def test_search_says_so_where_everything_collapses(tmp_path: Path) -> None:
    for lam in ("1", "1e300"):
        done = dufm("search", "--K", "3", "--L", "3", "--lam", lam, "--restarts", "4", "--out", str(tmp_path))
        assert done.returncode == 0 and "Zero weights are optimal" in done.stdout, done.stderr
    done = dufm(*"search --K 3 --L 3 --lam 0.2 --restarts 4 --out".split(), str(tmp_path))
    assert done.returncode == 0 and "everything collapses" in done.stdout and "rank" not in done.stdout


def test_search_with_a_strength_for_each_factor_and_samples(tmp_path: Path) -> None:
    options = "search --K 4 --L 4 --lam 0.002,0.003,0.001,1/500,0.004 --n 5 --restarts 24 --json --out".split()
    record = json.loads(dufm(*options, str(tmp_path)).stdout)
    assert record["ratio_to_dnc"] < 0.98 and record["certificate"]["accepted"]
    again = json.loads(dufm(*options, str(tmp_path), "--resume").stdout)
    assert again["restarts"] == 48 and again["loss"] <= record["loss"]
    other = dufm(*"search --K 4 --L 4 --lam 0.002 --restarts 2 --resume --out".split(), str(tmp_path))
    assert other.returncode == 2 and "--resume" in other.stderr


def test_six_classes_at_four_layers_reach_the_known_loss(tmp_path: Path) -> None:
    options = "search --K 6 --L 4 --lam 0.002 --target 0.02717 --json --out".split()
    record = json.loads(dufm(*options, str(tmp_path)).stdout)
    assert record["loss"] <= 0.02717
    assert record["known"]["dnc"]["loss"] == pytest.approx(0.029927474, abs=5e-10)


def test_verify_prints_the_tables_and_json(tmp_path: Path) -> None:
    done = dufm("verify", "--only", "three-layers,one-layer", "--out", str(tmp_path))
    assert done.returncode == 0 and "2 PROVED; 1 of 1 certificates accepted" in done.stdout
    again = dufm("verify", "--only", "three-layers", "--resume", "--json", "--out", str(tmp_path))
    assert json.loads(again.stdout)["claims"][0]["status"] == "PROVED"


def test_lists(tmp_path: Path) -> None:
    assert {c["label"] for c in json.loads(dufm("claims", "--json").stdout)} >= {"three-layers", "srg-wins"}
    rows = {s["name"]: s for s in json.loads(dufm("structures", "--K", "10", "--L", "4", "--json").stdout)}
    assert rows["srg"]["C_over_K"] == pytest.approx(0.9013551490741312, abs=1e-12)
    assert rows["head32"]["C_over_K"] is None
    assert "C / K = 0.90135515" in dufm("derive", "srg", "--L", "4").stdout
    whole = dufm("derive", "srg", "--L", "4", "--format", "latex", "--standalone").stdout
    assert whole.startswith("\\documentclass") and whole.endswith("\\end{document}\n")
    assert "$C/K = 0.90135515$" in whole and "$C_{\\mathrm{SRG}} < K$ for every $r \\ge 4$" in whole
    assert dufm().stdout.startswith("Usage")


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    options = "search --K 10 --L 4 --lam 0.0015 --restarts 100000 --out".split()
    process = subprocess.Popen(
        [*PROGRAM, *options, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.startswith("1/100000 best "), first
    process.send_signal(signal.SIGINT)
    shown, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert "interrupted" in shown + errors


def test_every_command_stands_in_one_section_of_the_help_with_a_whole_sentence() -> None:
    listed = [name for names in SECTIONS.values() for name in names]
    assert sorted(listed) == sorted(get_command(app).commands) and len(set(listed)) == len(listed)  # pyright: ignore
    for words, heading in (("--help", "Search and certify:"), ("jumps --help", "Commands:")):
        shown = dufm(*words.split()).stdout.partition("Options:")[2]
        assert heading in shown and "..." not in shown
    assert first_sentence("One. Two.") == "One" and first_sentence("Two\n  lines.\n\nMore.") == "Two lines"
