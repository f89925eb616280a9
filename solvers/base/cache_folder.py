"""Where the program keeps what it can find again: the user's folder for caches, by the custom of each system."""

import os
import sys
from pathlib import Path


def cache_folder(name: str) -> Path:
    """The folder `dufm/name` of the user's caches; it may not exist yet."""
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or home / ".cache"
    return Path(base) / "dufm" / name
