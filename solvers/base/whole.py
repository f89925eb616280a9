"""Files that are whole or not there: readers never see half of one, and a full disk leaves the old one in place."""

import os
import uuid
from pathlib import Path


def write_whole(path: str | Path, content: bytes) -> None:
    """Replace `path` by `content` in one step.

    Raises:
        OSError: with a message that names the path, e.g. for a full disk or a folder that is missing or not writable.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror}") from error
    finally:
        # Gone already after a successful replace; a failed or interrupted write must leave nothing behind.
        try:
            part.unlink(missing_ok=True)
        except OSError:
            pass
