"""The web atlas: its numbers are those that the commands print, no link is dead, equal input gives equal bytes."""

import json
import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from typer.testing import CliRunner

from dufm.theory.derivations import names
from dufm.theory.stated import ProblemError
from dufm.verification import checker
from dufm.verification.atlas.cells import Cell
from dufm.verification.claims import CLAIMS
from dufm.verification.cli.app import app
from dufm.verification.site.build import build_site
from dufm.verification.site.certificates import cell_name, witnesses
from dufm.verification.site.html import Page, number, table
from dufm.verification.site.mathml import sentence
from dufm.verification.site.report import read_report

ROOT = Path(__file__).parents[1]
BROWSER = ROOT / "tests/browser"
NODE, CHROMIUM = shutil.which("node"), shutil.which("chromium") or shutil.which("chromium-browser")
SCENARIOS = re.findall(r'^  async "(.+?)"\(', (BROWSER / "site.js").read_text(), flags=re.MULTILINE)
RUN = ("three-layers", "cuts-win-at-3")
runner = CliRunner()


class Read(HTMLParser):
    """What tests ask of a page: links, anchors, text by class, values of <data>, elements left open."""

    VOID = ("meta", "link", "img", "input", "br", "hr", "wbr")

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.values: dict[str, list[str]] = {}
        self.texts: dict[str, list[str]] = {}
        self.open: list[tuple[str, str]] = []
        self.feed(path.read_text())
        assert not self.open, f"{path} leaves {self.open} open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self.links += [str(own[key]) for key in ("href", "src") if own.get(key) is not None]
        self.names.add(own.get("id") or "")
        name = own.get("class") or ""
        if tag == "data":
            self.values.setdefault(name, []).append(own["value"] or "")
        if tag not in self.VOID:
            self.open.append((tag, name))
            self.texts.setdefault(name, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass  # Of drawings: no links, no text.

    def handle_data(self, data: str) -> None:
        for name in {name for _, name in self.open}:
            self.texts[name][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1][0] == tag:
            self.open.pop()
        else:
            self.open.append((f"/{tag}", ""))


def ran(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "dufm", *arguments]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    }
    return subprocess.run(command, capture_output=True, text=True, timeout=900, env=environment | more)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, built by the command."""
    out = tmp_path_factory.mktemp("built") / "site"
    done = ran("site", "--out", str(out), "--json", PYTHONHASHSEED="1")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    files = [path for path in out.rglob("*") if path.is_file()]
    assert told["files"] == len(files) and told["bytes"] == sum(path.stat().st_size for path in files)
    assert told["pages"] == sum(path.suffix == ".html" for path in files)
    # Nothing half-made is left beside it.
    assert [path.name for path in out.parent.iterdir()] == ["site"]
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Read]:
    return {str(path.relative_to(site)): Read(path) for path in sorted(site.rglob("*.html"))}


def printed(*arguments: str) -> str:
    """What the command prints."""
    done = ran(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_number_of_a_cell_is_what_records_prints(pages: dict[str, Read]) -> None:
    rows = json.loads(printed("records", "--json"))["records"]
    assert len(rows) == sum(name.startswith("cells/") for name in pages) > 400
    for row in rows:
        page = pages[f"cells/{cell_name(Cell(row['K'], row['L'], Fraction(row['Lambda'])))}.html"]
        for name in ("ratio", "lower", "gap"):
            # The first is the cell's own; the table of other strengths has it among all of this (K, L).
            own = [r[name] for r in rows if (r["K"], r["L"]) == (row["K"], row["L"])]
            assert page.values[name] == [repr(row[name]), *map(repr, own)]
        assert page.values["loss"] and row["lower_by"] in " ".join(page.texts[""])


def test_every_bracket_is_what_threshold_prints(pages: dict[str, Read]) -> None:
    lines = printed("threshold", "--K", "2:15", "--L", "2:7", "--markdown").splitlines()[2:]
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    assert len(rows) == 84
    # The page has those that are open, then all of them; sorted by K, then L.
    every = sorted(((int(K), int(L)), (a, b, c)) for L, K, a, b, c, *_ in rows)
    found = [pages["open.html"].texts[name] for name in ("critical", "empty", "cost")]
    assert [tuple(column[-84:][i] for column in found) for i in range(84)] == [words for _, words in every]
    states = [row[5] for row in rows]
    assert all(len(column) == 84 + states.count("open") for column in found)
    for (K, L), words in every:
        name = next(name for name in pages if name.startswith(f"cells/K{K:02d}_L{L}_"))
        assert tuple(pages[name].texts[key][0] for key in ("critical", "empty", "cost")) == words


def test_every_page_is_there_and_no_link_is_dead(site: Path, pages: dict[str, Read]) -> None:
    wanted = [f"claims/{claim.label}" for claim in CLAIMS] + [f"derivations/{name}" for name in names()]
    wanted += [f"certificates/{filed.name}" for filed in witnesses()]
    assert {f"{name}.html" for name in wanted} <= set(pages)
    for name, page in pages.items():
        for target in page.links:
            if target.startswith("data:"):
                continue
            assert "://" not in target and not target.startswith("/"), f"{name} leaves the site: {target}"
            file, _, anchor = unquote(target).partition("#")
            path = (site / name).parent / file if file else site / name
            assert path.is_file(), f"{name} links to {target}"
            if anchor:
                assert anchor in pages[os.path.relpath(path, site)].names, f"{name} links to {target}"


def test_certificates_to_download_are_those_of_the_project(site: Path) -> None:
    for filed in witnesses():
        assert json.loads((site / f"certificates/{filed.name}.json").read_text()) == json.loads(
            (ROOT / filed.place).read_text()
        )
    path = site / "certificates/atlas-K06_L4_0.0005.json"
    held = json.loads((ROOT / "atlas/K06_L4.json").read_text())["records"][0]["certificate"]
    assert json.loads(path.read_text()) == held and checker.check(path.read_bytes()).ok


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with the cells of one (K, L) and verdicts of two claims, made in this process."""
    folder = tmp_path_factory.mktemp("small")
    asked = ["verify", "--only", ",".join(RUN), "--jobs", "1", "--out", str(folder / "verify")]
    assert runner.invoke(app, asked).exit_code == 0
    report = folder / "verify/report.json"
    build_site(folder / "site", report, lambda words, share: None, lambda cell: (cell.K, cell.L) == (6, 4))
    return folder


