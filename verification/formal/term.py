"""What a certificate is in Rocq: definitions, a computation inside the kernel, and the theorem that follows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

HEADER = """From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From Dufm Require Import Model Integer Factors Fraction LowerBound CheckHead CheckUnit CheckPoint CheckInterval.
From Dufm Require Import ModelLoss MarginDnc CheckMargin Pieces Boxes CheckLower LowerLoss.
Delimit Scope Z_scope with I.
"""


class NoTermError(ValueError):
    """A certificate that is not well formed, so that there is nothing for the kernel to judge."""


@dataclass(frozen=True)
class Term:
    """A certificate in Rocq.

    Attributes:
        kind: head, unit, point, interval, margin or lower; the checker is `check_KIND` of `Check*.v`.
        definitions: the certificate as Rocq definitions, the last of them of the name given.
        statement: what follows if the checker accepts the certificate of that name.
        sound: the theorem that gives the statement, applied to the proof named that the checker accepts.
    """

    kind: str
    definitions: Callable[[str], str]
    statement: Callable[[str], str]
    sound: Callable[[str], str]

    def accepted(self, name: str) -> str:
        """The definitions, and the computation inside the kernel."""
        data = f"{name}_data"
        return f"{self.definitions(data)}\nLemma {name}_ok : check_{self.kind} {data}. Proof. by vm_compute. Qed.\n"

    def theorem(self, name: str) -> str:
        """The definitions, the computation, the theorem, and what it assumes."""
        data = f"{name}_data"
        return (
            f"{self.accepted(name)}"
            f"Theorem {name} : {self.statement(data)}.\n"
            f"Proof. exact: {self.sound(name + '_ok')}. Qed.\n"
            f"Print Assumptions {name}.\n"
        )

    def verdict(self, name: str) -> str:
        """The definitions and a command that prints what the checker computes to."""
        return f"{self.definitions(f'{name}_data')}\nEval vm_compute in check_{self.kind} {name}_data.\n"


def integer(x: int) -> str:
    text = str(x) if abs(x) < 10**12 else hex(x)  # Rocq reads long decimals in quadratic time
    return f"({text})" if x < 0 else text


def fraction(x: Fraction) -> str:
    return f"({integer(x.numerator)}, {integer(x.denominator)})%I"


def fractions(xs: Sequence[Fraction]) -> str:
    return f"[:: {'; '.join(map(fraction, xs))}]"
