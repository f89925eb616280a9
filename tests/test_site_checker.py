"""The site's checkers, JavaScript in BigInts, say of every certificate what those in Python say, in the same words."""

import copy
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import test_checker
import test_checker_interval
from test_checker_random import SEEDS, WRONG, places

from dufm.verification import checker, deep_checker, lower_checker, margin_checker
from dufm.verification.atlas.records import FOLDER, read_atlas
from dufm.verification.base.certificate import interval_certificate
from dufm.verification.site.certificates import Filed, compact, of_cell, witnesses
from dufm.verification.site.recheck import KINDS

NODE = shutil.which("node")
ASSETS = Path("verification/site/assets").resolve()
JUDGE = Path(__file__).with_name("site_checker_in_node.js")
SPOILED, SPOILED_BOUNDS = 1800, 400
PROGRAMS: dict[str, ModuleType] = dict.fromkeys(("point", "interval", "head"), checker) | {
    "lower": lower_checker,
    "deep": deep_checker,
    "margin": margin_checker,
}
pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node: apt-get install nodejs (make site-setup)")


@pytest.fixture(scope="module")
def shipped() -> list[Filed]:
    """Every certificate."""
    own = [of_cell(cell, record) for cell, record in read_atlas(FOLDER).items()]
    return [filed for filed in (*own, *witnesses()) if filed is not None]


