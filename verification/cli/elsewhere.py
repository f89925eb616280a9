"""An option that a command does not have, and which commands have it."""

from typing import Any

import typer


def told(error: Any, app: typer.Typer) -> str:
    """The message of a usage error in one line; where an option is foreign to the command, who has it."""
    message = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
    option, asked = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if option is None or asked is None:
        return message
    commands: dict[str, Any] = getattr(typer.main.get_command(app), "commands", {})
    having = [name for name, command in commands.items() if any(option in p.opts for p in command.params)]
    if not having:
        return message
    have = f"{' and '.join(having)} {'has' if len(having) == 1 else 'have'}"
    return f"No such option: dufm {asked.command.name} has no {option}, but dufm {have}"
