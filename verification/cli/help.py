"""`dufm --help`: commands by what they are for, each with the whole first sentence of its own help."""

from typing import Any

from typer.core import TyperGroup

from dufm.verification.cli.interrupt import Interrupted, kept

SECTIONS = {
    "Verify": ("verify", "check", "check-weights", "claims", "threshold", "bound"),
    "Read and compare": ("derive", "structures", "compare", "figures", "site"),
    "Search and certify": ("search", "intervals", "frontier", "map", "records", "submit", "evaluator"),
    "Cross-entropy": ("ce-table", "ce-persistence", "ce-landscape"),
    "Training": ("train", "jumps", "rank-two", "rfm", "network"),
}


class Sections(TyperGroup):
    """A group whose help lists its commands under `SECTIONS`; those in none of them come last."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, made to say what it keeps when Ctrl-C ends it."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and not isinstance(command, TyperGroup):
            called = command.invoke

            def invoke(context: Any) -> Any:
                try:
                    return called(context)
                except KeyboardInterrupt as error:
                    raise Interrupted(kept(str(name), context.params, str(error))) from None

            command.invoke = invoke  # pyright: ignore[reportAttributeAccessIssue]
        return name, command, rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:
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
