"""What collapse costs beyond the papers' model: unequal classes, a leaky relu, a bias of the last layer (ours).

*Unequal classes* (derivation `unequal-classes`): with class features orthogonal in every hidden layer 2 .. L, of any
lengths, the least loss is a sum over classes, sum_k w_k / K phi_L(x w_k^(-L/(L+1))), w_k = n_k / n with n the mean and
x = K Lambda. Class k drops out, output 0, from x^(L+1) = w_k^L x*_L^(L+1) on: the smallest first.

*Bias* (derivation `last-bias`): with features orthogonal and of equal norms the least loss is that of outputs t C,
C = I - J/K: (1 - 1/K) phi_L(x (K/(K-1))^(L/(L+1))).

*Leaky relu and linear layers* (derivation `leaky-layers`): as with relu.
"""

from fractions import Fraction

from dufm.theory.problem import Problem
from dufm.theory.squared.phi import DEFAULT_WIDTH, collapse_power, phi_of_power

Interval = tuple[Fraction, Fraction]


def class_powers(problem: Problem) -> tuple[Fraction, ...]:
    """x_k^(L+1) = x^(L+1) / w_k^L for each class: class k has the loss w_k / K phi_L(x_k)."""
    return tuple(problem.x_power / share**problem.L for share in problem.variant.shares(problem.K))


def learned(problem: Problem) -> tuple[bool, ...]:
    """Whether collapsed features learn each class: n_k^L x*^(L+1) > N^(L+1) lambda_H lambda_1 ... lambda_L."""
    return tuple(power < collapse_power(problem.L) for power in class_powers(problem))


def split_loss(problem: Problem, width: Fraction = DEFAULT_WIDTH) -> Interval:
    """Rational bounds of the least loss with orthogonal class features, classes of any sizes."""
    shares, powers = problem.variant.shares(problem.K), class_powers(problem)
    ends = [phi_of_power(problem.L, power, width) for power in powers]
    low, high = (sum((w * end[i] for w, end in zip(shares, ends, strict=True)), Fraction(0)) for i in (0, 1))
    return low / problem.K, high / problem.K


def bias_power(problem: Problem) -> Fraction:
    """x_b^(L+1) = x^(L+1) (K/(K-1))^L: the strength collapse sees where the last layer has a free bias."""
    return problem.x_power * Fraction(problem.K, problem.K - 1) ** problem.L


def bias_loss(problem: Problem) -> Interval:
    """Rational bounds of (1 - 1/K) phi_L(x_b)."""
    low, high = phi_of_power(problem.L, bias_power(problem))
    share = 1 - Fraction(1, problem.K)
    return share * low, share * high


def collapse_loss(problem: Problem) -> tuple[str, Interval] | None:
    """What collapse is here and bounds of its least loss, L >= 2; None where nothing is derived."""
    variant = problem.variant
    if problem.L < 2 or variant.target or variant.skip != "none" or variant.bias == "last-decayed":
        return None
    if variant.bias == "last":
        return None if variant.sizes else ("orthogonal features of equal norms (last-bias)", bias_loss(problem))
    return "orthogonal features (unequal-classes)" if variant.sizes else "DNC (leaky-layers)", split_loss(problem)


def zero_loss(problem: Problem) -> Fraction:
    """The loss of zero weights: the fit of an output 0 with the best bias."""
    nothing = [[[0] * columns] * rows for rows, columns in problem.shapes]
    return problem.objective(nothing)
