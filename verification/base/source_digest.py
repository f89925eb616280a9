"""A hash of the program's sources: results are re-used, and workers trusted, only for the same ones."""

import hashlib

from dufm.solvers.base.shipped import shipped


def source_digest() -> str:
    """A hash of the program and its witnesses: results are re-used only for the same ones."""
    root = shipped("")
    digest = hashlib.sha256()
    for floor in ("theory", "solvers", "verification"):
        for path in sorted([*(root / floor).rglob("*.py"), *(root / floor).rglob("*.json")]):
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
