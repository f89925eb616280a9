"""The problem record: what it accepts, what it computes, how it refuses."""

from fractions import Fraction

import pytest

from dufm.theory.problem import Problem
from dufm.theory.rational import identity, matrix, relu
from dufm.theory.stated import ProblemError


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"K": 1, "L": 2, "lam": 1}, "K must be an integer >= 2"),
        ({"K": 3, "L": 0, "lam": 1}, "L must be an integer >= 1"),
        ({"K": 3, "L": 2, "lam": 0}, "lambda must be > 0"),
        ({"K": 3, "L": 2, "lam": "-0.1"}, "lambda must be > 0"),
        ({"K": 3, "L": 2, "lam": float("nan")}, "lambda must be a finite number"),
        ({"K": 3, "L": 2, "lam": "inf"}, "lambda must be a finite number"),
        ({"K": 3, "L": 2, "lam": "1e999999999"}, "lambda must be a finite number"),
        ({"K": 3, "L": 2, "lam": True}, "lambda must be a finite number"),
        ({"K": 3, "L": 2, "lam": [1, 1]}, "lambdas must be one number or L \\+ 1 = 3"),
        ({"K": 3, "L": 2, "lam": 1, "width": 2}, "width must be an integer >= 3"),
        ({"K": 3, "L": 2, "lam": 1, "n": 0}, "n must be an integer >= 1"),
        ({"K": 3, "L": 2, "lam": 1, "loss": "hinge"}, "loss must be one of"),
        (
            {"K": 3, "L": 2, "lam": 1, "activation": "tanh"},
            "activation must be 'relu' or 'leaky' or 'linear' with loss 'mse', got 'tanh'",
        ),
        (
            {"K": 3, "L": 2, "lam": 1, "loss": "ce", "activation": "tanh"},
            "activation must be 'linear' or 'relu' with loss 'ce', got 'tanh'",
        ),
        ({"K": 3.0, "L": 2, "lam": 1}, "K must be an integer"),
    ],
)
def test_bad_input_gets_one_line_that_names_the_option(arguments: dict, words: str) -> None:
    with pytest.raises(ProblemError, match=words) as error:
        Problem.of(**arguments)
    assert "\n" not in str(error.value)


def test_the_model_is_named_whole_and_what_needs_another_says_so() -> None:
    assert Problem.of(3, 2, 1).activation == "relu" and Problem.of(3, 2, 1, loss="ce").activation == "linear"
    assert Problem.of(3, 2, 1, loss="ce", activation="linear") == Problem.of(3, 2, 1, loss="ce")
    rectified = Problem.of(3, 2, 1, loss="ce", activation="relu")
    rectified.require_loss("ce", "this", ("relu",))
    with pytest.raises(ProblemError, match="^this needs activation 'linear' with loss 'ce', got 'relu'$"):
        rectified.require_loss("ce", "this")
    weights = [
        [[1, -1, 0], [0, 1, 1], [2, 0, -3]],
        [[1, 0, 0], [0, -1, 0], [0, 0, 1]],
        [[1, 1, 1], [0, 1, 0], [1, 0, 2]],
    ]
    H, W, V = map(matrix, weights)
    assert rectified.output(weights) == V * relu(W * H) != V * W * H
    assert Problem.of(3, 2, 1, loss="ce").output(weights) == V * W * H


def test_numbers_are_read_as_written() -> None:
    problem = Problem.of(10, 4, 0.004, n=3)
    assert problem.lambdas[0] == Fraction(1, 250)
    assert problem.Lambda_power == 3 * Fraction(1, 250) ** 5
    assert problem.x_power == 10**5 * problem.Lambda_power


def test_objective_by_hand() -> None:
    problem = Problem.of(2, 2, ["1/2", "1/3", "1/5"], width=2, n=2)
    h, w1, w2 = [[1, -2], [0, 1]], [[1, 0], [3, -1]], [[1, 1], [0, 2]]
    # P_2 = [[1, -2], [3, -7]], F_2 = [[1, 0], [3, 0]], Z = [[4, 0], [6, 0]]; squared error 9 + 36 + 1.
    fit = Fraction(46, 4)
    regulariser = (2 * Fraction(1, 2) * 6 + Fraction(1, 3) * 11 + Fraction(1, 5) * 6) / 2
    assert problem.output([h, w1, w2]) == matrix([[4, 0], [6, 0]])
    assert problem.split([h, w1, w2]) == (fit, regulariser)


def test_shapes_that_do_not_chain_are_named() -> None:
    problem = Problem.of(3, 2, 1)
    with pytest.raises(ProblemError, match="needs 3 factors"):
        problem.output([identity(3)] * 2)
    with pytest.raises(ProblemError, match="W_1 must have 3 columns"):
        problem.output([identity(3), identity(2), identity(3)])
    with pytest.raises(ProblemError, match="W_2 must have K = 3 rows"):
        problem.output([identity(3), identity(3), matrix([[1, 0, 0]])])


def test_matrices_refuse_floats_and_ragged_rows() -> None:
    with pytest.raises(TypeError, match="exact rational"):
        matrix([[0.5]])
    with pytest.raises(ValueError, match="different lengths"):
        matrix([[1, 2], [3]])
    assert relu(matrix([[-1, Fraction(1, 2)]])) == matrix([[0, Fraction(1, 2)]])
