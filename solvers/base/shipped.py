"""Where the data that come with the program are, in a checkout and in an installed wheel. Nothing writes there."""

from importlib.resources import files
from pathlib import Path


def shipped(name: str) -> Path:
    """A folder or file of the package by its path below `dufm`, such as "atlas" or "verification/witnesses"."""
    return Path(str(files("dufm"))) / name


def in_checkout() -> bool:
    """Whether the program runs from its repository, where the data folders are links and may be written to."""
    return shipped("atlas").is_symlink()
