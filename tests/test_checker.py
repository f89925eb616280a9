"""checker.py accepts true certificates and rejects false and malformed ones, by arithmetic of its own."""

import ast
import json
import random
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from mpmath import findroot, mp, mpf

from dufm.theory.problem import Problem
from dufm.theory.rational import matrix, squared_norm, to_lists
from dufm.theory.squared.looped import complete_head
from dufm.verification import checker
from dufm.verification.base.certificate import head_certificate, point_certificate

CHECKER = Path(checker.__file__)


def phi(problem):
    """DNC's infimum to 60 digits, by a secant method that shares nothing with the checker's bisection."""
    p = problem.L + 1
    with mp.workdps(80):
        x = (mpf(problem.x_power.numerator) / problem.x_power.denominator) ** (mpf(1) / p)
        peak = (mpf(p - 2) / (2 * p - 2)) ** (mpf(1) / p)

        def slope(u):
            return u ** (p - 2) * (1 - u**p) - x

        if slope(peak) <= 0:
            return Fraction(1, 2)
        u = findroot(slope, (peak, mpf(1)), solver="anderson", tol=mpf(10) ** -150, maxsteps=500)
        value = min(mpf(1) / 2, (1 - u**p) ** 2 / 2 + p * x * u**2 / 2)
        return Fraction(int(value * mpf(10) ** 70), 10**70)


def factored(V):
    """Rational A, B with A B = V and ||A|| ||B|| close to the nuclear norm, the least possible."""
    values, vectors = np.linalg.eigh(np.array(V, dtype=float) @ np.array(V, dtype=float).T)
    A = [[Fraction(round(x * 4096), 4096) for x in row] for row in (vectors * values**0.25) @ vectors.T]
    return A, to_lists(matrix(A).solve(matrix(V)))


def head32(a=Fraction(9, 10), s=Fraction(7, 10)):
    """The rank-2 head for K = 3 with V = [[1, 0, a], [0, 1, a]]: (A, B, W, U)."""
    U = [[1, 0, 0], [0, 1, 0], [-1 / (2 * a), -1 / (2 * a), 1 / (2 * a * s)]]
    return *factored([[1, 0, a], [0, 1, a]]), [[1, -1], [-1, 1], [s, s]], U


def srg(r):
    """The SRG, K = r (r - 1) / 2: (A, B, W, U)."""
    edges = [(i, j) for i in range(r) for j in range(i)]
    W = [[Fraction(2 * (v in e) - 1, 2) for v in range(r)] for e in edges]
    return *factored([[int(v in e) for e in edges] for v in range(r)]), W, np.eye(len(edges), dtype=int).tolist()


def balanced(problem, factors):
    """Floats: the factors with output I rescaled to the least loss of their multiples, by balance and stationarity."""
    p = problem.L + 1
    arrays = [np.array([[float(x) for x in row] for row in f]) for f in factors]
    norms = [float(np.sum(f**2)) for f in arrays]
    x = float(np.prod(norms) ** (1 / p)) * float(problem.Lambda)
    low, high = ((p - 2) / (2 * p - 2)) ** (1 / p), 1.0
    for _ in range(60):
        u = (low + high) / 2
        low, high = (u, high) if u ** (p - 2) * (1 - u**p) > x else (low, u)
    strengths = [float(v) for v in problem.effective_lambdas]
    return [f * np.sqrt(x * high**2 / (lam * norm)) for f, lam, norm in zip(arrays, strengths, norms, strict=True)]


def point(problem, head):
    A, B, W, U = head
    middle = [[[int(i == j) for j in range(len(A))] for i in range(len(A))]] * (problem.L - 3)
    return point_certificate(problem, balanced(problem, [B, A, *middle, W, U]), "test", {"by": "hand"})


def point32():
    return point(Problem.of(3, 4, "0.002"), head32())


def certified_head(L_from=4):
    return head_certificate(3, L_from, *head32(), "test", {})


def judge(certificate):
    return checker.check(json.dumps(certificate))


