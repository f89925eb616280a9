"""checker.py meets hostile files, damaged certificates and the command line: always an answer, soon, in one line."""

import ast
import json
import os
import random
import shutil
import subprocess
import sys
from fractions import Fraction

import pytest
from test_checker import CHECKER, certified_head, judge, point32
from test_checker_interval import interval32

from dufm.verification import checker
from tests.guard import hang_guard

HUGE = 10**999


def run(*arguments, timeout=20.0):
    command = [sys.executable, "-S", "-I", str(CHECKER), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd="/")


def test_a_duplicate_key_is_rejected_wherever_it_is_read():
    text = json.dumps(point32())
    for key, twice in (('"K": 3', '"K": 3, "K": 3'), ('"version": 1', '"version": 1, "version": 1')):
        assert key in text
        assert "once" in checker.check(text.replace(key, twice)).sentence
    den = text.index('"den"')
    assert not checker.check(text[:den] + '"den": 1, ' + text[den:]).ok


def test_no_key_but_those_named_is_accepted_the_empty_one_neither():
    for make, reach in (
        (point32, []),
        (point32, ["problem"]),
        (interval32, ["problem"]),
        (certified_head, ["problem"]),
    ):
        for key in ("", " ", "K ", "found_by "):
            certificate = make()
            node = certificate
            for name in reach:
                node = node[name]
            node[key] = 1
            assert "exactly the keys" in judge(certificate).sentence
        certificate = make()
        certificate["witness"][0][""] = 1
        assert "exactly the keys" in judge(certificate).sentence


def test_found_by_is_optional_and_may_hold_floats_but_nothing_else_may():
    certificate = point32()
    certificate["found_by"] = {"loss_ratio": 0.978, "seed": 1, "list": [1.5, None]}
    assert judge(certificate).ok
    certificate["problem"]["found_by"] = {}
    assert not judge(certificate).ok
    certificate = point32()
    del certificate["found_by"]
    assert judge(certificate).ok


