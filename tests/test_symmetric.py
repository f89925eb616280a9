"""Symmetric weights: the loss without writing them out, the search, a checker that agrees with the whole matrices."""

import json
import math
import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dufm.solvers.objectives.squared import loss
from dufm.solvers.search.solution import Outcome
from dufm.solvers.symmetric.grid import Grid, GridObjective
from dufm.solvers.symmetric.search import symmetric_search
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi
from dufm.theory.stated import ProblemError
from dufm.verification import symmetric_checker
from dufm.verification.base.certificate import symmetric_certificate
from dufm.verification.base.checkers import checker_of

X = Fraction(15, 1000)
GRIDS = [Grid((3,), 2), Grid((2, 3)), Grid((2, 2, 2), 2), Grid((4, 2))]


def problem_of(grid: Grid, L: int, n: int = 1) -> Problem:
    strengths = [X / grid.K * (1 + i) for i in range(L + 1)]
    return Problem.of(grid.K, L, strengths, None, n)


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_the_loss_and_its_gradient_are_those_of_the_whole_matrices(grid: Grid) -> None:
    problem = problem_of(grid, 3, n=2)
    objective = GridObjective(problem, grid, grid.free + 1)
    generator = np.random.default_rng(3)
    vector = generator.standard_normal(objective.size)
    weights = objective.weights(vector)
    whole = [grid.written_out(w) for w in weights]
    assert objective.loss(weights) == pytest.approx(loss(problem, whole), rel=1e-12)
    assert objective.loss(weights) <= objective.evaluate(vector)[0] * (1 + 1e-12)
    assert np.allclose(objective.vector(objective.blocks(vector)), vector)
    value, gradient = objective.evaluate(vector, 0.1)
    move = generator.standard_normal(objective.size)
    ahead, back = (objective.evaluate(vector + h * move, 0.1)[0] for h in (1e-5, -1e-5))
    assert (ahead - back) / 2e-5 == pytest.approx(float(gradient @ move), rel=1e-6) and value > 0


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_a_grids_permutations_change_nothing(grid: Grid) -> None:
    parts = np.random.default_rng(0).standard_normal((grid.parts, 2, grid.free))
    whole = grid.written_out(parts)
    points = np.arange(grid.points).reshape(grid.sides)
    for axis, side in enumerate(grid.sides):
        moved = np.take(points, np.roll(np.arange(side), 1), axis=axis).ravel()
        rows = (moved[:, None] * 2 + np.arange(2)).ravel()
        columns = (moved[:, None] * grid.free + np.arange(grid.free)).ravel()
        assert (whole[np.ix_(rows, columns)] == whole).all()


def exact(certificate: dict[str, Any]) -> list[list[list[Fraction]]]:
    """The whole matrices of a certificate, written out with nothing of what judges it."""
    sides = certificate["problem"]["sides"]
    points = [tuple(int(i) for i in index) for index in np.ndindex(*sides)]
    found = []
    for m in certificate["witness"]:
        rows = []
        for p in points:
            kinds = [int("".join(str(int(a != b)) for a, b in zip(p, q, strict=True)), 2) for q in points]
            for i in range(len(m["parts"][0])):
                rows.append([Fraction(x, m["den"]) for kind in kinds for x in m["parts"][kind][i]])
        found.append(rows)
    return found


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize("L", [2, 4])
def test_the_checker_finds_the_exact_loss_of_the_whole_matrices(grid: Grid, L: int) -> None:
    problem = problem_of(grid, L, n=3)
    generator = np.random.default_rng(L)
    shapes = [(2, grid.free), *[(2 + i % 2, 2 + (i + 1) % 2) for i in range(L)]]
    shapes = [(a, shapes[i - 1][0] if i else b) for i, (a, b) in enumerate(shapes)]
    shapes[-1] = (grid.free, shapes[-2][0])
    weights = [generator.standard_normal((grid.parts, *shape)) for shape in shapes]
    certificate = symmetric_certificate(problem, grid.sides, weights, "random", {})
    content = tuple(certificate["problem"].items())
    data = json.loads(json.dumps(certificate["witness"]), object_pairs_hook=tuple)
    margin, _, _, facts = symmetric_checker.check_symmetric(content, data)
    assert facts["loss"] == problem.objective(exact(certificate))
    assert margin == facts["dnc_bound"] - facts["loss"]


