"""The pages of claims: the list, and one a claim with its status, its derivations and its certificates."""

from html import escape

from dufm.verification.base.source_digest import source_digest
from dufm.verification.claims import CLAIMS
from dufm.verification.claims.base.claim import BUDGETS, Claim
from dufm.verification.claims.base.verdict import Status
from dufm.verification.site.certificates import Filed
from dufm.verification.site.derived import DerivedPage, derivation_link
from dufm.verification.site.gather import Content, derivations_of
from dufm.verification.site.html import Page, facts, link, listed
from dufm.verification.site.mathml import sentence
from dufm.verification.site.words import claim_link

NOT_RUN = "not run"


def status_of(claim: Claim, content: Content) -> str:
    """What it came to in the report, or that it was not run."""
    told = content.report.claims.get(claim.label) if content.report else None
    return NOT_RUN if told is None else told.status


def status_mark(status: str) -> str:
    """A status as a word in a frame."""
    return f'<span class="status {status.lower().replace(" ", "-")}">{escape(status)}</span>'


def claims_page(content: Content) -> Page:
    """The list of all claims; a box narrows it."""
    items = []
    for claim in CLAIMS:
        status = status_of(claim, content)
        items.append(
            f'<li data-words="{escape(f"{claim.label} {claim.statement} {status}".lower())}"><div>'
            f"{claim_link(claim.label, '')} {status_mark(status) * (content.report is not None)}</div>"
            f'<p class="said">{sentence(claim.statement)}</p></li>'
        )
    if content.report is None:
        how = (
            "This site was built without a run of the claims, so no status is shown: "
            "<code>dufm verify</code> runs them, <code>dufm site --verdicts out/verify/report.json</code> shows them."
        )
    else:
        how = f"Statuses are those of a run at budget {escape(content.report.budget)}."
        if content.report.program != source_digest():
            how += " <b>That run was made by another version of the program.</b>"
    derived = (f"{derivation_link(page.name, '')} {escape(page.title)}" for page in content.derivations.values())
    meanings = facts((status_mark(status.name), escape(status.value)) for status in Status)
    body = (
        f'<h1>{len(CLAIMS)} claims</h1><p class="lead">Every statement of the project that a machine checks, with what '
        f"it rests on. {how}</p><details><summary>What the statuses mean</summary>{meanings}</details>"
        '<p class="filter"><label>Narrow the list <input type="search" id="filter" autocomplete="off"></label> '
        '<output id="count"></output></p>'
        f'<ul class="claims">{"".join(items)}</ul>'
        f"<section><h2>{len(content.derivations)} derivations</h2>{listed(derived, 'plain')}</section>"
    )
    return Page("claims.html", "Claims", body, "claims.html", ("filter.js",))


def claim_page(claim: Claim, content: Content) -> Page:
    """One claim; links lead one folder up."""
    status = status_of(claim, content)
    told = content.report.claims.get(claim.label) if content.report else None
    quick, full = (claim.expected.at(BUDGETS[name]).name for name in ("quick", "full"))
    derivations = [content.derivations[name] for name in derivations_of(claim)]
    claims = [support.label for support in claim.rests_on if isinstance(support, Claim)]
    above = [other.label for other in content.supported_by(claim.label)]
    pairs = [
        ("where", sentence(str(claim.regime))),
        ("source", sentence(claim.source)),
        ("must reach", quick if quick == full else f"{quick}; at the full budget {full}"),
        ("rests on claims", ", ".join(map(claim_link, claims))),
        ("rests on derivations", ", ".join(derivation_link(page.name) for page in derivations)),
        ("used by", ", ".join(map(claim_link, above))),
    ]
    parts = [
        f'<p class="crumb">{link("../claims.html", "Claims")}</p><h1>{escape(claim.label)} {status_mark(status)}</h1>',
        f'<p class="lead said">{sentence(claim.statement)}</p>',
        facts(pairs),
    ]
    if told is not None:
        numbers = listed((f"<code>{escape(line)}</code>" for line in told.comparisons), "plain")
        more = f"<details><summary>{len(told.comparisons)} comparisons</summary>{numbers}</details>" * bool(
            told.comparisons
        )
        parts.append(f"<section><h2>What the run showed</h2><p>{escape(told.sentence)}</p>{more}</section>")
    parts += [_derivation(page, len(derivations) == 1) for page in derivations]
    parts.append(_certificates(claim, content))
    command = f"dufm verify --only {claim.label}"
    parts.append(f'<section><h2>Run it</h2><p><code class="command">{escape(command)}</code></p></section>')
    return Page(f"claims/{claim.label}.html", f"{claim.label}: claim", "\n".join(parts), "claims.html")


def _derivation(page: DerivedPage, unfolded: bool) -> str:
    state = " open" if unfolded else ""
    return (
        f'<section><details class="derivation"{state}><summary><h2>{sentence(page.title)}</h2> '
        f"<small>{page.count} steps: {escape(page.held)}</small></summary>"
        f'<p class="states said">{sentence(page.states)}</p>{page.steps}</details></section>'
    )


def _certificates(claim: Claim, content: Content) -> str:
    own = [filed for filed in content.certificates if filed.claim == claim.label]
    if not own:
        return ""
    items = (f"{link(f'../certificates/{filed.name}.html', filed.name)} {filed.kind}, {_about(filed)}" for filed in own)
    many = f"{len(own)} certificate{'s' * (len(own) > 1)}"
    return f"<section><h2>{many}</h2>{listed(items, 'plain columns')}</section>"


def _about(filed: Filed) -> str:
    return escape(filed.about)


def derivation_page(page: DerivedPage, content: Content) -> Page:
    """One derivation; links lead one folder up."""
    users = [claim.label for claim in content.supported_by(page.name)]
    others = [other.name for other in content.derivations.values() if page.name in other.uses]
    pairs = [
        ("source", sentence(page.source)),
        ("uses", ", ".join(map(derivation_link, page.uses))),
        ("used by derivations", ", ".join(map(derivation_link, others))),
        ("used by claims", ", ".join(map(claim_link, users))),
    ]
    body = (
        f'<p class="crumb">{link("../claims.html", "Claims")}</p><h1>{sentence(page.title)}</h1>'
        f'<p class="lead said">{sentence(page.states)}</p>{facts(pairs)}<section><h2>Steps</h2>{page.steps}'
        f'<p><b class="{"ok" if page.proved else "bad"}">{escape(page.held)}</b></p></section>'
        f'<section><h2>Run it</h2><p><code class="command">dufm derive {page.name}</code></p></section>'
    )
    return Page(f"derivations/{page.name}.html", f"{page.name}: derivation", body, "claims.html")
