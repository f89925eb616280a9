"""Whether PyTorch is here, and what to say if it is not. No import of it in this module."""

from importlib.util import find_spec

from dufm.theory.stated import ProblemError

BACKBONES = ("conv", "resnet20")


def require_torch(option: str) -> None:
    """Let pass if PyTorch can be imported.

    Args:
        option: what asked for it, for the message.

    Raises:
        ProblemError: saying how to install it.
    """
    if find_spec("torch") is None:
        raise ProblemError(f"{option} needs PyTorch, which is not installed: pip install 'dufm[torch]'")


def torch_device(device: str) -> str:
    """cpu or cuda; "auto" is cuda where PyTorch sees a GPU.

    Raises:
        ProblemError: for another name, a device that is not there, or PyTorch missing.
    """
    require_torch("--device")
    import torch  # pyright: ignore[reportMissingImports]

    seen = torch.cuda.is_available()
    if device not in ("auto", "cpu", "cuda"):
        raise ProblemError(f"--device must be one of auto, cpu, cuda, got {device!r}")
    if device == "cuda" and not seen:
        raise ProblemError("--device cuda needs a GPU that PyTorch sees, got none")
    return device if device != "auto" else ("cuda" if seen else "cpu")
