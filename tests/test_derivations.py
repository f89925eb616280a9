"""Every step of every derivation checks; a wrong step is caught; all three renderings say so."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import sympy as sp

from dufm.theory.derivations import DERIVATIONS, derivation, names
from dufm.theory.problem import ProblemError
from dufm.theory.proof.checks import Method, every, identical, positive_beyond, standard
from dufm.theory.proof.derivation import FORMATS, Derivation, Step, conclusion, document, proved
from dufm.verification.cli.ce.numbers import ce_numbers_at
from dufm.verification.cli.listings import numbers_at


@pytest.mark.parametrize("name", names())
def test_every_step_checks_and_nothing_is_only_sampled(name: str) -> None:
    checked = derivation(name).check()
    assert proved(checked), [c for c in checked if not c.ok or c.method is Method.SAMPLED]


def test_all_derivations_are_registered() -> None:
    files = [p for p in Path("theory/derivations").rglob("*.py") if p.stem not in ("lemmas", "__init__")]
    modules = {".".join(("dufm", *p.with_suffix("").parts)) for p in files}
    assert modules == {d.__module__ for d in DERIVATIONS} and len(modules) == len(DERIVATIONS)


def test_no_relation_has_evaluated_itself_away() -> None:
    for build in DERIVATIONS:
        for step in build().steps:
            assert not any(relation in (sp.true, sp.false) for relation in step.relations), (build.__name__, step.words)


def _with(check_words: str, *steps: Step) -> Derivation:
    return Derivation("wrong", check_words, "ours", "something false", steps)


def test_a_wrong_step_is_shown_to_fail() -> None:
    r, L = sp.symbols("r L", positive=True)
    nu = sp.sqrt(2 * (r - 1)) + (r - 1) * sp.sqrt(r - 2)
    wrong = Step("The SRG with one middle layer too many.", (), identical(nu**2 * r ** (L - 2), nu**2 * r ** (L - 3)))
    broken = _with("Wrong", Step("Right.", (), identical((r + 1) ** 2, r**2 + 2 * r + 1)), wrong)
    checked = broken.check()
    assert [c.ok for c in checked] == [True, False]
    assert conclusion(checked) == "NOT proved: step 2 fails"
    for form in FORMATS:
        assert "FAILS" in broken.render(form) and "NOT proved" in broken.render(form)


def test_every_kind_of_check_can_fail() -> None:
    y = sp.Symbol("y")
    assert not positive_beyond(y**2 - 10, y, 3)().ok
    assert positive_beyond(y**2 - 8, y, 3)().ok
    assert not positive_beyond(y - 3, y, 3)().ok
    assert not every([1, 2], lambda v: v < 2, "all below two")().ok
    assert not standard("false", lambda rng: rng.random() < 0.5)().ok


def test_sampling_is_not_called_a_proof() -> None:
    stuck = sp.Function("f")(sp.Symbol("z"))
    sampled = _with("Sampled", Step("Only tried.", (), lambda: identical(stuck, stuck)()))
    assert proved(sampled.check())
    from dufm.theory.proof.checks import Checked

    tried = _with("Sampled", Step("Only tried.", (), lambda: Checked(True, Method.SAMPLED)))
    assert not proved(tried.check())
    assert "not a proof" in tried.render()


def test_unknown_names_are_answered_with_the_nearest_ones() -> None:
    with pytest.raises(ProblemError, match="names that `dufm derive` lists, got 'srgg'; nearest: srg"):
        derivation("srgg")
    with pytest.raises(ValueError, match="text, markdown, latex"):
        derivation("dnc").render("html")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("name", names())
def test_latex_compiles_in_a_minimal_article_and_alone_without_overfull_lines(name: str, tmp_path: Path) -> None:
    body = derivation(name).render("latex")
    assert body.count("{") == body.count("}")
    # One list of steps; matrices and tables stand in environments of their own.
    assert body.count("\\begin{enumerate}") == body.count("\\end{enumerate}") == 1
    assert body.count("\\begin{") == body.count("\\end{")
    assert all(ord(character) < 128 for character in body)
    compiler = shutil.which("pdflatex")
    if compiler is None:
        return
    minimal = "\\documentclass{article}\\usepackage{amsmath}\\begin{document}\n" + body + "\n\\end{document}\n"
    _compiled(compiler, minimal, tmp_path)
    numbers = (ce_numbers_at if name.startswith("ce-") else numbers_at)(4, "latex")
    log = _compiled(compiler, document(f"{body}\n\n{numbers}"), tmp_path)
    wide = [float(points) for points in re.findall(r"Overfull \\hbox \((.*?)pt too wide\)", log)]
    assert all(points < 1 for points in wide), log


def _compiled(compiler: str, source: str, folder: Path) -> str:
    """The log of a LaTeX run that must succeed."""
    (folder / "a.tex").write_text(source)
    command = [compiler, "-halt-on-error", "-interaction=nonstopmode", "a.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-800:]
    return (folder / "a.log").read_text(errors="replace")