def test_the_same_input_gives_the_same_bytes(site: Path, small: Path) -> None:
    """Claims, derivations, certificates and some cells, made in another process with another seed of hashes."""
    files = [path.relative_to(small / "site") for path in (small / "site").rglob("*") if path.is_file()]
    same = [p for p in files if p.parts[0] in ("claims", "derivations", "certificates", "assets") and p.stem not in RUN]
    same = [p for p in same if not p.name.startswith("run-")]
    assert len(same) > 800
    assert [p for p in same if (small / "site" / p).read_bytes() != (site / p).read_bytes()] == []
    # Pages of cells but for the links to cells that the smaller atlas does not have.
    cells = [path for path in files if path.parts[0] == "cells"]
    assert len(cells) > 4
    for path in cells:
        texts = [(where / path).read_text() for where in (small / "site", site)]
        one, other = (re.sub(r'<nav class="near".*?</nav>', "", text) for text in texts)
        assert one == other, path


def test_no_latex_is_left_on_a_page(site: Path) -> None:
    for path in [*site.glob("claims/*.html"), *site.glob("derivations/*.html")]:
        text = re.sub(r"<[^>]*>", "", path.read_text())
        assert not re.search(r"\\[a-zA-Z({]|\$", text), path.name


def test_sentences_keep_their_words() -> None:
    found = sentence("If C_SRG < K & `a_b {c}*`, then phi_L(x) >= 1/2: 5% \\ done")
    assert "<math" in found and "<code>a_b {c}*</code>" in found and "&amp;" in found and found.endswith("% \\ done")
    assert "<script>" not in sentence("<script>alert(1)</script>")


def test_what_is_put_into_pages_is_escaped() -> None:
    page = Page("a/b.html", "<b>", "", scripts=("x.js",)).whole().decode()
    assert "<title>&lt;b&gt;</title>" in page and 'src="../assets/x.js"' in page
    assert number(0.5, "<", "n") == '<data class="n" value="0.5">&lt;</data>'
    assert '<th scope="row" >1</th>' in table(("a",), [("1",)], "")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_text("x"), "which is a file"),
        (lambda path: (path.mkdir(), (path / "old").write_text("x")), "which holds files"),
    ],
    ids=["file", "full"],
)
def test_a_folder_that_is_not_free_is_one_line(make: Any, words: str, tmp_path: Path) -> None:
    path = tmp_path / "there"
    make(path)
    done = ran("site", "--out", str(path))
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and done.stderr.startswith("error: --out must be")
    assert words in done.stderr and str(path) in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read"),
        ("{", "report.json of dufm verify"),
        ("[]", "report.json of dufm verify"),
        ('{"format": "dufm-report-1"}', "'dufm-report-1'"),
    ],
)
def test_a_report_that_is_none_is_one_line(text: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    if text is not None:
        path.write_text(text)
    done = ran("site", "--out", str(tmp_path / "out"), "--verdicts", str(path))
    assert done.returncode == 2 and done.stderr.startswith("error: --verdicts") and words in done.stderr
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


def test_verdicts_of_a_run_are_on_the_pages_of_their_claims(small: Path) -> None:
    report = read_report(small / "verify/report.json")
    assert set(report.claims) == set(RUN)
    for label, told in report.claims.items():
        page = Read(small / f"site/claims/{label}.html")
        assert page.texts[f"status {told.status.lower()}"] == [told.status]
        assert told.sentence in " ".join(page.texts[""])
        for name, ok, said in told.certificates:
            own = Read(small / f"site/certificates/run-{Path(name).stem}.html")
            assert ok and own.texts["heard"] == [said]
    assert sum(len(told.certificates) for told in report.claims.values()) > 0
    assert Read(small / "site/claims/srg-wins.html").texts["status not-run"] == ["not run"]
    with pytest.raises(ProblemError, match="holds files"):
        build_site(small / "site", None, lambda words, share: None)


@pytest.fixture(scope="module")
def seen(site: Path) -> dict[str, str | None]:
    """What happened in a browser, scenario by scenario."""
    if NODE is None or CHROMIUM is None or not (BROWSER / "node_modules/playwright-core").is_dir():
        pytest.skip("needs Node, Chromium and playwright-core: make site-setup")
    command = [NODE, str(BROWSER / "site.js"), str(site), CHROMIUM]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_in_a_browser(scenario: str, seen: dict[str, str | None]) -> None:
    assert seen[scenario] is None, seen[scenario]