def in_node(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the site's checker says."""
    lines = "\n".join(json.dumps({"judge": "check"} | one) for one in asked)
    assert NODE is not None
    done = subprocess.run([NODE, str(JUDGE), str(ASSETS)], input=lines, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def in_python(text: str, expect: dict[str, Any] | None = None, program: ModuleType = checker) -> dict[str, Any]:
    """What a checker in Python says, in the same form."""
    found = program.check(text, expect)
    margin = None if found.margin is None else str(checker.Fraction(found.margin))
    return {"ok": found.ok, "sentence": found.sentence, "margin": margin}


@pytest.fixture(autouse=True)
def long_numbers() -> Any:
    """Margins may have more digits than newer Pythons print unasked."""
    change: Callable[[int], None] = getattr(sys, "set_int_max_str_digits", lambda most: None)
    before = getattr(sys, "get_int_max_str_digits", lambda: 0)()
    change(0)
    yield
    change(before)


def test_every_shipped_certificate_gets_the_same_verdict_sentence_and_margin(shipped: list[Filed]) -> None:
    found = in_node([{"judge": KINDS[filed.kind], "text": filed.text} for filed in shipped])
    assert len(found) == len(shipped) > 600
    for filed, one in zip(shipped, found, strict=True):
        assert one == in_python(filed.text, None, PROGRAMS[filed.kind]) and one["ok"], filed.name


def spoiled(filed: Filed) -> dict[str, Any]:
    return {"judge": KINDS[filed.kind], "spoil": filed.text}


def test_the_button_that_spoils_makes_every_shipped_certificate_refused(shipped: list[Filed]) -> None:
    assert not any(one["ok"] for one in in_node([spoiled(filed) for filed in shipped]))


def damaged(content: dict[str, Any], rng: random.Random) -> str:
    """A certificate changed in one place, most often in a number."""
    content = copy.deepcopy(content)
    spots = [path for path in places(content) if path and path[0] != "found_by"]
    numbers = [path for path in spots if type(at(content, path)) is int]
    path = rng.choice(numbers if rng.random() < 0.7 else spots)
    node, old = at(content, path[:-1]), at(content, path)
    act = rng.randrange(4)
    if type(old) is int and act:
        new = (
            old + rng.choice((-1, 1)),
            -old,
            old * 10 ** rng.randrange(1, 40),
            rng.randrange(-3, 5),
            old + rng.choice((-1, 1)),
        )
        node[path[-1]] = rng.choice(new)
    elif act == 0:
        node[path[-1]] = rng.choice(WRONG)
    elif act == 1:
        del node[path[-1]]
    elif isinstance(node, list):
        node.insert(path[-1], copy.deepcopy(rng.choice(node)))
    else:
        node[rng.choice(("more", "den", "K", "x"))] = rng.choice((1, "head", old))
    text = compact(content)
    if rng.random() < 0.05:
        # A key twice, which a dictionary cannot hold.
        text = text.replace('"kind":', '"kind":"point","kind":', 1)
    return text


def at(node: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        node = node[key]
    return node


def test_spoiled_certificates_are_refused_in_the_same_words(shipped: list[Filed]) -> None:
    rng = random.Random(19)
    small = [filed.content for filed in shipped if len(filed.text) < 6000 and PROGRAMS[filed.kind] is checker]
    texts = [damaged(rng.choice(small if rng.random() < 0.6 else SEEDS), rng) for _ in range(SPOILED)]
    found = in_node([{"text": text} for text in texts])
    reasons = set()
    for text, one in zip(texts, found, strict=True):
        assert one == in_python(text), text
        reasons.add(one["sentence"].partition("(")[0])
    refused = sum(not one["ok"] for one in found)
    # What is accepted in spite of the change is another true certificate, in both.
    assert refused > 1000 and len(reasons) > 40


def test_each_reason_of_the_python_checker_is_given_for_the_same_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The spoiled twins of test_checker and test_checker_interval, one for each reason there is."""
    texts, told = [], []

    def recorded(certificate: Any) -> checker.Result:
        result = judge(certificate)
        texts.append(json.dumps(certificate))
        told.append(result)
        return result

    judge = test_checker.judge
    monkeypatch.setattr(test_checker, "judge", recorded)
    for make, where, value, words in (case.values for case in test_checker.SPOILED):
        test_checker.reject(make(), where, value, words)
    for where, values, words in test_checker.SPOILED_ANY + test_checker_interval.SPOILED:
        for value in values:
            test_checker.reject(test_checker_interval.interval32(), where, value, words)
    found = in_node([{"text": text} for text in texts])
    assert len(found) > 500
    for text, one, result in zip(texts, found, told, strict=True):
        assert (one["ok"], one["sentence"]) == (result.ok, result.sentence), text[:2000]


@pytest.mark.parametrize(("L", "count"), [(4, 900), (32, 5)])
def test_too_much_arithmetic_is_refused_by_the_same_estimate(L: int, count: int) -> None:
    cuts = [checker.Fraction(i, 10**6) for i in range(1, count + 1)]
    text = compact(interval_certificate(2, L, cuts, [[[[0, 0], [0, 0]]] * (L + 1)] * (count - 1), "test", {}))
    (found,) = in_node([{"text": text}])
    assert found == in_python(text) and found["sentence"].startswith("too much arithmetic")


@pytest.mark.parametrize("kind", ["lower", "deep", "margin"])
def test_spoiled_ones_of_other_kinds_are_refused_in_the_same_words(shipped: list[Filed], kind: str) -> None:
    rng = random.Random(20)
    small = [filed.content for filed in shipped if filed.kind == kind and len(filed.text) < 9000]
    texts = [damaged(rng.choice(small), rng) for _ in range(SPOILED_BOUNDS)]
    found = in_node([{"judge": KINDS[kind], "text": text} for text in texts])
    for text, one in zip(texts, found, strict=True):
        assert one == in_python(text, None, PROGRAMS[kind]), text
    assert sum(not one["ok"] for one in found) > 200 and len({one["sentence"].partition(":")[0] for one in found}) > 16


CASES = [
    '{"a": 1',
    "",
    "[1, 2,]",
    '{"a" 1}',
    "{'a': 1}",
    "nul",
    "01",
    "+1",
    "1.",
    '"\\x"',
    '"a\nb"',
    "[1] 2",
    "\ufeff1",
    "-",
    "[" * 1200,
]


@pytest.mark.parametrize("text", CASES, ids=range(len(CASES)))
def test_text_that_is_no_json_is_refused_by_both(text: str) -> None:
    (found,) = in_node([{"text": text}])
    assert (found["ok"], found["margin"]) == (in_python(text)["ok"], None) and not found["ok"]


def test_numbers_are_read_as_python_reads_them() -> None:
    content = SEEDS[0]
    for number in (
        "1e3",
        "1.0",
        "-0",
        "9" * 1000,
        "9" * 1001,
        "NaN",
        "-Infinity",
        "true",
        '"1"',
        "0.0001",
        "12345678901234567890",
    ):
        text = compact(content).replace('"den":', f'"den":{number},"den_":', 1).replace('"den_":', '"was":', 1)
        swapped = compact(content).replace(f'"den":{content["witness"][0]["den"]}', f'"den":{number}', 1)
        for one in (text, swapped):
            assert in_node([{"text": one}]) == [in_python(one)], number


def test_what_a_page_asks_for_binds_the_certificate(shipped: list[Filed]) -> None:
    filed = next(one for one in shipped if one.kind == "point" and one.content["problem"]["n"] == 1)
    own = filed.content["problem"]
    right = {"kind": "point", **own}
    wrongs = [
        {"K": own["K"] + 1},
        {"kind": "head"},
        {"lambdas": [[1, 7]] * (own["L"] + 1)},
        {"width": 1},
        {"L_from": 3},
        {"n": 2},
    ]
    asked = [{"text": filed.text, "expect": right | wrong} for wrong in ({}, *wrongs)]
    found = in_node(asked)
    assert [one["ok"] for one in found] == [True] + [False] * len(wrongs)
    for ask, one in zip(asked, found, strict=True):
        expected = in_python(ask["text"], ask["expect"])
        assert (one["ok"], one["sentence"]) == (expected["ok"], expected["sentence"])
