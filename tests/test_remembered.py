"""What claims came to is kept between commands by a digest of the whole program, and by nothing less."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dufm.theory.derivations import derivation
from dufm.verification.base import remembered as memory
from dufm.verification.base.remembered import remember, remembered
from dufm.verification.claims import brackets
from dufm.verification.claims.base.verdict import Status


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache; the process believes nothing before and after."""
    monkeypatch.setattr(memory, "cache_folder", lambda name: tmp_path / name)
    memory._file.cache_clear()
    yield tmp_path / "claims"
    memory._asked.clear()
    memory._file.cache_clear()


def finder(said: list[str], word: str):
    """Says `word` and counts how often it was asked."""

    def find() -> str:
        said.append(word)
        return word

    return find


def test_nothing_is_kept_or_believed_unless_asked(folder: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        assert remembered("a", ("yes",), finder(said, "yes")) == "yes"
    assert said == ["yes"] * 2 and not folder.exists()


def test_a_later_command_finds_what_this_program_found(folder: Path) -> None:
    remember()
    said: list[str] = []
    for _ in range(2):
        assert remembered("a", ("yes", "no"), finder(said, "no")) == "no"
    assert said == ["no"]
    assert [json.loads(path.read_text()) for path in folder.iterdir()] == [{"a": "no"}]


@pytest.mark.parametrize("change", ["source_digest", "version"])
def test_another_program_finds_nothing(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    remember()
    said: list[str] = []
    remembered("a", ("yes",), finder(said, "yes"))
    monkeypatch.setattr(memory, change, lambda *args: "other")
    memory._file.cache_clear()
    remembered("a", ("yes",), finder(said, "yes"))
    assert said == ["yes"] * 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', '{"a": "PROVED indeed"}', "[" * 10**5])
def test_a_damaged_file_is_found_anew(content: str, folder: Path) -> None:
    remember()
    remembered("a", ("yes",), finder([], "yes"))
    (path,) = folder.iterdir()
    path.write_text(content)
    said: list[str] = []
    assert remembered("a", ("yes",), finder(said, "yes")) == "yes" and said == ["yes"]


def test_a_folder_that_cannot_be_written_is_no_fault(folder: Path) -> None:
    remember()
    folder.write_text("a file")
    assert remembered("a", ("yes",), finder([], "yes")) == "yes"


def test_programs_not_used_for_long_are_forgotten(folder: Path) -> None:
    remember()
    folder.mkdir()
    for i in range(9):
        (folder / f"{i}.json").write_text("{}")
    remembered("a", ("yes",), finder([], "yes"))
    assert len(list(folder.iterdir())) == memory.MOST


def test_claims_are_judged_once_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    remember()
    ran: list[str] = []
    monkeypatch.setattr(brackets, "_judged", lambda label: ran.append(label) or Status.CERTIFIED)
    for _ in range(2):
        brackets.judged.cache_clear()
        assert brackets.judged("one-threshold") is Status.CERTIFIED
    brackets.judged.cache_clear()
    assert ran == ["one-threshold"]


def test_what_searches_alone_support_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    assert derivation("threshold").states
    brackets.thresholds(5, 2, status=lambda label: asked.append(label) or Status.PROVED)
    brackets.dnc_optimal(5, 2, status=lambda label: asked.append(label) or Status.UNDECIDED)
    assert "thresholds" in asked and not {"two-layers", "three-layers-few-classes"} & set(asked)
