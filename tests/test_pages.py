"""The pages for people who change the program say what is there: rooms, files, registries, words."""

import re
from pathlib import Path

import pytest
from test_house import MODULES, ROWS

from dufm.paper_figs import FIGURES
from dufm.solvers.datasets import BUNDLED, FILES, NAMES
from dufm.theory.derivations import DERIVATIONS
from dufm.theory.problem import LOSSES
from dufm.theory.squared.structures import BLOCKS, STRUCTURES
from dufm.verification.claims import CLAIMS

PAGES = [Path("docs", f"{name}.md") for name in ("architecture", "contributing", "glossary")]
RECIPES = "structure derivation claim certificate_kind figure loss activation data_set release".replace(
    "_", "-"
).split()
QUESTIONS = ("loss computed", "a structure", "a claim", "a loss", "an activation", "GPU engine", "search")


def test_the_rooms_on_the_page_are_the_rooms() -> None:
    page = PAGES[0].read_text().partition("<!-- rows -->\n\n")[2].partition("\n\n")[0]
    rows = re.sub(r"\n {6}", "  ", page).splitlines()
    assert tuple(tuple(row.split()) for row in rows) == ROWS


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_files_named_are_there(page: Path) -> None:
    for name in re.findall(r"`((?:[\w.]+/)+[\w.]*|[\w]+\.(?:toml|md|cff|py))[^`]*`", page.read_text()):
        assert Path(name).exists(), name


def test_every_question_is_answered_by_one_or_two_places() -> None:
    table = PAGES[0].read_text().partition("| question |")[2]
    answers = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", table, flags=re.MULTILINE))
    for question in QUESTIONS:
        (answer,) = (a for q, a in answers.items() if q.endswith((f"{question}?", "search?")) and question in q)
        assert 1 <= len(re.findall(r"`\w+/[\w./]+`", answer)) <= 3


def test_the_walk_touches_ten_files_at_most() -> None:
    walk = PAGES[0].read_text().partition("## From a Problem")[2].partition("\n## ")[0]
    files = set(re.findall(r"`(\w+/[\w/]+\.py)`", walk))
    assert 5 <= len(files) <= 10 and files <= {str(path) for path in MODULES}


def test_recipes_are_numbered_and_name_the_registries() -> None:
    text = PAGES[1].read_text()
    parts = re.split(r"^## (?:An? )?", text, flags=re.MULTILINE)[1:]
    assert [part.partition("\n")[0].replace(" ", "-") for part in parts] == RECIPES
    for part in parts:
        numbers = [int(n) for n in re.findall(r"^(\d)\. ", part, flags=re.MULTILINE)]
        assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 3, part
    where = {"BLOCKS": BLOCKS, "DERIVATIONS": DERIVATIONS, "CLAIMS": CLAIMS, "FIGURES": FIGURES, "LOSSES": LOSSES}
    for name in (*where, "FILES", "BUNDLED"):
        assert f"`{name}`" in text
    assert set(BLOCKS) <= set(STRUCTURES) and {*FILES, *BUNDLED} <= set(NAMES)


def test_the_glossary_has_each_word_once_in_order() -> None:
    words = re.findall(r"^\| (.+?) \| .{15,} \|$", PAGES[2].read_text(), flags=re.MULTILINE)
    assert len(words) > 30 and len(set(words)) == len(words)
    assert words == sorted(words, key=str.casefold)