POINTS = [
    (Problem.of(3, 4, "0.002"), head32()),
    (Problem.of(3, 4, "0.02"), head32()),
    (Problem.of(3, 4, ["1/1000", "0.004", "0.01", "1e-4", "0.007"], n=5), head32()),
    (Problem.of(3, 7, "0.001"), head32()),
    (Problem.of(6, 4, "0.002"), srg(4)),
    (Problem.of(10, 4, "0.004"), srg(5)),
]


@pytest.mark.parametrize(("problem", "head"), POINTS)
def test_a_low_rank_point_is_accepted_with_the_exact_margin(problem, head):
    certificate = point(problem, head)
    result = judge(certificate)
    weights = [[[Fraction(x, m["den"]) for x in row] for row in m["rows"]] for m in certificate["witness"]]
    assert result.ok and result.kind == "point", result
    assert abs(result.margin - (phi(problem) - problem.objective(weights))) < Fraction(1, 10**28)
    assert f"K={problem.K}, L={problem.L}, n={problem.n}" in result.sentence
    assert float(result.facts["loss"]) == pytest.approx(float(problem.objective(weights)), rel=1e-15)
    assert float(result.facts["ratio"]) < 1


def test_the_loss_is_that_of_the_theory_on_random_rational_weights():
    source = random.Random(7)
    for case in range(40):
        K, L = source.randint(2, 4), source.randint(1, 5)
        lambdas = [Fraction(source.randint(1, 99), source.randint(1, 9999)) for _ in range(L + 1)]
        problem = Problem(K, L, tuple(lambdas), width=K, n=source.randint(1, 6))
        sides = [K, *(source.randint(1, 5) for _ in range(L)), K]
        weights = [
            [[Fraction(source.randint(-9, 9), source.randint(1, 9)) for _ in range(below)] for _ in range(above)]
            for below, above in zip(sides, sides[1:], strict=False)
        ]
        result = judge(point_certificate(problem, weights, "test", {}))
        bound = checker.dnc_lower_bound(K, list(problem.effective_lambdas))
        assert bound - result.margin == problem.objective(weights), case


@pytest.mark.parametrize("L", [1, 2, 3, 4, 5, 6, 8, 15, 31])
@pytest.mark.parametrize("lam", ["0.3", "0.1", "0.004", "1/3000", "1e-9"])
def test_the_dnc_bound_is_below_dnc_and_tight(L, lam):
    for K, n in ((2, 1), (3, 4), (100, 1)):
        problem = Problem.of(K, L, [lam, *[f"{(7 * i) % 5 + 1}/300" for i in range(L)]], n=n)
        gap = phi(problem) - checker.dnc_lower_bound(K, list(problem.effective_lambdas))
        # phi itself is cut at 70 digits.
        assert -Fraction(1, 10**69) < gap < Fraction(1, 10**28), (K, n, float(gap))


@pytest.mark.parametrize(("K", "L"), [(2, 1), (2, 32), (1000, 2), (1000, 32)])
def test_the_dnc_bound_stays_between_0_and_one_half_at_the_caps(K, L):
    for lam in (Fraction(1, 10**30), Fraction(10**30)):
        assert 0 < checker.dnc_lower_bound(K, [lam] * (L + 1)) <= Fraction(1, 2)


