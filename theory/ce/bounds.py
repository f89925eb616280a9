"""How small a non-zero singular value can be, and how many there are (ours)."""

from flint import arb, fmpq

from dufm.theory.ce.enclosure import Profile
from dufm.theory.ce.polygons import POLYGON
from dufm.theory.stated import ProblemError


def least_singular_value(classes: int, layers: int, strength: arb) -> arb:
    """Every non-zero singular value of critical logits is at least (Lambda sqrt(K/2))^((L+1)/(L-1)), L >= 2."""
    if layers < 2:
        raise ProblemError(f"the gap needs L >= 2, got L = {layers}")
    base = strength * arb(fmpq(classes, 2)).sqrt()
    return (base ** (layers + 1)).root(layers - 1)


def rank_bound(classes: int, layers: int, strength: arb, alpha: arb) -> arb:
    """Upper bound of the rank of every global minimiser, from the polygon at any scale alpha.

    rank <= (Lambda sqrt(K/2))^(-2/(L-1)) [c_polygon alpha^p + CE_polygon(alpha)/mu], mu = (L+1)/2 Lambda.
    """
    if layers < 2:
        raise ProblemError(f"the bound needs L >= 2, got L = {layers}")
    profile = Profile.of(POLYGON, classes, layers)
    mu = strength * arb(fmpq(layers + 1, 2))
    base = strength * strength * arb(fmpq(classes, 2))
    paid = profile.cost * profile.power(alpha) + profile.cross_entropy(alpha) / mu
    return paid / base.root(layers - 1)
