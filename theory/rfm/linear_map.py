"""Where collapse stalls with a linear feature map, lambda_Phi = 0: told from the first layer (ours)."""

from flint import acb_mat, arb

from dufm.theory.rfm.spread import Reached


def stalled(first: Reached, k: arb, tau: arb) -> arb:
    """tr(Q S)/tr(P S) in the limit of many layers, S the Gram matrix after M^(1/2); one-hot labels, equal classes.

    The eigenvalues f of F = 1/tau + Z^T Z give c = 2 lambda_k/(1 - sqrt(1 - 4 lambda_k f)), and the share is
    sum c^2 (tau f - 1) / sum c^2.

    Args:
        first: the first layer of a run with balls.
        k: lambda_k.
        tau: samples a class.

    Returns:
        A ball; not finite where some 4 lambda_k f >= 1, where class directions are lost.
    """
    spreads = [value.real for value in acb_mat(first.Z.transpose() * first.Z).eig(multiple=True)]
    squares = [(2 * k / (1 - (1 - 4 * k * (1 / tau + z)).sqrt())) ** 2 for z in spreads]
    above = sum((c * tau * z for c, z in zip(squares, spreads, strict=True)), arb(0))
    return above / sum(squares, arb(0))
