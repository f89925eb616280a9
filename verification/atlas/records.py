"""The atlas on disk: one JSON file for each (K, L), with one record a line and its weights as a certificate.

Where nothing is known below DNC a record holds "dnc" and no weights. Weights are exact integers, so there is nothing an
array file would add; the records of a file are read back, and checked again, by anything that reads JSON.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from dufm.solvers.base.shipped import in_checkout, shipped
from dufm.solvers.base.whole import write_whole
from dufm.solvers.minima.canonical import canonical
from dufm.solvers.search.solution import load
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.atlas.cells import Cell
from dufm.verification.atlas.store import Store
from dufm.verification.atlas.work import CLAIM, as_text, judge, summary
from dufm.verification.base.certificate import Certificate, CertificateError, point_certificate, read, write
from dufm.verification.checker import check

FOLDER = shipped("atlas")
FORMAT = "dufm-atlas"
MOST_BYTES = 200_000
KEPT_FACTS = ("neck_rank", "ranks", "symmetry", "order", "width", "residual", "local_minimum", "origin")


@dataclass(frozen=True)
class Filed:
    """What became of weights that were offered to the atlas.

    Attributes:
        cell: whose.
        outcome: "new", "better", "not better" or "not below DNC".
        ratio: their loss over DNC's.
        held: ratio of what the atlas held; 1 where it held nothing below DNC.
    """

    cell: Cell
    outcome: str
    ratio: float
    held: float


def path_of(folder: Path, K: int, L: int) -> Path:
    """The file of (K, L)."""
    return folder / f"K{K:02d}_L{L}.json"


def read_file(path: Path) -> dict[Cell, dict[str, Any]]:
    """Records of one file by cell; what they say is for `check_atlas` to judge.

    Raises:
        ProblemError: if the file is not of the atlas.
    """
    try:
        content = json.loads(path.read_bytes())
        if (content["format"], content["version"]) != (FORMAT, 1):
            raise ValueError("another format")
        K, L = content["K"], content["L"]
        cells = {Cell(K, L, Fraction(r["Lambda"])): r for r in content["records"]}
        if len(cells) != len(content["records"]) or path.name != path_of(path.parent, K, L).name:
            raise ValueError("a record twice, or under the wrong name")
        return dict(sorted(cells.items()))
    except OSError as error:
        raise ProblemError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ProblemError(f"{path} is not a file of the atlas: {' '.join(str(error).split())}") from None


def read_atlas(folder: Path) -> dict[Cell, dict[str, Any]]:
    """Every record of a folder.

    Raises:
        ProblemError: for a folder without records and for a file that is not of the atlas.
    """
    files = sorted(folder.glob("K*_L*.json"))
    if not files:
        raise ProblemError(f"--atlas must be a folder with files such as K10_L4.json, got {str(folder)!r}")
    return {cell: record for path in files for cell, record in read_file(path).items()}


def write_file(folder: Path, K: int, L: int, records: dict[Cell, dict[str, Any]]) -> Path:
    """Write one file in one step, one record a line."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(as_text(records[cell]) for cell in sorted(records))
    head = f'"format":"{FORMAT}","version":1,"K":{K},"L":{L}'
    path = path_of(folder, K, L)
    content = f'{{{head},"records":[\n{lines}\n]}}\n'.encode("ascii")
    if len(content) > MOST_BYTES:
        raise ProblemError(f"{path} would hold {len(content)} bytes, {MOST_BYTES} are allowed")
    write_whole(path, content)
    return path


def file_weights(folder: Path, cell: Cell, certificate: str | None, facts: dict[str, Any]) -> Filed:
    """Put weights into the atlas if exact arithmetic says that they are below DNC and below what it holds.

    Raises:
        ProblemError: if the weights are malformed or of another problem.
    """
    path = path_of(folder, cell.K, cell.L)
    records = read_file(path) if path.exists() else {}
    judged = judge(cell, certificate)
    old = records.get(cell)
    held = judge(cell, as_text(old["certificate"])) if old is not None and old["certificate"] is not None else None
    if not judged.certified or (held is not None and judged.loss >= held.loss):
        if old is None:
            records[cell] = {"Lambda": cell.strength, "state": "dnc", "ratio": 1.0, "certificate": None}
            write_file(folder, cell.K, cell.L, records)
        outcome = "not better" if judged.certified else "not below DNC"
        return Filed(cell, outcome, judged.ratio, 1.0 if held is None else held.ratio)
    kept = {key: facts[key] for key in KEPT_FACTS if key in facts}
    records[cell] = {"Lambda": cell.strength, "state": "low rank", "ratio": judged.ratio, **kept}
    records[cell]["certificate"] = json.loads(certificate or "null")
    write_file(folder, cell.K, cell.L, records)
    return Filed(cell, "new" if held is None else "better", judged.ratio, 1.0 if held is None else held.ratio)


def export(store: Store, folder: Path) -> Iterator[Filed]:
    """Put the records of a sweep into the atlas, the better of the two staying."""
    for cell, record in store.records().items():
        yield file_weights(folder, cell, record.certificate, record.facts)


