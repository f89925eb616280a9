"""Every step of every derivation checks; a wrong step is caught; all three renderings say so."""

import re
import shutil
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import sympy as sp

from dufm.theory.derivations import DERIVATIONS, derivation, names
from dufm.theory.proof.checks import (
    PROVING,
    Checked,
    Method,
    all_of,
    compared,
    definition,
    every,
    identical,
    inference,
    instances,
    positive_beyond,
    prose,
    seeded,
    signed,
    standard,
)
from dufm.theory.proof.derivation import (
    FORMATS,
    OTHER,
    Derivation,
    Step,
    conclusion,
    document,
    name_of,
    proved,
    quotations,
)
from dufm.theory.proof.theorems import AM_GM, CAUCHY_SCHWARZ, not_negative, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.stated import ProblemError
from dufm.verification.cli.ce.numbers import ce_numbers_of
from dufm.verification.cli.listings import numbers_at

# Derivations with a step that is only tried on instances; claims that rest on one are not PROVED.
NOT_PROVED: set[str] = set()


@pytest.mark.parametrize("name", names())
def test_every_step_holds_and_what_is_no_proof_is_said(name: str) -> None:
    built = derivation(name)
    checked = built.check()
    assert all(c.ok for c in checked), [(i, c) for i, c in enumerate(checked, 1) if not c.ok]
    assert proved(checked) is (name not in NOT_PROVED), [
        (i, c) for i, c in enumerate(checked, 1) if c.method not in PROVING
    ]
    assert set(built.uses) <= set(names())


def test_all_derivations_are_registered() -> None:
    files = [
        p for p in Path("theory/derivations").rglob("*.py") if not p.stem.endswith("lemmas") and p.stem != "__init__"
    ]
    modules = {".".join(("dufm", *p.with_suffix("").parts)) for p in files}
    assert modules == {d.__module__ for d in DERIVATIONS} and len(modules) == len(DERIVATIONS)


def test_no_relation_has_evaluated_itself_away() -> None:
    for build in DERIVATIONS:
        for step in build().steps:
            assert not any(relation in (sp.true, sp.false) for relation in step.shown), (build.__name__, step.words)


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
    assert not positive_beyond(y**2 - y + 1, y, 0)().ok
    assert not every([1, 2], lambda v: v < 2, "all below two")().ok
    assert not signed(y, "of no known sign")().ok
    assert not compared(sp.Lt(sp.UnevaluatedExpr(sp.Integer(3)), 2, evaluate=False), "numbers")().ok
    assert not standard("false", lambda rng: rng.random() < 0.5)().ok


@pytest.mark.parametrize(
    "check",
    [
        seeded(lambda rng: rng.random() < 2),
        instances([1], lambda v: True, "one"),
        standard("a theorem", lambda rng: True),
        prose(),
        all_of(identical(1, 1), seeded(lambda rng: True)),
        lambda: Checked(True, Method.SAMPLED),
    ],
)
def test_instances_samples_and_words_are_not_called_a_proof(check) -> None:
    tried = _with("Tried", Step("Only tried.", (), check))
    assert all(c.ok for c in tried.check()) and not proved(tried.check())
    assert "not a proof: step 1" in tried.render()


def test_nothing_proves_nothing() -> None:
    nothing = (
        every([], lambda v: True, "no cases"),
        every([1, 2], lambda v: None, "vacuous"),  # pyright: ignore[reportArgumentType]
        seeded(lambda rng: None),
        all_of(),
        all_of(spots=[identical(1, 1)]),
        inference("a rule without premises"),
        inference(" ", "premise"),
        not_negative(),
    )
    assert not any(check().ok for check in nothing)
    assert not proved(())


def test_spots_must_hold_and_count_for_nothing() -> None:
    assert all_of(identical(1, 1), spots=[seeded(lambda rng: True)])().method is Method.SYMBOLIC
    assert not all_of(identical(1, 1), spots=[seeded(lambda rng: False)])().ok
    assert not quoted(CAUCHY_SCHWARZ, spots=[seeded(lambda rng: False)])().ok


def test_a_quotation_checks_every_hypothesis_and_says_whom_it_quotes() -> None:
    a, x = sp.Symbol("a", positive=True), sp.Symbol("x", real=True)
    step = Step("AM-GM.", (), quoted(AM_GM, not_negative(a)))
    assert proved(_with("Quoted", step).check()) and quotations((step.run(),)) == ("AM-GM (Cauchy 1821)",)
    for wrong in (quoted(AM_GM), quoted(AM_GM, not_negative(x)), quoted(AM_GM, not_negative(a), not_negative(a))):
        assert not wrong().ok


def test_what_is_shown_is_what_is_checked() -> None:
    y, z = sp.symbols("y z", positive=True)
    square = identical((y + 1) ** 2, y**2 + 2 * y + 1)
    C = sp.Symbol("C")
    expanded = y**2 + 2 * y + 1
    for left, right in (((y + 1) ** 2, expanded), (expanded, (y + 1) ** 2), (C, expanded), (C, (y + 1) ** 2)):
        assert Step("w", (sp.Eq(left, right, evaluate=False),), square).run().ok
    wrong = (sp.Eq((y + 1) ** 2, y**2 + 1), sp.Eq(C, y**2), sp.Eq(z, 3), sp.Gt(y, z), sp.Eq(y, (y + 1) ** 2))
    for relation in wrong:
        found = Step("w", (relation,), square).run()
        assert not found.ok and "shown but not checked" in found.note
    assert Step("w", (sp.Gt(y**2, 8),), positive_beyond(y**2 - 8, y, 3)).run().ok
    assert not Step("w", (sp.Gt(y**2, 4),), positive_beyond(y**2 - 8, y, 3)).run().ok
    assert not Step("w", (sp.Gt(y**2, 8),), positive_beyond(y**2 - 8, y, 3, strict=False)).run().ok
    assert Step("w", (), square).shown == square.relations


def test_premises_are_steps_before() -> None:
    first, second = Step("f", (), definition(), "first"), Step("s", (), inference("rule", "first"), "second")
    assert proved(_with("Right", first, second).check())
    assert [c.ok for c in _with("Turned", second, first).check()] == [False, True]
    assert not _with("Itself", Step("s", (), inference("rule", "second"), "second")).check()[0].ok
    other = _with("Other", Step("s", (), inference("rule", OTHER + "dnc")))
    assert proved(other.check()) and other.uses == ("dnc",)


def test_words_cancel_one_by_one() -> None:
    x = sp.Symbol("x")
    A, B = letters("A B")
    assert same_words((sp.sin(x) ** 2 + sp.cos(x) ** 2) * A + B, A + B)().ok
    assert not same_words((sp.sin(x) ** 2 + sp.cos(x) ** 2) * A + B, A)().ok


def test_a_rule_replaces_a_product_of_letters_only() -> None:
    A, B = letters("A B")
    assert same_words(A * B, 0, {A * B: 0})().ok and same_words(A**2 * B, B, {A * A: 1})().ok
    for pattern in (A / B, 2 * A, A + B):
        with pytest.raises(ValueError, match="product of letters"):
            same_words(A * B, 0, {pattern: 0})()


def test_no_derivation_rests_on_itself() -> None:
    TopologicalSorter({name_of(build): build().uses for build in DERIVATIONS}).prepare()


def test_no_label_is_used_twice() -> None:
    for build in DERIVATIONS:
        labels = [step.label for step in build().steps if step.label]
        assert len(labels) == len(set(labels)), build.__name__


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
    numbers = (ce_numbers_of(name) if name.startswith("ce-") else numbers_at)(4, "latex")
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
