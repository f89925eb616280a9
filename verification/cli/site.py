"""`dufm site`: the web atlas, with a bar while it is built."""

import json
import time
from pathlib import Path

from rich.console import Console

from dufm.verification.cli import options as checked
from dufm.verification.cli.live import live_line
from dufm.verification.site.build import build_site, require_free


def run_site(out: Path, verdicts: Path | None, as_json: bool, console: Console) -> None:
    """Build the site. See `dufm site --help`."""
    require_free(out)
    checked.folder(out)
    began = time.monotonic()
    with live_line("site", 1.0, share=True, left=False, spent=True) as line:

        def progress(words: str, share: float) -> None:
            line.update(words, completed=share)
            line.say(f"{time.monotonic() - began:.0f} s: {words}")

        built = build_site(out, verdicts, progress)
    if as_json:
        told = {"index": str(out / "index.html"), "pages": built.pages, "files": built.files, "bytes": built.size}
        print(json.dumps(told))
        return
    spent = time.monotonic() - began
    words = f"{built.pages} pages, {built.files} files, {built.size / 1e6:.1f} MB in {spent:.0f} s"
    console.print(f"{words}. Open {out / 'index.html'} in a browser.", highlight=False, soft_wrap=True)
