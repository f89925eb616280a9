"""Checks of options that stand in many places: one line names the option, what is accepted and what was given."""

from dufm.theory.stated import ProblemError


def require_integers(least: int, **values: int | None) -> None:
    """Raise ProblemError unless every value is an integer of at least `least`, True and False not counted.

    None stands for an option that was not given.
    """
    for name, value in values.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
            raise ProblemError(f"{name} must be an integer >= {least}, got {value!r}")


def require_number(**values: float | None) -> None:
    """Raise ProblemError where a value is NaN; None stands for an option that was not given."""
    for name, value in values.items():
        if value is not None and value != value:
            raise ProblemError(f"{name} must be a number, got {value!r}")
