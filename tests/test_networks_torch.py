"""Convolutional backbones: skipped where PyTorch is not installed; the CIFAR-sized path on made-up images."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dufm.solvers.datasets import Dataset, balanced, load, prepare
from dufm.solvers.metrics import nc1
from dufm.solvers.networks.heads import head_data
from dufm.solvers.networks.plan import head_only
from dufm.solvers.networks.torch_backbones import backbone
from dufm.solvers.networks.torch_extra import torch_device
from dufm.solvers.networks.torch_store import load as load_run
from dufm.solvers.networks.torch_store import save
from dufm.solvers.networks.torch_training import ConvRun, begin, features, fit
from dufm.solvers.networks.training import TrainingOutcome
from dufm.theory.stated import ProblemError

SHAPE = (3, 32, 32)


def parameters(run: ConvRun) -> list[np.ndarray]:
    return [v.cpu().numpy() for part in (run.body, run.head) for v in part.state_dict().values()]


def test_resnet20_is_as_published() -> None:
    net = backbone("resnet20", SHAPE, 64)
    convolutions = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) == 19
    # 0.27 million with the final 64 x 10 layer and its biases, whose place the linear map takes.
    counted = sum(p.numel() for p in net.parameters()) - 64 * 64 + 64 * 10 + 10
    assert counted == 269722
    assert net(torch.zeros(2, *SHAPE)).shape == (2, 64)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (1, 28, 28), (1, 5, 7)])
def test_the_small_backbone_takes_any_image(shape: tuple[int, int, int]) -> None:
    assert backbone("conv", shape, 12)(torch.zeros(3, *shape)).shape == (3, 12)


def test_cifar_sized_path_learns_made_up_classes() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 10
    X = 0.3 * rng.standard_normal((60, 3072)) + rng.standard_normal((10, 3072))[y]
    data = prepare(Dataset(X, y, "made up", "here", 10, SHAPE), one_hot=True)
    run = begin(head_only(10, L=4, width=64, rate=0.05, batch=20, epochs=3), "resnet20", SHAPE)
    fit(run, data, [0, 3])
    assert run.outcome is TrainingOutcome.FINISHED and run.images == 180 and run.images_per_second > 0
    first, last = run.snapshots
    assert len(last.layers) == 4 and np.isfinite(last.loss.total) and last.loss.fit != first.loss.fit


def test_the_loss_and_its_decay_are_the_plans() -> None:
    """One full-batch step of SGD against the gradient of the objective, written down with autograd of PyTorch."""
    data = head_data(per_class=2)
    plan = head_only(10, L=2, width=6, decay=0.1, feature_decay=0.01, rate=0.5, batch=20, epochs=1, gain=1.0)
    run, twin = begin(plan, "conv", data.shape), begin(plan, "conv", data.shape)
    fit(run, data, [])
    X = torch.tensor(data.X, dtype=torch.float32).reshape(-1, *data.shape)
    h = twin.body(X)
    f = torch.relu(h @ twin.head[0].T) @ twin.head[1].T
    loss = ((f - torch.tensor(data.Y)) ** 2).sum() / 40 + 0.01 / 2 * (h**2).sum()
    loss = loss + 0.1 / 2 * sum((W**2).sum() for W in twin.head)
    before = [p for part in (twin.body, twin.head) for p in part.parameters()]
    after = [p for part in (run.body, run.head) for p in part.parameters()]
    for p, q, slope in zip(before, after, torch.autograd.grad(loss, before), strict=True):
        assert torch.allclose(p - 0.5 * slope, q, rtol=1e-4, atol=1e-6)


def test_snapshots_are_those_of_the_features() -> None:
    data = head_data(per_class=5)
    run = fit(begin(head_only(10, L=3, width=8, feature_decay=0.02, epochs=1), "conv", data.shape), data, [1])
    H = features(run, torch.tensor(data.X, dtype=torch.float32).reshape(-1, *data.shape))
    (shot,) = run.snapshots
    assert H.shape == (50, 8) and H.min() < 0 < H.max()
    assert np.isclose(shot.layers[0].nc1_in, nc1(H, data.labels))
    assert np.isclose(shot.loss.features, 0.01 * (H**2).sum())


def test_a_run_from_disk_ends_like_one_never_stopped(tmp_path: Path) -> None:
    data = head_data(per_class=4)
    plan = head_only(10, L=2, width=8, rate=0.05, momentum=0.9, batch=16, epochs=4)
    whole = fit(begin(plan, "conv", data.shape), data, [0, 2, 4])

    def pressed(run: ConvRun) -> None:
        if run.epoch == 2:
            raise KeyboardInterrupt

    half = fit(begin(plan, "conv", data.shape), data, [0, 2, 4], finished=pressed)
    assert (half.outcome, half.epoch) == (TrainingOutcome.STOPPED, 2)
    save(half, tmp_path / "run.npz", {"name": "digits"})
    again, what = load_run(tmp_path / "run.npz")
    assert what == {"name": "digits"}
    fit(again, data, [0, 2, 4])
    assert all(np.array_equal(a, b) for a, b in zip(parameters(again), parameters(whole), strict=True))
    assert again.snapshots == whole.snapshots
    (tmp_path / "run.npz").write_bytes((tmp_path / "run.npz").read_bytes()[:-100])
    with pytest.raises(ProblemError, match="undamaged"):
        load_run(tmp_path / "run.npz")


def test_divergence_gives_the_last_finite_state() -> None:
    data = head_data(per_class=4)
    run = begin(head_only(10, L=2, width=8, rate=1e9, batch=16, epochs=2), "conv", data.shape)
    before = parameters(run)
    fit(run, data, [0])
    assert run.outcome is TrainingOutcome.DIVERGED and run.epoch == 0
    assert all(np.array_equal(a, b) for a, b in zip(before, parameters(run), strict=True))


def test_bad_requests() -> None:
    with pytest.raises(ProblemError, match="--net must be one of conv, resnet20"):
        backbone("vgg", SHAPE, 8)
    with pytest.raises(ProblemError, match="images"):
        backbone("conv", (64,), 8)
    with pytest.raises(ProblemError, match="--optimiser must be sgd"):
        begin(head_only(10, optimiser="adam"), "conv", SHAPE)
    with pytest.raises(ProblemError, match="--device must be one of"):
        torch_device("tpu")
    data = prepare(*balanced(load("digits"), 3))
    with pytest.raises(ProblemError, match="data must be images"):
        fit(begin(head_only(10), "conv", SHAPE), data, [])


def test_global_random_state_is_left_alone() -> None:
    state = torch.random.get_rng_state()
    begin(head_only(10, width=8), "conv", (1, 8, 8))
    assert torch.equal(state, torch.random.get_rng_state())
