"""Pages of the documentation site that are no files of docs/: the README, the changes, the claims, public names."""

import ast
import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
# `make docs` writes it: dufm claims --json.
CLAIMS = ROOT / "build" / "docs" / "claims.json"
# Pages elsewhere in the repository, by their name on the site.
PAGES = {"index.md": "README.md", "benchmarks.md": "benchmarks/README.md", "changelog.md": "CHANGELOG.md"}
SOURCES = "verification/rocq"
LINK = re.compile(r"(\]\(|src=\"|srcset=\")([^)\"#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages made here, and the Rocq files that pages link to."""
    for name, source in PAGES.items():
        files.append(File.generated(config, name, content=_moved((ROOT / source).read_text(), Path(source).parent)))
    files.append(File.generated(config, "theorems.md", content=_theorems()))
    files.append(File.generated(config, "reference.md", content=_reference()))
    for path in sorted((ROOT / SOURCES).glob("*.v")):
        files.append(File.generated(config, f"rocq/{path.name}", abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, **known: Any) -> str:
    """Links from docs/ to the rest of the repository lead to the copies on the site."""
    return markdown.replace(f"](../{SOURCES}/", "](rocq/")


def _moved(text: str, folder: Path) -> str:
    """The text of a page of the repository, its links as they are on the site."""

    def moved(found: re.Match[str]) -> str:
        before, link = found.groups()
        if "://" in link or link.startswith("mailto:"):
            return found.group()
        place = (folder / link).as_posix()
        known = {source: name for name, source in PAGES.items()}
        return before + known.get(place, place.removeprefix("docs/"))

    return LINK.sub(moved, text)


def _theorems() -> str:
    """Every claim: what it says, where, how sure it must be, whose it is, and what it rests on."""
    try:
        claims = json.loads(CLAIMS.read_text())
    except (OSError, ValueError) as error:
        raise PluginError(f"no claims to list, `make docs` writes them: {error}") from None
    lines = [
        "# Every theorem and claim",
        "",
        f"The {len(claims)} claims of `dufm verify`, which runs each of them, and the verdict it must reach at budget",
        "`quick`: a weaker one fails the run. `dufm derive NAME` prints a derivation that a claim rests on.",
        "",
        "| claim | verdict | says |",
        "|---|---|---|",
    ]
    for claim in claims:
        link, status = f"[{claim['label']}](#{claim['label']})", claim["expected"]["quick"]
        lines.append(f"| {link} | {status} | {_plain(claim['statement'])} |")
    for claim in claims:
        rests = ", ".join(f"{on['kind']} `{on['name']}`" for on in claim["rests_on"]) or "nothing but its own work"
        lines += ["", f"## {claim['label']}", "", f"**{claim['expected']['quick']}.** {_plain(claim['statement'])}", ""]
        lines += [f"*Where:* {_plain(claim['regime'])}", "", f"*Source:* {_plain(claim['source'])}", ""]
        lines += [f"*Rests on:* {rests}"]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Words whose stars, bars and angles are themselves, not marks."""
    return re.sub(r"([\\*_<>|`\[\]])", r"\\\1", text)


def _reference() -> str:
    """Every name that `import dufm` offers, where the package says it is defined."""
    tree = ast.parse((ROOT / "dufm" / "__init__.py").read_text())
    (places,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "PLACES"
    )
    lines = ["# Python reference", "", "What `import dufm` offers; [the tutorial](library.md) shows it at work.", ""]
    for name, module in places.items():
        lines += [f"::: {module}.{name}", ""]
    return "\n".join(lines)
