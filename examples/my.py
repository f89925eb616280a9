"""A structure of one's own: `dufm compare examples/my.py:Mine --K 10 --L 4`.

The Petersen graph as read-out: classes are the edges of K_5, features their incidences, and the neuron of edge e is
+1 off e and -1 on e, so that it fires exactly on the three edges disjoint from e.
"""

import sympy as sp

from dufm.theory.squared.srg import incidence, nuclear_norm
from dufm.theory.squared.structure import HeadCost


class Mine:
    """P_2 = M, middle layers I_5, W = 1 1^T - 2 M^T, and U the inverse of relu(W M)."""

    name = "petersen"
    needs = "K = 10 and L >= 3"

    def valid(self, K, L):
        return K == 10 and L >= 3

    def weights(self, K, L):
        m = incidence(5)
        neurons = sp.ones(10, 5) - 2 * m.T
        active = (neurons * m).applyfunc(lambda z: max(z, 0))
        return [m, *[sp.eye(5)] * (L - 3), neurons, active.inv()]

    def cost(self, K, L):
        return HeadCost(nuclear_norm(5) ** 2 * 50 * sp.Rational(55, 36), 5)
