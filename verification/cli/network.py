"""`dufm network`: train a network on real data and look at every layer."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from dufm.verification.cli.output import Json

commands = typer.Typer()
console = Console()


@commands.command()
def network(
    data: Annotated[str, typer.Option(help="digits; mnist, fashion-mnist, cifar10, svhn from --root.")] = "digits",
    net: Annotated[
        str, typer.Option(help="mlp; head (an L-layer head on a small MLP); conv, resnet20 (the same head; PyTorch).")
    ] = "mlp",
    root: Annotated[Path | None, typer.Option(help="Folder of the data files.")] = None,
    n: Annotated[int | None, typer.Option(help="First samples to use; mlp: 1000, else all.")] = None,
    per_class: Annotated[int, typer.Option(help="Training samples a class; not for mlp.")] = 50,
    depth: Annotated[int | None, typer.Option(help="Hidden layers of mlp (5), or layers L of the head (4).")] = None,
    width: Annotated[int | None, typer.Option(help="Hidden width: 256, 32 or (resnet20) 64.")] = None,
    gain: Annotated[float | None, typer.Option(help="Scale of the first weights.")] = None,
    decay: Annotated[float | None, typer.Option(help="lambda of each weight: 0 for mlp, else 0.005.")] = None,
    feature_decay: Annotated[float | None, typer.Option(help="lambda_H; else n lambda_H is 5 times --decay.")] = None,
    optimiser: Annotated[str | None, typer.Option(help="adam or sgd.")] = None,
    rate: Annotated[float | None, typer.Option(help="Learning rate.")] = None,
    momentum: Annotated[float | None, typer.Option(help="Momentum of sgd.")] = None,
    batch: Annotated[int | None, typer.Option(help="Samples a step.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the data.")] = None,
    every: Annotated[int | None, typer.Option(help="Epochs between looks at the layers.")] = None,
    seed: Annotated[int, typer.Option(help="Fixes start and order.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda; for conv and resnet20.")] = "auto",
    resume: Annotated[bool, typer.Option(help="Go on from the run this command saved before.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for the run (.npz), its table and its certificate.")] = Path(
        "out/network"
    ),
    as_json: Json = False,
) -> None:
    """Train on real data; tells collapse layer by layer, what weights and relu do, ranks, and the loss against DNC's.

    With a head (regularised like the DUFM of SML24) a loss below DNC's is written as a certificate.

    Example: dufm network --data digits --net head --decay 0.005
    """
    from dufm.verification.cli.network_run import DataSource, NetworkRequest, run_network

    given: dict[str, Any] = {"depth": depth, "width": width, "gain": gain, "decay": decay, "optimiser": optimiser}
    given |= {"feature_decay": feature_decay, "rate": rate, "momentum": momentum, "batch": batch, "epochs": epochs}
    source = DataSource(data, None if root is None else str(root), n, per_class)
    settings = {k: v for k, v in given.items() if v is not None}
    run_network(NetworkRequest(net, source, settings, every, seed, device, resume, out, as_json), console)
