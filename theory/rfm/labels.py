"""Label matrices of Deep RFM: one-hot or +-1 codes, classes of any size, and the spectrum of Y Y^T.

Rows are samples, grouped by class. Deep RFM sees the labels only through T = Y Y^T, which acts on three spaces: class
vectors that sum to zero, the constant vector, and deviations within classes, where T is 0.
"""

from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpq_mat

from dufm.theory.rational import identity
from dufm.theory.stated import ProblemError

CODES = ("one-hot", "signs")


@dataclass(frozen=True)
class LabelLevel:
    """An eigenvalue tau of Y Y^T, how often it occurs, and on which vectors."""

    tau: Fraction
    count: int
    name: str


@dataclass(frozen=True)
class Labels:
    """K classes with `sizes` samples each.

    Attributes:
        sizes: samples of every class, each >= 1; at least two classes.
        code: "one-hot" (Y = 1 on the class, else 0) or "signs" (1 on the class, else -1).

    Raises:
        ProblemError: for fewer than two classes, an empty class or an unknown code.
    """

    sizes: tuple[int, ...]
    code: str = "one-hot"

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or any(isinstance(m, bool) or not isinstance(m, int) or m < 1 for m in self.sizes):
            raise ProblemError(f"sizes must be at least two integers >= 1, got {self.sizes!r}")
        if self.code not in CODES:
            raise ProblemError(f"code must be one of {', '.join(CODES)}, got {self.code!r}")

    @classmethod
    def balanced(cls, K: int, n: int, code: str = "one-hot") -> "Labels":
        """K classes of n samples each."""
        return cls((n,) * K, code)

    @property
    def K(self) -> int:
        """Number of classes."""
        return len(self.sizes)

    @property
    def N(self) -> int:
        """Number of samples."""
        return sum(self.sizes)

    def members(self) -> fmpq_mat:
        """One-hot membership, shape (N, K)."""
        rows = [fmpq(int(c == own)) for own, size in enumerate(self.sizes) for _ in range(size) for c in range(self.K)]
        return fmpq_mat(self.N, self.K, rows)

    def matrix(self) -> fmpq_mat:
        """Y, shape (N, K)."""
        member = self.members()
        if self.code == "one-hot":
            return member
        return fmpq_mat(self.N, self.K, [2 * x - 1 for x in member.entries()])

    def gram(self) -> fmpq_mat:
        """T = Y Y^T, shape (N, N)."""
        y = self.matrix()
        return y * y.transpose()

    def within(self) -> fmpq_mat:
        """Q, the projector onto deviations from the class means, shape (N, N)."""
        member = self.members()
        share = fmpq_mat(
            self.K, self.K, [fmpq(int(i == j), m) for i, m in enumerate(self.sizes) for j in range(self.K)]
        )
        return identity(self.N) - member * share * member.transpose()

    def levels(self) -> tuple[LabelLevel, ...]:
        """Eigenvalues of Y Y^T > 0, largest first, and the 0 of deviations within classes.

        Raises:
            ProblemError: for signs and classes of different sizes, where the eigenvalues are not rational.
        """
        zero = LabelLevel(Fraction(0), self.N - self.K, "within classes")
        if self.code == "one-hot":
            counts = {m: self.sizes.count(m) for m in sorted(set(self.sizes), reverse=True)}
            return (*(LabelLevel(Fraction(m), k, f"classes of {m}") for m, k in counts.items()), zero)
        if len(set(self.sizes)) > 1:
            raise ProblemError(f"code 'signs' has rational levels for classes of one size only, got {self.sizes}")
        n, K = self.sizes[0], self.K
        constant, centred = n * (K - 2) ** 2, 4 * n
        if constant == centred:
            return LabelLevel(Fraction(centred), K, "all classes"), zero
        if constant == 0:
            return LabelLevel(Fraction(centred), 1, "classes against each other"), LabelLevel(
                Fraction(0), self.N - 1, "the rest"
            )
        found = [
            LabelLevel(Fraction(centred), K - 1, "classes against each other"),
            LabelLevel(Fraction(constant), 1, "constant"),
        ]
        return (*sorted(found, key=lambda level: -level.tau), zero)
