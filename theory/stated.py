"""What a person wrote: names out of a list, exact and finite numbers, and the error that says what they are not."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

# A longer list of names is not printed into an error.
SPELLED_OUT = 12
NEAREST = 3


class ProblemError(ValueError):
    """A problem, or weights for one, that make no sense; the message names the option and what is accepted."""


def listed(got: str, known: Iterable[str], listing: str) -> tuple[str, str]:
    """Words for a name that is not known: what is accepted, and what was found with the nearest names.

    Args:
        got: the name.
        known: those that are; few are spelled out.
        listing: the command that prints them all.
    """
    names = list(known)
    near = get_close_matches(got.lower(), names, NEAREST)
    if len(names) <= SPELLED_OUT:
        accepted = f"one of {', '.join(names)}"
    else:
        accepted = f"one of the {len(names)} names that `{listing}` lists"
    return accepted, repr(got) + (f"; nearest: {', '.join(near)}" if near else "")


def require_choice(option: str, value: str, accepted: Sequence[str]) -> None:
    """Check that a word is one of those accepted."""
    if value not in accepted:
        raise ProblemError(f"{option} must be one of {', '.join(accepted)}, got {value!r}")


def exact_number(value: Any, name: str) -> Fraction:
    """Read a number a person wrote: "0.004", "1/250", 1, Fraction(1, 250), or a float through its shortest decimal.

    Raises:
        ProblemError: for NaN, infinities and anything that is not a number.
    """
    try:
        if isinstance(value, bool):
            raise ValueError
        text = value if isinstance(value, (int, Fraction)) else str(value).strip()
        if isinstance(text, str) and len(text) > 64:
            raise ValueError
        if isinstance(text, str) and "e" in text.lower() and abs(int(text.lower().rpartition("e")[2])) > 300:
            raise ValueError
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ProblemError(f"{name} must be a finite number such as 0.004 or 1/250, got {value!r}") from None


def require_count(value: Any, name: str, least: int) -> int:
    """The value, an integer >= least; ProblemError if it is none."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ProblemError(f"{name} must be an integer >= {least}, got {value!r}")
    return value
