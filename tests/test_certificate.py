"""Certificates are built exactly from floats and rationals, and stored whole or not at all."""

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.base.certificate import (
    CertificateError,
    head_certificate,
    interval_certificate,
    point_certificate,
    read,
    write,
)

ROOT = Path(__file__).parents[1]
PROBLEM = Problem.of(2, 2, ["0.01", "1/30", "0.02"], n=3)
FLOATS = [np.array([[0.1, -1 / 3], [2.5, 0.0]]), np.eye(2) * np.pi, np.array([[1e-3, 7.0], [-0.2, 1e9]])]
RATIONALS = [
    [[Fraction(1, 3), 0], [Fraction(-1, 2), 1]],
    sp.Matrix([[2, sp.Rational(1, 7)], [0, 1]]),
    [[4, 6], [8, 10]],
]


def entries(certificate):
    return [[[Fraction(x, m["den"]) for x in row] for row in m["rows"]] for m in certificate["witness"]]


def sample(**found_by):
    return point_certificate(PROBLEM, RATIONALS, "a claim", found_by)


@pytest.mark.parametrize("bits", [3, 40, 60])
def test_floats_become_the_nearest_dyadic_rationals(bits):
    certificate = point_certificate(PROBLEM, FLOATS, "c", {}, bits=bits)
    for found, weight in zip(entries(certificate), FLOATS, strict=True):
        for x, w in zip(sum(found, []), weight.ravel().tolist(), strict=True):
            assert (x * 2**bits).denominator == 1 and abs(x - Fraction(w)) <= Fraction(1, 2 ** (bits + 1))
    assert certificate["problem"] == {"K": 2, "L": 2, "n": 3, "lambdas": [[1, 100], [1, 30], [1, 50]]}
    assert [m["name"] for m in certificate["witness"]] == ["H_1", "W_1", "W_2"]


def test_float32_and_lists_of_floats_are_floats_too():
    singles = point_certificate(PROBLEM, [w.astype(np.float32) for w in FLOATS], "c", {}, bits=140)
    assert entries(singles)[0][0][0] == Fraction(float(np.float32(0.1)))
    assert point_certificate(PROBLEM, [w.tolist() for w in FLOATS], "c", {}) == point_certificate(
        PROBLEM, FLOATS, "c", {}
    )


def test_rationals_are_kept_exactly_over_their_least_denominator():
    certificate = sample()
    assert entries(certificate)[0] == [[Fraction(1, 3), 0], [Fraction(-1, 2), 1]]
    assert [m["den"] for m in certificate["witness"]] == [6, 7, 1]
    assert PROBLEM.objective(entries(certificate)) == PROBLEM.objective(RATIONALS)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (RATIONALS[:2], "3 factors"),
        ([*RATIONALS[:2], [[1, 2, 3], [4, 5, 6]]], "W_2 must have 2 columns"),
        ([[[1, 2], [3]], *RATIONALS[1:]], "H_1: rows of different lengths"),
        ([[[np.nan, 1.0], [0.0, 1.0]], *RATIONALS[1:]], "H_1 must be a non-empty matrix of finite"),
        ([np.full((2, 2), np.inf), *RATIONALS[1:]], "finite"),
        ([np.zeros(2), *RATIONALS[1:]], "non-empty matrix"),
        ([[["a", "b"]], *RATIONALS[1:]], "matrix of numbers"),
        ([[], *RATIONALS[1:]], "at least one row"),
    ],
)
def test_weights_that_make_no_sense_are_refused_by_name(weights, message):
    with pytest.raises(ProblemError, match=message):
        point_certificate(PROBLEM, weights, "c", {})


def test_a_head_must_be_exact():
    eye = [[1, 0], [0, 1]]
    certificate = head_certificate(2, 4, eye, [[Fraction(1, 3), 0], [0, 1]], eye, eye, "c", {})
    assert certificate["problem"] == {"K": 2, "L_from": 4} and certificate["kind"] == "head"
    assert [(m["name"], m["den"]) for m in certificate["witness"]] == [("A", 1), ("B", 3), ("W", 1), ("U", 1)]
    with pytest.raises(ProblemError, match="W: an exact rational is needed"):
        head_certificate(2, 4, eye, eye, [[0.5, 0.0], [0.0, 1.0]], eye, "c", {})


