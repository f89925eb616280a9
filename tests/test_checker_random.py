"""checker.py and certificates changed at random: what it accepts is true by the theory's own arithmetic."""

import copy
import json
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_checker import certified_head, judge, phi, point32
from test_checker_interval import interval32

from dufm.theory.problem import Problem
from dufm.theory.rational import identity, matrix, relu, squared_norm
from dufm.verification import checker


def recheck(certificate, result):
    """Judge an accepted certificate again with the theory's own arithmetic."""
    problem, K = certificate["problem"], certificate["problem"]["K"]
    factors = [matrix([[Fraction(x, m["den"]) for x in row] for row in m["rows"]]) for m in certificate["witness"]]
    if result.kind == "point":
        lambdas = tuple(Fraction(*pair) for pair in problem["lambdas"])
        model = Problem(K, problem["L"], lambdas, width=K, n=problem["n"])
        return model.objective(factors) < phi(model)
    if result.kind == "interval":
        L, cuts = problem["L"], [Fraction(*pair) for pair in problem["cuts"]]
        ends = [(i, x) for i in range(len(cuts) - 1) for x in cuts[i : i + 2]]
        models = [(Problem.of(K, L, x), factors[i * (L + 1) : (i + 1) * (L + 1)]) for i, x in ends]
        return cuts == sorted(set(cuts)) and all(model.objective(piece) < phi(model) for model, piece in models)
    A, B, W, U = factors
    V, L, q = A * B, problem["L_from"], A.nrows()
    h = squared_norm(A) * squared_norm(B) * squared_norm(W) * squared_norm(U)
    exact = all(x >= 0 for x in V.entries()) and U * relu(W * V) == identity(K)
    return exact and q <= K and L >= 3 and h * q ** (L - 3) < K ** (L + 1)


SEEDS = [point32(), interval32(), certified_head()]
LEAVES = st.one_of(
    st.integers(-3, 5),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=3),
    st.sampled_from([[], {}, [[1]], [1, 250], "H_1", "head", "point"]),
)


def places(node, path=()):
    yield path
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield from places(node[key], (*path, key))


WRONG = [None, True, 0, -1, 1.5, "", "1", [], {}, [[]], [[1]], [{}], {"": []}, 10**999, float("nan")]


@pytest.mark.parametrize("seed", SEEDS, ids=["point", "interval", "head"])
def test_no_value_of_a_wrong_type_anywhere_raises_or_passes(seed):
    for path in places(seed):
        for value in WRONG:
            certificate = json.loads(json.dumps({"": seed}))
            node = certificate
            for key in ("", *path)[:-1]:
                node = node[key]
            node[("", *path)[-1]] = value
            result = judge(certificate[""])
            ignored = path[:1] == ("found_by",) or (path == ("claim",) and isinstance(value, str))
            assert not result.ok or ignored or recheck(certificate[""], result), (path, value)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_a_file_holds_the_answer_is_a_result_and_acceptance_is_true(data):
    certificate = json.loads(json.dumps(data.draw(st.sampled_from(SEEDS))))
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from([place for place in places(certificate) if place]))
        node = certificate
        for key in path:
            node = node[key]
        action = data.draw(st.sampled_from(["set", "nudge", "delete", "double"]))
        if action == "delete":
            del node[last]
        elif action == "double" and isinstance(node, list):
            node.insert(last, copy.deepcopy(node[last]))
        elif action == "nudge" and type(node[last]) is int:
            node[last] += data.draw(st.integers(-(2**24), 2**24))
        else:
            node[last] = copy.deepcopy(data.draw(LEAVES))
        if not any(place for place in places(certificate)):
            break
    result = judge(certificate)
    assert isinstance(result, checker.Result) and result.sentence
    assert result.ok == (result.margin is not None and result.margin > 0)
    if result.ok:
        assert recheck(certificate, result)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=3)), min_size=1, max_size=4)
)
def test_damaged_bytes_never_raise(certificate, edits):
    text = bytearray(json.dumps(certificate).encode())
    for at, new in edits:
        at %= len(text)
        text[at : at + len(new)] = new
    result = checker.check(bytes(text))
    if result.ok:
        assert recheck(json.loads(text), result)
