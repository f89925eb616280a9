"""Newton steps where the equations are singular: flat directions are left alone, so the step is the shortest one."""

import numpy as np

from dufm.solvers.base.arrays import Array


def flat_free(values: Array, vectors: Array, right: Array, cut: float) -> Array:
    """The shortest x with A x = right off the flat directions of a symmetric A.

    Args:
        values, vectors: of A, as from `numpy.linalg.eigh`.
        right: right-hand side.
        cut: directions whose eigenvalue is at most this in modulus are flat.
    """
    kept = np.abs(values) > cut
    return vectors[:, kept] @ ((vectors[:, kept].T @ right) / values[kept])


def saddle_step(hessian: Array, jacobian: Array, force: Array, excess: Array, cut: float) -> tuple[Array, Array]:
    """Newton's step on force = 0 under excess = 0: what to add to the point and to the multipliers of +excess.

    Args:
        hessian: of the Lagrangian, n x n.
        jacobian: of the constraints, m x n.
        force: gradient of the Lagrangian.
        excess: values of the constraints.
        cut: of `flat_free`, over the largest eigenvalue; rotations have eigenvalues of the size of the residual.

    Raises:
        numpy.linalg.LinAlgError: where the system has overflowed.
    """
    # Scaling the constraints to the size of the Hessian keeps one cut right for both blocks.
    scale = float(np.abs(hessian).max() / max(float(np.abs(jacobian).max(initial=0.0)), 1e-300))
    corner = np.zeros((len(jacobian), len(jacobian)))
    system = np.block([[hessian, scale * jacobian.T], [scale * jacobian, corner]])
    values, vectors = np.linalg.eigh(system)
    step = flat_free(values, vectors, -np.concatenate([force, scale * excess]), cut * float(np.abs(values).max()))
    return step[: len(hessian)], scale * step[len(hessian) :]
