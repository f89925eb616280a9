"""Gradient descent in other models than the papers': steps are the formula's, runs are kept, files and tables tell."""

import json
from fractions import Fraction
from pathlib import Path

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import value_and_grad

import dufm
from dufm.solvers.objectives import samples_kernel
from dufm.solvers.training.batch import train
from dufm.solvers.training.reading import KINDS, ends
from dufm.solvers.training.run import begin, class_mean_weights
from dufm.solvers.training.setting import DescentSetting
from dufm.solvers.training.store import load, save
from dufm.theory.model import PLAIN, Variant
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from tests.test_cli_train import dufm as typed
from tests.test_training import stepped

MODELS = {
    "leaky": (2, 2, "leaky", Variant(slope=Fraction(1, 10))),
    "linear": (3, 1, "linear", PLAIN),
    "skip around one layer": (4, 2, "relu", Variant(skip="block1")),
    "skip around two layers, leaky": (5, 1, "leaky", Variant(slope=Fraction(1, 2), skip="block2")),
    "bias": (2, 3, "relu", Variant(bias="last")),
    "decayed bias, unequal classes": (3, 1, "relu", Variant(bias="last-decayed", sizes=(4, 2, 1))),
    "unequal classes, linear": (1, 1, "linear", Variant(sizes=(3, 1, 1))),
}


def model_loss(setting: DescentSetting, row: np.ndarray):
    """The objective of any model as it is written down, the best bias by least squares, for autograd."""
    problem, at, weights = setting.problem, 0, []
    for rows, columns in setting.shapes:
        weights.append(anp.reshape(row[at : at + rows * columns], (rows, columns)))
        at += rows * columns
    slope = {"relu": 0.0, "linear": 1.0, "leaky": float(problem.variant.slope)}[problem.activation]

    def act(z):
        return anp.where(z > 0, z, slope * z)

    features, inner = weights[0], weights[1:-1]
    if problem.variant.skip == "block2":
        for below, above in zip(inner[::2], inner[1::2], strict=True):
            features = features + above @ act(below @ features)
    else:
        for factor in inner:
            features = act(factor @ features) + (features if problem.variant.skip == "block1" else 0.0)
    sizes = problem.variant.sizes or (problem.n,) * problem.K
    target = np.concatenate([np.tile(np.eye(problem.K)[:, [k]], size) for k, size in enumerate(sizes)], axis=1)
    residual = weights[-1] @ features - target
    decay = {"none": None, "last": 0.0, "last-decayed": float(problem.lambdas[-1])}[problem.variant.bias]
    bias = 0.0 if decay is None else -anp.mean(residual, axis=1, keepdims=True) / (1 + decay)
    fit = anp.sum((residual + bias) ** 2) / (2 * sum(sizes)) + (decay or 0.0) / 2 * anp.sum(bias**2)
    return fit + sum(float(lam) / 2 * anp.sum(w**2) for lam, w in zip(problem.lambdas, weights, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_loss_and_gradient_of_other_models_are_those_of_the_formula(name: str) -> None:
    L, n, activation, variant = MODELS[name]
    problem = Problem(3, L, tuple(Fraction(i + 1, 100) for i in range(L + 1)), 5, n, "mse", activation, variant)
    setting = DescentSetting(problem, 0.1)
    row = begin(setting, 0, 3, 0).weights
    value, gradient = value_and_grad(lambda x: model_loss(setting, x))(row)
    _, found, told = stepped(setting, row, 0)
    assert told[samples_kernel.LOSS] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(found, gradient, rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", MODELS)
def test_runs_of_other_models_are_kept_and_gone_on_with(name: str, tmp_path: Path) -> None:
    L, n, activation, variant = MODELS[name]
    problem = Problem(3, L, (Fraction(1, 50),) * (L + 1), 5, n, "mse", activation, variant)
    setting = DescentSetting(problem, 0.2, steps=40)
    batch = train([setting], 2, 1)
    kept = load(save(batch, tmp_path / "runs.npz"))
    assert kept.settings == (setting,) and [r.loss for r in kept.runs] == [r.loss for r in batch.runs]
    assert train([setting], 3, 1, kept).runs[2].loss == train([setting], 3, 1).runs[2].loss
    means = class_mean_weights(setting, batch.runs[0])
    assert [m.shape for m in means] == list(problem.shapes)
    assert all(end.kind in KINDS for end in ends(batch, 0))


def test_a_target_matrix_is_refused() -> None:
    target = ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(2)))
    with pytest.raises(ProblemError, match="target matrix"):
        DescentSetting(Problem.of(2, 2, "0.01", variant=Variant(target=target)), 0.1)


def test_unequal_classes_as_typed(tmp_path: Path) -> None:
    line = f"train --L 2 --lam 0.01 --width 6 --classes 5,5,1 --steps 200 --runs 2 --out {tmp_path}"
    told = json.loads(typed(f"{line} --json").out)
    assert told["K"] == 3 and told["model"] == "relu layers, sizes 5,5,1" and told["certificate"] is None
    assert Path(told["saved"]).name.startswith("variant-") and told["points"][0]["levels"]["srg"] is None
    shown = typed(f"{line} --resume").out
    assert "sizes 5,5,1" in shown and "SRG" not in shown
    with pytest.raises(ProblemError, match="--classes"):
        typed(line.replace("5,5,1", "5,x"))
    with pytest.raises(ProblemError, match="--skip must be one of"):
        typed(f"{line} --skip both")


def test_the_library_trains_other_models() -> None:
    found = dufm.train(3, 2, 0.02, runs=2, steps=60, activation="leaky:0.1", bias="last-decayed")
    assert found.problem.variant.bias == "last-decayed" and len(found.ratios) == 2 and found.certificate is None
    # No loss of collapse is known here: nothing is compared with it.
    assert found.ratios == (None, None) and found.plot() is not None and "2 runs" in repr(found)
