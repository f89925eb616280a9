"""Lower bounds by eigenvalues at two to seven layers: shipped certificates, beside the bound of pairs."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial

from dufm.theory import derivations
from dufm.theory.proof.derivation import Derivation
from dufm.verification.base.certificate import Certificate
from dufm.verification.base.lower import dnc_value, lower_certificate, pair_value
from dufm.verification.base.shipped_bounds import certificate, need, rows
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import Only, Part, Regime, Strengths
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

LABELS: dict[tuple[int, ...], str] = {(2, 3): "lower-bounds", (4, 5, 6, 7): "deep-lower-bounds"}
SHALLOW, DEEP = LABELS
CLASSES = range(3, 16)
# Weak decay, and about half of DNC's collapse x*.
HALF = {
    2: Fraction("0.198"),
    3: Fraction("0.136"),
    4: Fraction("0.102"),
    5: Fraction("0.086"),
    6: Fraction("0.073"),
    7: Fraction("0.064"),
}
# What a shipped file gives away of the best value that eigenvalues show, so that it is short.
GIVEN = {2: Fraction(1, 200), 3: Fraction(1, 100)} | dict.fromkeys(DEEP, Fraction(1, 50))


def cells(layers: Iterable[int] = SHALLOW) -> Iterator[tuple[int, int, Fraction]]:
    """(K, L, x) of every shipped certificate of these numbers of layers."""
    for L in layers:
        for x in (Fraction(0), HALF[L]):
            for K in CLASSES:
                yield K, L, x


def shipped(K: int, L: int, x: Fraction) -> Certificate:
    """The certificate of one cell, read once a process: not to be changed."""
    return certificate(rows()[K, L, x].file)


def made(K: int, L: int, x: Fraction) -> Certificate:
    """The same made anew, in seconds."""
    return lower_certificate(K, L, x, LABELS[DEEP if L in DEEP else SHALLOW], GIVEN[L])


def shares(K: int, L: int, x: Fraction) -> tuple[Fraction, Fraction]:
    """What the certificate shows, and what pairs of classes do, over DNC's loss; costs at x = 0."""
    dnc, pairs = dnc_value(K, L, x)[1], pair_value(K, L, x)
    return rows()[K, L, x].lower / dnc, pairs / dnc


def table(layers: tuple[int, ...]) -> list[str]:
    """A table of docs/lower-bounds.md, numbers rounded down."""

    def told(value: Fraction) -> str:
        return f"{value * 10**4 // 1 / 10**4:.4f}"

    heads = " | ".join(f"L = {L}, x = 0 | x = {float(HALF[L])}" for L in layers)
    lines = [f"| K | {heads} |", "|---|" + "---|" * (2 * len(layers))]
    for K in CLASSES:
        row = []
        for L in layers:
            for x in (Fraction(0), HALF[L]):
                own, pairs = shares(K, L, x)
                row.append(f"{told(own)} ({told(pairs)})")
        lines.append(f"| {K} | {' | '.join(row)} |")
    return lines


def above_pairs(wanted: Iterable[tuple[int, int, Fraction]], sentence: str) -> Verdict:
    """The shipped bounds of cells, each above that of pairs; `sentence` has places for {cells} and {least} shares."""
    comparisons: list[Comparison] = []
    certificates: list[Certificate] = []
    least: dict[int, Fraction] = {}
    for K, L, x in wanted:
        own, pairs = shares(K, L, x)
        what = f"bound and that of pairs over DNC, ({K}, {L}), x = {float(x):g}"
        comparisons.append(Comparison(own, ">", pairs, what=what))
        certificates.append(shipped(K, L, x))
        least[L] = min(least.get(L, own), own)
    words = ", ".join(f"{float(share):.3f} at L = {L}" for L, share in least.items())
    return by_derivation(sentence.format(cells=len(certificates), least=words), comparisons, certificates)


def _lower_bounds(layers: tuple[int, ...], budget: Budget) -> Verdict:
    sentence = "No weights go below these shares of DNC, {cells} cells of 3 to 15 classes: {least} at least."
    return above_pairs(cells(layers), sentence)


SPECTRA = (
    derivations.dnc,
    derivations.reductions,
    derivations.head,
    derivations.linear_network,
    derivations.two_classes,
    derivations.pairs,
    derivations.z_test,
    derivations.spectra,
)


def _claim(layers: tuple[int, ...], statement: str, *more: Callable[[], Derivation]) -> Claim:
    return Claim(
        LABELS[layers],
        statement,
        Regime(tuple(Part(Only(tuple(CLASSES)), Only((L,)), Strengths(points=(HALF[L],))) for L in layers)),
        "ours",
        (*SPECTRA, *more),
        partial(_lower_bounds, layers),
        Expected(Status.PROVED),
        needs=tuple(need(*cell) for cell in cells(layers)),
    )


LOWER_BOUNDS = (
    _claim(
        SHALLOW,
        "At two and three layers no weights, whatever their width, have a loss below the bounds listed, "
        "each above that of pairs of classes; at weak decay they bound the cost of outputs I.",
    ),
    _claim(
        DEEP,
        "At four to seven layers no weights, whatever their width, have a loss below the bounds listed, "
        "each above that of pairs of classes; at weak decay they bound the cost of outputs I.",
        derivations.deep_spectra,
    ),
)
