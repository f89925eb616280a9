"""Find constants of absorbing sets: floats propose, rationals are rounded outwards, theory.jumps.absorbing decides.

The least C, then the least eps allow the most, so only tau is searched. Conditions are used divided by eta, where
nothing cancels: steps of 1e-20 are as safe as steps of 1. Source: ours.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.checks import require_integers
from dufm.theory.jumps.absorbing import AbsorbingSet, check_regime
from dufm.theory.squared.phi import power_root
from dufm.theory.stated import exact_number

GRID = 400
BITS = 60
# How far above eps* the imbalance is allowed; the larger the faster the chain provably enters.
SPREADS = (Fraction(2), Fraction(33, 32), Fraction(1025, 1024))


def certify(L: int, lam: Any, a: Any, eta: Any) -> AbsorbingSet | None:
    """An absorbing set that holds in exact arithmetic, or None if none was found.

    Args:
        L: weight layers, 3 or 4.
        lam, a, eta: strength, largest |target| over the observed entries, step size; anything `exact_number` reads.

    Raises:
        ProblemError: for numbers that make no sense.
        NotImplementedError: for other depths.
    """
    lam, a, eta = (exact_number(v, name) for v, name in ((lam, "lambda"), (a, "a"), (eta, "eta")))
    check_regime(L, lam, a, eta)
    for spread in SPREADS:
        found = _propose(L, lam, a, eta, spread)
        if found is not None and found.holds:
            return found
    return None


def eta_max(L: int, lam: Any, a: Any, steps: int = 40) -> Fraction | None:
    """The largest step size certified, by bisection over its logarithm; `certify` holds there.

    Args:
        L, lam, a: as for `certify`.
        steps: bisections; 40 leave a relative error of 1e-9 in what the search can reach.

    Returns:
        None if nothing between 1e-60 and the largest stable step is certified.
    """
    lam, a = exact_number(lam, "lambda"), exact_number(a, "a")
    check_regime(L, lam, a, Fraction(1, 10**60))
    low, high = -60.0, min(0.0, float(np.log10(0.49 / float(lam))))
    best = None
    for _ in range(steps):
        middle = (low + high) / 2
        # Twelve digits of the step: a number a person can type again.
        eta = Fraction(f"{10.0**middle:.12g}")
        if certify(L, lam, a, eta) is None:
            high = middle
        else:
            low, best = middle, eta
    return best


def _propose(L: int, lam: Fraction, a: Fraction, eta: Fraction, spread: Fraction) -> AbsorbingSet | None:
    """The set with the least C and eps and the tau with the most room; None where the floats see none."""
    lam_f, a_f, eta_f = float(lam), float(a), float(eta)
    k, decay = 1 - 2 * eta_f * lam_f, 4 * lam_f * (1 - eta_f * lam_f)
    least = a_f**2 / (8 * lam_f)
    C = least
    for _ in range(200):
        room = 2 * k - eta_f * C ** (L - 1)
        if not room > 0:
            return None
        C = max(least, a_f**2 * k**2 / (decay * room))
    c = _above(Fraction(float(C)) * (1 + Fraction(1, 2**40)))
    rho = a + c**L
    eps = spread * eta**2 * rho**2 * c ** (2 * L - 2) / (1 - (1 - 2 * eta * lam) ** 2)
    t = _widest(L, lam_f, eta_f, float(c) ** 2, float(rho), float(eps))
    if t is None:
        return None
    return AbsorbingSet(L, lam, a, eta, c, eps, Fraction(t), _tails(L, c, eps, Fraction(t)))


def _tails(L: int, c: Fraction, eps: Fraction, t: Fraction) -> tuple[Fraction, ...]:
    tau = t**2
    m = [_above(tau + eps), _above((tau + eps) * (tau + 2 * eps))]
    if L > 3:
        m.append(_above((m[0] * (tau + eps) + c * eps) ** 2 + eps * m[1] ** 2))
    return tuple(m)


def _above(square: Fraction) -> Fraction:
    """A rational a little above the root."""
    return power_root(square, 2, BITS)[1]


def _widest(L: int, lam: float, eta: float, C: float, rho: float, eps: float) -> float | None:
    """sqrt(tau) where the tightest of conditions (3) and (4) has the most room, relative to its right side."""
    low, high = np.log(eps) / 2 - 8, np.log(C) / 2
    best = None
    for _ in range(3):
        logs = np.linspace(low, high, GRID)
        room = _room(L, lam, eta, C, rho, eps, np.exp(logs))
        at = int(np.argmax(room))
        best = (float(room[at]), float(np.exp(logs[at])))
        low, high = logs[max(at - 1, 0)], logs[min(at + 1, GRID - 1)]
    return best[1] if best is not None and best[0] > 0 else None


def _room(L: int, lam: float, eta: float, C: float, rho: float, eps: float, t: Array) -> Array:
    """Least relative room of the conditions on the tail for every t, shape of t."""
    tau, k, decay = t**2, 1 - 2 * eta * lam, 4 * lam * (1 - eta * lam)
    m = [np.sqrt(tau + eps), np.sqrt((tau + eps) * (tau + 2 * eps))]
    m.append(np.sqrt((m[0] * (tau + eps) + np.sqrt(C) * eps) ** 2 + eps * m[1] ** 2))
    room = 1 - rho * m[L - 2] / (2 * lam * t)
    for layer in range(2, L):
        p, s = L - layer, layer - 1
        m_p, m_s = m[p - 1], m[s - 1]
        across = np.minimum(m_p**2 * C**s, m_s**2 * C**p)
        grows = 2 * k * rho * t * m_p * m_s + eta * rho**2 * ((m_p * m_s) ** 2 + across)
        room = np.minimum(room, 1 - grows / (decay * tau))
    return room


def absorbing_measure(weights: Sequence[Array], r: int) -> tuple[Array, Array, Array]:
    """(C, eps, tau): the smallest constants with which B_r contains these layers, chain by chain.

    Args:
        weights: (W_1, ..., W_L), each of shape (..., rows, columns); leading axes number the chains.
        r: rank, >= 0; tau is 0 where no layer has more than r singular values.

    Returns:
        Three arrays of the shape of the leading axes.
    """
    require_integers(0, r=r)
    C = np.max([np.sum(w * w, axis=(-2, -1)) for w in weights], axis=0)
    gaps = [np.swapaxes(b, -2, -1) @ b - a @ np.swapaxes(a, -2, -1) for a, b in zip(weights, weights[1:], strict=False)]
    eps = np.max([np.abs(np.linalg.eigvalsh(d)).max(axis=-1) for d in gaps], axis=0)
    values = [np.linalg.svd(w, compute_uv=False) for w in weights]
    return C, eps, np.max([v[..., r] if r < v.shape[-1] else v[..., 0] * 0.0 for v in values], axis=0) ** 2


def ratio_to_boundary(weights: Sequence[Array], r: int, found: AbsorbingSet) -> Array:
    """The largest of the three measures over its bound, chain by chain: <= 1 inside B_r."""
    C, eps, tau = absorbing_measure(weights, r)
    return np.max([C / float(found.c**2), eps / float(found.eps), tau / float(found.t**2)], axis=0)
