"""Claims on networks trained on real data: statistics of seeded runs, and one witness that training hands over."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from dufm.solvers.base.statistics import clopper_pearson
from dufm.solvers.datasets import Prepared, load, prepare, split
from dufm.solvers.networks.heads import HeadResult, dufm_weights, head_data, problem_of, relative_loss, run_head, sweep
from dufm.solvers.networks.measure import Snapshot, take_snapshot
from dufm.solvers.networks.plan import perceptron
from dufm.solvers.networks.training import start, train
from dufm.theory import derivations
from dufm.theory.squared.phi import phi_of_power
from dufm.verification.base.certificate import point_certificate
from dufm.verification.base.exact import rational
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.measured import MIN_RUNS, all_agree, enough
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

SAMPLES = 1000
# Fewer, larger steps: a third of the work of heads.DEFAULTS, ranks less settled.
SHORT = {"rate": 0.4, "epochs": 500}
LEARNT = 0.95
VISIBLE = 2.0  # ranks: a null result that could have missed more says nothing
FIRST_LAYERS = 4  # of the five; the last hidden layer of a wide network keeps what is left


@cache
def _digits() -> Prepared:
    return prepare(*split(load("digits"), SAMPLES))


@cache
def _balanced() -> Prepared:
    return head_data()


def agree(
    sentence: str, comparisons: Sequence[Comparison], details: dict[str, Any], runs: int, interval: str = ""
) -> Verdict:
    """SUPPORTED if all comparisons hold in enough runs, else UNDECIDED with the same numbers: none is refuted."""
    holds = all(c.holds for c in comparisons)
    words = (
        sentence + (f" So in {interval or all_agree(runs)}." if runs >= MIN_RUNS else "")
        if holds
        else f"The runs do not agree with the claim. {sentence}"
    )
    status = Status.SUPPORTED if holds else Status.UNDECIDED
    return enough(Verdict(status, words, tuple(comparisons), details=details), runs)


def _trained(budget: Budget, seed: int) -> tuple[Snapshot, Snapshot]:
    """The perceptron at its start and its end."""
    short: dict[str, Any] = {"width": 128, "epochs": 60, "rate": 2e-3} if budget.name != "full" else {}
    plan = perceptron(_digits().X.shape[1], _digits().K, seed=seed, **short)
    first, last = train(start(plan), _digits(), [0, plan.epochs], ansatz=budget.name == "full").snapshots
    return first, last


def _layers(budget: Budget) -> Verdict:
    runs = [_trained(budget, seed) for seed in range(1 if budget.name != "full" else 5)]
    hidden = [last.layers[:-1] for _, last in runs]
    out = np.array([[layer.nc1_out for layer in layers] for layers in hidden])
    shares = np.array([[layer.share for layer in layers] for layers in hidden])[:, :FIRST_LAYERS]
    started = min(first.layers[-2].nc1_out for first, _ in runs)
    comparisons = [
        Comparison(float(shares.min()), ">", 0.5, what=f"least share of S V^T, layers 1 to {FIRST_LAYERS}"),
        Comparison(
            float((out[:, 1:] / out[:, :-1]).max()), "<", 1, what="largest NC1 of a layer over that of the last"
        ),
        Comparison(
            float(out[:, -1].max()), "<", started, what="NC1 of the last hidden layer, trained and at the start"
        ),
    ]
    spans = ", ".join(f"{low:.3g}-{high:.3g}" for low, high in zip(out.min(axis=0), out.max(axis=0), strict=True))
    sentence = (
        f"{len(runs)} run(s): NC1 after relu falls layer by layer ({spans}); S V^T does {shares.min():.0%} or more of "
        f"each fall of log NC1 in layers 1 to {FIRST_LAYERS}."
    )
    details = {"nc1": out.tolist(), "shares": shares.tolist(), "seeds": len(runs)}
    if budget.name == "full":
        details["nfa"] = [[[layer.nfa for layer in shot.layers[:-1]] for shot in run] for run in runs]
    return agree(sentence, comparisons, details, len(runs))


def _ansatz(budget: Budget) -> Verdict:
    data = _digits()
    assert data.labels is not None
    found = []
    for seed in range(MIN_RUNS if budget.name != "full" else 10):
        plan = perceptron(data.X.shape[1], data.K, seed=seed)
        shot = take_snapshot(plan, start(plan).state.weights, 0, data.X, data.Y, data.labels, ansatz=True)
        found.append([layer.nfa for layer in shot.layers[:-1]])
    table = np.array(found, dtype=float)
    low, high = float(table.min()), float(table.max())
    sentence = (
        f"{len(table)} untrained networks, 5 layers each: correlation of W^T W with AGOP^(1/2) between {low:.2f} and "
        f"{high:.2f}; a high correlation after training is weak evidence unless it is higher than that."
    )
    least = Comparison(low, ">", 0.5, what="least correlation before any training")
    return agree(sentence, [least], {"nfa_at_start": table.tolist()}, len(table))


def _low_rank(budget: Budget) -> Verdict:
    """The weights of a trained head, with one sample's features a class, are a point of the DUFM."""
    data = _balanced()
    results = [run_head(data, seed, **_short(budget)) for seed in range(_seeds(budget))]
    best = min(results, key=lambda r: r.loss)
    plan = best.run.plan
    problem = problem_of(plan, len(data.X))
    below, _ = phi_of_power(problem.L, problem.x_power)
    witness = dufm_weights(plan, best.run.state.weights, data)
    loss = problem.objective([rational(W) for W in witness])
    if not loss < below:
        return Verdict(Status.UNDECIDED, "no run ended below DNC's loss", details={"losses": [r.loss for r in results]})
    ranks = sorted(r.neck for r in results)
    sentence = (
        f"Trained on {len(data.X)} digits by SGD, a head of L = 4 layers hands over weights of the DUFM with loss "
        f"{float(loss):.5f} < DNC's {float(below):.5f}; the narrowest layer of {len(results)} run(s) has rank {ranks}."
    )
    found = {"data": data.source, "seed": best.seed, "epochs": plan.epochs}
    certificate = point_certificate(problem, witness, "net-head-low-rank", found)
    comparison = Comparison(loss, "<", below, what="DUFM loss of the trained weights and DNC's")
    details = {
        "losses": [r.loss for r in results],
        "ranks": [r.ranks for r in results],
        "gaps": [r.gaps for r in results],
    }
    return Verdict(Status.CERTIFIED, sentence, (comparison,), (certificate,), details)


