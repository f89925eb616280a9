"""The formal proofs as text: no axiom, no gap, little to believe; every name that is told exists."""

import re
from pathlib import Path

import pytest

from dufm.theory.derivations import names as derivation_names
from dufm.theory.stated import ProblemError
from dufm.verification.claims import CLAIMS
from dufm.verification.claims.entry import Entry
from dufm.verification.cli.formal import KernelReport, unasked
from dufm.verification.formal import kernel
from dufm.verification.formal.headline import headline_file
from dufm.verification.formal.theorems import DERIVATIONS, PARTS, THEOREMS, checked_by_kernel

SOURCES = sorted(kernel.SOURCES.glob("*.v"))
GAPS = (
    "Axiom|Axioms|Conjecture|Parameter|Parameters|Admitted|admit|give_up|Admit Obligations|"
    "bypass_check|Guard Checking|Universe Checking|Positivity Checking"
)


def code(path: Path) -> str:
    """The text without comments, which may nest."""
    text, depth = [], 0
    for part in re.split(r"(\(\*|\*\))", path.read_text()):
        depth += {"(*": 1, "*)": -1}.get(part, 0)
        if depth == 0 and part != "*)":
            text.append(part)
    return "".join(text)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_no_axiom_and_no_gap(path: Path) -> None:
    assert not re.findall(rf"(?<![\w'])(?:{GAPS})(?![\w'])", code(path))
    # Outside a section a Variable or Hypothesis is an axiom.
    depth = 0
    for line in code(path).splitlines():
        depth += bool(re.match(r"\s*Section\s", line)) - bool(re.match(r"\s*End\s", line))
        assert depth > 0 or not re.match(r"\s*(Variable|Hypothes|Context)", line), line


def test_a_gap_would_be_found(tmp_path: Path) -> None:
    for line in ("Axiom f : False.", "Admitted.", "Proof. admit. Qed.", "Hypothesis h : False."):
        path = tmp_path / "Bad.v"
        path.write_text(f"(* Axiom in a comment (* nested *) is none *)\n{line}\n")
        with pytest.raises(AssertionError):
            test_no_axiom_and_no_gap(path)
    path.write_text("(* Axiom *)\nSection S.\nVariable x : nat.\nEnd S.\n")
    test_no_axiom_and_no_gap(path)


def test_what_must_be_believed_is_short() -> None:
    pairs = (("Model", "Theorems"), 200), (("ModelLoss", "TheoremsLoss"), 100), (("ModelLinear", "TheoremsLinear"), 60)
    for names, most in (*pairs, (("Model", "TheoremsLower"), 110)):
        model, theorems = (kernel.SOURCES / f"{name}.v" for name in names)
        assert len(model.read_text().splitlines()) + len(theorems.read_text().splitlines()) < most
        assert not re.search(r"\b(Lemma|Theorem|Proof|Notation)\b", code(model))
        assert not re.search(r"\b(Definition|Record|Fixpoint|Inductive|Notation)\b", code(theorems))


def test_files_are_short_and_listed() -> None:
    assert sorted(kernel.modules()) == [path.stem for path in SOURCES]
    assert max(len(path.read_text().splitlines()) for path in SOURCES) < 300
    for i, name in enumerate(kernel.modules()):
        text = code(kernel.SOURCES / f"{name}.v")
        used = re.findall(r"^From Dufm Require Import ([\w ]+)\.", text, re.MULTILINE)
        assert len(used) == len(re.findall(r"From\s+Dufm", text))  # one line each, as `build` reads them
        assert {other for line in used for other in line.split()} <= set(kernel.modules()[:i])


def test_names_exist() -> None:
    for named in (THEOREMS, PARTS):
        assert set(named) <= set(kernel.theorems())
        assert {label for labels in named.values() for label in labels} <= {claim.label for claim in CLAIMS}
    assert set(DERIVATIONS) <= set(derivation_names())
    for words in DERIVATIONS.values():
        for names, file in re.findall(r"((?:\w+(?:, | and ))*\w+) in (\w+)\.v", words):
            for name in re.findall(r"\w+_?\w+", names.replace(" and ", " ")):
                assert re.search(rf"(Theorem|Lemma|Corollary) {name}\b", (kernel.SOURCES / f"{file}.v").read_text())


def test_headline_certificates_are_those_of_the_claims() -> None:
    assert (kernel.SOURCES / "Certificates.v").read_text() == headline_file()


def test_the_packages_told_are_those_installed() -> None:
    assert kernel.PACKAGES in Path("Makefile").read_text()


def test_without_rocq_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel.shutil, "which", lambda name: None)
    with pytest.raises(ProblemError, match="--formal needs the Rocq .* make prove-setup"):
        kernel.require("--formal")
    assert "Rocq is not installed" in unasked() and "make prove-setup" in unasked() and "\n" not in unasked()


def test_a_derivation_names_its_theorem() -> None:
    assert "head_depth in Head.v" in checked_by_kernel("head", "text")
    assert r"head\_depth" in checked_by_kernel("head", "latex")
    assert checked_by_kernel("rfm-rates", "text") == ""


def test_a_part_is_told_but_covers_no_claim() -> None:
    name, entry = "three_classes_optimal", Entry("three-classes-optimal", "PROVED", "PROVED", "", (), (), {})
    closed = KernelReport({name: kernel.KernelTheorem(name, True, kernel.CLOSED)}, {}, {})
    assert closed.marks(entry) == f"in part: theorem {name}" and not closed.covers(entry)
    lying = KernelReport({name: kernel.KernelTheorem(name, True, "Axioms: lie")}, {}, {})
    assert lying.marks(entry) == "" and lying.bad


def test_a_claim_of_two_theorems_is_covered_by_both_only() -> None:
    entry = Entry("two-classes", "PROVED", "PROVED", "", (), (), {})
    both = {name: kernel.KernelTheorem(name, True, kernel.CLOSED) for name in ("one_layer", "two_classes")}
    assert KernelReport(both, {}, {}).covers(entry)
    assert KernelReport(both, {}, {}).marks(entry) == "theorem one_layer and two_classes"
    assert not KernelReport({"two_classes": both["two_classes"]}, {}, {}).covers(entry)
