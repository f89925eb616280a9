"""The part of a page where a reader's own browser judges a certificate, and how to judge it without a browser."""

import json
from html import escape
from typing import Any

from dufm.verification.site.certificates import Filed

# Every kind, with the function of the scripts that judges it.
KINDS = {
    "point": "check",
    "interval": "check",
    "head": "check",
    "lower": "checkLower",
    "deep": "checkDeep",
    "margin": "checkMargin",
}
# The files it needs, in order.
SCRIPTS = ("exact.js", "reading.js", "checker.js", "lower.js", "deep.js", "margin.js", "recheck.js")


def recheck(filed: Filed, up: str, expect: dict[str, Any] | None = None) -> str:
    """A section with the certificate, editable, a button that judges it, and the command that does so alone.

    Args:
        filed: the certificate.
        up: from the page to the site's folder, "../".
        expect: what it must show on this page, as `checker.check` takes it; None if its own sentence says it.
    """
    told = ""
    if filed.said is not None:
        word, mark = ("accepted", "ok") if filed.said.ok else ("refused", "bad")
        sentence = f'<q class="heard">{escape(filed.said.sentence)}</q>'
        told = f'<p class="verdict {mark}"><b>{filed.program}.py {word} it:</b> {sentence}</p>'
    command = f"python3 -S -I verification/{filed.program}.py {filed.name}.json"
    alone = f'<p>With Python alone, nothing installed: <code class="command">{escape(command)}</code></p>'
    download = f'<a class="button" href="{up}certificates/{filed.name}.json" download>Download</a>'
    bound = escape(json.dumps(expect or {}, separators=(",", ":")))
    return (
        f'<section class="recheck" data-judge="{KINDS[filed.kind]}" data-expect="{bound}">'
        f"<h2>Re-check it yourself</h2>{told}"
        "<p>The button runs a program of its own in this page, in exact integers, on the text in the box. Change a "
        "digit and see it refused.</p>"
        '<p class="buttons"><button type="button" class="check">Re-check here</button>'
        '<button type="button" class="spoil">Spoil a number</button>'
        f'<button type="button" class="restore">Restore</button>{download}</p>'
        '<output class="result" aria-live="polite"></output>'
        "<noscript><p>This needs JavaScript; the command below does not.</p></noscript>"
        f'<label>Certificate, kind {escape(filed.kind)}<textarea spellcheck="false" autocomplete="off" rows="7">'
        f"{escape(filed.text)}</textarea></label>{alone}</section>"
    )
