"""The listed false changes can still be made: a change of the sources must not silently take one away."""

import re
import shlex
from pathlib import Path

import pytest

from tests.mutation.__main__ import ASKED, equivalent, generated, listed, stale, trusted
from tests.mutation.operators import Mutant


def test_every_listed_change_can_be_made() -> None:
    assert len(listed()) > 190 and stale(listed()) == []


def test_a_change_whose_text_is_gone_is_named() -> None:
    gone = Mutant("theory/squared/phi.py", "no such text", "nor this", 0, "")
    missing = Mutant("theory/nowhere.py", "a", "b", 0, "")
    assert len(stale([gone, missing])) == 2 and "no such text" in stale([gone])[0]


def test_an_equivalent_change_says_why() -> None:
    assert all(reason.strip() for reason in equivalent().values())
    assert [(file, old) for file, old, _ in equivalent() if old not in Path(file).read_text()] == []


def test_claims_that_are_only_measured_are_left_out() -> None:
    files = trusted()
    assert "verification/claims/squared/variants.py" in files and "theory/squared/phi.py" in files
    assert "verification/claims/base/measured.py" in files
    assert "verification/claims/rank_two/measured.py" not in files


def test_a_sample_stays_as_it_is_when_other_sources_change() -> None:
    files = ["theory/squared/phi.py", "theory/squared/head.py"]
    both = generated(files, 3, 12)
    assert both == generated(files, 3, 12) != generated(files, 4, 12) and len(both) == 12
    assert {m for m in both if m.file == files[0]} <= set(generated(files[:1], 3, 12))


@pytest.mark.parametrize("mutant", listed(), ids=lambda m: f"{m.file}:{m.why}")
def test_a_listed_change_says_what_is_false(mutant: Mutant) -> None:
    assert mutant.why and mutant.old != mutant.new and mutant.first.partition(":")[0] in ("", *ASKED)


@pytest.mark.parametrize("mutant", listed(), ids=lambda m: f"{m.file}:{m.why}")
def test_who_is_asked_first_is_there(mutant: Mutant) -> None:
    kind, _, words = mutant.first.partition(": ")
    if kind != "test":
        return
    asked = shlex.split(words)
    at = asked.index("-k") if "-k" in asked else len(asked)
    assert asked[:at] and len(asked) in (at, at + 2)
    source = ""
    for place in asked[:at]:
        file, _, name = place.partition("::")
        source += Path(file).read_text()
        assert not name or f"def {name.partition('[')[0]}(" in source
    wanted = [word for word in re.findall(r"\w+", " ".join(asked[at + 1 :])) if word not in ("and", "or", "not")]
    names = " ".join(re.findall(r"def (test_\w+)", source))
    assert all(word in names or f'"{word}' in source for word in wanted), f"no test there is named {wanted}"
