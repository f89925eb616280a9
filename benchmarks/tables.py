"""The three tables: engines on the same starts, time to target, and growth of the time per evaluation."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks import jax_peer, peers
from benchmarks.cases import CASES, LARGE, MEMORY, Case, keep, starts_of
from dufm.solvers.base.arrays import Array
from dufm.solvers.base.statistics import poisson_interval
from dufm.solvers.engines.cpu import CpuEngine, compiled_evaluation, descend_from
from dufm.solvers.engines.schedule import schedule
from dufm.solvers.objectives.squared import Objective
from dufm.solvers.search.fixed_portfolio import compiled_search
from dufm.solvers.search.options import FixedOptions, SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.search.state import SearchState
from dufm.theory.problem import Problem

PEER_RATIO = 1000


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def interleaved(*works: Callable[[], object], rounds: int = 2) -> list[float]:
    """Best CPU seconds of each, run in turns so that a busy moment of the machine hits all of them."""
    times = [[timed(work) for work in works] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def engines(quick: bool) -> None:
    """(a) The same algorithm from the same starts; each peer against this engine on the starts the peer was given."""
    print("\n(a) same algorithm, same starts: CPU time of the peer / CPU time of this engine (number of starts)")
    made = {
        "SciPy + autograd": (peers.scipy_autograd, True),
        "SciPy + our gradient": (peers.scipy_own_gradient, True),
        "batched NumPy": (peers.batched_numpy, False),
    }
    if jax_peer.available():
        made["optax.lbfgs, vmap"] = (jax_peer.optax_lbfgs, False)
    else:
        print("optax.lbfgs: not measured, jax and optax are not installed")
    for case in CASES:
        row = []
        for name, (make, slow) in made.items():
            count = case.few // 2 if slow and quick else case.few if slow else case.descents // (5 if quick else 1)
            # Compilation of optax is not counted.
            row.append(f"{name} {ratio(case.problem, count, make, name.startswith('optax')):.1f}x ({count})")
        print(f"{case.name}: " + ", ".join(row), flush=True)
    for name, problem, count in LARGE:
        print(f"{name}: batched NumPy {ratio(problem, count, peers.batched_numpy):.1f}x ({count})", flush=True)


def ratio(problem: Problem, count: int, make: Callable[[Problem], peers.Stage], warm: bool = False) -> float:
    """CPU time of a peer over that of this engine on the same starts; `warm` runs the peer once before."""
    starts, stage = starts_of(problem, count), make(problem)
    if warm:
        peers.homotopy(problem, starts, stage)
    ours, theirs = interleaved(lambda: ours_once(problem, starts), lambda: peers.homotopy(problem, starts, stage))
    return theirs / ours


def ours_once(problem: Problem, starts: list[list[Array]]) -> None:
    """This engine with the peers' stages and memory."""
    descend_from(problem, starts, eps0=0.1, keep=keep, memory=MEMORY)


def rate(seconds: float, hits: int) -> tuple[float, float, float]:
    """Seconds a hit with the exact 95 % interval for a Poisson count; infinite where nothing was hit."""
    low, high = poisson_interval(hits)
    return (seconds / hits, seconds / high, seconds / low) if hits else (np.inf, seconds / high, np.inf)


def interval(seconds: float, hits: int) -> str:
    """`rate` in words."""
    middle, least, most = rate(seconds, hits)
    return f"{middle:.3g} s [{least:.3g}, {most:.3g}]"


def to_target(quick: bool, peer_seconds: float | None = None) -> None:
    """(b) CPU seconds of a global search, from its first start to the first loss at the target or below.

    The peer gets the same time, or up to `peer_seconds` where that could show a ratio of `PEER_RATIO`.
    """
    print("\n(b) CPU seconds to the target, 95 % interval; global_search from seeds 0, 1, ..., one thread")
    for case in CASES:
        budget = min(60.0, max(12.0, 8 * case.goal)) * (0.25 if quick else 1.0)
        spent, hits, runs, best = searched(case, budget)
        plain, tried, plain_hits = peers.scipy_plain(case.problem), 0, 0
        # Without a hit of the peer its rate is bounded by `high` hits in all that time.
        enough = PEER_RATIO * poisson_interval(0)[1] * rate(spent, hits)[0]
        longest = budget if peer_seconds is None else max(budget, min(peer_seconds, enough))
        began = time.process_time()
        while time.process_time() - began < longest:
            plain_hits += plain(starts_of(case.problem, 1, seed=1000 + tried)[0]) <= case.target
            tried += 1
        theirs = time.process_time() - began
        # Without a hit of the peer only the lower end of its interval is known.
        peer = rate(theirs, plain_hits)[0 if plain_hits else 1]
        ratio = f"{'' if plain_hits else '> '}{peer / rate(spent, hits)[0]:.0f}x" if hits else "no hit, no ratio"
        print(
            f"{case.name} <= {case.target}: {interval(spent, hits)} ({hits} hits in {runs} restarts,"
            f" goal {case.goal} s, best {best:.10f}); plain SciPy + autograd {interval(theirs, plain_hits)}"
            f" ({plain_hits} in {tried}): {ratio}",
            flush=True,
        )


