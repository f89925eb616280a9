"""What `dufm network` does: data, plan, training with progress, tables, and a certificate where a head earns one."""

import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console

from dufm.solvers.base.whole import write_whole
from dufm.solvers.datasets import FILES, DataError, Dataset, Prepared, balanced, load, prepare, split
from dufm.solvers.networks import store, training
from dufm.solvers.networks.chain import Array, forward
from dufm.solvers.networks.heads import best_columns, dufm_weights, feature_strength, head_plan, like_digits, problem_of
from dufm.solvers.networks.plan import NetworkPlan, head_only, perceptron
from dufm.solvers.networks.torch_extra import BACKBONES, require_torch, torch_device
from dufm.theory.stated import ProblemError, require_choice
from dufm.verification.atlas.known_losses import known_losses
from dufm.verification.base.certificate import point_certificate, write
from dufm.verification.checker import check
from dufm.verification.cli import options as checked
from dufm.verification.cli.interrupt import keeping
from dufm.verification.cli.live import live_line
from dufm.verification.cli.network_tables import as_csv, head_table, mlp_table
from dufm.verification.cli.output import show_table

NETS = ("mlp", "head", *BACKBONES)
MLP_SAMPLES = 1000
# Rates at which these start to learn and stay bounded at 50 digits a class; SML24's for ResNet20.
CONV: dict[str, dict[str, Any]] = {
    "conv": {"width": 32, "gain": 0.8, "rate": 0.2, "batch": 50, "epochs": 600},
    "resnet20": {},
}


@dataclass(frozen=True)
class NetworkTrainer:
    """How one kind of network is begun, kept and trained.

    Attributes:
        begin: () to a run before its first epoch.
        load, save: as in `store`.
        train: (run, epochs to look at, report) to the run.
        weights: a run's (H_1, W_1, ..., W_L) for the DUFM; None for mlp.
    """

    begin: Callable[[], Any]
    load: Callable[[Path], tuple[Any, dict[str, Any]]]
    save: Callable[[Any, Path, dict[str, Any]], Path]
    train: Callable[[Any, list[int], Callable[[Any], None]], Any]
    weights: Callable[[Any], tuple[Array, ...]] | None


@dataclass(frozen=True)
class DataSource:
    """Where the samples come from.

    Attributes:
        name: of the data set.
        root: folder of its files, None for those that come with the program.
        n: first samples to use, None for the network's own number.
        per_class: training samples a class; not for mlp.
    """

    name: str
    root: str | None
    n: int | None
    per_class: int


@dataclass(frozen=True)
class NetworkRequest:
    """What `dufm network` was asked for.

    Attributes:
        net: one of NETS.
        source: the samples.
        settings: what was said of the network and its training, by the names of the plan's arguments.
        every: epochs between looks, None for a tenth of all.
        seed, device, resume, out, as_json: the options of these names.
    """

    net: str
    source: DataSource
    settings: dict[str, Any]
    every: int | None
    seed: int
    device: str
    resume: bool
    out: Path
    as_json: bool

    @property
    def path(self) -> Path:
        """The file of the run."""
        return self.out / f"{self.source.name}_{self.net}_seed{self.seed}.npz"

    def checked(self) -> "NetworkRequest":
        """Itself.

        Raises:
            ProblemError: naming an option that makes no sense.
        """
        if self.net not in NETS:
            raise ProblemError(f"--net must be one of {', '.join(NETS)}, got {self.net!r}")
        require_choice("--device", self.device, ("auto", "cpu", "cuda"))
        settings = self.settings
        checked.integers(1, n=self.source.n, per_class=self.source.per_class, every=self.every)
        checked.integers(1, **{name: settings.get(name) for name in ("epochs", "width", "depth", "batch")})
        checked.integers(0, seed=self.seed)
        checked.folder(self.out)
        if self.net in BACKBONES:
            require_torch(f"--net {self.net}")
        return self


