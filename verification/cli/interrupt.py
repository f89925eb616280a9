"""Ctrl-C ends every command alike: exit code 130 and one line that says what was kept."""

from typing import Any

# By command: what stands on disk after Ctrl-C, with the options' values. Commands not listed write at their end only.
KEEPS = {
    "verify": "finished claims are in {out}/report.json; --resume goes on with them",
    "search": "what was saved of the search is in {out}; --resume goes on with it",
    "figures": "finished figures are in {out}",
    "frontier": "heads found so far are in {out}",
    "map": "finished cells are in {db}; the same command goes on with them",
    "train": "runs are in {out} as far as they were saved; --resume goes on with them",
    "chains": "checkpoints that were saved are in {out}",
    "network": "checkpoints that were saved are in {out}; --resume goes on with them",
    "rank-two": "finished runs are in {out} and are not trained again",
    "rfm": "finished layers are in {out}/layers.jsonl",
    "ce-table": "finished rows are in {out}; the same command goes on with them",
}
NOTHING = "this command writes at its end only: nothing was kept"
CODE = 130


class Interrupted(Exception):
    """Ctrl-C, with a sentence on what was kept."""


def kept(command: str, options: dict[str, Any], said: str = "") -> str:
    """The sentence for a command that was called with those options; `said` by the command itself comes first."""
    values = {name: "the folder it names" if value is None else value for name, value in options.items()}
    return said or KEEPS.get(command, NOTHING).format(**values)
