"""Measured rates: how fast each block of the Gram matrix reaches its fixed point in a run with balls, beside `rate`."""

from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from dufm.theory.rational import identity
from dufm.theory.rfm.fixed_points import fixed_values, rate
from dufm.theory.rfm.labels import LabelLevel, Labels
from dufm.theory.rfm.recursion import Kernels, ball, digits_for, step
from dufm.theory.stated import ProblemError


@dataclass(frozen=True)
class Block:
    """One block of the Gram matrix, between two levels of Y Y^T.

    Attributes:
        first, second: names of the levels.
        predicted: `rate` of their fixed eigenvalues, a ball.
        sizes: ||P_i (G_l - G*) P_j|| for l = 0, 1, ..., balls.
    """

    first: str
    second: str
    predicted: arb
    sizes: tuple[arb, ...]

    def measured(self, layer: int = -1) -> arb:
        """The last size over the one before; `layer` picks another pair."""
        end = layer % len(self.sizes)
        if end == 0:
            raise ProblemError("a rate needs two layers")
        return self.sizes[end] / self.sizes[end - 1]


def projectors(labels: Labels) -> tuple[tuple[LabelLevel, fmpq_mat], ...]:
    """The levels of Y Y^T, each with the projector onto its vectors, shape (N, N)."""
    within, found = labels.within(), []
    for level in labels.levels():
        if level.tau == 0:
            rest = identity(labels.N)
            for _, other in found:
                rest = rest - other
            found.append((level, rest))
        elif labels.code == "one-hot":
            member, sizes = labels.members(), labels.sizes
            share = [fmpq(int(i == j and m == level.tau), m) for i, m in enumerate(sizes) for j in range(labels.K)]
            found.append((level, member * fmpq_mat(labels.K, labels.K, share) * member.transpose()))
        else:
            constant = fmpq_mat(labels.N, labels.N, [fmpq(1, labels.N)] * labels.N**2)
            centred = identity(labels.N) - within - constant
            parts = {"all classes": centred + constant, "constant": constant}
            found.append((level, parts.get(level.name, centred)))
    return tuple(found)


def block_rates(labels: Labels, gram: fmpq_mat, kernels: Kernels, layers: int) -> dict[tuple[int, int], Block]:
    """Sizes of all blocks over `layers` layers from a rational Gram matrix, keyed by positions in `labels.levels()`.

    Raises:
        ProblemError: where some level has more than one fixed value, so that the data decide which is reached.
    """
    parts = projectors(labels)
    digits = digits_for(layers)
    values = [fixed_values(level.tau, kernels, Fraction(1, 10**digits)) for level, _ in parts]
    if any(len(found) > 1 for found in values):
        raise ProblemError(
            f"one fixed point is needed, lambda_k = {kernels.k}, lambda_Phi = {kernels.phi} have several"
        )
    with ctx.workdps(digits):
        k, phi = kernels.balls()
        ends = [ball(found[0][0]).union(ball(found[0][1])) for found in values]
        balls = [arb_mat(part) for _, part in parts]
        unit, y, current = arb_mat(identity(labels.N)), arb_mat(labels.matrix()), arb_mat(gram)
        limit = arb_mat(labels.N, labels.N)
        for part, end in zip(balls, ends, strict=True):
            limit = limit + part * end
        keys = [(i, j) for i in range(len(parts)) for j in range(i, len(parts))]
        sizes: dict[tuple[int, int], list[arb]] = {key: [] for key in keys}
        for _ in range(layers + 1):
            far = current - limit
            sides = [part * far for part in balls]
            for i, j in keys:
                block = sides[i] * balls[j]
                sizes[i, j].append(sum((x * x for x in block.entries()), arb(0)).sqrt())
            current = step(current, y, unit, k, phi)
        return {
            (i, j): Block(parts[i][0].name, parts[j][0].name, rate(ends[i], ends[j], k, phi), tuple(sizes[i, j]))
            for i, j in keys
        }
