"""What the claims on gradient descent train: settings within a budget, and the regime that says so in words."""

from collections.abc import Callable

from dufm.solvers.training.setting import DescentSetting
from dufm.theory.problem import Problem
from dufm.verification.claims.base.claim import BUDGETS, Budget

DECAYS = (60, 400)  # quick, full


def point(
    budget: Budget,
    lam: str = "0.004",
    width: int = 30,
    rate: float = 0.5,
    scale: float = 1.0,
    decays: int | None = None,
) -> DescentSetting:
    """A setting that differs from Fig. 2's where told, with the budget's time."""
    problem = Problem.of(10, 4, lam, width)
    time = (decays or count_at(budget, *DECAYS)) * DescentSetting(problem, rate, scale).decay
    return DescentSetting.of(problem, rate, scale, max(1, round(time)))


def count_at(budget: Budget, quick: int, full: int) -> int:
    """What the budget gets."""
    return full if budget.name == "full" else quick


def fig_2(budget: Budget) -> list[DescentSetting]:
    """SML24's Fig. 2."""
    return [point(budget)]


def widths(budget: Budget) -> list[DescentSetting]:
    """Widths around it."""
    many = (15, 20, 30, 40, 50, 64) if budget.name == "full" else (15, 64)
    return [point(budget, width=d, decays=count_at(budget, 24, 200)) for d in many]


def strengths(budget: Budget) -> list[DescentSetting]:
    """Weight decays around it."""
    values = ("0.016", "0.008", "0.004", "0.002", "0.001") if budget.name == "full" else ("0.016", "0.004")
    return [point(budget, lam=lam) for lam in values]


def sizes(budget: Budget) -> list[DescentSetting]:
    """Starts half as large, and as large."""
    return [point(budget, scale=0.5), point(budget, scale=1.0)]


def rates(budget: Budget) -> list[DescentSetting]:
    """Learning rates around it."""
    many = (0.125, 0.25, 0.5, 1.0, 2.0) if budget.name == "full" else (0.25, 2.0)
    lam = "0.004" if budget.name == "full" else "0.016"
    return [point(budget, lam=lam, rate=rate) for rate in many]


def fifteen(budget: Budget) -> list[DescentSetting]:
    """Fifteen classes, seven layers."""
    return [DescentSetting.of(Problem.of(15, 7, "0.002", 30), 0.5, 1.0, count_at(budget, 15_000, 400_000))]


# What a regime says of settings, in this order.
SAID: dict[str, Callable[[DescentSetting], str]] = {
    "L =": lambda s: str(s.problem.L),
    "K =": lambda s: str(s.problem.K),
    "lambda =": lambda s: f"{float(s.problem.lambdas[0]):g}",
    "n =": lambda s: str(s.problem.n),
    "width": lambda s: str(s.problem.width),
    "learning rate": lambda s: f"{s.rate:g}",
    "normal starts of size": lambda s: f"{s.scale:g}",
}


def regime(cases: Callable[[Budget], list[DescentSetting]]) -> str:
    """The settings that a claim trains, in words; those of the quick budget apart where they are fewer."""
    words = []
    for name, read in SAID.items():
        quick, full = (", ".join(dict.fromkeys(map(read, cases(BUDGETS[b])))) for b in ("quick", "full"))
        words.append(f"{name} {full}" + (f" (quick: {quick})" if quick != full else ""))
    return ", ".join(words)