def _seeds(budget: Budget) -> int:
    return 5 if budget.name == "full" else 1


def _short(budget: Budget, decay: float = 0.005) -> dict[str, Any]:
    if budget.name == "full":
        return {}
    return SHORT | {"epochs": round(SHORT["epochs"] * 0.005 / decay)}


def _means(groups: dict[Any, list[HeadResult]]) -> tuple[dict[Any, float], str]:
    """Mean rank of the narrowest layer for each value of a setting; in words also the range over seeds and the loss."""
    necks = {value: [r.neck for r in results] for value, results in groups.items()}
    ratios = {value: np.mean([relative_loss(r, _balanced()) for r in results]) for value, results in groups.items()}
    words = ", ".join(
        f"{np.mean(v):.1f} ({min(v)}-{max(v)}; loss {ratios[value]:.2f} of DNC's) at {value:g}"
        for value, v in necks.items()
    )
    lost = [value for value, results in groups.items() for r in results if r.run.snapshots[-1].accuracy < LEARNT]
    if lost:
        places = ", ".join(f"{value:g}" for value in sorted(set(lost)))
        words += f"; {len(lost)} run(s) lost classes, training accuracy below {LEARNT:g}, at {places}"
    return {value: float(np.mean(v)) for value, v in necks.items()}, words


def _trend(what: str, groups: dict[Any, list[HeadResult]], more: str) -> Verdict:
    """The mean rank rises strictly along the groups, in their order."""
    means, words = _means(groups)
    comparisons = [
        Comparison(means[a], "<", means[b], what=f"mean rank of the narrowest layer at {what} {a:g} and {b:g}")
        for a, b in pairwise(groups)
    ]
    runs = len(next(iter(groups.values())))
    first, *_, last = groups.values()
    rises = clopper_pearson(sum(a.neck < b.neck for a, b in zip(first, last, strict=True)), runs, side="lower")
    comparisons.append(Comparison(rises.low, ">", 0.5, what=f"lower 95 % bound of P(rank rises over all {what}s)"))
    details = {str(v): [[r.seed, r.loss, r.ranks, r.gaps] for r in results] for v, results in groups.items()}
    return agree(
        f"{runs} run(s) a value; rank of the narrowest layer: {words}. {more}", comparisons, details, runs, str(rises)
    )


def _decay(budget: Budget) -> Verdict:
    if budget.name != "full":
        return Verdict(Status.UNDECIDED, f"{MIN_RUNS} runs a value take minutes: use --budget full")
    values = (0.0075, 0.005, 0.0025, 0.00125)
    seeds = range(_seeds(budget))
    groups = {v: [run_head(_balanced(), s, decay=v, **_short(budget, v)) for s in seeds] for v in values}
    return _trend(
        "weight decay",
        groups,
        "As SML24 finds on CIFAR-10.",
    )


