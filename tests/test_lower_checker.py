"""lower_checker.py: its numbers are below what they bound, spoiled twins are refused, hostile files get one line."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_checker_hostile import HOSTILE
from test_lower_bounds import shown

from dufm.verification import lower_checker
from dufm.verification.base.lower import lower_certificate
from dufm.verification.claims.squared.lower_bounds import HALF, shipped
from tests.guard import hang_guard

CHECKER = Path("verification/lower_checker.py").resolve()
N = 1 << 28


def two() -> dict[str, Any]:
    return shipped(3, 2, HALF[2])


def three() -> dict[str, Any]:
    return shipped(3, 3, Fraction(0))


def pairs() -> dict[str, Any]:
    return lower_certificate(101, 4, Fraction(1, 100), "test")


def said(certificate: Any) -> lower_checker.Result:
    return lower_checker.check(json.dumps(certificate))


def spoil(certificate: dict[str, Any], change: Callable[[dict[str, Any]], Any]) -> lower_checker.Result:
    twin = copy.deepcopy(certificate)
    change(twin)
    assert json.dumps(twin) != json.dumps(certificate)
    return said(twin)


def leaf_of(certificate: dict[str, Any], i: int = 0) -> int:
    """Where the i-th leaf stands among the nodes."""
    return [j for j, node in enumerate(certificate["witness"]["nodes"]) if type(node[0]) is list][i]


def run(*arguments: object, timeout: float = 20.0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", "-I", str(CHECKER), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd="/")


def raised(share: float) -> Callable[[dict[str, Any]], Any]:
    def change(twin: dict[str, Any]) -> None:
        twin["lower"][0] = int(twin["lower"][0] * (1 + share)) + 1

    return change


# What either program of bounds refuses.
EITHER = {
    "a leaf less": lambda c: c["witness"]["nodes"].pop(),
    "a leaf more": lambda c: c["witness"]["nodes"].append(c["witness"]["nodes"][-1]),
    "no leaves": lambda c: c["witness"].update(nodes=[]),
    "leaves in another order": lambda c: c["witness"]["nodes"].reverse(),
    "a cut at an end": lambda c: c["witness"]["nodes"][0].__setitem__(1, 0),
    "x is larger": lambda c: c["problem"].update(x=[1, 2]),
    "many bits": lambda c: c["witness"].update(bits=10**6),
    "another key": lambda c: c["witness"].update(note=1),
    "a key without a name": lambda c: c["problem"].update({"": 1}),
    "version": lambda c: c.update(version=True),
    "zero": lambda c: c.update(lower=[0, 1]),
    "over zero": lambda c: c.update(lower=[1, 0]),
    "below zero": lambda c: c["problem"].update(x=[-1, 5]),
    "huge": lambda c: c.update(lower=[10**30, 1]),
}
SPOILED = EITHER | {
    "more": raised(0.01),
    "the cut of no eigenvalue": lambda c: c["witness"]["nodes"].insert(0, [3, 5]),
    "a cut outside": lambda c: c["witness"]["nodes"][0].__setitem__(1, 1 << 60),
    "F M above 1": lambda c: c["witness"]["nodes"][leaf_of(c)][0].__setitem__(0, 3 * N),
    "a rising line": lambda c: c["witness"]["nodes"][leaf_of(c)][0].__setitem__(1, -1),
    "a float": lambda c: c["witness"]["nodes"][leaf_of(c)][0].__setitem__(1, 0.5),
    "true": lambda c: c["witness"]["nodes"][leaf_of(c)][0].__setitem__(1, True),
    "no line": lambda c: c["witness"]["nodes"][leaf_of(c)].pop(),
    "fewer classes": lambda c: c["problem"].update(K=2),
    "another depth": lambda c: c["problem"].update(L=5 - c["problem"]["L"]),
    "a depth without spectra": lambda c: c["problem"].update(L=4),
    "other bits": lambda c: c["witness"].update(bits=29),
    "the other method": lambda c: c["witness"].update(method="pairs"),
    "no method": lambda c: c["witness"].update(method="hope"),
    "kind": lambda c: c.update(kind="point"),
}


@pytest.mark.parametrize("make", [two, three])
@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_twin_is_refused_in_one_sentence(name: str, make: Callable[[], dict[str, Any]]) -> None:
    assert said(make()).ok
    result = spoil(make(), SPOILED[name])
    assert not result.ok and result.sentence and "\n" not in result.sentence and len(result.sentence) <= 300


def test_a_spoiled_bound_of_pairs_is_refused() -> None:
    good = pairs()
    assert said(good).ok and "pairs" in said(good).sentence
    for change in (raised(1e-8), lambda c: c["problem"].update(K=100), lambda c: c["witness"].update(nodes=[])):
        assert not spoil(good, change).ok
    weak = lower_certificate(101, 4, Fraction(0), "test")
    assert said(weak).ok and not spoil(weak, raised(1e-8)).ok


def test_what_the_second_line_must_obey_is_checked() -> None:
    for entry in ([40 * N, 0], [0, 0]):
        result = spoil(three(), lambda c, e=entry: c["witness"]["nodes"][leaf_of(c)].__setitem__(1, e))
        assert not result.ok
    # d < 0: -infinity is shown, however large the rest is.
    assert lower_checker.shown([[N, 0], [40 * N, 0]], N, 0, [(1, 0, N)], 0, 0)[0] == -np.inf


def test_what_is_shown_is_the_least_c_and_no_more() -> None:
    rng = np.random.default_rng(3)
    for _ in range(60):
        top, x = float(np.exp(rng.uniform(-1, 3))), float(rng.choice([0.0, 0.05, 0.3]))
        b, z, s = top**-1.5 * np.exp(rng.normal()), top * rng.uniform(0.3, 1), rng.uniform(0.25, 3)
        lines = [[b * top + top**-0.5 * rng.uniform(0.2, 1), b], [(1 + s) / z, s / z**2]][: int(rng.integers(1, 3))]
        ends = np.sort(rng.uniform(0, min(top, z * (1 + s) / s), size=2))
        if rng.random() < 0.5 and x:
            ends[0] = 0.0
        low, high = (round(v * N) for v in ends)
        exact = [[round(v * N) for v in line] for line in lines]
        points = np.linspace(low / N, high / N, 4001)
        there = shown([[v / N for v in line] for line in exact], x, points).min()
        strength, parts = -int(-x * N // 1), [(1, low, high), (2, low, high)]
        for miss in (-0.5, -1e-3, -3e-5, 1e-6):
            wanted = int(3 * (there + miss) * N)
            found = lower_checker.shown(exact, N, strength, parts, wanted, 0)[0]
            assert found <= 3 * there * N + 1e-5 and (found >= wanted) == (miss < 0)


def test_steep_finds_what_is_above_1() -> None:
    rng, seen = np.random.default_rng(4), set()
    for _ in range(400):
        a, b = (int(v * N) for v in rng.uniform(0.1, 2, size=2))
        low, high = sorted(int(v * N) for v in rng.uniform(0, 2, size=2))
        points = np.linspace(low / N, high / N, 2001)
        most = (points * (a / N - b / N * points) ** 2).max()
        if abs(most - 1) > 1e-5:
            assert lower_checker.steep(N, low, high, a, b) == (most > 1)
            seen.add(bool(most > 1))
    assert seen == {True, False}


def test_it_runs_alone_and_says_what_is_proved(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(three()))
    bad.write_text(json.dumps(three() | {"lower": [12, 1]}))
    done = run(good, bad)
    assert done.returncode == 1 and done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first.startswith("ACCEPTED") and "no weights with output I cost less than C = " in first and "boxes" in first
    assert second.startswith("REJECTED")
    assert run(good).returncode == 0 and run(tmp_path / "none.json").returncode == 2 and run().returncode == 2


OWN_HOSTILE = {
    "many nodes": lambda: json.dumps(
        two() | {"witness": {"method": "spectrum", "bits": 28, "nodes": [[1, 5]] * 300_000}}
    ),
    "empty nodes": lambda: json.dumps(two() | {"witness": {"method": "spectrum", "bits": 28, "nodes": [[]] * 9}}),
    "nodes are an object": lambda: json.dumps(two() | {"witness": {"method": "spectrum", "bits": 28, "nodes": {}}}),
    "many classes": lambda: json.dumps(two() | {"problem": {"K": 10**9, "L": 2, "x": [1, 5]}}),
    "no object": lambda: json.dumps(two() | {"problem": [3, 2], "witness": "spectrum"}),
    "a twin key": lambda: json.dumps(two()).replace('"K": 3', '"K": 3, "K": 2'),
    "fine pieces": lambda: json.dumps(
        three() | {"witness": {"method": "spectrum", "bits": 64, "nodes": [[[0, 0], [8, 1]]]}}
    ),
}


@pytest.mark.parametrize("name", [*HOSTILE, *OWN_HOSTILE])
def test_a_hostile_file_is_refused_soon(name: str) -> None:
    data = (HOSTILE | OWN_HOSTILE)[name]()
    with hang_guard():
        result = lower_checker.check(data)
    assert not result.ok and result.sentence and "\n" not in result.sentence
