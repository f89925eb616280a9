"""deep_checker.py: spoiled twins are refused, each condition of the proof can be broken, hostile files end."""

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
from test_lower_checker import EITHER, raised

from dufm.verification import deep_checker
from dufm.verification.base.checkers import checker_of
from dufm.verification.claims.base.filed import judge
from dufm.verification.claims.squared.lower_bounds import HALF, LOWER_BOUNDS, shipped
from tests.guard import hang_guard

CHECKER = Path("verification/deep_checker.py").resolve()
N = 1 << 40


def half() -> dict[str, Any]:
    return shipped(3, 4, HALF[4])


def weak() -> dict[str, Any]:
    return shipped(4, 5, Fraction(0))


def said(certificate: Any) -> deep_checker.Result:
    return deep_checker.check(json.dumps(certificate))


def spoil(certificate: dict[str, Any], change: Callable[[dict[str, Any]], Any]) -> deep_checker.Result:
    twin = copy.deepcopy(certificate)
    change(twin)
    assert json.dumps(twin) != json.dumps(certificate)
    return said(twin)


def most_shown(*arguments: Any) -> float:
    """The greatest bound that a leaf reaches; -inf where it shows nothing."""
    check: Any = deep_checker.check_leaf
    low, high = -np.inf, 100 * N
    if check(*arguments, 0)[0] < 0:
        return low
    low = 0
    for _ in range(36):
        middle = (low + high) // 2
        reached = check(*arguments, middle)[0] >= middle
        low, high = (middle, high) if reached else (low, middle)
    return low


def leaf(certificate: dict[str, Any], i: int = 0) -> list[Any]:
    """The numbers of the i-th leaf."""
    return [node[0] for node in certificate["witness"]["nodes"] if type(node[0]) is list][i]


SPOILED = EITHER | {
    "more": raised(0.02),
    "the cut of the third": lambda c: c["witness"]["nodes"].insert(0, [3, 5]),
    "a cut outside": lambda c: c["witness"]["nodes"][0].__setitem__(1, 1 << 90),
    "d < 0": lambda c: leaf(c).__setitem__(0, 1000 * N),
    "a rising line": lambda c: leaf(c).__setitem__(1, leaf(c)[0] + 1),
    "a line below 0": lambda c: leaf(c).__setitem__(1, -1),
    "a float": lambda c: leaf(c).__setitem__(1, 0.5),
    "true": lambda c: leaf(c).__setitem__(1, True),
    "two lines": lambda c: c["witness"]["nodes"][-1].append([N, N]),
    "other classes": lambda c: c["problem"].update(K=c["problem"]["K"] - 1),
    "a depth less": lambda c: c["problem"].update(L=c["problem"]["L"] - 1),
    "other bits": lambda c: c["witness"].update(bits=41),
    "another method": lambda c: c["witness"].update(method="spectrum"),
    "kind": lambda c: c.update(kind="lower"),
}


@pytest.mark.parametrize("make", [half, weak])
@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_twin_is_refused_in_one_sentence(name: str, make: Callable[[], dict[str, Any]]) -> None:
    assert said(make()).ok
    result = spoil(make(), SPOILED[name])
    assert not result.ok and result.sentence and "\n" not in result.sentence and len(result.sentence) <= 300


BOX = [(2 * N, 3 * N), (N, 2 * N)]


