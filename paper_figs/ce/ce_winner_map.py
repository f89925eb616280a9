"""Cross-entropy: which closed form is best over classes K and depth L, in the limit Lambda -> 0 and at two strengths.

Source: ours; the limit compares hard-margin costs c = sum sigma^p, a strength compares enclosed least losses
(theory.ce.crossing.candidate_loss): structures, direct sums of codes (theory.ce.sums), families of several parameters,
and all of these for more classes with the last ones left out, which never costs more (derivation ce-sums). Numbers are
the winner's cost, or loss, relative to collapse. "Best" means best of these forms: an upper bound of the minimum.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb

from dufm.paper_figs.style import Table
from dufm.theory.ce.collapse import last_strength
from dufm.theory.ce.crossing import Candidate, candidate_loss
from dufm.theory.ce.families import CE_FAMILIES
from dufm.theory.ce.numbers import working
from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.ce.structure import cost_ball
from dufm.theory.ce.structures import CE_STRUCTURES
from dufm.theory.ce.sums import CodeSum, cheapest_parts
from dufm.theory.ce.undecided import UNDECIDED_PAIR
from dufm.theory.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (11.5, 9.6)
CLASSES = range(3, 31)
DEPTHS = range(1, 9)
STRENGTHS = ("0", "1/1000", "close")
TITLES = {
    "0": r"$\lambda \to 0$  (hard-margin cost $c\,/\,(K-1)$)",
    "1/1000": r"$\lambda = 0.001$  (loss relative to collapse)",
    "close": "97 % of the strength at which collapse stops beating zero weights  (loss relative to collapse)",
}
LARGEST = 36
DIGITS = 12
TIE = 1e-9
# Colour and legend entry for kinds of structures; one colour for a kind in every cross-entropy figure.
KINDS = {
    "dnc": ("#B9C2CE", "DNC"),
    "polygon": ("#E69F00", "polygon (rank 2)"),
    "pairs": ("#56B4E9", "pairs"),
    "pairs+1": ("#0072B2", "pairs and a single (pyramid)"),
    "pentagon+pairs": ("#CC79A7", "pentagon and pairs"),
    "antiprism": ("#009E73", "antiprism (rank 3)"),
    "code": ("#F0E442", "spherical code"),
    "sum": ("#D55E00", "sum of codes"),
    "other": ("#8C6D31", "other sums"),
    "undecided": ("#9C86C8", "two classes, others undecided (rank 1)"),
    "zero": ("#EEEEEE", "zero weights"),
}
FAMILY_KINDS = {"pyramid": "pairs+1", "antiprism(A,B)": "antiprism", "pentagon+pairs(A,B)": "pentagon+pairs"}


def kind(name: str) -> str:
    """Key of KINDS for the name of a structure or family."""
    if name in KINDS or name in FAMILY_KINDS:
        return FAMILY_KINDS.get(name, name)
    if "+" in name and name.split("+")[-1].split("(")[0] not in ("pairs", "single", "singles"):
        return "sum"
    return "other" if name in ("pair+singles", "triangles", "triangle+pairs") else "code"


def candidates(K: int) -> tuple[Candidate, ...]:
    """Structures and families that exist for K classes, DNC first."""
    return tuple(c for c in (*CE_STRUCTURES, UNDECIDED_PAIR, *CE_FAMILIES) if c.valid(K))


def beats_zero(problem: Problem, loss: arb) -> bool:
    """Whether an enclosed loss is below log K, the loss of zero weights."""
    with working(DIGITS):
        return bool(loss < arb(problem.K).log())


def data(budget: str) -> Table:
    """One row for every (strength, K, L); the same for both budgets, for all of it is in closed form."""
    apart = [row for lam in STRENGTHS[:2] for L in DEPTHS for row in _line(L, lam)]
    return apart + [_close(K, L) for L in DEPTHS for K in CLASSES]


def _close(K: int, L: int) -> dict[str, object]:
    """A cell close to collapse: every K has a strength of its own there, and nothing is cut down."""
    lam = last_strength(DNC_LOGITS, K, L, Fraction(1, 1000)).low * Fraction(97, 100)
    values = _values(K, L, lam)
    name = min(values, key=lambda known: values[known])
    return _row("close", K, L, name, K, values[name] / values[DNC_LOGITS.name])


def _row(lam: str, K: int, L: int, name: str, of: int, ratio: float) -> dict[str, object]:
    return {"lambda": lam, "K": K, "L": L, "structure": name, "of": of, "ratio": ratio}


def _line(L: int, lam: str) -> Table:
    """The cells of one depth, from many classes to few: the best for K classes or the best for more, cut down."""
    rows: Table = []
    best: tuple[float, str, int] | None = None
    for K in range(LARGEST, CLASSES[0] - 1, -1):
        values = _values(K, L, lam)
        # Of equal values (two names of one structure) the first stays, and so does what needs no cutting.
        name = min(values, key=lambda known: values[known])
        if best is None or values[name] <= best[0] * (1 + TIE):
            best = values[name], name, K
        if K in CLASSES:
            collapse = values[DNC_LOGITS.name]
            rows.append(_row(lam, K, L, best[1], best[2], best[0] / collapse))
    return rows[::-1]


def _values(K: int, L: int, lam: str | Fraction) -> dict[str, float]:
    """Costs, or losses where lambda > 0, by name; the name "zero" where nothing beats zero weights."""
    sums = cheapest_parts(K, L)
    more = [CodeSum(sums[1])] if sums is not None and len(sums[1]) > 1 else []
    if lam == "0":
        with working(DIGITS):
            return {s.name: float(cost_ball(s, K, L)) for s in (*CE_STRUCTURES, *more) if s.valid(K)}
    problem = Problem.of(K, L, lam, loss="ce")
    # A family holds its single-scale limit, and its best member was searched from there.
    limits = {family.limit.name for family in CE_FAMILIES if family.valid(K)}
    tried = [c for c in (*candidates(K), *more) if c.name not in limits]
    losses = {c.name: candidate_loss(c, problem, DIGITS) for c in tried}
    values = {name: float(loss) for name, loss in losses.items()}
    nothing = not any(beats_zero(problem, loss) for loss in losses.values())
    return {"zero": min(values.values())} | values if nothing else values


def draw(figure: "Figure", table: Table) -> None:
    """One panel for a strength: cells coloured by the winner's kind, with its ratio to collapse in small print."""
    panels = figure.subplots(len(STRENGTHS), 1, sharex=True)
    for ax, lam in zip(panels, STRENGTHS, strict=True):
        _panel(ax, [row for row in table if row["lambda"] == lam])
        ax.set_title(TITLES[lam], loc="left")
    panels[-1].set_xlabel("number of classes $K$")
    shown = {kind(str(row["structure"])) for row in table}
    for name, (colour, words) in KINDS.items():
        if name in shown:
            panels[0].scatter([], [], marker="s", s=90, color=colour, label=words)
    panels[0].fill([], [], facecolor="#888888", edgecolor="white", hatch="//", label="cut down from more classes")
    figure.legend(loc="outside lower center", ncols=5, handlelength=1.2)
    figure.suptitle("Cross-entropy, linear layers: the best closed form over classes and depth", fontsize=13)


def _panel(ax: "Axes", rows: Table) -> None:
    for row in rows:
        K, L, colour = row["K"], row["L"], KINDS[kind(row["structure"])][0]
        hatch = "//" if row["of"] > K else None
        box = [K - 0.5, K + 0.5, K + 0.5, K - 0.5], [L - 0.5, L - 0.5, L + 0.5, L + 0.5]
        ax.fill(*box, facecolor=colour, edgecolor="white", hatch=hatch)
        if row["structure"] not in ("dnc", "zero"):
            words = f"{row['ratio']:.2f}".lstrip("0") if row["ratio"] < 0.995 else ">.99"
            ax.text(K, L, words, ha="center", va="center", fontsize=6.8, color="#10202F")
    ax.set_xlim(CLASSES[0] - 0.5, CLASSES[-1] + 0.5)
    ax.set_ylim(DEPTHS[0] - 0.5, DEPTHS[-1] + 0.5)
    ax.set_xticks(CLASSES)
    ax.set_yticks(DEPTHS)
    ax.tick_params(length=0, labelbottom=True)
    ax.spines[:].set_visible(False)
    ax.set_ylabel("depth $L$")
