"""`dufm --help`: commands by what they are for, each with the whole first sentence of its own help."""

from typing import Any

from typer import Context
from typer.core import TyperGroup

SECTIONS = {
    "Verify": ("verify", "check", "claims"),
    "Read and compare": ("derive", "structures", "compare", "figures"),
    "Search and certify": ("search", "intervals", "frontier", "map", "records", "submit"),
    "Cross-entropy": ("ce-table", "ce-persistence", "ce-landscape"),
    "Training": ("train", "jumps", "rank-two", "rfm", "network"),
}


class Sections(TyperGroup):
    """A group whose help lists its commands under `SECTIONS`; those in none of them come last."""

    def format_commands(self, ctx: Context, formatter: Any) -> None:
        """Write the sections this group has commands for."""
        own = self.list_commands(ctx)
        parts = {title: [name for name in names if name in own] for title, names in SECTIONS.items()}
        parts["Commands"] = [name for name in own if not any(name in names for names in SECTIONS.values())]
        for title, names in parts.items():
            if names:
                with formatter.section(title):
                    formatter.write_dl([(name, first_sentence(self.commands[name].help or "")) for name in names])


def first_sentence(text: str) -> str:
    """Up to the first full stop or blank line, on one line."""
    words = " ".join(text.strip().split("\n\n")[0].split())
    return words.split(". ")[0].rstrip(".")
