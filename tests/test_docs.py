"""Every command block of README and docs runs, shows what it says it prints, and every command named in a line exists.

A comment before a block or a table makes it cheap; it is not seen on the page. In one line it holds options that are
added to every command, `<!-- run: --restarts 2 -->`, or `<!-- run: skip, REASON -->`. In several lines each is one of

    COMMAND'S FIRST WORDS: options to add       COMMAND'S FIRST WORDS: skip, REASON
    before: a command that makes what the block needs
    output: REASON why what the block shows is not compared
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path

import click
import pytest
from typer.main import get_command

from dufm.verification.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "benchmarks" / "README.md")
COMMAND = re.compile(r"(\$ |dufm |make |python3? |dask |\.venv/bin/|>>> |from )")
SECONDS = 240  # against a hang
MOST_SKIPPED = 16


@dataclass
class Block:
    """Commands that stand together, what each shows, and what the comment before them says."""

    page: Path
    line: int
    commands: list[tuple[str, str]]
    python: bool
    added: str = ""
    keyed: list[tuple[str, str]] = field(default_factory=list)

    def told(self, command: str) -> str:
        """What the comment adds to this command: options, or why it is skipped."""
        keys = [words for key, words in self.keyed if command.startswith(key)]
        return keys[0] if keys else self.added

    def words(self, key: str) -> list[str]:
        return [words for name, words in self.keyed if name == key]


def with_comment(block: Block, comment: str) -> Block:
    if "\n" not in comment:
        block.added = comment.strip()
        return block
    for line in filter(None, map(str.strip, comment.splitlines())):
        key, colon, words = line.partition(": ")
        assert colon, f"{block.page.name}: `{line}` names no command"
        block.keyed.append((key, words))
    return block


def commands_of(lines: list[str]) -> list[tuple[str, str]]:
    """Commands with the output under each; without `$ ` every line is a command."""
    if not lines[0].startswith("$ "):
        return [(re.split(r"\s{2,}# ", line)[0].strip().removesuffix(" &"), "") for line in lines if line.strip()]
    found: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith("$ "):
            found.append((re.split(r"\s{2,}# ", line[2:])[0].strip(), ""))
        else:
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def row_commands(row: str) -> list[tuple[str, str]]:
    """Commands in the first cell of a row; names after the first stand for its last word and are asked for help."""
    spans = re.findall(r"`([^`]+)`", row.split("|")[1])
    if not spans or not spans[0].startswith("dufm "):
        return []
    first = spans[0].split()
    stem = first[:2] if len(first) > 2 and not first[2].startswith("-") else first[:1]
    only_names = len(spans) > 1 and all(" " not in s for s in spans[1:])
    names = [" ".join([*stem, s, "--help"]) if only_names else s for s in spans[1:]]
    return [(spans[0], ""), *((name, "") for name in names)]


def blocks_of(page: Path) -> list[Block]:
    found, comment, at = [], "", 0
    lines = page.read_text().splitlines()
    while at < len(lines):
        start, line = at, lines[at]
        if line.startswith("<!-- run:"):
            while "-->" not in lines[at]:
                at += 1
            comment = "\n".join(lines[start : at + 1]).removeprefix("<!-- run:").partition("-->")[0].rstrip(" ")
        elif line.startswith("```"):
            while lines[(at := at + 1)] != "```":
                pass
            body = lines[start + 1 : at]
            if body and COMMAND.match(body[0]):
                python = body[0].startswith((">>> ", "from "))
                pairs = [("\n".join(body), "")] if python else commands_of(body)
                found.append(with_comment(Block(page, start + 1, pairs, python), comment))
            comment = ""
        elif line.startswith("    ") and COMMAND.match(line[4:]) and (not start or not lines[start - 1].strip()):
            while at + 1 < len(lines) and (lines[at + 1].startswith("    ") or not lines[at + 1].strip()):
                at += 1
            body = [text[4:] for text in lines[start : at + 1]]
            python = body[0].startswith((">>> ", "from "))
            pairs = [("\n".join(body), "")] if python else commands_of(body)
            found.append(with_comment(Block(page, start + 1, pairs, python), comment))
            comment = ""
        elif line.startswith("|"):
            while at + 1 < len(lines) and lines[at + 1].startswith("|"):
                at += 1
            pairs = [pair for row in lines[start : at + 1] for pair in row_commands(row)]
            if pairs:
                found.append(with_comment(Block(page, start + 1, pairs, False), comment))
            comment = ""
        elif line.strip():
            assert not comment, f"{page.name}:{start}: a run comment before no block"
        at += 1
    return found


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A line of shell in a folder that has what a checkout has, with our `dufm`, `python` and `python3`."""
    programs = folder / "programs"
    if not programs.exists():
        programs.mkdir()
        for name, arguments in (("dufm", "-m dufm"), ("python", ""), ("python3", "")):
            (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {arguments} "$@"\n')
            (programs / name).chmod(0o755)
        for path in ROOT.iterdir():
            if path.name not in ("atlas", "out") and not path.name.startswith("."):
                (folder / path.name).symlink_to(path)
        (folder / "atlas").mkdir()
        for path in (ROOT / "atlas").glob("K0*.json"):
            (folder / "atlas" / path.name).write_bytes(path.read_bytes())
    paths = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, env=os.environ | paths, capture_output=True, text=True, timeout=SECONDS
    )


