"""What a Deep RFM needs in memory, said before any of it is taken."""

import os
from pathlib import Path

from dufm.solvers.rfm.agop import BLOCK
from dufm.theory.stated import ProblemError

GIB = 2**30


def bytes_needed(n: int, d: int, c: int, m: int = 0) -> int:
    """Bytes that a layer takes at its peak, in float64.

    Two n x n arrays (distances, then slopes, and the kernel with its factor), strips of `BLOCK` rows, and the rows of
    the stages with one scaled copy.

    Args:
        n: training samples.
        d: features: the largest width that occurs.
        c: outputs.
        m: test samples.
    """
    strips = 4 * min(n, BLOCK) * max(n, m)
    rows = 7 * (n + m) * d + 6 * n * c
    return 8 * (2 * n * n + strips + rows + 6 * d * d)


def bytes_available() -> int:
    """Bytes this process may still take: free memory of the machine or what is left to its control group, if less."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            pages = min(pages, 1024 * int(line.split()[1]))
    limit, used = (_lines(f"/sys/fs/cgroup/memory.{name}") for name in ("max", "current"))
    if limit and used and limit[0].isdigit():
        pages = min(pages, int(limit[0]) - int(used[0]))
    return pages


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def check_memory(n: int, d: int, c: int, m: int = 0, limit: float | None = None) -> int:
    """Bytes needed, if there are that many.

    Args:
        n, d, c, m: as for `bytes_needed`.
        limit: GiB allowed; None for what the machine has free.

    Raises:
        ProblemError: with both figures and the largest n that fits, if there is too little.
    """
    need = bytes_needed(n, d, c, m)
    allowed = bytes_available() if limit is None else int(limit * GIB)
    if need <= allowed:
        return need
    low, high = 0, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if bytes_needed(middle, d, c, m) <= allowed else (low, middle)
    found = "free here" if limit is None else "allowed"
    raise ProblemError(
        f"n = {n} samples with {d} features need {need / GIB:.2f} GiB of memory, {allowed / GIB:.2f} GiB are {found}; "
        f"n = {low} would fit"
    )
