"""Convolutional backbones that end in features of any sign, for heads regularised like the DUFM.

conv      two 3x3 convolutions (16, 32 channels; the second with stride 2) with relu, then a linear map: for 8x8 digits.
resnet20  He, Zhang, Ren and Sun's network for 32x32 images (arXiv 1512.03385, section 4.2): a 3x3 convolution, three
          stages of three blocks (16, 32, 64 channels), batch normalisation, shortcuts without parameters (their option
          A), global mean. Its pooled features are >= 0, H_1 of the DUFM has any sign: a linear map stands behind.
"""

import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from dufm.solvers.networks.torch_extra import BACKBONES
from dufm.theory.stated import ProblemError


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut; a stride of 2 halves the image, new channels of the shortcut are 0."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inner, outer, 3, stride, padding=1, bias=False)
        self.second = nn.Conv2d(outer, outer, 3, padding=1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(outer) for _ in range(2)])
        self.stride, self.added = stride, outer - inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """b x inner x s x s to b x outer x s/stride x s/stride."""
        y = functional.relu(self.norms[0](self.first(x)))
        y = self.norms[1](self.second(y))
        shortcut = x[:, :, :: self.stride, :: self.stride]
        shortcut = functional.pad(shortcut, (0, 0, 0, 0, 0, self.added))
        return functional.relu(y + shortcut)


def backbone(name: str, shape: tuple[int, ...], width: int) -> nn.Module:
    """A network from images b x channels x height x width to features b x width, initialised as PyTorch does.

    Args:
        name: one of BACKBONES.
        shape: of one image, (channels, height, width).
        width: number of features.

    Raises:
        ProblemError: for another name, and samples that are no images or too small.
    """
    if name not in BACKBONES:
        raise ProblemError(f"--net must be one of {', '.join(BACKBONES)}, got {name!r}")
    if len(shape) != 3 or min(shape[1:]) < 4:
        raise ProblemError(f"--net {name} needs images of at least 4 x 4, got samples of shape {shape}")
    channels, height, breadth = shape
    if name == "conv":
        area = -(-height // 2) * -(-breadth // 2)
        return nn.Sequential(
            nn.Conv2d(channels, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * area, width, bias=False),
        )
    blocks = [ResidualBlock(16, 16, 1) for _ in range(3)]
    blocks += [ResidualBlock(16, 32, 2), ResidualBlock(32, 32, 1), ResidualBlock(32, 32, 1)]
    blocks += [ResidualBlock(32, 64, 2), ResidualBlock(64, 64, 1), ResidualBlock(64, 64, 1)]
    return nn.Sequential(
        nn.Conv2d(channels, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, width, bias=False),
    )
