"""The page of one certificate that is not of a cell of the atlas."""

from html import escape

from dufm.verification.site.certificates import Filed
from dufm.verification.site.html import Page, facts, link
from dufm.verification.site.recheck import SCRIPTS, recheck
from dufm.verification.site.words import claim_link

# What a kind shows, in a sentence.
SHOWS = {
    "point": "exact weights whose loss at one strength is strictly below collapse's least",
    "interval": "exact weights that stay below collapse on a whole interval of strengths",
    "head": "exact matrices that beat collapse at every strength below x* and every depth from one on",
    "lower": "a number that the loss of no weights, of any width, goes below, at two or three layers",
    "deep": "a number that the loss of no weights, of any width, goes below, at four layers or more",
    "margin": "relu layers whose margins under cross-entropy cost less than collapse pays",
}


def certificate_page(filed: Filed, claims: frozenset[str]) -> Page:
    """The page; links lead one folder up.

    Args:
        filed: the certificate.
        claims: labels of the claims that have a page.
    """
    found_by = ", ".join(f"{key} {value}" for key, value in filed.content.get("found_by", {}).items())
    pairs = [
        ("kind", f"<b>{escape(filed.kind)}</b>: {SHOWS.get(filed.kind, '')}"),
        ("about", escape(filed.about)),
        ("supports", claim_link(filed.claim) if filed.claim in claims else escape(filed.claim)),
        ("in the project", f"<code>{escape(filed.place)}</code>"),
        ("found by", escape(found_by)),
        ("size", f"{len(filed.text)} bytes"),
    ]
    body = (
        f'<p class="crumb">{link("../claims.html", "Claims")}</p><h1>{escape(filed.name)}</h1>'
        f"{facts(pairs)}{recheck(filed, '../')}"
    )
    return Page(f"certificates/{filed.name}.html", f"{filed.name}: certificate", body, "claims.html", SCRIPTS)