def test_an_interval_lists_its_cuts_and_one_set_of_weights_a_piece():
    certificate = interval_certificate(2, 2, ["0.01", Fraction(1, 30), 1], [RATIONALS, FLOATS], "c", {"by": 1}, bits=20)
    assert certificate["kind"] == "interval" and certificate["found_by"] == {"by": "1"}
    assert certificate["problem"] == {"K": 2, "L": 2, "cuts": [[1, 100], [1, 30], [1, 1]]}
    assert [m["name"] for m in certificate["witness"]] == ["H_1", "W_1", "W_2"] * 2
    assert entries(certificate)[:3] == entries(sample())
    assert entries(certificate)[3:] == entries(point_certificate(PROBLEM, FLOATS, "c", {}, bits=20))


@pytest.mark.parametrize(
    ("cuts", "pieces", "message"),
    [
        ([1, 2], [], "2 cuts need 1 pieces, got 0"),
        ([1, 2, 3], [RATIONALS], "3 cuts need 2 pieces, got 1"),
        ([1], [], "cuts must be at least two rising numbers > 0, got 1"),
        ([], [], "got none"),
        ([2, 1], [RATIONALS], "rising numbers > 0, got 2, 1"),
        ([1, 1], [RATIONALS], "rising"),
        ([0, 1], [RATIONALS], "rising"),
        ([-1, 1], [RATIONALS], "rising"),
        ([1, float("nan")], [RATIONALS], "cuts must be a finite number"),
        ([1, 2], [RATIONALS[:2]], "3 factors"),
        ([1, 2], [[*RATIONALS[:2], [[1, 2, 3], [4, 5, 6]]]], "W_2 must have 2 columns"),
    ],
)
def test_an_interval_that_makes_no_sense_is_refused(cuts, pieces, message):
    with pytest.raises(ProblemError, match=message):
        interval_certificate(2, 2, cuts, pieces, "c", {})


def test_found_by_is_stored_as_strings_so_that_no_float_enters(tmp_path):
    certificate = sample(loss_ratio=0.978, seed=np.int64(3), engine="polish")
    assert certificate["found_by"] == {"loss_ratio": "0.978", "seed": "3", "engine": "polish"}
    write(certificate, tmp_path / "c.json")
    json.loads((tmp_path / "c.json").read_text(), parse_float=pytest.fail)


def test_what_is_written_is_read_back_in_the_same_bytes(tmp_path):
    first, second, again = (tmp_path / name for name in ("1.json", "2.json", "3.json"))
    write(sample(a=1, b=2), first)
    write(dict(reversed(sample(b=2, a=1).items())), second)
    assert read(first) == sample(a=1, b=2)
    write(read(first), again)
    assert first.read_bytes() == second.read_bytes() == again.read_bytes()
    assert b" " not in first.read_bytes().replace(b"a claim", b"")
    assert sorted(os.listdir(tmp_path)) == ["1.json", "2.json", "3.json"]


def test_a_failed_write_names_the_path_and_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "c.json"
    write(sample(), path)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CertificateError, match=r"c\.json: No space left on device") as caught:
        write(sample(seed=2), path)
    assert isinstance(caught.value, OSError)
    assert os.listdir(tmp_path) == ["c.json"] and path.read_bytes() == before


def test_a_disk_that_fills_up_in_the_middle_leaves_nothing(tmp_path):
    code = """
import resource, sys
from dufm.verification.base.certificate import CertificateError, write
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write({"rows": list(range(5000))}, sys.argv[1])
except CertificateError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "c.json")], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert done.stderr == "" and str(tmp_path / "c.json") in done.stdout and done.stdout.count("\n") == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("place", ["missing/c.json", "file/c.json", "folder"])
def test_an_impossible_place_is_refused_with_its_name(tmp_path, place):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CertificateError, match=place):
        write(sample(), tmp_path / place)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


@pytest.mark.parametrize("content", [{"x": float("nan")}, {"x": Fraction(1, 2)}, {"x": 10**5000}])
def test_what_is_no_json_is_not_written(tmp_path, content):
    with pytest.raises(CertificateError, match=r"c\.json"):
        write(content, tmp_path / "c.json")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b"[" * 10**5])
def test_a_file_that_holds_no_certificate_is_named(tmp_path, content):
    path = tmp_path / "c.json"
    path.write_bytes(content)
    with pytest.raises(CertificateError, match=r"c\.json: not"):
        read(path)
    with pytest.raises(CertificateError, match=r"none\.json: No such file"):
        read(tmp_path / "none.json")
