"""Commands that may take long say so, or refuse with their limit."""

import io
import sys
import time

import pytest
from rich.console import Console

from dufm.theory.stated import ProblemError
from dufm.verification.cli.compare import run_compare
from dufm.verification.cli.compare_request import CompareRequest
from dufm.verification.cli.heartbeat import alive
from dufm.verification.cli.output import any_encoding


def test_long_work_gives_signs_of_life_and_short_work_none(capsys: pytest.CaptureFixture[str]) -> None:
    with alive("waiting", first=60.0):
        pass
    assert capsys.readouterr().err == ""
    said = ""
    with alive("waiting", first=0.01):
        while "waiting: 0 s so far" not in said:
            time.sleep(0.01)
            said += capsys.readouterr().err


def test_what_cannot_be_checked_is_refused_with_the_limit() -> None:
    with pytest.raises(ProblemError, match="--K must be at most 2000, .* got 45150"):
        run_compare(CompareRequest("srg", 45150, 4), Console())


def test_a_stream_of_ascii_takes_any_text(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    any_encoding()
    print("λ ≤ √2, é, \udcff", flush=True)
    assert raw.getvalue().startswith(b"lamda <= sqrt2, e, \xff")
