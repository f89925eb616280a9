"""The Rocq kernel and the checkers in Python say the same of every certificate, true or spoiled. Skipped without Rocq.

DUFM_FORMAL=full takes every shipped certificate and atlas cell and a thousand spoiled ones: `make prove-full`.
"""

import copy
import io
import json
import os
import random
import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dufm.verification.base.certificate import Certificate
from dufm.verification.base.checkers import checker_of
from dufm.verification.claims import CLAIMS, claim_named
from dufm.verification.claims.base.claim import BUDGETS
from dufm.verification.claims.entry import Entry
from dufm.verification.claims.squared import lower_bounds
from dufm.verification.cli.formal import FOLDER, check_in_kernel, show_kernel
from dufm.verification.formal import kernel
from dufm.verification.formal.export import certificate_term, identifier, term, unit_term
from dufm.verification.formal.headline import halves_factors
from dufm.verification.formal.term import NoTermError, Term
from tests.overclaims import STATEMENTS
from tests.spoiled_bounds import spoiled_bound

FULL = os.environ.get("DUFM_FORMAL") == "full"
MARGINS = ("ce-relu-suboptimal", "ce-relu-nc2", "ce-relu-nc2-few")
QUICK = ("four-layers", "three-layers", "three-layers-strong", *MARGINS)
OTHER_MODELS = ("ce-", "dyn-", "rfm-", "net-")
SPOILED = 1000 if FULL else 40
JOBS = os.cpu_count() or 1
ATLAS = Path(__file__).parent.parent / "atlas"

# Ways to spoil a certificate.
KINDS = ("entry", "sign", "den", "row", "column", "zero", "K", "L", "strength", "double", "swap", "rival", "more")

pytestmark = pytest.mark.skipif(not kernel.available(), reason=f"Rocq is missing; {kernel.INSTALL}")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("formal") / FOLDER
    assert all(theorem.closed for theorem in kernel.build(folder, JOBS))
    return folder


@cache
def shipped() -> dict[str, Certificate]:
    """Certificates by name: those of claims, some of the atlas or all of it, one interval at least."""
    labels = QUICK if not FULL else (*(c.label for c in CLAIMS if not c.label.startswith(OTHER_MODELS)), *MARGINS)
    found = {}
    for label in labels:
        for i, certificate in enumerate(claim_named(label).check(BUDGETS["quick"]).certificates):
            if certificate["kind"] != "deep":  # its checker has no counterpart in Rocq
                found[f"{identifier(label)}_{i}"] = certificate
    for path in sorted(ATLAS.glob("K*_L*.json")) if FULL else (ATLAS / "K04_L4.json", ATLAS / "K06_L2.json"):
        for i, record in enumerate(json.loads(path.read_text())["records"]):
            if record["certificate"]:
                found[f"{path.stem}_{i}"] = record["certificate"]
    found |= {f"bound_{L}": lower_bounds.shipped(3, L, Fraction(0)) for L in (2, 3)}
    return found | {f"strip_{K}": strip(K) for K in (4, 6)}


def strip(K: int) -> Certificate:
    return claim_named("strips").check(BUDGETS["quick"]).certificates[K - 4]