@pytest.mark.parametrize("make", [point32, interval32, certified_head])
def test_a_truncated_file_is_rejected(make):
    text = json.dumps(make())
    assert checker.check(text).ok and checker.check(text.encode()).ok
    for cut in {0, 1, *range(2, len(text), max(1, len(text) // 60)), len(text) - 1}:
        assert not checker.check(text[:cut]).ok


@pytest.mark.parametrize(("make", "layer"), [(point32, 3), (interval32, 13), (certified_head, 2)])
def test_no_hidden_width_below_the_witnesss_own_is_claimed(make, layer):
    wide = make()
    wide["witness"][layer]["rows"].append([0, 0])
    for row in wide["witness"][layer + 1]["rows"]:
        row.append(0)
    narrow, padded = judge(make()), judge(wide)
    assert narrow.ok and "widths >= 3" in narrow.sentence
    assert padded.margin == narrow.margin and "widths >= 4" in padded.sentence


def test_the_size_cap_is_on_the_whole_text_and_is_sharp():
    text = json.dumps(certified_head()).encode()
    assert checker.check(text.ljust(checker.MAX_BYTES)).ok
    assert "longer" in checker.check(text.ljust(checker.MAX_BYTES + 1)).sentence


def filled(K, L, d, bits, den):
    source = random.Random(K)
    sides = [K, *[d] * L, K]
    factors = [
        [[source.getrandbits(bits) for _ in range(b)] for _ in range(a)] for b, a in zip(sides, sides[1:], strict=False)
    ]
    names = ["H_1", *(f"W_{i}" for i in range(1, L + 1))]
    return {
        "format": "dufm-certificate",
        "version": 1,
        "kind": "point",
        "claim": "t",
        "problem": {"K": K, "L": L, "n": 1, "lambdas": [[1, 250]] * (L + 1)},
        "witness": [{"name": m, "den": den, "rows": rows} for m, rows in zip(names, factors, strict=True)],
    }


N = checker.MAX_BYTES
HOSTILE = {
    "empty": lambda: b"",
    "spaces": lambda: b" " * N,
    "too long": lambda: b" " * (N + 5),
    "not utf-8": lambda: b"\xff\xfe" * 1000,
    "utf-16": lambda: json.dumps(point32()).encode("utf-16"),
    "zeros": lambda: bytes(1000),
    "deep lists": lambda: b"[" * N,
    "deep objects": lambda: b'{"a":' * (N // 5),
    "closed deep lists": lambda: b"[" * 100_000 + b"]" * 100_000,
    "one integer": lambda: b"1" * N,
    "one exponent": lambda: b"1e" + b"9" * 10**6,
    "one fraction": lambda: b"0." + b"9" * 10**6,
    "many lists": lambda: b"[" + b"[]," * (N // 3 - 2) + b"[]]",
    "many objects": lambda: b"[" + b'{"":1},' * (N // 7 - 2) + b"{}]",
    "many integers": lambda: b"[" + b"1," * (N // 2 - 2) + b"1]",
    "long integers": lambda: b"[" + (b"7" * 999 + b",") * (N // 1000 - 2) + b"1]",
    "many keys": lambda: ("{" + ",".join(f'"{i}":0' for i in range(N // 13)) + "}").encode(),
    "a number": lambda: b"1",
    "a list": lambda: b"[]",
    "a string": lambda: b'"dufm-certificate"',
    "surrogate": lambda: b'{"format":"\\ud800"}',
    "long arithmetic": lambda: json.dumps(filled(5, 32, 10, 3300, HUGE)).encode(),
    "wide arithmetic": lambda: json.dumps(filled(300, 2, 310, 10, 1)).encode(),
    "large arithmetic": lambda: json.dumps(filled(2, 32, 2, 2900, 10**900)).encode(),
}


HOSTILE |= {
    "byte order mark": lambda: b"\xef\xbb\xbf" + json.dumps(point32()).encode(),
    "NaN": lambda: json.dumps(point32()).replace("250", "NaN").encode(),
    "Infinity": lambda: json.dumps(point32()).replace("250", "Infinity").encode(),
    "a float": lambda: json.dumps(point32()).replace("250", "250.0").encode(),
    "true": lambda: json.dumps(point32()).replace('"version": 1', '"version": true').encode(),
    "5000 digits": lambda: json.dumps(point32()).replace("250", "9" * 5000).encode(),
    "deep in found_by": lambda: json.dumps(point32() | {"found_by": 0})[:-2].encode() + b"[" * 10**6,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_rejected_soon_and_in_one_line(name, tmp_path):
    path = tmp_path / "hostile.json"
    path.write_bytes(HOSTILE[name]())
    done = run(path, timeout=10)
    assert done.returncode == 1 and done.stderr == ""
    assert done.stdout.startswith("REJECTED ") and done.stdout.count("\n") == 1
    assert "margin" not in done.stdout, "refused before any arithmetic"


@pytest.mark.parametrize(("K", "L", "d", "bits"), [(15, 7, 20, 53), (100, 3, 110, 30)])
def test_large_honest_witnesses_pass_the_caps(K, L, d, bits):
    with hang_guard():
        result = judge(filled(K, L, d, bits, 2**bits))
    assert result.margin is not None and result.margin < 0, "multiplied out and compared, not refused for its size"


def read_line(path, *options):
    done = run(*options, path)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_command_line_tells_margins_and_exit_codes(tmp_path):
    good, head, bad = (tmp_path / name for name in ("good.json", "naïve\nhead.json", "bad.json"))
    good.write_text(json.dumps(point32()))
    head.write_text(json.dumps(certified_head()))
    bad.write_text(json.dumps(certified_head(3)))
    margin = judge(point32()).margin
    code, line = read_line(good)
    assert code == 0 and line.startswith("ACCEPTED ") and line.count("\n") == 1
    told = Fraction(line.split("; margin ")[1].split("...")[0])
    assert 0 <= margin - told < margin / 10**28 and f"a fraction of {len(str(margin))} characters" in line
    code, line = read_line(good, "--exact")
    assert code == 0 and Fraction(line.split("; margin ")[1].strip()) == margin
    code, line = read_line(head)
    assert code == 0 and line.count("\n") == 1 and line.isascii()
    assert Fraction(line.split("; margin ")[1].strip()) == judge(certified_head()).margin
    done = run(good, bad, head)
    assert done.returncode == 1 and [x.split()[0] for x in done.stdout.splitlines()] == [
        "ACCEPTED",
        "REJECTED",
        "ACCEPTED",
    ]


def test_exact_margins_longer_than_pythons_digit_limit_are_printed(tmp_path):
    long = {**filled(2, 8, 2, 2000, 10**700), "claim": "long"}
    path = tmp_path / "long.json"
    path.write_text(json.dumps(long))
    code, line = read_line(path, "--exact")
    number = line.split("; margin ")[1].strip()
    limit = sys.get_int_max_str_digits()
    assert code == 1 and len(number) > 2 * limit
    sys.set_int_max_str_digits(0)
    try:
        assert Fraction(number) == judge(long).margin
    finally:
        sys.set_int_max_str_digits(limit)


@pytest.mark.parametrize("arguments", [(), ("--exact",), ("--help",), ("-x", "a.json"), ("/nonexistent.json",), ("/",)])
def test_bad_usage_and_unreadable_files_give_one_line_and_code_2(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_or_a_device_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    for place in (tmp_path / "pipe.json", "/dev/zero", tmp_path):
        done = run(place, timeout=10)
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr.count("\n") == 1 and "not a plain one" in done.stderr


def test_the_least_version_it_states_can_run_it_and_an_older_one_is_told_so():
    tree = ast.parse(text := CHECKER.read_text(), feature_version=(3, 9))
    assert "Python 3.9" in (ast.get_docstring(tree) or "")
    # What 3.9 would only find out while running: zip(strict=) and X | Y in annotations.
    assert not any(node.arg == "strict" for node in ast.walk(tree) if isinstance(node, ast.keyword))
    places = [n.annotation for n in ast.walk(tree) if isinstance(n, ast.arg | ast.AnnAssign) and n.annotation]
    places += [n.returns for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.returns]
    assert not any(isinstance(part, ast.BitOr) for place in places for part in ast.walk(place))
    # 3.8 gets as far as this line.
    ast.parse(text, feature_version=(3, 8))
    old = f"import runpy, sys; sys.version_info = (3, 8, 18); runpy.run_path({str(CHECKER)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", old], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "checker.py needs Python 3.9 or newer\n")


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13", "3.14"])
def test_other_pythons_on_this_machine_judge_alike(version, tmp_path):
    python = shutil.which(f"python{version}")
    probe = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    found = python and subprocess.run(probe, capture_output=True, text=True, timeout=20).stdout.strip()
    if found != version:
        pytest.skip(f"no Python {version} here")
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    bad.write_text(json.dumps(certified_head(3)))
    good.write_text(json.dumps(interval32()))
    command = ["-S", "-I", str(CHECKER), "--exact", str(good), str(bad)]
    here, there = (
        subprocess.run([p, *command], capture_output=True, timeout=60) for p in (sys.executable, str(python))
    )
    assert (here.returncode, here.stdout, here.stderr) == (there.returncode, there.stdout, there.stderr)
    assert here.stdout.startswith(b"ACCEPTED") and here.returncode == 1


def test_an_unreadable_file_does_not_hide_the_others(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(point32()))
    bad.write_text("{")
    done = run(tmp_path / "none.json", good)
    assert done.returncode == 2 and done.stdout.startswith("ACCEPTED ")
    assert run(tmp_path / "none.json", bad).returncode == 1