@pytest.fixture(scope="module")
def found():
    grid = Grid((10, 10, 10))
    return symmetric_search(Problem.of(1000, 4, X / 1000), grid, restarts=2, seed=0)


@pytest.fixture(scope="module")
def certificate(found) -> dict[str, Any]:
    return symmetric_certificate(found.problem, found.grid.sides, found.weights, "search", {"seed": 0})


def test_a_thousand_classes_have_a_certified_winner(found, certificate) -> None:
    assert found.loss < 0.5 * float(phi(4, X)[0]) and found.outcome is Outcome.FINISHED
    text = json.dumps(certificate).encode()
    assert checker_of(text) is symmetric_checker and len(text) < 10_000
    result = symmetric_checker.check(text, {"kind": "symmetric", "K": 1000, "L": 4, "width": 3000})
    assert result.ok, result.sentence
    assert float(result.facts["loss"]) == pytest.approx(found.loss, rel=1e-9)
    assert not symmetric_checker.check(text, {"width": 2999}).ok and not symmetric_checker.check(text, {"K": 999}).ok
    assert not symmetric_checker.check(text, {"else": 1}).ok


def test_a_search_depends_on_its_seed_alone_and_stops_with_what_it_has() -> None:
    grid = Grid((4, 5), 2)
    problem = Problem.of(40, 4, X / 40)
    one, two = (symmetric_search(problem, grid, 2, seed) for seed in (1, 1))
    assert one.losses == two.losses and all((a == b).all() for a, b in zip(one.weights, two.weights, strict=True))
    assert one.loss == min(one.losses) == GridObjective(problem, grid, 4).loss(one.weights)
    assert symmetric_search(problem, grid, 1, 2).losses != one.losses[:1]
    asked = iter([False] * 200)
    cut = symmetric_search(problem, grid, 2, 1, stop=lambda: next(asked, True))
    assert cut.outcome is Outcome.STOPPED and not cut.losses and np.isfinite(cut.loss)
    assert symmetric_search(problem, grid, 5, 1, target=1.0).outcome is Outcome.TARGET_REACHED


