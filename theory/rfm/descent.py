"""What the layers minimise: ||Y - U||^2 + lambda_k log det(U U^T + lambda_Phi), in balls (ours; `rfm-descent`)."""

from flint import arb, arb_mat

from dufm.theory.rational import identity
from dufm.theory.rfm.recursion import Kernels
from dufm.theory.rfm.spread import Reached, squared


def objective(reached: Reached, kernels: Kernels) -> arb:
    """The objective at one layer of a run with balls, less the constant lambda_k N log lambda_Phi; lambda_Phi > 0.

    det(U U^T/lambda_Phi + 1) is taken from the smaller U^T U/lambda_Phi + 1.
    """
    k, phi = kernels.balls()
    columns = reached.U.ncols()
    inner = reached.U.transpose() * reached.U * (1 / phi) + arb_mat(identity(columns))
    return squared(reached.Y - reached.U) + k * inner.det().log()


def fixed_objective(tau: arb, a: arb, kernels: Kernels) -> arb:
    """The share of one level of Y Y^T, fixed at a, in the objective: to compare fixed values of the same tau."""
    k, phi = kernels.balls()
    return tau * (1 - a / (a + k)) ** 2 + k * (a / phi).log()


def falls(run: list[Reached], kernels: Kernels) -> list[arb]:
    """What each layer gains beyond ||U_(l+1) - U_l||^2; nowhere negative."""
    costs = [objective(reached, kernels) for reached in run]
    moves = [squared(after.U - before.U) for before, after in zip(run, run[1:], strict=False)]
    return [a - b - move for a, b, move in zip(costs, costs[1:], moves, strict=False)]
