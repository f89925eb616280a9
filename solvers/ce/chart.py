"""Logits of fixed rank q near one point, in coordinates, with second-order models of everything the searches minimise.

At Z = U S V^T (thin SVD) a chart of the K x K matrices of rank q is
    Z(A, M, B) = (U + U' A) (S + M) (V + V' B)^T,   A, B (K-q) x q, M q x q,
U', V' orthonormal complements; q (2K - q) coordinates, ordered (A, M, B), each row by row. To second order the singular
values of Z(A, M, B) are those of S + M + A^T A S / 2 + S B^T B / 2, and for X = S + M the function sum phi(sigma_i) has
    first derivative diag phi'(sigma), second derivative
    sum_i phi''(sigma_i) m_ii^2 + 2 sum_{i<j} [D_ij s_ij^2 + (phi'_i + phi'_j)/(sigma_i + sigma_j) a_ij^2],
s and a the symmetric and skew parts of M, D_ij the divided difference of phi' (textbook; Lewis and Sendov 2001).
"""

from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.theory.stated import ProblemError

# Below this relative distance of two singular values a divided difference is replaced by the derivative between them.
CLOSE = 1e-6


@dataclass(frozen=True, eq=False)
class Chart:
    """A point of rank q and its frames.

    Attributes:
        left, right: U (K x q) and V (K x q).
        values: singular values, largest first, all > 0.
        left_rest, right_rest: U' and V' (K x (K - q)).
    """

    left: Array
    values: Array
    right: Array
    left_rest: Array
    right_rest: Array

    @classmethod
    def at(cls, logits: Array, rank: int) -> "Chart":
        """The chart at the nearest matrix of that rank.

        Raises:
            ProblemError: if the logits have a lower rank.
        """
        u, s, vt = np.linalg.svd(logits)
        if not 1 <= rank <= len(s) or not s[rank - 1] > 0:
            raise ProblemError(f"rank must be in 1..rank of the logits, got {rank}")
        return cls(u[:, :rank], s[:rank], vt[:rank].T, u[:, rank:], vt[rank:].T)

    @property
    def rank(self) -> int:
        """q."""
        return len(self.values)

    @property
    def size(self) -> int:
        """Number of coordinates, q (2K - q)."""
        K, q = self.left.shape
        return q * (2 * K - q)

    @property
    def logits(self) -> Array:
        """Z (K x K)."""
        return (self.left * self.values) @ self.right.T

    def split(self, x: Array) -> tuple[Array, Array, Array]:
        """(A, M, B) of coordinates x."""
        K, q = self.left.shape
        side = q * (K - q)
        a, m, b = np.split(x, [side, side + q * q])
        return a.reshape(K - q, q), m.reshape(q, q), b.reshape(K - q, q)

    def move(self, x: Array) -> Array:
        """Z(A, M, B)."""
        a, m, b = self.split(x)
        return (self.left + self.left_rest @ a) @ (np.diag(self.values) + m) @ (self.right + self.right_rest @ b).T

    def tangents(self) -> Array:
        """First derivatives of Z in the coordinates: K x K x size."""
        K, q = self.left.shape
        a = np.einsum("ua,vb->uvab", self.left_rest, self.right * self.values).reshape(K, K, -1)
        m = np.einsum("ua,vb->uvab", self.left, self.right).reshape(K, K, -1)
        b = np.einsum("vb,ua->uvba", self.right_rest, self.left * self.values).reshape(K, K, -1)
        return np.concatenate([a, m, b], axis=2)

    def bend(self, gradient: Array) -> Array:
        """Second derivative of <gradient, Z(x)> in the coordinates, gradient K x K held fixed: size x size."""
        K, q = self.left.shape
        side, square, one = q * (K - q), q * q, np.eye(q)
        total = np.zeros((self.size, self.size))
        ra, rb = slice(0, side), slice(side + square, None)
        rm = slice(side, side + square)
        # U' A M V^T, U M B^T V'^T and U' A S B^T V'^T are the products of two coordinates in Z.
        g = self.left_rest.T @ gradient @ self.right
        total[ra, rm] = np.einsum("ad,bc->abcd", g, one).reshape(side, square)
        g = self.left.T @ gradient @ self.right_rest
        total[rm, rb] = np.einsum("ce,df->cdef", g, one).reshape(square, side)
        g = self.left_rest.T @ gradient @ self.right_rest
        total[ra, rb] = np.einsum("ae,bf->abef", g, np.diag(self.values)).reshape(side, side)
        return total + total.T

    def spectral(self, power: float) -> tuple[float, Array, Array]:
        """sum sigma_i^power with its gradient and Hessian in the coordinates."""
        K, q = self.left.shape
        s = self.values
        first = power * s ** (power - 1)
        second = power * (power - 1) * s ** (power - 2)
        side = q * (K - q)
        gradient = np.zeros(self.size)
        gradient[side : side + q * q] = np.diag(first).ravel()
        gaps = s[:, None] - s[None, :]
        near = np.abs(gaps) <= CLOSE * (s[:, None] + s[None, :])
        middle = (s[:, None] + s[None, :]) / 2
        divided = np.where(
            near,
            power * (power - 1) * middle ** (power - 2),
            (first[:, None] - first[None, :]) / np.where(near, 1.0, gaps),
        )
        sums = (first[:, None] + first[None, :]) / (s[:, None] + s[None, :])
        np.fill_diagonal(divided, second)
        np.fill_diagonal(sums, 0.0)
        # 2 (D s_ij^2 + T a_ij^2) with s, a = (m_ij +- m_ji) / 2, over i < j; the diagonal has phi'' alone.
        core = np.zeros((q, q, q, q))
        for i in range(q):
            for j in range(q):
                core[i, j, i, j] += (divided[i, j] + sums[i, j]) / 2
                core[i, j, j, i] += (divided[i, j] - sums[i, j]) / 2
        for i in range(q):
            core[i, i, i, i] = second[i]
        hessian = np.zeros((self.size, self.size))
        hessian[side : side + q * q, side : side + q * q] = core.reshape(q * q, q * q)
        pull = np.kron(np.eye(K - q), np.diag(first * s))
        hessian[:side, :side] = pull
        hessian[side + q * q :, side + q * q :] = pull
        return float(np.sum(s**power)), gradient, hessian


def cross_entropy_form(z: Array, directions: Array) -> Array:
    """Second derivative of the mean cross-entropy along directions (K x K x m): m x m."""
    K = len(z)
    shifted = np.exp(z - z.max(axis=0))
    share = shifted / shifted.sum(axis=0)
    weighted = directions * share[:, :, None]
    mean = weighted.sum(axis=0)
    size = directions.shape[2]
    total = directions.reshape(-1, size).T @ weighted.reshape(-1, size) - mean.T @ mean
    return total / K
