"""Lists of numbers as a person writes them on the command line."""

import re
from fractions import Fraction

from dufm.theory.stated import ProblemError, exact_number

MOST = 9999


def read_integers(text: str, option: str, least: int, most: int = MOST) -> list[int]:
    """Read "6", "3:16" (both ends count), "4,6,10" or "3:5,7", each number once, in order.

    Raises:
        ProblemError: naming the option, for anything else and for numbers out of range.
    """
    found: set[int] = set()
    for part in text.split(","):
        span = re.fullmatch(r"(\d{1,4})(?::(\d{1,4}))?", part.strip())
        if span is None:
            found = set()
            break
        found |= set(range(int(span[1]), int(span[2] or span[1]) + 1))
    if not found or min(found) < least or max(found) > most:
        accepted = f"integers from {least} to {most}" if most < MOST else f"integers >= {least}"
        raise ProblemError(f"{option} must be {accepted} such as 6, 4,7 or 3:16, got {text!r}")
    return sorted(found)


def read_numbers(text: str, option: str) -> list[Fraction]:
    """Read "0.002,0.004" as exact numbers, in the order given, each once.

    Raises:
        ProblemError: naming the option, for anything that is not a comma-separated list of numbers.
    """
    return list(dict.fromkeys(exact_number(part, option) for part in text.split(",")))


def as_strengths(text: str) -> str | list[str]:
    """What --lam holds, for `Problem.of` to read: one strength for all factors, or one each between commas."""
    return text.split(",") if "," in text else text
