"""`dufm claims`: every claim with its regime, its source and what it rests on."""

import json

from rich.console import Console

from dufm.verification.claims import CLAIMS
from dufm.verification.claims.base.claim import BUDGETS, Claim, Support, support_name


def claims_table(console: Console, as_json: bool) -> None:
    """Every registered claim."""
    if as_json:
        print(json.dumps([_as_record(c) for c in CLAIMS], indent=1))
        return
    for c in CLAIMS:
        names_of = ", ".join(map(_support_words, c.rests_on))
        rests = f"; rests on {names_of}" if names_of else ""
        full = c.expected.at(BUDGETS["full"]).name
        quick = c.expected.at(BUDGETS["quick"]).name
        stated = quick if quick == full else f"{quick} at budget quick, {full} at full"
        console.print(f"[bold]{c.label}[/bold]  {c.statement}", highlight=False)
        console.print(f"    {c.regime}. Source: {c.source}{rests}. States: {stated}", highlight=False, style="dim")


def _as_record(claim: Claim) -> dict[str, object]:
    record: dict[str, object] = {f: str(getattr(claim, f)) for f in ("label", "statement", "regime", "source")}
    record["rests_on"] = [
        {"kind": "claim" if isinstance(s, Claim) else "derivation", "name": support_name(s)} for s in claim.rests_on
    ]
    return record | {"expected": {name: claim.expected.at(budget).name for name, budget in BUDGETS.items()}}


def _support_words(support: Support) -> str:
    return f"{'claim' if isinstance(support, Claim) else 'derivation'} {support_name(support)}"