def run_network(request: NetworkRequest, console: Console) -> None:
    """Train, save, show; see `dufm network --help`."""
    net, source, path = request.checked().net, asdict(request.source), request.path
    data = read(net, request.source)
    plan = plan_for(net, data, request.settings, request.seed)
    if net != "mlp" and plan.widths[-2] < data.K:
        raise ProblemError(
            f"--width must be an integer >= {data.K}, the classes, for --net {net}, got {plan.widths[-2]}"
        )
    every = max(1, plan.epochs // 10) if request.every is None else request.every
    engine = _torch_engine(net, plan, data, request.device) if net in BACKBONES else _numpy_engine(net, plan, data)
    run = _earlier(engine, path, plan, source) if request.resume and path.exists() else engine.begin()
    run = trained(engine, run, training.measured_epochs(plan.epochs, every), path, source)
    write_whole(path.with_suffix(".csv"), as_csv(run.snapshots))
    with keeping(f"{run.epoch} epochs are in {path}; --resume goes on with them"):
        record: dict[str, Any] = {"net": net, "data": source, "source": data.source, "plan": plan.record()}
        record |= {"epoch": run.epoch, "outcome": run.outcome.value, "saved": str(path)}
        record |= {"images_per_second": getattr(run, "images_per_second", None)}
        record["losses"] = _losses(engine, run, plan, data, path) if engine.weights and run.snapshots else None
        record["snapshots"] = [snapshot.record() for snapshot in run.snapshots]
        if request.as_json:
            print(json.dumps(_finite(record), indent=1))
        else:
            _show(record, run, console)
    if run.outcome is training.TrainingOutcome.DIVERGED:
        raise typer.Exit(1)
    if run.outcome is training.TrainingOutcome.STOPPED:
        raise KeyboardInterrupt(f"{run.epoch} epochs are in {path}; --resume goes on with them")


def read(net: str, source: DataSource) -> Prepared:
    """Rows for a net: the first n with +-1 targets, or a balanced, one-hot set for heads.

    Raises:
        ProblemError: for data that cannot be used, or that have no classes.
    """
    name, root, n = source.name, source.root, source.n
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        if net == "mlp" and name not in FILES:
            whole = _with_classes(load(name, root))
            first = min(MLP_SAMPLES, whole.n) if n is None else n
            train, test = split(whole, first) if 1 <= first < whole.n else (load(name, root, first), None)
        elif net == "mlp":
            train, test = load(name, root, MLP_SAMPLES if n is None else n), load(name, root, split="test")
        else:
            train, test = balanced(_with_classes(load(name, root, n)), source.per_class)
            test = load(name, root, split="test") if name in FILES else test
        data = prepare(train, test, one_hot=net != "mlp")
    for note in notes:
        print(f"warning: {note.message}", file=sys.stderr)
    return like_digits(data) if net == "head" else data


def _with_classes(dataset: Dataset) -> Dataset:
    if dataset.K is None:
        raise DataError(dataset.name, "classes (--data must be a set of labelled samples)", "real targets")
    return dataset


def plan_for(net: str, data: Prepared, settings: dict[str, Any], seed: int) -> NetworkPlan:
    """The plan of a net with the settings given and its own defaults for the others.

    Raises:
        ProblemError: naming an option that makes no sense or that the net does not have.
    """
    if net == "mlp":
        if "feature_decay" in settings:
            raise ProblemError("--feature-decay needs a head: --net head, conv or resnet20, got mlp")
        return perceptron(data.X.shape[1], data.K, seed=seed, **settings)
    chosen: dict[str, Any] = {"L" if k == "depth" else k: v for k, v in settings.items()}
    if net == "head":
        return head_plan(data, seed, **chosen)
    chosen = CONV[net] | chosen
    chosen.setdefault("feature_decay", feature_strength(chosen.get("decay", 0.005), data))
    return head_only(data.K, seed=seed, **chosen)


def _numpy_engine(net: str, plan: NetworkPlan, data: Prepared) -> NetworkTrainer:
    ansatz = net == "mlp"

    def go(run: Any, epochs: list[int], report: Callable[[Any], None]) -> Any:
        return training.train(run, data, epochs, ansatz, report)

    weights = None if ansatz else lambda run: dufm_weights(plan, run.state.weights, data)
    return NetworkTrainer(partial(training.start, plan), store.load, store.save, go, weights)


def _torch_engine(net: str, plan: NetworkPlan, data: Prepared, device: str) -> NetworkTrainer:
    place = torch_device(device)
    from dufm.solvers.networks import torch_store, torch_training

    def go(run: Any, epochs: list[int], report: Callable[[Any], None]) -> Any:
        return torch_training.fit(run, data, epochs, report)

    def weights(run: Any) -> tuple[Array, ...]:
        head = torch_training.head_weights(run)
        h = torch_training.features(run, torch_training.images(run, data.X))
        return best_columns(h, forward(head, plan.relu, h)[1][-1], data, plan), *head

    begin = partial(torch_training.begin, plan, net, data.shape, place)
    return NetworkTrainer(begin, partial(torch_store.load, device=place), torch_store.save, go, weights)


def _earlier(engine: NetworkTrainer, path: Path, plan: NetworkPlan, source: dict[str, Any]) -> Any:
    run, stored = engine.load(path)
    if replace(run.plan, epochs=plan.epochs) != plan or stored != source:
        raise ProblemError(f"--resume: {path} holds a run with other settings or data; choose another --out")
    if run.epoch > plan.epochs:
        raise ProblemError(f"--epochs must be >= the {run.epoch} that {path} has done, got {plan.epochs}")
    run.plan = plan
    return run


def trained(engine: NetworkTrainer, run: Any, epochs: list[int], path: Path, source: dict[str, Any]) -> Any:
    looked = set(epochs)
    with live_line("epochs", epochs[-1], run.epoch) as line:

        def report(now: Any) -> None:
            line.update(completed=now.epoch)
            if now.epoch in looked:
                shot = now.snapshots[-1]
                words = f"loss {shot.loss.total:.5g}, accuracy {shot.accuracy:.3f}"
                line.update(words)
                line.say(f"epoch {now.epoch}/{epochs[-1]}: {words}")
                engine.save(now, path, source)

        run = engine.train(run, epochs, report)
    engine.save(run, path, source)
    return run


def _losses(engine: NetworkTrainer, run: Any, plan: NetworkPlan, data: Prepared, path: Path) -> dict[str, Any] | None:
    """The network's loss beside the DUFM's exact ones; a certificate if its weights are below DNC."""
    if plan.feature_decay <= 0 or min(plan.decay[plan.features or 0 :]) <= 0 or engine.weights is None:
        return None
    problem = problem_of(plan, len(data.X))
    known = known_losses(problem)
    found: dict[str, Any] = {"x": float(problem.x), "network": run.snapshots[-1].loss.total}
    found |= {name: {"what": what, "loss": value} for name, (what, value) in known.items()}
    if run.outcome is not training.TrainingOutcome.DIVERGED:
        witness = point_certificate(problem, engine.weights(run), "network", {"epoch": run.epoch, **run.plan.record()})
        result = check(json.dumps(witness).encode())
        found |= {"certificate": None, "best_columns": result.facts.get("loss"), "sentence": result.sentence}
        if result.ok:
            write(witness, path.with_suffix(".json"))
            found["certificate"] = str(path.with_suffix(".json"))
    return found


def _show(record: dict[str, Any], run: Any, console: Console) -> None:
    say = partial(console.print, highlight=False, soft_wrap=True)
    if run.snapshots:
        first, last = run.snapshots[0], run.snapshots[-1]
        show_table(console, mlp_table(first, last) if record["net"] == "mlp" else head_table(run.plan, last))
        on_test = "" if np.isnan(last.test_accuracy) else f", on held-out samples {last.test_accuracy:.4f}"
        say(f"Epoch {last.epoch}: loss {last.loss.total:.6g}, accuracy {last.accuracy:.4f}{on_test}.")
    losses = record["losses"]
    if losses:
        lines = [losses[name] for name in ("dnc", "known") if name in losses]
        words = "; ".join(f"{line['what']} {line['loss']:.6g}" for line in lines)
        say(f"Network {losses['network']:.6g}; exact losses at x = K Lambda = {losses['x']:.4g}: {words}.")
        if losses.get("certificate"):
            say(f"{losses['sentence']}\nCertificate {losses['certificate']}: accepted by checker.py")
    if record["images_per_second"]:
        say(f"{record['images_per_second']:.0f} images a second.")
    say(f"{record['outcome'].capitalize()}. Saved {record['saved']}")


def _finite(value: Any) -> Any:
    """Floats JSON has no word for become null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