def own_atlas() -> Path:
    """The atlas of this user: a checkout's own, else `out/atlas`, a copy of the one installed, which stays as it is."""
    own = Path("out/atlas")
    if in_checkout():
        return FOLDER
    for file in [] if own.exists() else sorted(FOLDER.glob("K*_L*.json")):
        own.mkdir(parents=True, exist_ok=True)
        write_whole(own / file.name, file.read_bytes())
    return own


def own_weights(path: Path) -> tuple[Problem, Certificate]:
    """Weights in a file of this program, a solution .npz of a search or a point certificate: whose, as a certificate.

    Raises:
        ProblemError: for files that hold no weights.
    """
    if path.suffix == ".npz":
        solution = load(path)
        problem, weights = solution.problem, solution.weights
        if not weights:
            raise ProblemError(f"{path} holds no weights")
        found_by = {"engine": solution.engine, "seed": solution.seed, **solution.versions}
        certificate = point_certificate(problem, canonical(problem, weights), CLAIM, found_by)
    else:
        try:
            certificate = read(path)
        except CertificateError as error:
            raise ProblemError(str(error)) from None
        # The checker knows what a certificate is, and of what size; after it every field is there and of its kind.
        result = check(path.read_bytes())
        if result.margin is None or certificate["kind"] != "point":
            why = f": {result.sentence}" if result.margin is None else f", its kind is {certificate['kind']}"
            raise ProblemError(f"{path} is not a point certificate{why}")
        stated = certificate["problem"]
        lambdas = tuple(Fraction(*pair) for pair in stated["lambdas"])
        problem = Problem(stated["K"], stated["L"], lambdas, stated["K"], stated["n"])
    return problem, certificate


def submit(path: Path, folder: Path) -> Filed:
    """Put a user's weights into the atlas if they are better: a solution .npz of a search or a point certificate.

    Raises:
        ProblemError: for files that hold no weights, unequal strengths, n > 1, and strengths the atlas does not hold.
    """
    problem, certificate = own_weights(path)
    if problem.n != 1 or len(set(problem.lambdas)) != 1:
        strengths = f"{len(set(problem.lambdas))} different strengths"
        raise ProblemError(f"the atlas holds n = 1 and equal strengths, got n = {problem.n} and {strengths}")
    cell = Cell(problem.K, problem.L, problem.lambdas[0])
    place = path_of(folder, cell.K, cell.L)
    held = read_file(place) if place.exists() else {}
    if cell not in held:
        known = ", ".join(c.strength for c in held) or "nothing"
        raise ProblemError(f"at K = {cell.K}, L = {cell.L} the atlas holds --lam {known}; got {cell.strength}")
    text = as_text(certificate)
    judge(cell, text)
    return file_weights(folder, cell, text, {"origin": "submitted"} | summary(problem, text))


def extract(cell: Cell, folder: Path, path: Path) -> str:
    """Write one record's certificate, for `checker.py` to read without this package; what the checker says of it.

    Raises:
        ProblemError: for a cell without weights below DNC, weights that do not hold, and a file that cannot be written.
    """
    place = path_of(folder, cell.K, cell.L)
    held = read_file(place) if place.exists() else {}
    if cell not in held:
        known = ", ".join(f"{c.x:g}" for c in held) or "nothing"
        raise ProblemError(f"at K = {cell.K}, L = {cell.L} the atlas holds --x {known}; got {cell.x:g}")
    certificate = held[cell]["certificate"]
    if certificate is None:
        raise ProblemError(f"the atlas knows no weights below DNC at {cell}: there is nothing to extract")
    result = check(as_text(certificate))
    if not judge(cell, as_text(certificate)).certified:
        raise ProblemError(f"the record at {cell} does not hold: {result.sentence}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(certificate, path)
    except CertificateError as error:
        raise ProblemError(str(error)) from None
    except OSError as error:
        raise ProblemError(f"--extract {path} cannot be written: {error.strerror}") from None
    return result.sentence


def check_atlas(folder: Path, only: Callable[[Cell], bool] = lambda cell: True) -> list[str]:
    """What is wrong with an atlas, one sentence a fault: certificates are checked again, ratios and ranks computed."""
    faults = []
    for path in sorted(folder.glob("K*_L*.json")):
        try:
            records = read_file(path)
        except ProblemError as error:
            faults.append(str(error))
            continue
        own = {cell: record for cell, record in records.items() if only(cell)}
        faults += [f"{path.name}, {cell}: {why}" for cell, record in own.items() if (why := _fault(cell, record))]
        if path.stat().st_size > MOST_BYTES:
            faults.append(f"{path.name} is larger than {MOST_BYTES} bytes")
    return faults


def _fault(cell: Cell, record: dict[str, Any]) -> str:
    try:
        if record["state"] == "dnc":
            return "" if (record["ratio"], record["certificate"]) == (1.0, None) else "a DNC record with more to it"
        text = as_text(record["certificate"])
        judged = judge(cell, text)
        if not judged.certified or record["state"] != "low rank":
            return "the checker does not accept it as below DNC"
        if judged.ratio != record["ratio"]:
            return f"its ratio is {judged.ratio!r}, not {record['ratio']!r}"
        found = summary(cell.problem, text)
        wrong = [key for key in found if record[key] != found[key]]
        return f"what it says of {', '.join(wrong)} does not hold" if wrong else ""
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