def test_what_a_line_must_obey() -> None:
    assert most_shown(3, 3, N // 10, N, BOX, N // 2, N // 8) > 0
    with pytest.raises(ValueError, match="more than"):
        deep_checker.check_leaf(3, 3, N, N, BOX, N // 2 + 1, N // 8, 0)
    with pytest.raises(ValueError, match="flat"):
        deep_checker.check_leaf(3, 3, N // 10, N, [(0, N), (0, N)], N // 2, N // 8, 0)
    # d < 0 at l_1, at l_2, and among the others where only one of the two lines is too steep or too high.
    for e, k in ((N, N), (4 * N, 0), (3 * N, 0)):
        assert most_shown(3, 3, 0, N, BOX, e, k) == -np.inf


def test_the_steeper_of_the_two_lines_is_asked_too() -> None:
    """q(l) = e - e l/l_1 is lower at l_1 = 2 than at l_1 = 3, and so is c; a point of the box tells."""
    shown = most_shown(3, 3, 0, N, BOX, 2 * N, 0) / N
    t = np.array([2.0, 2.0, 2.0])
    q = 2 - 2 * t / 2
    there = 3 * 2 * (2 + 4) ** (1 / 3) + float(np.sum(2 * np.sqrt(2 * q - q * q * t)))
    assert shown <= there


def test_what_lies_near_the_top_is_covered() -> None:
    lower = Fraction(*half()["lower"])
    top = int((lower / 3) ** 3 * N)
    inside, outside = (
        said(half() | {"witness": {"method": "chain", "bits": 40, "nodes": [[1, at]]}}) for at in (top - 5, top + 5)
    )
    assert "parts are not covered" in inside.sentence and "a cut of l_1" in outside.sentence


def test_cuts_keep_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part of (l_1, l_2) is some leaf's, and no smaller."""
    seen: list[list[tuple[int, int]]] = []

    def leaf_seen(*arguments: Any) -> tuple[int, int]:
        seen.append(arguments[4])
        return 100 * N, 1

    monkeypatch.setattr(deep_checker, "check_leaf", leaf_seen)
    flat = [[0, 0]]
    deep_checker.check_tree(
        3, 4, Fraction(0), Fraction(6), 40, [[1, 4 * N], [2, 2 * N], flat, flat, [2, N], flat, flat]
    )
    high, low, top = 4 * N, 2 * N, 8 * N
    below = [[(0, high), (0, low)], [(low, high), (low, high)]]
    above = [[(high, top), (0, N)], [(high, top), (N, top)]]
    assert sorted(seen) == sorted(below + above)


def test_a_depth_of_three_is_refused_for_its_depth() -> None:
    three = half() | {"problem": {"K": 3, "L": 3, "x": [51, 500]}}
    assert "L must be an integer from 4 to 64" in said(three).sentence


def test_all_classes_and_both_roots_are_counted() -> None:
    three, four = (most_shown(K, 3, 0, N, BOX, N // 2, N // 8) for K in (3, 4))
    assert four - three > N // 2
    flat = most_shown(3, 3, 0, N, BOX, 0, 0) / N
    assert 3 * (2 ** (1 / 3) + 1) - 0.01 < flat <= 3 * (2 ** (1 / 3) + 1)


@pytest.mark.parametrize("p", [3, 4, 7])
def test_root_is_the_integer_part(p: int) -> None:
    for value in (0, 1, 7, N - 1, N, N + 1, 12345 * N + 678):
        found = deep_checker.root(value, N, p)
        assert found**p <= value * N ** (p - 1) < (found + 1) ** p


def test_what_is_shown_is_the_least_and_no_more() -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        e, x = rng.uniform(0.2, 2), float(rng.choice([0.0, 0.1, 0.3]))
        g, tilt = e * rng.uniform(0, 0.6), rng.uniform(0, 2)
        low, high = np.sort(rng.uniform(0, min(1.2, 1.5 / e), size=2))
        t = np.linspace(low, high, 3000)

        def values(line: tuple[float, float], t: Any = t, tilt: float = tilt, x: float = x) -> Any:
            q = line[0] - line[1] * t
            return tilt * t + 2 * np.sqrt(2 * q - q * q * t) - x * (2 * q - q * q * t)

        lines = [(e, g), (e * rng.uniform(0.9, 1), g)]
        there = min(values(line).min() for line in lines)
        parts = [(3, int(tilt * N), [(int(a * N), int(b * N)) for a, b in lines], int(low * N), int(high * N))]
        for miss in (-0.5, -1e-3, -1e-5, 1e-6):
            wanted = int(3 * (there + miss) * N)
            found = deep_checker.shown(parts, N, int(x * N), wanted)[0]
            assert found <= 3 * (there + 1e-8) * N and (found >= wanted) == (miss < 0)


def test_it_is_bound_to_what_is_expected() -> None:
    _, claim = LOWER_BOUNDS
    text = json.dumps(half())
    own = {"kind": "deep", "K": 3, "L": 4, "x": [51, 500], "lower": half()["lower"]}
    assert deep_checker.check(text, own).ok and checker_of(text.encode()) is deep_checker
    for change in ({"K": 4}, {"L": 5}, {"x": [1, 6]}, {"lower": [64, 100]}, {"kind": "lower"}):
        assert "not what the claim needs" in deep_checker.check(text, own | change).sentence
    result, shows = judge(text.encode(), claim.needs)
    assert result.ok and shows is not None and claim.needs[shows] == own


def test_it_runs_alone_and_says_what_is_proved(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(weak()))
    bad.write_text(json.dumps(weak() | {"lower": [24, 1]}))
    command = [sys.executable, "-S", "-I", str(CHECKER), str(good), str(bad)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd="/")
    first, second = done.stdout.splitlines()
    assert done.returncode == 1 and done.stderr == ""
    assert first.startswith("ACCEPTED") and f"C = {Fraction(*weak()['lower']) / 6} " in first
    assert second.startswith("REJECTED")


def nodes(own: Any, bits: int = 40) -> str:
    return json.dumps(half() | {"witness": {"method": "chain", "bits": bits, "nodes": own}})


OWN_HOSTILE = {
    "many nodes": lambda: nodes([[1, 5]] * 300_000),
    "empty nodes": lambda: nodes([[]] * 9),
    "nodes are an object": lambda: nodes({}),
    "deep": lambda: json.dumps(half() | {"problem": {"K": 3, "L": 10**9, "x": [1, 5]}}),
    "a twin key": lambda: json.dumps(half()).replace('"K": 3', '"K": 3, "K": 3'),
    "fine pieces": lambda: nodes([[[8, 8]]], 64),
    "far above DNC": lambda: json.dumps(
        half()
        | {"problem": {"K": 10**6, "L": 64, "x": [0, 1]}, "lower": [10**30, 1]}
        | {"witness": {"method": "chain", "bits": 64, "nodes": [[[0, 0]]]}}
    ),
}


@pytest.mark.parametrize("name", [*HOSTILE, *OWN_HOSTILE])
def test_a_hostile_file_is_refused_soon(name: str) -> None:
    data = (HOSTILE | OWN_HOSTILE)[name]()
    with hang_guard():
        result = deep_checker.check(data)
    assert not result.ok and result.sentence and "\n" not in result.sentence


def test_a_bound_above_dnc_is_refused_before_its_pieces_are_counted() -> None:
    result = deep_checker.check(OWN_HOSTILE["far above DNC"]())
    assert "at most that of DNC" in result.sentence
