"""What stands above the command line, the figures, joins it by entry points: nothing here imports it."""

from importlib.metadata import entry_points
from typing import Any

from dufm.theory.stated import ProblemError

GROUP = "dufm.extensions"


def extension(name: str) -> Any:
    """What the installed package registers under that name.

    Raises:
        ProblemError: if the program is run without being installed.
    """
    found = entry_points(group=GROUP, name=name)
    if not found:
        raise ProblemError(f"{name} need the installed program: pip install . (or make verify) in the checkout")
    return next(iter(found)).load()