def spoiled(certificate: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Twins of an accepted certificate, each wrong in one way."""

    def twin(change: Any) -> dict[str, Any]:
        copy = json.loads(json.dumps(certificate))
        change(copy)
        return copy

    def part(c: dict[str, Any], matrix: int = 2) -> Any:
        return c["witness"][matrix]["parts"]

    return {
        "a weight": twin(lambda c: part(c)[0][0].__setitem__(0, part(c)[0][0][0] + 9 * c["witness"][2]["den"])),
        "an entry that occurs often": twin(lambda c: part(c)[7][0].__setitem__(0, c["witness"][2]["den"] // 10)),
        "a denominator": twin(lambda c: c["witness"][0].__setitem__("den", 1 + c["witness"][0]["den"] // 2)),
        "sides": twin(lambda c: c["problem"].__setitem__("sides", [10, 10, 11])),
        "sides swapped for free ones": twin(lambda c: c["problem"].update(sides=[10, 10, 5], free=2)),
        "K": twin(lambda c: c["problem"].__setitem__("K", 1001)),
        "strengths": twin(lambda c: c["problem"].__setitem__("lambdas", [[1, 10**9]] * 5)),
        "strength missing": twin(lambda c: c["problem"]["lambdas"].pop()),
        "a part missing": twin(lambda c: part(c).pop()),
        "parts of two shapes": twin(lambda c: part(c)[3].pop()),
        "a ragged part": twin(lambda c: part(c)[3][0].pop()),
        "a float": twin(lambda c: part(c)[0][0].__setitem__(0, 0.5)),
        "true": twin(lambda c: part(c)[0][0].__setitem__(0, True)),
        "a factor missing": twin(lambda c: c["witness"].pop()),
        "factors swapped": twin(lambda c: c["witness"].reverse()),
        "den 0": twin(lambda c: c["witness"][1].__setitem__("den", 0)),
        "den below 0": twin(lambda c: c["witness"][1].__setitem__("den", -(2**50))),
        "a side of 1": twin(lambda c: c["problem"].update(sides=[1000, 1, 1])),
        "no sides": twin(lambda c: c["problem"].update(sides=[], free=1000)),
        "another kind": twin(lambda c: c.__setitem__("kind", "point")),
        "another version": twin(lambda c: c.__setitem__("version", True)),
        "something more": twin(lambda c: c.__setitem__("more", 1)),
        "too much work": twin(lambda c: c["witness"][1].__setitem__("den", 10**999)),
    }


def test_spoiled_twins_are_refused(certificate) -> None:
    assert symmetric_checker.check(json.dumps(certificate)).ok
    for words, twin in spoiled(certificate).items():
        result = symmetric_checker.check(json.dumps(twin))
        assert not result.ok and result.sentence and "\n" not in result.sentence, words
    for text in ("", "[]", "null", '{"format":"dufm-certificate"}', "[" * 10**5, b"\xff", '{"a":NaN}', "7" * 5000):
        assert not symmetric_checker.check(text).ok
    twice = json.dumps(certificate).replace('"version": 1', '"version": 1, "version": 1')
    assert not symmetric_checker.check(twice).ok


def test_dnc_itself_is_refused() -> None:
    """The best multiple of the identity ties with DNC's infimum: no strict win."""
    problem = Problem.of(12, 3, X / 12)
    low, high = phi(3, X)
    objective = GridObjective(problem, Grid((3, 4)), 1)
    scale = (2 * float(high) / 4 / float(X)) ** 0.5
    weights = [np.array([[[scale]], [[0.0]], [[0.0]], [[0.0]]])] * 4
    certificate = symmetric_certificate(problem, (3, 4), weights, "dnc", {})
    result = symmetric_checker.check(json.dumps(certificate))
    assert not result.ok and result.margin <= 0 and objective.loss(weights) >= float(low) * (1 - 1e-12)


def test_the_checker_runs_alone(tmp_path, certificate) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(certificate))
    bad.write_text(json.dumps(spoiled(certificate)["a weight"]))
    for files, code in (([good], 0), ([bad], 1), ([good, tmp_path / "none.json"], 2)):
        command = [sys.executable, "-S", "-I", str(symmetric_checker.__file__), *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code and len((done.stdout + done.stderr).splitlines()) == len(files)


@pytest.mark.parametrize("sides", [(), (1, 4), (2,) * 7])
def test_a_grid_that_is_none_is_refused(sides: tuple[int, ...]) -> None:
    with pytest.raises(ProblemError, match="^a grid needs"):
        Grid(sides)


def test_a_problem_that_does_not_fit_is_refused() -> None:
    for problem in (Problem.of(13, 3, X), Problem.of(12, 1, X), Problem.of(12, 3, X, loss="ce")):
        with pytest.raises(ProblemError):
            symmetric_search(problem, Grid((3, 4)))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--symmetry", "10,11"], "--symmetry"),
        (["--symmetry", "ten"], "--symmetry"),
        (["--symmetry", "1,12"], "--symmetry"),
        (["--symmetry", "3,4", "--width", "20"], "--width"),
        (["--symmetry", "3,4", "--resume"], "--resume"),
        (["--symmetry", "3,4", "--minima", "2"], "--minima"),
        (["--symmetry", "3,4", "--device", "cuda"], "--device"),
        (["--symmetry", "3,4", "--loss", "ce"], "--symmetry"),
        (["--symmetry", "3,4", "--bias", "last"], "--symmetry"),
    ],
)
def test_the_command_names_what_does_not_fit(tmp_path, options: list[str], named: str) -> None:
    command = [sys.executable, "-m", "dufm", "search", "--K", "12", "--L", "4", "--lam", "0.00125", "--out"]
    done = subprocess.run([*command, str(tmp_path), *options], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2 and done.stderr.startswith(f"error: {named} ") and done.stderr.count("\n") == 1


def test_the_command_finds_saves_and_certifies(tmp_path) -> None:
    command = [sys.executable, "-m", "dufm", "search", "--K", "64", "--L", "5", "--lam", "1/4000", "--out"]
    command += [str(tmp_path), "--symmetry", "4,4,4", "--restarts", "3", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    record = json.loads(done.stdout)
    assert record["certificate"]["accepted"] and record["restarts"] == 3 == len(record["losses"])
    assert record["loss"] == min(record["losses"]) < record["known"]["dnc"]["loss"]
    with np.load(record["saved"]) as held:
        weights = [held[f"factor_{i}"] for i in range(6)]
    assert math.prod(weights[0].shape) == 8 * 3
    assert GridObjective(Problem.of(64, 5, "1/4000"), Grid((4, 4, 4)), 3).loss(weights) == record["loss"]
