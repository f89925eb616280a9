"""The numbers `dufm derive --L` prints after a derivation on cross-entropy, with linear or with relu layers."""

from collections.abc import Callable
from fractions import Fraction

from dufm.theory.ce.collapse import last_strength, zero_bound
from dufm.theory.ce.hessian import psd_threshold
from dufm.theory.ce.numbers import working
from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.ce.relu import rival_power
from dufm.theory.ce.structure import cost_ball, rank
from dufm.theory.ce.structures import cheapest_at_margin
from dufm.theory.proof.typeset import typeset
from dufm.theory.stated import ProblemError
from dufm.verification.claims.relu_grid import least_share

CLASSES = (3, 4, 5, 6, 8, 10, 12, 16)
DIGITS = 20
FINE = Fraction(1, 10**10)
SHOWN = 10  # digits


def ce_numbers_of(name: str) -> Callable[[int, str], str]:
    """What prints the numbers behind a derivation on cross-entropy, from L and the format."""
    return ce_relu_numbers_at if name.startswith("ce-relu-") else ce_numbers_at


def ce_numbers_at(L: int, form: str) -> str:
    """Costs at least margin 1 and the strengths that matter at depth L, in the format of the derivation.

    Raises:
        ProblemError: for L < 1.
    """
    if L < 1:
        raise ProblemError(f"--L must be an integer >= 1, got {L}")
    lines = [f"Cross-entropy at L = {L} (n = 1, one strength Lambda = lambda for all factors; collapse has c = K - 1):"]
    lines += [_line(K, L) for K in CLASSES]
    return _joined(lines, form)


def ce_relu_numbers_at(L: int, form: str) -> str:
    """What collapse pays at depth L with relu layers and what the cheapest known layers with margins >= 1 do.

    Raises:
        ProblemError: for L < 2.
    """
    if L < 2:
        raise ProblemError(f"--L must be an integer >= 2 with relu layers, got {L}")
    lines = [f"Cross-entropy with relu layers at L = {L}: products of squared norms for a mean margin 1, n = 1:"]
    for K in CLASSES:
        share, name = least_share(K, L)
        known = (
            f"the cheapest known layers ({name} beside single classes) {share ** (L + 1):.6f} of DNC's" if name else ""
        )
        pays = f"K = {K}: DNC pays {rival_power('dnc', K, L)}, NC2 alone {rival_power('nc2', K, L)}"
        lines.append(f"{pays}; {known or 'no layers that cost less than DNC are known'}")
    return _joined(lines, form)


def _joined(lines: list[str], form: str) -> str:
    joiner = {"text": "\n", "markdown": "  \n", "latex": "\\\\\n"}[form]
    return joiner.join(map(typeset, lines) if form == "latex" else lines)


def _line(K: int, L: int) -> str:
    best = cheapest_at_margin(K, L)
    with working(DIGITS):
        cost, bound = cost_ball(best, K, L), zero_bound(K, L)
    last = last_strength(DNC_LOGITS, K, L, FINE).low
    parts = [
        f"K = {K}: cheapest known {best.name}, rank {rank(best, K)}, c = {cost.str(SHOWN, radius=False)}",
        f"collapse beats zero weights up to {float(last):.{SHOWN - 1}g}",
        f"nothing beats them above {bound.str(6, radius=False)}",
    ]
    if K > 3 and L > 1:
        parts.append(
            f"the Hessian at collapse is PSD up to lambda_PSD = {psd_threshold(K, L).str(SHOWN, radius=False)}"
        )
    return "; ".join(parts)
