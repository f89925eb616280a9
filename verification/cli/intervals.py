"""`dufm intervals`: cover a range of x = K Lambda by lines below DNC, certify it, and say what is not covered."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from dufm.solvers.intervals.intervals import Envelope, Piece, envelope
from dufm.solvers.intervals.options import LEAST_X, EnvelopeOptions
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import collapse_threshold
from dufm.theory.stated import ProblemError, exact_number
from dufm.verification.base.certificate import interval_certificate, write
from dufm.verification.checker import check
from dufm.verification.cli import options as checked
from dufm.verification.cli.live import live_line
from dufm.verification.cli.output import show_table


def x_range(text: str | None) -> tuple[Fraction, Fraction | None]:
    """Read "1e-4:1", "1e-4:" (to the end of the strip above collapse) or None (all of it).

    Raises:
        ProblemError: for anything else.
    """
    if text is None:
        return LEAST_X, None
    first, colon, last = text.partition(":")
    if not colon:
        raise ProblemError(f"--x must be a range such as 1e-4:0.2 or 1e-4: (to where low rank collapses), got {text!r}")
    return exact_number(first, "--x"), exact_number(last, "--x") if last.strip() else None


def run_envelope(K: int, L: int, options: EnvelopeOptions, out: Path, as_json: bool, console: Console) -> int:
    """Cover, certify, re-check, tell; see `dufm intervals --help`.

    Returns:
        1 if a certificate was rejected, else 0.
    """
    checked.integers(0, seed=options.seed)
    checked.integers(1, restarts=options.restarts)
    Problem.of(K, L, 1, options.width)
    checked.folder(out)
    with live_line("covering", max(options.searches * options.restarts, 1)) as line:
        found = envelope(K, L, options, line.update, lambda state: line.update(advance=1))
    files = [_certify(found, i, out) for i in range(len(found.covers))]
    record = _record(found, files)
    if as_json:
        print(json.dumps(record, indent=1))
    else:
        _show(found, record, console)
    return 0 if all(f["accepted"] for f in files) else 1


def _certify(found: Envelope, index: int, out: Path) -> dict[str, Any]:
    cover = found.covers[index]
    rays = {"rays": "; ".join(dict.fromkeys(piece.ray for piece in cover))}
    certificate = interval_certificate(
        found.K, found.L, found.cuts(cover), [piece.weights for piece in cover], "intervals", rays
    )
    name = f"K{found.K}_L{found.L}" + (f"_{index + 1}" if len(found.covers) > 1 else "")
    path = out / f"{name}.json"
    write(certificate, path)
    result = check(path.read_bytes())
    return {"file": str(path), "accepted": result.ok, "sentence": result.sentence}


def _record(found: Envelope, files: list[dict[str, Any]]) -> dict[str, Any]:
    low = int(np.argmin(found.ratios))
    ends = [end for c in found.covers for p in c for end in zip(p.ratios, (p.x_from, p.x_to), strict=True)]
    return {
        "K": found.K,
        "L": found.L,
        "collapse": float(collapse_threshold(found.L)),
        "covers": [
            {"x": [str(c[0].x_from), str(c[-1].x_to)], "pieces": [_piece(p) for p in c], "certificate": f}
            for c, f in zip(found.covers, files, strict=True)
        ],
        "not_covered": [[str(a), str(b)] for a, b in found.gaps],
        "best": {"ratio": float(found.ratios[low]), "x": float(found.x[low])},
        "worst": {"ratio": max(ends)[0], "x": float(max(ends)[1])} if ends else None,
        "rays": [{"name": r.name, "C_over_K": r.cost / found.K, "kappa": r.kappa} for r in found.rays],
        "searched": [{"x": float(x), "seed": seed, "loss": loss} for x, seed, loss in found.searched],
    }


def _piece(piece: Piece) -> dict[str, Any]:
    return {
        "x": [str(piece.x_from), str(piece.x_to)],
        "ray": piece.ray,
        "a": piece.line[0],
        "b": piece.line[1],
        "ratios": list(piece.ratios),
    }


def _show(found: Envelope, record: dict[str, Any], console: Console) -> None:
    title = f"{found.K} classes, {found.L} layers: where low rank is below DNC"
    table = Table(title=title, title_justify="left", pad_edge=False)
    for name in ("x from", "x to", "/ DNC there", "weights"):
        table.add_column(name, justify="left" if name == "weights" else "right", no_wrap=name != "weights")
    for cover in found.covers:
        for p in cover:
            ends = f"{p.ratios[0]:.5f} {p.ratios[1]:.5f}"
            table.add_row(f"{float(p.x_from):.6g}", f"{float(p.x_to):.6g}", ends, p.ray)
        table.add_section()
    if found.covers:
        show_table(console, table)
        best, worst = record["best"], record["worst"]
        console.print(
            f"Loss over DNC's: {best['ratio']:.6f} at best (x = {best['x']:.4g}), certified at most "
            f"{worst['ratio']:.6f} (x = {worst['x']:.4g}).\nDNC is zero from x = {record['collapse']:.6g}.",
            highlight=False,
            soft_wrap=True,
        )
    lines = [f"certified: x = K Lambda in [{float(c[0].x_from):.6g}, {float(c[-1].x_to):.6g}]" for c in found.covers]
    lines += [f"not covered: x in [{float(a):.6g}, {float(b):.6g}]" for a, b in found.gaps]
    for cover in record["covers"]:
        certificate = cover["certificate"]
        word = "accepted" if certificate["accepted"] else "REJECTED"
        lines.append(f"Certificate {certificate['file']}: {word} by checker.py: {certificate['sentence']}")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)
