"""Claims over several processes: every derivation and every claim that others rest on is run once and handed on."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import cache
from multiprocessing import get_context
from typing import Any

from dufm.theory.derivations import derivation
from dufm.theory.proof.checks import Checked
from dufm.verification.claims.base.claim import Budget, Claim, Known, support_name
from dufm.verification.claims.base.verdict import Verdict

Check = Callable[[str, str, Known | None], Verdict | str]
# (True, name of a derivation) or (False, label of a claim).
Task = tuple[bool, str]


def in_parallel(
    claims: Sequence[Claim], budget: Budget, jobs: int, check: Check
) -> Iterator[tuple[str, Verdict | str]]:
    """(label, verdict, or in words what broke) of every claim, as they come.

    A claim starts when all it rests on is known. A support that broke is not handed on: the claim runs it again and
    breaks with it.

    Args:
        claims: what to check; claims they rest on that are not among them are run inside those that need them.
        budget: how much work each check may do.
        jobs: processes.
        check: (label, name of the budget, what is known) -> verdict, a function of a module.
    """
    labels = {c.label for c in claims}
    needs = {c.label: [_task(s) for s in c.rests_on] for c in claims}
    needs = {label: [t for t in tasks if t[0] or t[1] in labels] for label, tasks in needs.items()}
    # Last claims first: searches come late in the registry and would otherwise end alone.
    left = [c.label for c in reversed(claims)]
    steps: dict[str, tuple[Checked, ...]] = {}
    verdicts: dict[str, Verdict] = {}
    done: set[Task] = set()
    pool = ProcessPoolExecutor(min(jobs, len(claims)), mp_context=get_context("spawn"))
    try:
        running: dict[Future[Any], Task] = {}
        for name in dict.fromkeys(name for tasks in needs.values() for is_steps, name in tasks if is_steps):
            running[pool.submit(_steps, name)] = (True, name)
        while running or left:
            for label in [x for x in left if set(needs[x]) <= done]:
                left.remove(label)
                known = Known(
                    {n: steps[n] for is_steps, n in needs[label] if is_steps and n in steps},
                    {n: verdicts[n].status for is_steps, n in needs[label] if not is_steps and n in verdicts},
                )
                running[pool.submit(check, label, budget.name, known)] = (False, label)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                found = future.result()
                done.add(task)
                if task[0]:
                    steps |= {} if found is None else {task[1]: found}
                    continue
                verdicts |= {task[1]: found} if isinstance(found, Verdict) else {}
                yield task[1], found
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _task(support: Any) -> Task:
    return not isinstance(support, Claim), support_name(support)


@cache
def _steps(name: str) -> tuple[Checked, ...] | None:
    """The checked steps of a derivation, None if the check broke."""
    try:
        return derivation(name).check()
    except Exception:
        return None