def mutations(certificate: Certificate, rng: random.Random) -> Iterator[Certificate]:
    """Endlessly many certificates close to a true one, most of them false."""
    while True:
        changed: dict[str, Any] = copy.deepcopy(certificate)
        if changed["kind"] == "lower":
            yield spoiled_bound(changed, rng)
            continue
        problem, matrix = changed["problem"], rng.choice(changed["witness"])
        rows = matrix["rows"]
        i, j = rng.randrange(len(rows)), rng.randrange(len(rows[0]))
        kinds = (
            "entry",
            "sign",
            "den",
            "row",
            "column",
            "zero",
            "K",
            "L",
            "strength",
            "double",
            "swap",
            "rival",
            "more",
        )
        kind = rng.choice(kinds)
        if kind in ("rival", "more"):
            if kind not in problem:
                continue
            problem["rival"] = rng.choice(("dnc", "nc2"))
            problem["more"] = rng.choice(([], ["classes"], ["layers"], ["classes", "layers"]))
        elif kind == "entry":
            rows[i][j] += rng.choice((-1, 1)) * max(1, abs(rows[i][j]) >> rng.randrange(12))
        elif kind == "sign":
            rows[i][j] = -rows[i][j]
        elif kind == "den":
            matrix["den"] = max(1, matrix["den"] + rng.choice((-1, 1)) * max(1, matrix["den"] >> rng.randrange(9)))
        elif kind == "row":
            rows.pop(i)
        elif kind == "column":
            matrix["rows"] = [row[:j] + row[j + 1 :] for row in rows]
        elif kind == "zero":
            rows[i] = [0] * len(rows[i])
        elif kind == "K":
            problem["K"] += rng.choice((-1, 1))
        elif kind == "L":
            name = "L_from" if "L_from" in problem else "L"
            problem[name] += rng.choice((-1, 1))
        elif kind == "strength":
            name = next((n for n in ("lambdas", "cuts") if n in problem), None)
            if name is None:
                continue
            pair = rng.choice(problem[name])
            pair[0], pair[1] = pair[0] * rng.choice((2, 9, 10, 11, 20)), pair[1] * 10
        elif kind == "double":
            matrix["rows"] = [[2 * x for x in row] for row in rows]
        else:
            a, b = rng.sample(range(len(changed["witness"])), 2)
            for part in ("rows", "den"):
                one, two = changed["witness"][a], changed["witness"][b]
                one[part], two[part] = two[part], one[part]
        yield changed


def accepted(certificate: Certificate) -> bool:
    """What the checker in Python says of it."""
    text = json.dumps(certificate).encode()
    return checker_of(text).check(text).ok


def agree(certificates: dict[str, Certificate], folder: Path) -> tuple[int, int]:
    """Assert that both checkers say the same of each; how many they accept and refuse."""
    python, terms = {}, {}
    for name, certificate in certificates.items():
        python[name] = accepted(certificate)
        try:
            terms[name] = certificate_term(certificate)
        except NoTermError:
            assert not python[name], f"{name}: accepted by Python, no term for the kernel"
    rocq = kernel.verdicts(terms, folder, JOBS)
    assert [name for name in terms if rocq[name] != python[name]] == []
    return sum(python.values()), len(python) - sum(python.values())


@pytest.mark.slow
def test_every_shipped_certificate_is_a_theorem(library: Path) -> None:
    terms = {name: certificate_term(certificate) for name, certificate in shipped().items()}
    terms["halves"] = unit_term(15, halves_factors(6))
    assert {term.kind for term in terms.values()} == {"head", "unit", "point", "interval", "margin", "lower"}
    told = kernel.prove(terms, library, JOBS)
    assert [str(theorem) for theorem in told if not theorem.closed] == []
    assert [theorem.name for theorem in told] == list(terms)
    assert all(map(accepted, shipped().values()))


def test_spoiled_certificates_meet_the_same_verdict(library: Path) -> None:
    rng = random.Random(20)
    originals = list(shipped().items())
    spoiled = {}
    for i in range(SPOILED):
        name, certificate = originals[i % len(originals)]
        spoiled[f"{name}_spoiled_{i}"] = next(mutations(certificate, rng))
    true, false = agree(spoiled, library)
    assert true > 0 < false  # a change may be harmless: both sides of the verdict are met


def falsified() -> dict[str, Term]:
    """One false certificate of each kind, well formed."""
    terms = {}
    for certificate in shipped().values():
        false = copy.deepcopy(certificate)
        if false["kind"] == "lower":
            false["lower"][0] += false["lower"][0] // 50
        else:
            false["witness"][-1]["rows"] = [[-x for x in row] for row in false["witness"][-1]["rows"]]
        terms.setdefault(false["kind"], certificate_term(false))
    H_1, W_1, W_2 = halves_factors(6)
    terms["unit"] = unit_term(15, [H_1, W_1, (W_2[0], W_2[1] + 1)])
    return terms


