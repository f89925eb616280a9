"""A claim: one statement with its regime and source, what it rests on, and a check that runs all of that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, Union

from dufm.theory.proof.checks import Checked
from dufm.theory.proof.derivation import Builder, conclusion, name_of, proved
from dufm.verification.claims.base.verdict import Status, Verdict

Winner = Literal["dnc", "low rank", "by strength"]
Support = Union["Claim", Builder]


@dataclass(frozen=True)
class Budget:
    """How much work a check may do.

    Attributes:
        name: "quick" or "full".
        restarts: restarts of a global search for each (K, L) case.
    """

    name: str
    restarts: int


BUDGETS = {"quick": Budget("quick", 200), "full": Budget("full", 20000)}


@dataclass(frozen=True)
class Expected:
    """The status a claim must reach; to fall short of it fails the run.

    Attributes:
        quick: at every budget but "full".
        full: at budget "full"; the same if None.
    """

    quick: Status
    full: Status | None = None

    def at(self, budget: Budget) -> Status:
        """The status expected within a budget."""
        return self.full if self.full is not None and budget.name == "full" else self.quick


@dataclass(frozen=True)
class Claim:
    """One statement.

    Attributes:
        label: unique, what `--only` takes.
        statement: one sentence.
        regime: for which K, L, Lambda, width, n it is claimed.
        source: paper and place, or "ours".
        rests_on: the derivations (their builders) and the claims it uses; `check` runs all of them.
        work: what is left to do when they hold, within a budget.
        expected: the status `check` must reach.
        settles: which structure the claim says is globally better at (K, L), if it speaks of that case;
            "by strength" if low rank is better close to collapse and open at weak regularisation.
    """

    label: str
    statement: str
    regime: str
    source: str
    rests_on: tuple[Support, ...]
    work: Callable[[Budget], Verdict]
    expected: Expected
    settles: Callable[[int, int], Winner | None] = lambda K, L: None

    def check(self, budget: Budget) -> Verdict:
        """Do the work, then run what the claim rests on.

        A failed step of a derivation refutes what is called PROVED on it. Anything else that does not hold suspends
        the claim, UNDECIDED: a failed step under a weaker verdict, a derivation that is only sampled, a claim that is
        REFUTED or UNDECIDED, and under a PROVED verdict every claim that is less than PROVED.

        Raises:
            ValueError: if the work says PROVED and the claim rests on no derivation.
        """
        verdict = self.work(budget)
        derivations = {name_of(s): steps_of(s) for s in self.rests_on if not isinstance(s, Claim)}
        if derivations:
            steps = sum(map(len, derivations.values()))
            verdict = replace(verdict, details=verdict.details | {"derivations": [*derivations], "steps": steps})
        if verdict.status in (Status.REFUTED, Status.UNDECIDED):
            return verdict
        is_proof = verdict.status is Status.PROVED
        if is_proof and not derivations:
            raise ValueError(f"{self.label} is called PROVED and rests on no derivation")
        open_ = {name: checked for name, checked in derivations.items() if not proved(checked)}
        failed = [name for name, checked in open_.items() if not all(c.ok for c in checked)]
        if is_proof and failed:
            words = "; ".join(f"{name}: {conclusion(open_[name])}" for name in failed)
            return replace(verdict, status=Status.REFUTED, sentence=words)
        reasons = [f"the derivation {name}: {conclusion(checked)}" for name, checked in open_.items()]
        for support in self.rests_on:
            if isinstance(support, Claim):
                status = _verdict(support, budget).status
                if status in (Status.REFUTED, Status.UNDECIDED) or (is_proof and status is not Status.PROVED):
                    reasons.append(f"{support.label}, which is {status.name}")
        if reasons:
            return replace(verdict, status=Status.UNDECIDED, sentence=f"suspended: rests on {'; '.join(reasons)}")
        return verdict


def support_name(support: Support) -> str:
    """A claim's label, or a derivation's name."""
    return support.label if isinstance(support, Claim) else name_of(support)


@cache
def steps_of(builder: Builder) -> tuple[Checked, ...]:
    """The checked steps of a derivation: once a process, however many claims rest on it."""
    return builder().check()


@cache
def _verdict(claim: Claim, budget: Budget) -> Verdict:
    """The verdict on a claim that others rest on, once a process."""
    return claim.check(budget)
