"""Building the site: every page and file, the same bytes from the same input, into a new or an empty folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dufm.solvers.base.shipped import shipped
from dufm.theory.stated import ProblemError
from dufm.verification.claims import CLAIMS
from dufm.verification.site.cell_page import cell_page
from dufm.verification.site.certificate_page import certificate_page
from dufm.verification.site.claim_page import claim_page, claims_page, derivation_page
from dufm.verification.site.gather import Content, Progress, Wanted, gather
from dufm.verification.site.html import Page
from dufm.verification.site.index_page import index_page
from dufm.verification.site.open_page import open_page

ASSETS = shipped("verification/site/assets")


@dataclass(frozen=True)
class Built:
    """What was built.

    Attributes:
        pages: number of HTML files.
        files: number of all files.
        size: bytes of them all.
    """

    pages: int
    files: int
    size: int


def require_free(out: Path) -> None:
    """Check that a folder is new or empty, before any work.

    Raises:
        ProblemError: naming --out, for a file and for a folder that holds something.
    """
    if out.exists() and not out.is_dir():
        raise ProblemError(f"--out must be a folder, got {out}, which is a file")
    if out.is_dir() and any(out.iterdir()):
        raise ProblemError(
            f"--out must be a new or an empty folder, got {out}, which holds files: remove it or name another"
        )


def build_site(out: Path, verdicts: Path | None, progress: Progress, wanted: Wanted = lambda cell: True) -> Built:
    """Write the site.

    Args:
        out: a new or an empty folder.
        verdicts: a report.json of `dufm verify` whose statuses are shown; None for none.
        progress: told what is under way.
        wanted: which cells of the atlas; all if not given.

    Raises:
        ProblemError: for a folder that is not free, a report that is none, and where something shipped does not hold.
    """
    require_free(out)
    content = gather(verdicts, progress, wanted)
    progress("writing pages", 0.9)
    out.mkdir(parents=True, exist_ok=True)
    pages = size = files = 0
    # The whole site or nothing: an interrupted build leaves the folder as it was.
    with TemporaryDirectory(dir=out.parent, prefix=".dufm-site-") as spare:
        for page in _pages(content):
            size += _write(Path(spare, page.path), page.whole())
            pages += 1
        for path, data in _files(content):
            size += _write(Path(spare, path), data)
            files += 1
        for part in sorted(Path(spare).iterdir()):
            part.replace(out / part.name)
    return Built(pages, pages + files, size)


def _write(path: Path, data: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return len(data)


def _pages(content: Content) -> Iterator[Page]:
    yield index_page(content)
    yield open_page(content)
    yield claims_page(content)
    labels = frozenset(claim.label for claim in CLAIMS)
    yield from (cell_page(view, content) for view in content.cells)
    yield from (claim_page(claim, content) for claim in CLAIMS)
    yield from (derivation_page(page, content) for page in content.derivations.values())
    yield from (certificate_page(filed, labels) for filed in content.certificates)


def _files(content: Content) -> Iterator[tuple[str, bytes]]:
    filed = [*(view.filed for view in content.cells if view.filed is not None), *content.certificates]
    for one in filed:
        yield f"certificates/{one.name}.json", (one.text + "\n").encode()
    for path in sorted(ASSETS.iterdir()):
        yield f"assets/{path.name}", path.read_bytes()
