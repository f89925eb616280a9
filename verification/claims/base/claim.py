"""A claim: one statement with its regime and source, what it rests on, and a check that runs all of that."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal, Union

from dufm.theory.proof.checks import Checked
from dufm.theory.proof.derivation import Builder, conclusion, name_of, proved, quotations
from dufm.verification.claims.base.conclusions import Repeats, Stated, uncovered
from dufm.verification.claims.base.regime import Expect, Regime
from dufm.verification.claims.base.verdict import Status, Verdict

Winner = Literal["dnc", "low rank"]
# Who wins at every strength below collapse, or at some strengths only.
Settled = Literal["dnc", "low rank", "dnc at some x", "low rank at some x"]
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
class Known:
    """What other processes found already, so that it is not run again.

    Attributes:
        steps: the checked steps of derivations, by name.
        statuses: what claims came to, by label.
    """

    steps: Mapping[str, tuple[Checked, ...]] = field(default_factory=dict)
    statuses: Mapping[str, Status] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """One statement.

    Attributes:
        label: unique, what `--only` takes.
        statement: one sentence.
        regime: for which K, L, Lambda, width, n it is claimed; where it is about another model, clauses that its
            derivations state, or for what is never PROVED words alone.
        source: paper and place, or "ours".
        rests_on: the derivations (their builders) and the claims it uses; `check` runs all of them.
        work: what is left to do when they hold, within a budget.
        expected: the status `check` must reach.
        says: which of the two it says is globally better in its regime, under squared loss with relu.
        needs: what its certificates must show, each by at least one; a certificate that shows none of it is refused.
        repeats: the sentence of a derivation that it repeats, where that says it for its K and L alone.
    """

    label: str
    statement: str
    regime: Regime | Stated | str
    source: str
    rests_on: tuple[Support, ...]
    work: Callable[[Budget], Verdict]
    expected: Expected
    says: Winner | None = None
    needs: tuple[Expect, ...] = field(default=(), hash=False)
    repeats: Repeats | None = None

    def settles(self, K: int, L: int) -> Settled | None:
        """Who wins at (K, L) by this claim, and whether at every strength below collapse; None if it does not say."""
        if self.says is None or not isinstance(self.regime, Regime) or not self.regime.has(K, L):
            return None
        if self.regime.whole(K, L):
            return self.says
        return "dnc at some x" if self.says == "dnc" else "low rank at some x"

    def beyond(self, derivations: Iterable[str]) -> str:
        """The first part of its regime that these derivations do not reach, in words; "" if there is none."""
        if isinstance(self.regime, str):
            return f'"{self.regime}", which is words alone'
        if isinstance(self.regime, Stated):
            return self.regime.unsaid(derivations)
        if self.repeats:
            return self.repeats.unsaid(self.regime, derivations)
        return uncovered(self.regime, self.says, derivations, self.needs)

    def check(self, budget: Budget, known: Known | None = None) -> Verdict:
        """Do the work, then run what the claim rests on, but for what is known already.

        A failed step of a derivation refutes what is called PROVED on it. Anything else that does not hold suspends
        the claim, UNDECIDED: a failed step under a weaker verdict, a derivation that is only sampled, a claim that is
        REFUTED or UNDECIDED, under a PROVED verdict every claim that is less than PROVED, and a regime that reaches
        beyond what the derivations conclude.

        Raises:
            ValueError: if the work says PROVED and the claim rests on no derivation.
        """
        known = known or Known()
        verdict = self.work(budget)
        builders = {name_of(s): s for s in self.rests_on if not isinstance(s, Claim)}
        derivations = {name: known.steps.get(name) or steps_of(builder) for name, builder in builders.items()}
        if derivations:
            quotes = sorted({q for checked in derivations.values() for q in quotations(checked)})
            told = {"derivations": [*derivations], "steps": sum(map(len, derivations.values())), "quotes": quotes}
            verdict = replace(verdict, details=verdict.details | told)
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
                status = known.statuses.get(support.label) or _verdict(support, budget).status
                if status in (Status.REFUTED, Status.UNDECIDED) or (is_proof and status is not Status.PROVED):
                    reasons.append(f"{support.label}, which is {status.name}")
        beyond = self.beyond(derivations) if is_proof else ""
        reasons += [f"{', '.join(derivations)}, which do not reach {beyond}"] if beyond else []
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
