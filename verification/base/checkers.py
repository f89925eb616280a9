"""Which of the two checkers judges a certificate: `lower_checker` those of kind "lower", `checker` all others."""

import json
from types import ModuleType

from dufm.verification import checker, lower_checker


def checker_of(certificate: bytes) -> ModuleType:
    """The module whose `check` and `main` judge it; what is no JSON object goes to `checker`, which refuses it."""
    try:
        content = json.loads(certificate) if len(certificate) <= checker.MAX_BYTES else None
    except (ValueError, RecursionError, MemoryError):
        return checker
    return lower_checker if isinstance(content, dict) and content.get("kind") == "lower" else checker
