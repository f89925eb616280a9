"""Every option of every command, taken from the Typer app itself, is checked before the command begins its work."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from dufm.verification.cli.app import app, main

CLI = "dufm.verification.cli."
# Where each command's work begins: reached, the options were accepted.
WORK = {
    "verify": [CLI + "verify.run"],
    "bound": ["dufm.verification.answers.bound.lower_certificate"],
    "derive": ["dufm.theory.derivations.derivation"],
    "search": [CLI + "search.losses_beside", CLI + "search.sound_bound", CLI + "search.compiled_homotopy"],
    "compare": ["dufm.verification.answers.compare.inspect"],
    "figures": ["dufm.paper_figs.write_figures"],
    "intervals": [CLI + "intervals.envelope"],
    "frontier": [CLI + "frontier.improve"],
    "map": [CLI + "map.swept"],
    "records": [CLI + "map.check_atlas", CLI + "map.extract"],
    "submit": [CLI + "map.submit"],
    "check-weights": [CLI + "weights.read_weight_file"],
    "evaluator": ["dufm.verification.answers.evaluator.best_loss"],
    "ce-table": ["dufm.solvers.ce.records.fill"],
    "ce-persistence": ["dufm.solvers.ce.study.persistence"],
    "ce-landscape": ["dufm.solvers.ce.landscape.critical_points"],
    "train": ["dufm.solvers.training.batch.train"],
    "landscape": [CLI + "jumps.minima.branch_minimum"],
    "chains": [CLI + "jumps.chains.branch_minimum"],
    "certify": [CLI + "jumps.exact.certify", CLI + "jumps.exact.eta_max"],
    "exit-time": [CLI + "jumps.exact.exit_time"],
    "rank-two": ["dufm.solvers.rank_two.tasks.train_task"],
    "rfm": [CLI + "rfm.run_layers"],
    "network": [CLI + "network_run.trained"],
}
REQUIRED = {
    "K": "6",
    "L": "4",
    "x": "0.1",
    "lam": "0.01",
    "widths": "8",
    "structure": "srg",
    "file": "no.npz",
    "files": "no.json",
}
# Not required, but given where nothing else says how many classes there are.
USUAL = {("search", "K")}
BAD = {
    "int": ("-1", "0", "nan", "1e400", "text"),
    "float": ("-1", "0", "nan", "1e400", "text"),
    "str": ("-1", "0", "nan", "1e400", "banana", ""),
}
# What makes sense although it looks odd: a loss to stop at that is never reached.
SENSIBLE = {("search", "target", "-1"), ("search", "target", "0"), ("landscape", "ranks", "0")}
# Where 0 stands for none, or in `jobs` for all cores.
NONE = {"seed", "jobs", "minima", "searches", "inject", "ridge", "momentum", "decay"}
NONE_OF = {("bound", "x"), ("rank-two", "lam"), ("exit-time", "number")}
# Checked by what they are handed to, after the command has begun: an address, a folder that is read, arrays of a file.
LATER = {("map", "dask"), ("submit", "atlas"), ("check-weights", "names")}


def every() -> Iterator[tuple[tuple[str, ...], Any]]:
    """(words that name the command, parameter) for all of them."""

    def below(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        for name, part in getattr(command, "commands", {}).items():
            yield from below((*words, name), part)
        if not hasattr(command, "commands"):
            yield from ((words, parameter) for parameter in command.params)

    return below((), get_command(app))


def is_option(parameter: Any) -> bool:
    return parameter.opts[0].startswith("-")


def kind(parameter: Any) -> str:
    return getattr(parameter.type_descriptor.annotation, "__name__", "list")


CASES = [
    (words, parameter, value)
    for words, parameter in every()
    for value in BAD.get(kind(parameter), ())
    if is_option(parameter) and (words[-1], parameter.name) not in LATER
]
PATHS = [
    (words, parameter)
    for words, parameter in every()
    if kind(parameter) in {"Path"} and (words[-1], parameter.name) not in LATER
]


class Began(BaseException):
    """The work of a command was reached."""


def called(words: tuple[str, ...], options: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> int | str:
    """The exit code, or "began"."""

    def begin(*_: Any, **__: Any) -> None:
        raise Began

    for target in WORK.get(words[-1], []):
        module, _, name = target.rpartition(".")
        monkeypatch.setattr(import_module(module), name, begin)
    needed = [p for own, p in every() if own == words and (p.required or (*own, p.name) in USUAL)]
    line = [f"{p.opts[0]}={REQUIRED[p.name]}" for p in needed if is_option(p) and p.name in REQUIRED]
    line = [word for word in line if word.partition("=")[0] not in options]
    line += [REQUIRED[p.name] for p in needed if not is_option(p)]
    if words == ("derive",):
        line.append("srg")
    line += [f"{name}={value}" for name, value in options.items()]
    monkeypatch.setattr(sys, "argv", ["dufm", *words, *line])
    try:
        main()
    except Began:
        return "began"
    except SystemExit as ended:
        return int(ended.code or 0)
    raise AssertionError("main() came back")


@pytest.mark.parametrize(
    ("words", "parameter", "value"), CASES, ids=[f"{' '.join(w)} {p.opts[0]}={v}" for w, p, v in CASES]
)
def test_a_value_that_makes_no_sense_is_refused_before_the_work(
    words: tuple[str, ...],
    parameter: Any,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = called(words, {parameter.opts[0]: value}, monkeypatch)
    said = capsys.readouterr().err
    none = value == "0" and (parameter.name in NONE or (words[-1], parameter.name) in NONE_OF)
    if none or (words[-1], parameter.name, value) in SENSIBLE:
        assert ended == "began"
        return
    assert ended == 2, said
    assert len(said.strip().splitlines()) == 1 and said.startswith("error: ")
    assert parameter.opts[0].strip("-").split("-")[0].casefold() in said.casefold()


@pytest.mark.parametrize(("words", "parameter"), PATHS, ids=[f"{' '.join(w)} {p.opts[0]}" for w, p in PATHS])
def test_a_path_below_a_file_is_refused_before_the_work(
    words: tuple[str, ...],
    parameter: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    if not is_option(parameter) or parameter.name == "root":
        return
    more = {"--K": "6", "--L": "4", "--x": "0.012"} if parameter.name == "extract" else {}
    ended = called(words, more | {parameter.opts[0]: str(tmp_path / "file" / "below")}, monkeypatch)
    said = capsys.readouterr().err
    assert ended == 2, said
    assert len(said.strip().splitlines()) == 1 and "file/below" in said or "file" in said


def test_the_app_has_the_options_this_file_speaks_of() -> None:
    assert len(CASES) > 300 and len(PATHS) > 15
    assert {words[-1] for words, _ in every()} >= set(WORK)
    assert {kind(p) for _, p in every()} <= {"int", "float", "str", "bool", "Path", "list"}


@pytest.mark.parametrize(
    ("words", "options", "said"),
    [
        (("search",), {"--minima": "-1"}, "--minima must be an integer >= 0, got -1"),
        (("search",), {"--loss": "ce", "--device": "banana"}, "--device must be one of auto, cpu, cuda, got 'banana'"),
        (("network",), {"--device": "banana"}, "--device must be one of auto, cpu, cuda, got 'banana'"),
        (("network",), {"--net": "head", "--width": "5"}, "--width must be an integer >= 10, the classes"),
    ],
)
def test_faults_that_came_late(
    words: tuple[str, ...],
    options: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert called(words, options, monkeypatch) == 2
    assert said in capsys.readouterr().err


def test_a_start_too_large_ends_as_diverged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    line = "dufm train --K 3 --L 4 --width 3 --scale 1e200 --runs 1 --steps 3 --json"
    monkeypatch.setattr(sys, "argv", line.split())
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0


def test_a_strength_too_large_for_any_critical_point_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", "dufm ce-landscape --K 4 --L 2 --lam 100 --widths 4".split())
    with pytest.raises(SystemExit):
        main()
    assert "the strength is too large" in capsys.readouterr().out
