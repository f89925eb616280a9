"""`dufm.search` of other models gives what the command gives, and refuses what makes no sense in one line."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import dufm
from dufm.library.finding import SearchResult
from dufm.library.models import ModelResult
from dufm.theory.stated import ProblemError


def searched(**options: Any) -> ModelResult:
    """A short search of another model."""
    found = dufm.search(**{"K": 3, "L": 2, "lam": 0.03, "restarts": 2} | options)
    assert isinstance(found, ModelResult) and not isinstance(found, SearchResult)
    return found


@pytest.mark.parametrize(
    "options",
    [
        {"activation": "leaky:0.1"},
        {"activation": "linear"},
        {"bias": "last"},
        {"skip": "block1"},
        {"classes": (5, 5, 1)},
        {"classes": np.array([2, 1, 1])},
        {"target_matrix": np.array([[1, 0.5], [0, 1], [0.25, 0]])},
    ],
    ids=str,
)
def test_the_loss_is_the_exact_one_of_the_weights(options: dict[str, Any]) -> None:
    found = searched(**options)
    exact = found.problem.objective([[[Fraction(float(x)) for x in row] for row in w] for w in found.weights])
    assert found.loss == pytest.approx(float(exact), rel=1e-12)
    assert found.record["loss"] == pytest.approx(float(exact), rel=1e-15)
    assert "Searched, not proved." in repr(found)


def test_unequal_classes_say_which_collapse_learns() -> None:
    assert searched(classes=(5, 5, 1), lam=0.05).record["learned"] == [True, True, False]


def test_cross_entropy_with_both_kinds_of_layers() -> None:
    linear = searched(K=6, lam=0.001, loss="ce", restarts=10)
    assert linear.problem.activation == "linear" and linear.ratio is not None and linear.ratio < 0.95
    assert linear.record["ranks"] == [3] and float(linear.record["upper_bound"]) >= linear.loss
    relu = searched(K=4, L=4, lam=0.01, loss="ce", activation="relu", restarts=20)
    assert relu.collapse is not None and relu.loss < relu.collapse and relu.record["ranks"][0] == 3


def test_the_papers_model_is_certified_as_before() -> None:
    assert isinstance(dufm.search(K=2, L=1, lam=0.01, restarts=1), SearchResult)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": "ce", "bias": "last"}, "loss 'ce' takes no bias"),
        ({"loss": "ce", "target_matrix": np.eye(3)}, "loss 'ce' takes no bias, skip, classes or target_matrix"),
        ({"loss": "hinge"}, "loss must be one of 'mse', 'ce', got 'hinge'"),
        ({"activation": "leaky"}, "activation must be relu, linear or leaky:SLOPE"),
        ({"activation": "leaky:2"}, "0 < SLOPE < 1"),
        ({"classes": (5, 5)}, "classes must be 3 sizes"),
        ({"classes": 3}, "classes must be K sizes such as"),
        ({"classes": (1, 0, 3)}, "a class size must be an integer >= 1, got 0"),
        ({"skip": "all"}, "skip must be one of none, block1"),
        ({"bias": "first"}, "bias must be one of none"),
        ({"target_matrix": [["a"]]}, "target_matrix must be a finite number"),
        ({"target_matrix": 3}, "target_matrix must be K rows of numbers, got 3"),
        ({"bias": "last", "device": "cuda"}, "device must be auto or cpu"),
    ],
)
def test_what_makes_no_sense_is_one_line(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ProblemError, match=words) as refused:
        searched(**options)
    assert "\n" not in str(refused.value).split("array(")[0] and "--" not in str(refused.value)
