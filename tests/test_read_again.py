"""What a file says of weights is computed again from them: an edited field is named, one line, and nothing is shown."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dufm.solvers.base.files import read_archive, write_archive
from dufm.solvers.ce.search import ce_search
from dufm.solvers.jumps import chains, instance
from dufm.solvers.jumps import store as chain_store
from dufm.solvers.search import saved_state, solution
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.training import batch
from dufm.solvers.training import store as training_store
from dufm.solvers.training.setting import DescentSetting
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.cli import app

THREE = Problem.of(3, 3, "0.01")
CE = Problem.of(3, 2, "0.01", loss="ce")
Kept = tuple[Path, str, Callable[[], Any]]


def kept_solution(path: Path, problem: Problem = THREE) -> Kept:
    found, _ = (ce_search if problem.loss == "ce" else global_search)(problem, SearchOptions(restarts=4))
    return solution.save(found, path), solution.FORMAT, lambda: solution.load(path)


def kept_state(path: Path, problem: Problem = THREE) -> Kept:
    _, state = (ce_search if problem.loss == "ce" else global_search)(problem, SearchOptions(restarts=4))
    saved_state.save_state(problem, 0, state, path)
    return path, saved_state.FORMAT, lambda: saved_state.load_state(problem, 0, path)


def kept_training(path: Path) -> Kept:
    found = batch.train([DescentSetting(Problem.of(3, 3, "0.01", 5, 2), 0.3, 0.7, 20)], 1, 1)
    training_store.save(found, path)
    return path, training_store.FORMAT, lambda: training_store.load(path)


def kept_chains(path: Path) -> Kept:
    completion = instance.Completion(np.eye(3), np.ones((3, 3), dtype=bool))
    setting = chains.ChainSetting(completion, 0.01, 0.05, 10)
    start = chains.begin(setting, [np.eye(3), 0.5 * np.eye(3)], 2)
    chain_store.save(setting, chains.advance(setting, start), path)
    return path, chain_store.FORMAT, lambda: chain_store.load(path)


TINY = (1e-9).hex()


def set_at(record: dict[str, Any], keys: list[Any], value: Any) -> None:
    for key in keys[:-1]:
        record = record[key]
    record[keys[-1]] = value


LIES: dict[str, tuple[Callable[[Path], Kept], list[Any], str]] = {
    "loss of a solution": (kept_solution, ["loss"], "loss"),
    "loss of a solution, cross-entropy": (lambda p: kept_solution(p, CE), ["loss"], "loss"),
    "best of a search": (kept_state, ["best", 0], "best"),
    "best of a search, cross-entropy": (lambda p: kept_state(p, CE), ["best", 0], "best"),
    "a minimum of a search": (kept_state, ["groups", 0, 0], "groups"),
    "loss of a run": (kept_training, ["runs", 0, "told", 0], "loss of run 0"),
    "fit of a run": (kept_training, ["runs", 0, "told", 1], "fit of run 0"),
}


@pytest.mark.parametrize("kind", LIES)
def test_a_number_that_is_not_that_of_the_weights_is_refused(kind: str, tmp_path: Path) -> None:
    made, keys, field = LIES[kind]
    path, form, load = made(tmp_path / "kept.npz")
    load()
    record, arrays = read_archive(path, form)
    set_at(record, keys, TINY)
    # With digests that fit: only the weights can tell.
    write_archive(path, form, record, arrays)
    with pytest.raises(ProblemError, match=f"kept.npz.*field {field}.* says 1[.]0+1?e-09, its weights have") as caught:
        load()
    assert "\n" not in str(caught.value)


def test_singular_values_that_are_not_those_of_the_chains_are_refused(tmp_path: Path) -> None:
    path, form, load = kept_chains(tmp_path / "kept.npz")
    load()
    record, arrays = read_archive(path, form)
    write_archive(path, form, record, arrays | {"sigma": arrays["sigma"] * 1.001})
    with pytest.raises(ProblemError, match="kept.npz.*field sigma does not end with"):
        load()


@pytest.mark.parametrize("made", [kept_solution, kept_state, kept_training, kept_chains])
def test_every_field_that_was_edited_is_named(made: Callable[[Path], Kept], tmp_path: Path) -> None:
    path, form, load = made(tmp_path / "kept.npz")
    with np.load(path) as held:
        whole = dict(held)
    fields = [name for name in json.loads(str(whole["record"])) if name != "format"]
    for field in fields:
        record = json.loads(str(whole["record"])) | {field: 12345}
        np.savez(path, **whole | {"record": np.array(json.dumps(record))})
        with pytest.raises(ProblemError, match=f"kept.npz.*field {field} is not as it was written"):
            load()
    for name in whole.keys() - {"record", "digests"}:
        np.savez(path, **whole | {name: whole[name].ravel()[:-1]} if whole[name].size else whole | {name: np.ones(1)})
        with pytest.raises(ProblemError, match=f"kept.npz.*field {name} is not as it was written"):
            load()
    np.savez(path, **{name: array for name, array in whole.items() if name != "digests"})
    with pytest.raises(ProblemError, match="no digests"):
        load()
    np.savez(path, **whole)
    load()


def test_a_search_does_not_go_on_from_an_edited_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = replace(THREE, width=7)
    _, state = global_search(problem, SearchOptions(restarts=4))
    path = saved_state.save_state(problem, 0, state, tmp_path / "K3_L3_d7_seed0.state.npz")
    record, arrays = read_archive(path, saved_state.FORMAT)
    record["best"][0] = TINY
    write_archive(path, saved_state.FORMAT, record, arrays)
    words = "dufm search --K 3 --L 3 --lam 0.01 --restarts 2 --resume --out".split()
    monkeypatch.setattr("sys.argv", [*words, str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        app.main()
    shown = capsys.readouterr()
    assert ended.value.code == 2 and shown.out == ""
    assert "field best says 1.0" in shown.err and path.name in shown.err and shown.err.count("\n") == 1
