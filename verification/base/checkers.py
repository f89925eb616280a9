"""Which program judges a certificate: of kinds in `OWN` one of their own, of all others `checker`."""

import json
from types import ModuleType

from dufm.verification import checker, deep_checker, lower_checker, margin_checker, symmetric_checker

OWN = {"lower": lower_checker, "deep": deep_checker, "margin": margin_checker, "symmetric": symmetric_checker}


def checker_of(certificate: bytes) -> ModuleType:
    """The module whose `check` and `main` judge it; what is no JSON object goes to `checker`, which refuses it."""
    try:
        content = json.loads(certificate) if len(certificate) <= checker.MAX_BYTES else None
    except (ValueError, RecursionError, MemoryError):
        return checker
    kind = content.get("kind") if isinstance(content, dict) else None
    return OWN.get(kind, checker) if isinstance(kind, str) else checker
