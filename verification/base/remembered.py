"""What claims came to in earlier commands of this very program, so that commands that only read answer at once.

Everything is filed under a digest of all sources, all shipped data and the versions of what computes: after any edit
nothing is found. `dufm verify` and `dufm check` never ask here. A folder that cannot be read or written, or a damaged
file, only means that it is found anew.
"""

import hashlib
import json
import platform
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from dufm.solvers.base.cache_folder import cache_folder
from dufm.solvers.base.shipped import shipped
from dufm.solvers.base.whole import write_whole
from dufm.verification.base.source_digest import source_digest

# So many programs are remembered; the rest of the folder's files, those not used for longest, are removed.
MOST = 6
COMPUTES = ("numpy", "scipy", "sympy", "python-flint", "mpmath")
_asked: list[bool] = []


def remember() -> None:
    """From now on this process keeps what it finds, and believes what this very program found earlier."""
    _asked.append(True)


def remembered(what: str, known: Collection[str], find: Callable[[], str]) -> str:
    """What `find` returns, or returned in an earlier command.

    Args:
        what: a name for it.
        known: what it may be; anything else in the file is found anew.
        find: finds it.
    """
    if not _asked:
        return find()
    path = _file()
    earlier = _read(path).get(what)
    if earlier is not None and earlier in known:
        return earlier
    found = find()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(_read(path) | {what: found}, indent=1, sort_keys=True).encode())
        _forget(path)
    return found


@cache
def _file() -> Path:
    digest = hashlib.sha256(repr((source_digest(), platform.python_version(), *map(version, COMPUTES))).encode())
    for path in sorted(shipped("atlas").rglob("*.json")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return cache_folder("claims") / f"{digest.hexdigest()[:32]}.json"


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) and all(isinstance(v, str) for v in content.values()) else {}


def _forget(path: Path) -> None:
    files = sorted(path.parent.glob("*.json"), key=lambda file: (file == path, file.stat().st_mtime))
    for file in files[:-MOST]:
        file.unlink()
