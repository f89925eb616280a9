"""`dufm check-weights` and `dufm.certify`: what is said of weights is what exact arithmetic says of them."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_weight_files import CELL, DATA, RECORD, TRUE
from typer.testing import CliRunner

import dufm
from dufm.solvers.objectives.squared import loss
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.answers import weights
from dufm.verification.answers.weights import judge_weights, strengths_at_rest
from dufm.verification.base.certificate import entries
from dufm.verification.claims.best_bound import Bound
from dufm.verification.cli.app import app

LAM = CELL.strength


@pytest.fixture(autouse=True)
def told_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound stands beside the losses and decides nothing; to find it runs claims for ten seconds."""
    monkeypatch.setattr(weights, "sound_bound", lambda problem: Bound(Fraction(1, 50), "told", ()))


def ran(*arguments: str) -> tuple[int, str, Exception | None]:
    done = CliRunner().invoke(app, ["check-weights", *arguments])
    return done.exit_code, done.stdout, done.exception if isinstance(done.exception, ProblemError) else None


def test_the_command_judges_what_pytorch_wrote(tmp_path: Path) -> None:
    out = tmp_path / "mine.json"
    code, shown, _ = ran(str(DATA / "state_dict.pt"), "--lam", LAM, "--certificate", str(out), "--json")
    said = json.loads(shown)
    assert code == 0 and said["certified"] and said["ratio_to_dnc"] == pytest.approx(RECORD["ratio"], rel=1e-12)
    assert said["problem"]["K"] == 3 and said["names"][0] == "features" and not said["beats_record"]
    assert Fraction(said["loss_exact"]) == CELL.problem.objective(entries(RECORD["certificate"]))
    assert (
        said["lower"]["loss"] == pytest.approx(0.02)
        and 0.02 < said["loss"] < said["dnc"]
        and said["certificate"] == str(out)
    )
    assert dufm.check(out).accepted
    assert [layer["rank"] for layer in said["layers"] if layer["name"] == "P_2"] == [RECORD["neck_rank"]]


def test_the_page_for_people_and_the_exit_code(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", H=np.eye(2), W1=np.eye(2), W2=np.eye(2))
    code, shown, _ = ran(str(tmp_path / "a.npz"), "--lam", "0.01", "--certificate", str(tmp_path / "c.json"))
    words = " ".join(shown.split())
    assert code == 1 and not (tmp_path / "c.json").exists()
    for part in ("2 classes, 2 layers, n = 1, lambda 1/100", "H 2 x 2, W1 2 x 2", "No certificate: not below DNC"):
        assert part in words
    assert "not at rest yet" in words


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", H=np.eye(3), W1=np.eye(3), W2=0.5 * np.eye(3))
    code, _, error = ran(str(tmp_path / "a.npz"))
    # <Y - Z, Z>/N = 0.25, squared norms 3, 3, 0.75.
    assert code == 1 and "at rest for 0.0833333,0.0833333,0.333333" in str(error)
    assert "--transpose must be one of" in str(ran(str(tmp_path / "a.npz"), "--transpose", "up")[2])


def test_at_rest_no_scale_lowers_the_loss() -> None:
    rest = strengths_at_rest(TRUE)
    problem = Problem.of(3, 4, [str(x) for x in rest])
    value = loss(problem, TRUE)
    for i in range(5):
        for step in (1 - 1e-4, 1 + 1e-4):
            assert loss(problem, [w * (step if i == j else 1) for j, w in enumerate(TRUE)]) >= value


def test_the_best_sample_of_each_class_is_taken() -> None:
    """Columns of the n = 2 samples side by side; a worse copy changes the loss, never the certificate."""
    worse = np.repeat(TRUE[0], 2, axis=1) * np.tile([1.0, 1.3], 3)
    problem = Problem.of(3, 4, LAM, n=2)
    judged = judge_weights([worse, *TRUE[1:]], problem, bounded=False)
    assert all(np.array_equal(a, b) for a, b in zip(judged.weights, TRUE, strict=True))
    single = loss(problem, TRUE)
    assert judged.record["loss_best_samples"] == pytest.approx(single) and judged.record["loss"] > single
    output = _output([worse, *TRUE[1:]])
    fit = np.sum((output - np.repeat(np.eye(3), 2, axis=1)) ** 2) / 12
    decay = float(Fraction(LAM)) / 2 * sum(float(np.sum(w * w)) for w in [worse, *TRUE[1:]])
    assert judged.record["loss"] == pytest.approx(fit + decay, rel=1e-12)


def _output(factors: list[Any]) -> Any:
    features = factors[0]
    for factor in factors[1:-1]:
        features = np.maximum(factor @ features, 0)
    return factors[-1] @ features


@pytest.mark.parametrize(
    ("own", "options", "words"),
    [
        ([w.T for w in TRUE], {"lam": LAM}, "they fit with transpose all"),
        (TRUE, {"lam": LAM, "n": 2}, "n must be 1"),
        (TRUE, {"lam": "-1"}, "lambda must be > 0"),
        ([np.eye(3)] * 2 + [np.eye(3) * 1e200] * 2, {"lam": 1}, "finite loss"),
        ([np.eye(3), "words"], {"lam": 1}, "matrices of numbers"),
        (DATA / "whole_model.pt", {"lam": 1}, "is not run"),
    ],
)
def test_mistakes_are_one_line(own: Any, options: dict[str, Any], words: str) -> None:
    with np.errstate(over="ignore"), pytest.raises(ProblemError, match=words):
        dufm.certify(own, **options)


def test_certify_is_the_command(tmp_path: Path) -> None:
    report = dufm.certify(DATA / "weights.safetensors", lam=LAM)
    assert report.beats_dnc and report.ratio == pytest.approx(RECORD["ratio"], rel=1e-12)
    assert dufm.check(report.save(tmp_path / "c.json")).accepted
    again = dufm.certify(tmp_path / "c.json")
    assert again.problem.lambdas == CELL.problem.lambdas and again.ratio == report.ratio
    assert dufm.certify([w.T for w in TRUE], lam=LAM, transpose="all").ratio == report.ratio
    assert "of DNC's loss" in report.plot().figure.axes[0].get_title() and report.plot()._repr_png_()[:4] == b"\x89PNG"
    worse = dufm.certify([np.eye(3)] * 3, lam=0.01)
    with pytest.raises(ProblemError, match="no certificate to save"):
        worse.save(tmp_path / "d.json")
