"""Claims over several processes: every derivation and every claim that others rest on is run once and handed on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import ExitStack
from functools import cache
from typing import Any

from dufm.solvers.base.processes import process_pool
from dufm.theory.derivations import derivation
from dufm.theory.proof.checks import Checked
from dufm.verification.claims.base.claim import Budget, Claim, Known, support_name
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.entry import Entry

Check = Callable[[str, str, Known | None], Entry]
# (True, name of a derivation) or (False, label of a claim).
Task = tuple[bool, str]


def in_parallel(claims: Sequence[Claim], budget: Budget, jobs: int, check: Check) -> Iterator[Entry]:
    """The entry of every claim, as they come.

    A claim starts when all it rests on is known. A support that broke is not handed on: the claim runs it again and
    breaks with it.

    Args:
        claims: what to check; claims they rest on that are not among them are run inside those that need them.
        budget: how much work each check may do.
        jobs: processes.
        check: (label, name of the budget, what is known) -> entry; it is sent to the processes.
    """
    by_label = {c.label: c for c in claims}
    needs = {c.label: [_task(s) for s in c.rests_on] for c in claims}
    needs = {label: [t for t in tasks if t[0] or t[1] in by_label] for label, tasks in needs.items()}
    names = dict.fromkeys(name for tasks in needs.values() for is_steps, name in tasks if is_steps)
    # Last claims first: searches come late in the registry and would otherwise end alone.
    left: list[Task] = [*((True, name) for name in names), *((False, c.label) for c in reversed(claims))]
    rooms = {task: "" if task[0] else _room(by_label[task[1]]) for task in left}
    steps: dict[str, tuple[Checked, ...]] = {}
    statuses: dict[str, Status] = {}
    done: set[Task] = set()
    # One process each, so that a claim can go where its room's runs and programs are in memory already.
    been: list[set[str]] = [set() for _ in range(min(jobs, len(claims)))]
    running: dict[Future[Any], tuple[Task, int]] = {}

    def start(worker: Executor, task: Task) -> Future[Any]:
        if task[0]:
            return worker.submit(_steps, task[1])
        tasks = needs[task[1]]
        known = Known(
            {n: steps[n] for is_steps, n in tasks if is_steps and n in steps},
            {n: statuses[n] for is_steps, n in tasks if not is_steps and n in statuses},
        )
        return worker.submit(check, task[1], budget.name, known)

    with ExitStack() as stack:
        workers = [stack.enter_context(process_pool(1)) for _ in been]
        while running or left:
            for place in sorted(set(range(len(workers))) - {place for _, place in running.values()}):
                ready = [task for task in left if task[0] or set(needs[task[1]]) <= done]
                if not ready:
                    break
                task = next_task(ready, rooms, been, place)
                left.remove(task)
                been[place].add(rooms[task])
                running[start(workers[place], task)] = (task, place)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task, _ = running.pop(future)
                found = future.result()
                done.add(task)
                if task[0]:
                    steps |= {} if found is None else {task[1]: found}
                    continue
                statuses |= {} if found.failed else {task[1]: Status[found.status]}
                yield found


def next_task(ready: Sequence[Task], rooms: Mapping[Task, str], been: Sequence[set[str]], place: int) -> Task:
    """The first task of a room that this process has been to; else of one that none has; else the first.

    Args:
        ready: what may start, at least one.
        rooms: the room of every task.
        been: the rooms each process has been to.
        place: of the process.
    """
    taken = set().union(*been)
    return min(ready, key=lambda task: 0 if rooms[task] in been[place] else 2 if rooms[task] in taken else 1)


def _room(claim: Claim) -> str:
    """The folder of claims that it stands in."""
    return claim.work.__module__.rpartition(".")[0]


def _task(support: Any) -> Task:
    return not isinstance(support, Claim), support_name(support)


@cache
def _steps(name: str) -> tuple[Checked, ...] | None:
    """The checked steps of a derivation, None if the check broke."""
    try:
        return derivation(name).check()
    except Exception:
        return None