@pytest.mark.parametrize("block", BLOCKS, ids=[f"{b.page.parent.name}-{b.page.name}-{b.line}" for b in BLOCKS])
def test_a_block_runs_and_shows_what_it_prints(block: Block, tmp_path: Path) -> None:
    for command in block.words("before"):
        assert run(command, tmp_path).returncode == 0, command
    for command, shown in block.commands:
        told = block.told(command)
        if told.startswith("skip"):
            continue
        if block.python:
            file = "block.txt" if command.startswith(">>>") else "block.py"
            (tmp_path / file).write_text(command)
            command = f"python -m doctest {file}" if file.endswith("txt") else f"python {file}"
        words, arrow, file = command.partition(" > ")
        done = run(f"{words} {told}{arrow}{file}", tmp_path)
        assert done.returncode == 0, f"{command} {told}\n{done.stdout}\n{done.stderr}"
        if shown.strip() and not block.words("output"):
            alike = OutputChecker().check_output(shown, done.stdout, ELLIPSIS | NORMALIZE_WHITESPACE)
            assert alike, f"{command} prints\n{done.stdout}"


def test_what_is_left_out_has_a_reason_and_is_little() -> None:
    left_out = [b.told(c) for b in BLOCKS for c, _ in b.commands if b.told(c).startswith("skip")]
    left_out += ["skip, " + words for b in BLOCKS for words in b.words("output")]
    assert all(re.fullmatch(r"skip, .{10,}", words) for words in left_out), left_out
    assert len(left_out) <= MOST_SKIPPED < sum(len(b.commands) for b in BLOCKS), left_out


def test_every_part_of_a_comment_is_used() -> None:
    for block in BLOCKS:
        for key, _ in block.keyed:
            used = key in ("before", "output") or any(c.startswith(key) for c, _ in block.commands)
            assert used, f"{block.page.name}:{block.line}: no command begins with {key!r}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: f"{p.parent.name}-{p.name}")
def test_commands_named_in_a_line_exist_with_their_options(page: Path) -> None:
    text = re.sub(r"<!--.*?-->|^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for span in re.findall(r"`(?:\.venv/bin/)?dufm ([a-z][^`]*)`", text):
        command: click.Command = get_command(app)
        words = shlex.split(span.partition(" > ")[0])
        while words and hasattr(command, "commands") and not words[0].startswith("-"):
            assert words[0] in command.commands, f"{page.name}: dufm {span}"  # pyright: ignore
            command = command.commands[words.pop(0)]  # pyright: ignore
        options = {name for p in command.params for name in (*p.opts, *p.secondary_opts)} | {"--help"}
        named = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert named <= options, f"{page.name}: dufm {span}"


def test_links_and_pictures_are_there() -> None:
    for page in (*PAGES, ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            assert target.startswith("https://") or (page.parent / target).exists(), f"{page.name}: {target}"