def _width(budget: Budget) -> Verdict:
    if budget.name != "full":
        return Verdict(Status.UNDECIDED, f"{MIN_RUNS} runs a value take minutes: use --budget full")
    values = (24, 32, 48, 64)
    found = sweep(_balanced(), "width", values, range(_seeds(budget)), **_short(budget))
    groups = {v: [r for r in found if r.changed["width"] == v] for v in values}
    return _trend("width", groups, "Wider heads end closer to DNC, as SML24 finds.")


def _rate(budget: Budget) -> Verdict:
    if budget.name != "full":
        return Verdict(Status.UNDECIDED, "slow learning rates need long runs: use --budget full")
    values = (0.4, 0.2, 0.1, 0.05)
    found = sweep(_balanced(), "rate", values, range(_seeds(budget)))
    groups = {v: [r for r in found if r.changed["rate"] == v] for v in values}
    means, words = _means(groups)
    gaps = np.array([a.neck - b.neck for a, b in zip(groups[0.05], groups[0.4], strict=True)], dtype=float)
    seen = 2 * float(gaps.std(ddof=1)) / len(gaps) ** 0.5
    comparisons = [
        Comparison(means[0.05], "<=", means[0.4], what="mean rank of the narrowest layer at rate 0.05 and 0.4"),
        Comparison(seen, "<", VISIBLE, what="rise of the rank that these runs could have missed: two standard errors"),
    ]
    details = {str(v): [[r.seed, r.loss, r.ranks, r.gaps] for r in results] for v, results in groups.items()}
    sentence = (
        f"{len(groups[0.4])} runs a value; rank of the narrowest layer: {words}. SML24's trend does not show here; a "
        f"rise above {seen:.2f} would have."
    )
    return agree(sentence, comparisons, details, len(gaps), f"the mean of {len(gaps)} seeds")


HEAD_REGIME = "digits, 50 a class; MLP backbone (64), L = 4, width 32 unless said; SGD; n lambda_H = 5 lambda_l"

NETWORKS = (
    Claim(
        "net-mlp-layers",
        "In a bias-free MLP trained on digits NC1 falls layer by layer, and most of it is done by S V^T, not by relu.",
        "digits, first 1000; 5 hidden layers, Adam; W = U S V^T; layers 1 to 4",
        "arXiv 2402.13728, experiments on networks (there MNIST, CIFAR-10, SVHN); runs ours",
        (),
        _layers,
        Expected(Status.UNDECIDED, Status.SUPPORTED),
    ),
    Claim(
        "net-ansatz-start",
        "The neural feature ansatz holds well in networks that have not been trained at all.",
        "digits, first 1000; bias-free MLP, 5 x 256, Glorot start with gain 0.3",
        "ours; a caution on arXiv 2402.13728 and 2212.13881, which show the correlation after training",
        (),
        _ansatz,
        Expected(Status.SUPPORTED),
    ),
    Claim(
        "net-head-low-rank",
        "Training a head on real data finds low rank with less loss than DNC; its own weights are the witness.",
        HEAD_REGIME + "; lambda_l = 0.005 (x = 0.069)",
        "SML24, Fig. 2 bottom (there ResNet20, CIFAR-10, width 64); witness ours",
        (derivations.dnc, derivations.reductions),
        _low_rank,
        Expected(Status.CERTIFIED),
        needs=({"kind": "point", "K": 10, "L": 4, "n": 50, "width": 32},),
    ),
    Claim(
        "net-head-decay",
        "On real data stronger weight decay gives lower rank.",
        HEAD_REGIME + "; lambda_l from 0.00125 to 0.0075; equal rate x decay x steps",
        "SML24, text on Fig. 2 bottom; runs ours",
        (),
        _decay,
        Expected(Status.UNDECIDED, Status.SUPPORTED),
    ),
    Claim(
        "net-head-width",
        "On real data narrower heads get lower rank, wider ones come closer to DNC.",
        HEAD_REGIME + "; widths 24 to 64; lambda_l = 0.005",
        "SML24, text on Figs. 2 and 3; runs ours",
        (),
        _width,
        Expected(Status.UNDECIDED, Status.SUPPORTED),
    ),
    Claim(
        "net-head-rate",
        "On digits a smaller learning rate does not bring the head closer to DNC, against what SML24 reports.",
        HEAD_REGIME + "; rates 0.05 to 0.4; lambda_l = 0.005; equal rate x decay x steps",
        "ours; SML24 reports the opposite trend",
        (),
        _rate,
        Expected(Status.UNDECIDED, Status.SUPPORTED),
    ),
)
