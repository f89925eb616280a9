"""All that the pages tell, read from records, claims and certificates by the functions that the commands print from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dufm.solvers.base.parallel import cores
from dufm.solvers.base.processes import load_for_workers, process_pool
from dufm.theory.derivations import names
from dufm.theory.proof.derivation import name_of
from dufm.theory.stated import ProblemError
from dufm.verification.answers.records import bounded, strength_name
from dufm.verification.answers.threshold import judged_cells
from dufm.verification.atlas.cells import Cell
from dufm.verification.atlas.records import FOLDER, check_atlas, read_atlas
from dufm.verification.claims import CLAIMS
from dufm.verification.claims.base.claim import Claim, support_name
from dufm.verification.claims.settled import table
from dufm.verification.claims.two_sided import TwoSided
from dufm.verification.site.certificates import Filed, judged, of_cell, of_run, witnesses
from dufm.verification.site.derived import DerivedPage, derived_page
from dufm.verification.site.report import Report, read_report

# Called with what is done and how much of the whole, between 0 and 1.
Progress = Callable[[str, float], None]
Wanted = Callable[[Cell], bool]


@dataclass(frozen=True)
class CellView:
    """One cell of the atlas.

    Attributes:
        cell: which.
        row: what `dufm records --json` prints of it.
        record: what the atlas holds of it.
        filed: its certificate; None where nothing below DNC is known.
        strength: x in short, as the commands name it.
    """

    cell: Cell
    row: dict[str, Any]
    record: dict[str, Any]
    filed: Filed | None
    strength: str


@dataclass(frozen=True)
class Content:
    """The whole site before it is written.

    Attributes:
        cells: every cell of the atlas, sorted.
        pairs: both sides of every (K, L) of the atlas.
        derivations: by name, in the order of the list.
        certificates: those shipped beside the atlas, and those of the report.
        report: of a run of the claims; None if none was given.
    """

    cells: tuple[CellView, ...]
    pairs: dict[tuple[int, int], TwoSided]
    derivations: dict[str, DerivedPage]
    certificates: tuple[Filed, ...]
    report: Report | None

    def supported_by(self, name: str) -> list[Claim]:
        """The claims that rest on a claim or derivation of this name."""
        return [claim for claim in CLAIMS if name in map(support_name, claim.rests_on)]


def gather(verdicts: Path | None, progress: Progress, wanted: Wanted = lambda cell: True) -> Content:
    """Read, check and typeset everything.

    Args:
        verdicts: a report.json of `dufm verify`, or None.
        progress: told what is under way.
        wanted: which cells of the atlas.

    Raises:
        ProblemError: for a report that is none, and where something shipped does not hold.
    """
    report = None if verdicts is None else read_report(verdicts)
    if cores() > 1:
        load_for_workers(["dufm.verification.site.derived"])
    with process_pool(min(cores(), 8)) as pool:
        # Derivations in other processes, cells in this one.
        derived = [pool.submit(derived_page, name) for name in names()]
        records = {cell: record for cell, record in read_atlas(FOLDER).items() if wanted(cell)}
        filed = [of_cell(cell, record) for cell, record in records.items()]
        shipped = _shipped(report)
        asked = [one for one in (*filed, *shipped) if one is not None]
        said = pool.map(judged, [one.text for one in asked], chunksize=16)
        progress("judging the atlas", 0.05)
        if faults := check_atlas(FOLDER, wanted):
            raise ProblemError(f"a record of the atlas does not hold: {'; '.join(faults)}")
        progress("bounds of every cell", 0.15)
        rows = [bounded(row) for row in table(FOLDER, wanted)]
        progress("thresholds", 0.5)
        every = sorted({(cell.K, cell.L) for cell in records})
        pairs = dict(zip(every, judged_cells(every), strict=True))
        progress("derivations and certificates", 0.7)
        pages = [future.result() for future in derived]
        answers = {one.name: replace(one, said=result) for one, result in zip(asked, said, strict=True)}
    cells = tuple(
        CellView(cell, row, record, None if one is None else answers[one.name], strength_name(row))
        for row, (cell, record), one in zip(rows, records.items(), filed, strict=True)
    )
    certificates = tuple(answers[one.name] for one in shipped)
    return Content(cells, pairs, {page.name: page for page in pages}, certificates, report)


def _shipped(report: Report | None) -> list[Filed]:
    """Those beside the atlas, and those of a run that are not among them."""
    found = list(witnesses())
    known = {filed.text for filed in found}
    return found + [filed for filed in (_of_report(report) if report else ()) if filed.text not in known]


def _of_report(report: Report) -> list[Filed]:
    names_of = [name for told in report.claims.values() for name, _, _ in told.certificates]
    try:
        return list(of_run(report.path, names_of))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ProblemError(f"--verdicts {report.path}: a certificate beside it cannot be read: {error}") from None


def derivations_of(claim: Claim) -> list[str]:
    """Names of the derivations a claim rests on itself."""
    return [name_of(support) for support in claim.rests_on if not isinstance(support, Claim)]
