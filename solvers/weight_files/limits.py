"""What a file of weights may hold, and the one line that refuses what does not fit."""

from collections.abc import Sequence
from math import prod

# Of the file, and of numbers in all its arrays together; far more than any problem here has.
MOST_BYTES = 1 << 28
MOST_NUMBERS = 1 << 24
MOST_ARRAYS = 1000
MOST_AXES = 8


class Allowance:
    """How many numbers may still be made of a file."""

    def __init__(self) -> None:
        self._left = MOST_NUMBERS

    def take(self, name: str, shape: Sequence[int]) -> int:
        """The count of an array of that shape, taken off what is left.

        Raises:
            ValueError: for a shape that is none, and when the file asks for more than is allowed.
        """
        if len(shape) > MOST_AXES or not all(type(side) is int and side >= 0 for side in shape):
            raise ValueError(f"{name} has no shape: {tuple(shape)!r:.60}")
        count = prod(shape)
        self._left -= count
        if self._left < 0:
            raise ValueError(f"more than {MOST_NUMBERS} numbers, with {name} of shape {tuple(shape)!r:.60}")
        return count