@pytest.mark.parametrize("L", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize(("K", "lam"), [(2, "0.01"), (3, "0.06"), (30, "0.003"), (3, "1e-5"), (5, "0.5")])
def test_dnc_itself_is_never_accepted(K, L, lam):
    problem = Problem.of(K, L, lam)
    # 70 bits round the optimum closer than the bound's own slack, so only strictness and rounding down reject it.
    fine = [[[Fraction(w) for w in row] for row in f.tolist()] for f in balanced(problem, [np.eye(K)] * (L + 1))]
    zero = [[[0] * K for _ in range(K)] for _ in range(L + 1)]
    margins = []
    for weights in (fine, zero):
        result = judge(point_certificate(problem, weights, "test", {}))
        assert not result.ok and result.margin <= 0, result
        margins.append(result.margin)
    assert max(margins) > -1e-25, "the rejected point is DNC's optimum, so only rounding separates them"


@pytest.mark.parametrize("L", [1, 2, 3, 4, 5])
def test_a_loss_equal_to_dncs_infimum_is_not_below_it(L):
    # x is chosen so that DNC's optimal u is the rational given; u^p >= (L-1)/L keeps it from collapsing to 0.
    for u in [Fraction(k, 101) for k in range(81, 101) if L * k ** (L + 1) >= (L - 1) * 101 ** (L + 1)]:
        problem = Problem(3, L, (u ** (L - 1) * (1 - u ** (L + 1)) / 3,) * (L + 1), width=3)
        optimum = [[[u, 0, 0], [0, u, 0], [0, 0, u]]] * (L + 1)
        result = judge(point_certificate(problem, optimum, "test", {}))
        assert not result.ok and -Fraction(1, 10**28) < result.margin <= 0


def test_a_head_is_accepted_from_its_critical_depth_up():
    A, B, W, U = (matrix(m) for m in head32())
    h = squared_norm(A) * squared_norm(B) * squared_norm(W) * squared_norm(U)
    for L_from in (4, 5, 40, 1000):
        result = judge(certified_head(L_from))
        assert result.ok and result.margin == 3 ** (L_from + 1) - h * 2 ** (L_from - 3), result
        assert f"L >= {L_from}," in result.sentence and "K' >= K" in result.sentence
    assert float(h) == pytest.approx(110.886, abs=0.01), "science note: the first head found"
    early = judge(certified_head(3))
    assert not early.ok and early.margin == 81 - h < 0
    assert judge(head_certificate(10, 4, *srg(5), "test", {})).ok
    assert not judge(head_certificate(10, 3, *srg(5), "test", {})).ok


def test_a_head_needs_no_square_first_factor():
    A, B, W, U = head32()
    wide = [[*row, Fraction(0)] for row in A]
    more = judge(head_certificate(3, 4, wide, [*B, [1, 2, 3]], W, U, "test", {}))
    assert more.margin < judge(certified_head()).margin
    assert judge(head_certificate(3, 4, wide, [*B, [0, 0, 0]], W, U, "test", {})).ok


def test_dnc_as_a_head_is_not_below_itself():
    eye = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    result = judge(head_certificate(3, 4, eye, eye, eye, eye, "test", {}))
    assert not result.ok and result.margin == 0


def test_a_neck_wider_than_K_is_rejected_even_where_it_wins():
    head = complete_head(5)
    A, B = factored(to_lists(head.V))
    # Dead rows change neither V's rank nor h, but at large L the identities on them would cost more than DNC.
    for dead, reason in ((10, "any n"), (11, "q = 16 must be at most K")):
        W = [row + [0] * dead for row in to_lists(head.W)]
        result = judge(head_certificate(15, 3, A + [[0] * 5] * dead, B, W, head.U, "test", {}))
        assert result.ok == (dead == 10) and reason in result.sentence


HUGE = 10**999
DEEP = json.loads("[" * 200 + "]" * 200)
# Where, what is put there (a function changes what it finds, None removes it), a word of the reason.
SPOILED_ANY = [
    ("format", ["other", 1, None], "dufm-certificate,exactly the keys"),
    ("version", [2, True, 1.0, "1"], "version must"),
    ("kind", ["proof", ["point"], 1, {}], "kind must"),
    ("claim", [1.5, 3, "x" * 201, []], "claim must"),
    ("problem", [[], 1, "K", {}, None], "exactly the keys"),
    ("problem.d", [8], "exactly the keys"),
    ("extra", [1], "exactly the keys"),
    ("witness", [{}, [], "AB", 7, lambda w: w[:-1], lambda w: [*w, w[0]]], "witness must list"),
    ("witness", [lambda w: w[::-1]], "misplaced"),
    ("witness.0", [3, [], {}, "H_1"], "must be an object"),
    ("witness.0.name", [3, "H", ["H_1"]], "misnamed"),
    ("witness.1.den", [0, -1, True, 2.0, "1", [1]], "den of"),
    ("witness.0.rows", [[], [[]], [[], []], "11", 5, {"a": 1}, [[1, 1, 1]] * 1001, [[1] * 1001]], "rows of"),
    ("witness.0.rows.0", ["123", 3, {"a": 1}, [], lambda row: [*row, 1]], "rows of"),
    ("witness.0.rows.0.0", [1.5, 1.0, True, "1", [1], DEEP, {}], "not an integer"),
    ("witness.0.rows.0.0", [float("nan"), -float("inf")], "invalid literal"),
    ("witness.0.rows.0.0", [10**1000, -(10**4000)], "digits"),
    ("witness.1.rows.0.0", [HUGE, 1 - HUGE], "inequality,not I,negative"),
    ("problem.K", [True, 1, 0, -3, 3.0, "3", HUGE], "K must"),
    ("problem.K", [2, 4], "the first factor needs K"),
    ("witness.-1.rows", [lambda rows: [*rows, rows[0]]], "the last K rows"),
    ("witness.2.rows", [lambda rows: [[*row, 1] for row in rows]], "columns"),
]
SPOILED_POINT = [
    ("problem.L", [0, -1, True, 4.0, 10**9], "L must"),
    ("problem.L", [3, 5], "lambdas must list"),
    ("problem.n", [0, -1, True, "1", 10**31], "n must"),
    ("problem.lambdas", [[], {}, 1, lambda v: v[:-1]], "lambdas must list"),
    ("problem.lambdas.0", [1, 0.002, [1, 2, 3], [1], "12"], "lambdas must list"),
    ("problem.lambdas.0", [[0, 1], [-1, 500], [1, 0], [-1, -500], [1, HUGE], [1, 2.0], [True, 500]], "part of lambdas"),
    ("problem.lambdas.2", [[1, 100], [1, 1]], "inequality fails"),
    ("problem.lambdas.4", [[1, 1000]], "inequality fails"),
    ("problem.n", [2, 10**30], "inequality fails"),
    ("witness.3.rows.0.0", [lambda x: -x, 0], "inequality fails"),
    ("witness.4.rows.2.2", [lambda x: x + x // 2], "inequality fails"),
    ("witness.1.den", [lambda den: den // 2, lambda den: den * 2], "inequality fails"),
    ("kind", ["head"], "exactly the keys"),
]
SPOILED_HEAD = [
    ("problem.L_from", [2, -4, True, 4.0, 10**6], "L_from must"),
    ("problem.L_from", [3], "inequality fails"),
    ("witness.0.rows.0.0", [lambda x: x + 1, lambda x: -x], "not I,negative entry"),
    ("witness.1.rows.1.0", [lambda x: x - 1], "negative entry"),
    ("witness.2.rows.2.1", [lambda x: x + 1], "not I"),
    ("witness.3.rows.1.1", [lambda x: x + 1], "not I"),
    ("witness.3.rows.2.0", [lambda x: -x], "not I"),
    ("witness.2.den", [2], "not I"),
    ("kind", ["point"], "exactly the keys"),
]
SPOILED = [
    pytest.param(make, where, value, words, id=f"{make.__name__}-{where}-{i}")
    for make, table in ((point32, SPOILED_ANY + SPOILED_POINT), (certified_head, SPOILED_ANY + SPOILED_HEAD))
    for where, values, words in table
    for i, value in enumerate(values)
]


def reject(certificate, where, value, words):
    assert judge(certificate).ok
    *path, last = [int(key) if key.lstrip("-").isdigit() else key for key in where.split(".")]
    node = certificate
    for key in path:
        node = node[key]
    node[last] = value(node[last]) if callable(value) else value
    if value is None:
        del node[last]
    result = judge(certificate)
    assert not result.ok and (result.margin is None or result.margin <= 0)
    assert any(word in result.sentence for word in words.split(",")), result.sentence
    assert len(result.sentence) < 400 and result.sentence.isprintable()


@pytest.mark.parametrize(("make", "where", "value", "words"), SPOILED)
def test_a_spoiled_twin_is_rejected_with_its_reason(make, where, value, words):
    reject(make(), where, value, words)


def test_the_checker_is_short_and_stands_alone():
    source = CHECKER.read_text()
    assert len(source.splitlines()) < 200
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").partition(".")[0])
    assert imported and imported <= set(sys.stdlib_module_names)
