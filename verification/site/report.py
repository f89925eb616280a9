"""The report of `dufm verify` as far as pages tell it: statuses, sentences, comparisons, certificates."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dufm.theory.stated import ProblemError
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.run import FORMAT


@dataclass(frozen=True)
class Told:
    """What one claim came to.

    Attributes:
        status: name of the Status, or "ERROR" where the check broke.
        sentence: the verdict's.
        comparisons: the numbers behind it.
        certificates: file names with whether they were accepted and what the checker said.
    """

    status: str
    sentence: str
    comparisons: tuple[str, ...]
    certificates: tuple[tuple[str, bool, str], ...]


@dataclass(frozen=True)
class Report:
    """A report.

    Attributes:
        path: where it is.
        budget: of the run.
        program: digest of the sources that made it.
        claims: what each claim came to, by label.
    """

    path: Path
    budget: str
    program: str
    claims: dict[str, Told]


def read_report(path: Path) -> Report:
    """Read what `dufm verify` wrote.

    Raises:
        ProblemError: for a file that is missing or no such report.
    """
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r}, not {FORMAT}")
        claims = {str(entry["label"]): _told(entry) for entry in content["claims"]}
        return Report(path, str(content["budget"]), str(content["program"]), claims)
    except OSError as error:
        raise ProblemError(f"--verdicts {path} cannot be read: {error.strerror}") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        why = " ".join(str(error).split())
        raise ProblemError(f"--verdicts must be a report.json of dufm verify, got {path}: {why}") from None


def _told(entry: dict[str, Any]) -> Told:
    status = "ERROR" if entry["failed"] else str(entry["status"])
    if status not in {*Status.__members__, "ERROR"}:
        raise ValueError(f"no status is called {status}")
    certificates = tuple((str(name), bool(ok), str(said)) for name, ok, said in entry["certificates"])
    return Told(status, str(entry["sentence"]), tuple(map(str, entry["comparisons"])), certificates)
