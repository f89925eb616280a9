"""A search kept on disk goes on as if it had never stopped; damage and foreign files are one clear line."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dufm.solvers.base.files import read_archive, write_archive
from dufm.solvers.ce.search import ce_search
from dufm.solvers.objectives.squared import loss
from dufm.solvers.search.bandit import START_RECIPES
from dufm.solvers.search.found import Found
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.search.saved_state import KEPT, load_state, save_state
from dufm.solvers.search.state import Group, SearchState
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.cli import search_state as search_state
from dufm.verification.cli.search_state import Keeper

SIX = Problem.of(6, 4, "0.002", width=10)


def told(state: SearchState) -> list[object]:
    """Everything in a state but weights and polishes, comparable."""
    groups = sorted((g.loss, g.hits, g.fixed) for g in state.groups)
    return [state.losses, state.best.loss, groups, state.fixed, state.since, state.recipes]


def test_a_search_loaded_from_disk_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    first, state = global_search(SIX, SearchOptions(restarts=8, seed=5))
    loaded = load_state(SIX, 5, save_state(SIX, 5, state, tmp_path / "s.npz"))
    assert told(loaded) == told(state)
    for group, again in zip(sorted(state.groups, key=lambda g: g.loss), loaded.groups, strict=True):
        assert all((a == b).all() for a, b in zip(group.weights, again.weights, strict=True))
    there, here = (global_search(SIX, SearchOptions(restarts=24, seed=5), state=s) for s in (state, loaded))
    assert (there[0].losses == here[0].losses).all() and there[0].loss == here[0].loss
    assert told(there[1])[2:] == told(here[1])[2:]
    assert len(here[0].losses) == 32 and (here[0].losses[:8] == first.losses).all()


def test_many_minima_keep_their_counts_and_the_lowest_their_weights(tmp_path: Path) -> None:
    six = replace(SIX, width=6)
    found = [(np.eye(6),) * 4 + ((1 + i / 100) * np.eye(6),) for i in range(KEPT + 20)]
    groups = [Group(loss(six, w), w, i + 1, i) for i, w in enumerate(found)]
    state = SearchState([0.1, float("nan")], Found(groups[0].loss, found[0]), groups[::-1], 3, since=1)
    loaded = load_state(six, 0, save_state(six, 0, state, tmp_path / "s.npz"))
    assert [len(g.weights) for g in loaded.groups] == [5] * KEPT + [0] * 20
    assert [g.hits for g in loaded.groups] == [i + 1 for i in range(KEPT + 20)]
    assert (
        np.isnan(loaded.losses[1]) and loaded.since == 1 and [r.recipe for r in loaded.recipes] == list(START_RECIPES)
    )


def test_cross_entropy_searches_are_kept_too(tmp_path: Path) -> None:
    problem = Problem.of(4, 2, "0.01", loss="ce")
    _, state = ce_search(problem, SearchOptions(restarts=100))
    loaded = load_state(problem, 0, save_state(problem, 0, state, tmp_path / "s.npz"))
    assert told(loaded) == told(state) and loaded.recipes == []
    assert loaded.summary() == state.summary() and loaded.summary()["fixed_restarts"] == 100


def test_arms_of_another_version_are_forgotten(tmp_path: Path) -> None:
    _, state = global_search(SIX, SearchOptions(restarts=12, seed=0))
    path = save_state(SIX, 0, state, tmp_path / "s.npz")
    record, arrays = read_archive(path, "dufm-search-state-1")
    record["arms"][0] = ["spiral", 0.5, 0.5, 9, 9, "0x1p-3"]
    write_archive(path, "dufm-search-state-1", record, arrays)
    loaded = load_state(SIX, 0, path)
    assert [r.recipe for r in loaded.recipes] == list(START_RECIPES) and loaded.recipes[0].tried == 0
    assert loaded.recipes[1:] == state.recipes[1:]


@pytest.mark.parametrize("cut", [0, 100, 2000])
def test_damage_is_one_clear_line(cut: int, tmp_path: Path) -> None:
    _, state = global_search(SIX, SearchOptions(restarts=4, seed=0))
    path = save_state(SIX, 0, state, tmp_path / "s.npz")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ProblemError, match="--resume: the search file must be an undamaged .npz") as caught:
        load_state(SIX, 0, path)
    assert "\n" not in str(caught.value) and str(caught.value).endswith("(not an archive, or cut off)")


def test_another_problem_or_seed_is_refused(tmp_path: Path) -> None:
    _, state = global_search(SIX, SearchOptions(restarts=4, seed=0))
    path = save_state(SIX, 0, state, tmp_path / "s.npz")
    for problem, seed in ((SIX, 1), (replace(SIX, width=11), 0), (Problem.of(6, 4, "0.003", width=10), 0)):
        with pytest.raises(ProblemError, match="belongs to another problem or seed"):
            load_state(problem, seed, path)


def test_a_running_search_is_kept_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = Keeper(SIX, 2, tmp_path / "out.npz")
    keeper(SearchState())
    assert not keeper.path.exists() and keeper.earlier(True) is None
    monkeypatch.setattr(search_state, "SECONDS", -1.0)
    seen: list[int] = []

    def killed(state: SearchState) -> None:
        keeper(state)
        seen.append(len(state.losses))
        if len(seen) == 9:
            raise SystemExit

    with pytest.raises(SystemExit):
        global_search(SIX, SearchOptions(restarts=50, seed=2, progress=killed))
    earlier = keeper.earlier(True)
    assert earlier is not None and len(earlier.losses) == 9 and sum(g.hits for g in earlier.groups) == 9
    assert keeper.earlier(False) is None


def test_a_full_disk_does_not_end_a_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError("cannot write s.npz: No space left on device")

    monkeypatch.setattr(search_state, "save_state", full)
    monkeypatch.setattr(search_state, "SECONDS", -1.0)
    solution, _ = global_search(SIX, SearchOptions(restarts=4, seed=0, progress=Keeper(SIX, 0, tmp_path / "out.npz")))
    assert len(solution.losses) == 4
    told = capsys.readouterr().err.splitlines()
    assert set(told) == {"the search goes on, but cannot write s.npz: No space left on device"}