def test_a_false_certificate_of_every_kind_computes_to_false(library: Path) -> None:
    assert kernel.verdicts(falsified(), library, JOBS) == dict.fromkeys(
        ("head", "point", "interval", "margin", "lower", "unit"), False
    )


def test_a_false_certificate_is_no_theorem_and_takes_no_other_with_it(library: Path) -> None:
    true = certificate_term(shipped()["four_layers_0"])
    told = kernel.prove({"bad": falsified()["head"], "good": true}, library)
    assert [(theorem.name, theorem.accepted) for theorem in told] == [("bad", False), ("good", True)]


def again(text: str, name: str, old: str, new: str, then: str) -> str:
    """A headline theorem stated anew, a part of it replaced; `then` says what to do with its proof."""
    shape = rf"^Theorem {name} ((?:\((?:[^()]|\([^()]*\))*\)\s*|\w+ )*):\s(.*?)\.\nProof\. (.*?)\. Qed\."
    found = re.search(shape, text, re.MULTILINE | re.DOTALL)
    assert found and found[2].count(old) == 1
    return f"Theorem {name} {found[1]}: {found[2].replace(old, new)}.\nProof. {then.format(found[3])}\n"


@pytest.mark.parametrize(("name", "spoiled"), STATEMENTS, ids=lambda x: x if isinstance(x, str) else "")
def test_a_theorem_that_says_too_much_has_no_proof(
    library: Path, name: str, spoiled: tuple[tuple[str, str, str], ...]
) -> None:
    text = (kernel.SOURCES / f"{name}.v").read_text()
    head = text[: text.index("Local Open Scope ring_scope.")] + "Local Open Scope ring_scope.\n"
    true = "".join(again(text, theorem, old, old, "{}. Abort.") for theorem, old, _ in spoiled)
    false = "".join(again(text, theorem, old, new, "Fail ({}). Abort.") for theorem, old, new in spoiled)
    kernel.compile_text(library, f"TooMuch{name}", head + true + false)


def test_an_axiom_is_told(library: Path) -> None:
    claimed = term(json.dumps(shipped()["four_layers_0"]))
    lying = Term(claimed.kind, lambda data: f"Axiom lie : False.\n{claimed.definitions(data)}", claimed.statement,
                 lambda ok: "(False_ind _ lie)")  # fmt: skip
    (told,) = kernel.prove({"lying": lying}, library)
    assert told.accepted and not told.closed and "lie" in told.assumes


def test_tables_name_what_the_kernel_checked(library: Path) -> None:
    out = library.parent
    (out / "certificates").mkdir()
    entries = []
    for label in ("four-layers", "three-layers-strong"):
        certificates = claim_named(label).check(BUDGETS["quick"]).certificates
        names = [f"certificates/{label}-{i}.json" for i in range(len(certificates))]
        for name, certificate in zip(names, certificates, strict=True):
            (out / name).write_text(json.dumps(certificate))
        entries.append(Entry(label, "PROVED", "PROVED", "", (), tuple((name, True, "") for name in names), {}))
    found = check_in_kernel(entries, out, JOBS, Console(stderr=True))
    assert not found.bad
    told = io.StringIO()
    show_kernel(found, entries, Console(file=told))
    assert "four_layers: Closed under the global context" in told.getvalue()
    assert "2 of 2 PROVED claims are theorems" in told.getvalue()
    assert found.marks(entries[0]) == "theorem four_layers" and found.covers(entries[0])
    assert found.marks(entries[1]).startswith("theorem near_collapse_three")

    (out / entries[0].certificates[0][0]).write_text("{}")
    assert check_in_kernel(entries, out, JOBS, Console(stderr=True)).bad
