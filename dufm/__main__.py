"""The command `dufm`, also as `python -m dufm`: loads the program in such a way that Ctrl-C is always one line."""

import _thread
import sys
from typing import Any


def main() -> None:
    """Entry point."""
    sys.unraisablehook = _not_lost
    try:
        from dufm.verification.base.remembered import remember
        from dufm.verification.cli.app import main as program

        remember()
        program()
    except KeyboardInterrupt:
        print("interrupted; nothing had begun", file=sys.stderr)
        sys.exit(130)


def _not_lost(unraisable: Any) -> None:
    # A Ctrl-C that comes while a library cleans up is reported here and would be lost.
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        _thread.interrupt_main()
    else:
        sys.__unraisablehook__(unraisable)


if __name__ == "__main__":
    main()