def searched(case: Case, budget: float) -> tuple[float, int, int, float]:
    """(CPU seconds up to hits or to the end of the budget, hits, restarts, lowest loss) of searches one after another.

    What follows a hit, the polish of the weights, is not counted: the target is a loss.
    """
    global_search(case.problem, SearchOptions(restarts=1, seed=0, threads=1))
    spent, hits, runs, best = 0.0, 0, 0, np.inf
    while spent < budget:
        began, last = time.process_time(), [0.0]

        def tell(state: SearchState, began: float = began, last: list[float] = last) -> None:
            last[0] = time.process_time() - began

        def late(last: list[float] = last, left: float = budget - spent) -> bool:
            return last[0] > left

        found, _ = global_search(
            case.problem, SearchOptions(10**6, seed=hits, target=case.target, threads=1, progress=tell, stop=late)
        )
        spent, runs, best = spent + last[0], runs + len(found.losses), min(best, found.loss)
        hits += found.loss <= case.target
    return spent, hits, runs, best


def growth(quick: bool) -> None:
    """(c) Time of one evaluation over K, L and descents, and the share of NumPy's dgemm speed it reaches."""
    a = np.random.default_rng(0).standard_normal((1024, 1024))
    peak = 2 * 1024**3 / min(timed(lambda: a @ a) for _ in range(5))
    print(f"\n(c) one evaluation; NumPy dgemm at 1024 on one core: {peak / 1e9:.1f} GFLOP/s")
    sizes = [(4, K, K + 4) for K in (3, 6, 10, 15, 20, 30, 50, 100)] + [(L, 10, 14) for L in (2, 3, 6, 12)]
    for L, K, d in [*sizes, (6, 50, 60)]:
        problem = Problem.of(K, L, "0.0005", width=d)
        lower = starts_of(problem, 1)[0][:-1]
        engine = CpuEngine(problem)
        w = engine.workspace()
        w[: engine.pack([lower]).size] = engine.pack([lower])[0]
        flops = 6 * ((L - 1) * d * d * K + d * K * K)
        times = max(3, int((2e8 if quick else 1e9) / flops))
        objective, some = Objective(problem), max(3, times // 2000)
        ours, reference = interleaved(
            lambda e=engine, w=w, n=times: compiled_evaluation()(w, e.offsets, 0.01, n),
            lambda o=objective, x=lower, n=some: [o.reduced(x, 0.01) for _ in range(n)],
        )
        ours, reference = ours / times, reference / some
        share = flops / ours / peak
        print(
            f"L {L:2} K {K:3} d {d:3}: {ours * 1e6:9.2f} us, {flops / ours / 1e9:5.1f} GFLOP/s = {share:4.0%} of dgemm;"
            f" NumPy gradient {reference / ours:.1f}x",
            flush=True,
        )
    case = CASES[2]
    for descents in (1, 10, 100, 1000) if quick else (1, 10, 100, 1000, 10_000):
        starts = starts_of(case.problem, descents)
        engine = CpuEngine(case.problem, MEMORY)
        engine.workspace()
        stages = schedule(case.problem, 0.1, keep, descents, first_steps=50)[:1]
        field = engine.pack(starts)
        began = time.process_time()
        found = engine.run(field, stages)
        spent = time.process_time() - began
        print(
            f"{case.name}, {descents} descents: {spent / found.evaluations * 1e6:.2f} us an evaluation "
            "with its L-BFGS step"
        )


def threads() -> None:
    """Wall time of the same search on one thread and on two."""
    case = CASES[3]
    walls = []
    for count in (1, 2):
        began = time.perf_counter()
        compiled_search(case.problem, FixedOptions(restarts=24, seed=0), threads=count)
        walls.append(time.perf_counter() - began)
    print(f"\n{case.name}, 24 restarts: one thread / two threads = {walls[0] / walls[1]:.2f} in wall time")
