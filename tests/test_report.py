"""Reports: on disk after every claim, resumable, and honest about checks that break."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from dufm.verification.claims import claim_named, select
from dufm.verification.claims import entry as report
from dufm.verification.claims import run as runs
from dufm.verification.claims.base.claim import BUDGETS, Budget, Claim, Expected
from dufm.verification.claims.base.verdict import Status, Verdict
from dufm.verification.claims.entry import Entry
from dufm.verification.claims.grid import cell
from dufm.verification.claims.run import run
from dufm.verification.cli.verify import show_claims, show_winners, verify_claims

QUICK = BUDGETS["quick"]


def test_a_run_writes_its_report_and_certificates(tmp_path: Path) -> None:
    seen: list[Entry] = []
    entries = run(select("three-classes,reductions"), QUICK, tmp_path, 2, finished=seen.append)
    assert [e.label for e in entries] == ["reductions", "three-classes"]
    assert {e.label for e in seen} == {e.label for e in entries}
    content = json.loads((tmp_path / "report.json").read_text())
    assert content["budget"] == "quick" and len(content["claims"]) == 2
    name, ok, sentence = entries[1].certificates[0]
    assert ok and "DNC is not optimal for K=3, L >= 4" in sentence and (tmp_path / name).exists()
    assert not list(tmp_path.glob(".*"))


def test_resume_runs_only_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(select("reductions"), QUICK, tmp_path, 1)
    ran: list[str] = []
    checked = report.check_and_file
    monkeypatch.setattr(runs, "check_and_file", lambda label, *more: ran.append(label) or checked(label, *more))
    run(select("reductions,srg-wins"), QUICK, tmp_path, 1, resume=True)
    assert ran == ["srg-wins"]
    ran.clear()
    run(select("reductions"), BUDGETS["full"], tmp_path, 1, resume=True)
    assert ran == ["reductions"]


def test_what_is_kept_is_marked_and_its_certificates_are_checked_again(tmp_path: Path) -> None:
    (first,) = run(select("three-layers"), QUICK, tmp_path, 1)
    (kept,) = run(select("three-layers"), QUICK, tmp_path, 1, resume=True)
    assert not first.kept and kept == replace(first, kept=True)
    file = tmp_path / first.certificates[0][0]
    whole = file.read_text()
    other = json.loads(whole)
    other["problem"]["K"] = 6
    file.write_text(json.dumps(other))
    (again,) = run(select("three-layers"), QUICK, tmp_path, 1, resume=True)
    assert not again.kept and file.read_text() == whole, "a file that is refused makes the claim run again"


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format": 1}', b"[]", b"\xff\xfe"])
def test_a_damaged_report_is_run_again(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "report.json").write_bytes(damage)
    assert run(select("reductions"), QUICK, tmp_path, 1, resume=True)[0].status == "PROVED"


def _run_one(check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: Status = Status.UNDECIDED) -> Entry:
    claim = Claim("made-up", "s", "r", "ours", (), check, Expected(expected))
    monkeypatch.setattr(report, "claim_named", lambda label: claim)
    return run([claim], QUICK, tmp_path, 1)[0]


def test_a_check_that_breaks_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(budget: Budget) -> Verdict:
        raise ZeroDivisionError("oops")

    entry = _run_one(broken, tmp_path, monkeypatch)
    assert entry.bad and entry.status == "UNDECIDED" and "ZeroDivisionError: oops" in entry.sentence


def test_refuted_claims_and_rejected_certificates_fail_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _run_one(lambda budget: Verdict(Status.REFUTED, "no"), tmp_path, monkeypatch).bad
    assert not _run_one(lambda budget: Verdict(Status.UNDECIDED, "no"), tmp_path, monkeypatch).bad
    claimed = Verdict(Status.CERTIFIED, "yes", certificates=({"format": "dufm-certificate"},))
    entry = _run_one(lambda budget: claimed, tmp_path, monkeypatch)
    assert entry.bad and not entry.certificates[0][1]


@pytest.mark.parametrize("status", [Status.CERTIFIED, Status.SUPPORTED, Status.UNDECIDED, Status.REFUTED])
def test_a_claim_weaker_than_it_states_fails_the_run(
    status: Status, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = _run_one(lambda budget: Verdict(status, "w"), tmp_path, monkeypatch, Status.PROVED)
    assert entry.fell and entry.bad and entry.expected == "PROVED"
    assert entry.sound is (status is not Status.REFUTED)
    reached = _run_one(lambda budget: Verdict(status, "w"), tmp_path, monkeypatch, status)
    assert not reached.fell and reached.bad is (status is Status.REFUTED)


def test_a_fall_is_said_in_the_table_and_ends_with_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    claim = claim_named("reductions")
    fallen = replace(claim, work=lambda budget: Verdict(Status.UNDECIDED, "ran out"))
    monkeypatch.setattr(report, "claim_named", lambda label: fallen)
    code = verify_claims("quick", "reductions", tmp_path, 1, False, False, Console(width=200))
    out = capsys.readouterr().out
    assert code == 1
    assert "FELL: PROVED is what this claim states" in out and "this run fails: reductions" in out
    monkeypatch.undo()
    assert verify_claims("quick", "reductions", tmp_path, 1, False, False, Console(width=200)) == 0


def test_cells_take_the_strongest_good_verdict() -> None:
    proved = Entry("three-layers", "PROVED", "PROVED", "", (), (), {})
    certified = Entry("strips", "CERTIFIED", "CERTIFIED", "", (), (), {})
    rejected = Entry("three-layers", "PROVED", "PROVED", "", (), (("f", False, ""),), {})
    assert cell(7, 3, [certified, proved]).status == "PROVED"
    assert cell(7, 3, [rejected]).winner == "" == cell(5, 3, [proved]).winner
    # A whole cell comes before some strengths of it, however these were settled.
    assert cell(6, 3, [certified, proved]).winner == "low rank at some x"
    weaker, stronger = replace(proved, status="CERTIFIED"), replace(certified, label="thresholds", status="PROVED")
    found = cell(7, 3, [weaker, stronger])
    assert (found.winner, found.status) == ("low rank", "CERTIFIED") and cell(7, 3, [stronger]).winner.endswith(
        "some x"
    )
    searched = Entry("two-layers", "SUPPORTED", "SUPPORTED", "", (), (), {})
    assert cell(3, 2, [searched]).winner == "dnc at some x"
    assert cell(5, 2, [searched, replace(proved, label="two-layers-strong")]).winner == "low rank at some x"
    assert cell(7, 3, [proved]).ratio == pytest.approx(0.98497, abs=1e-5)
    assert cell(5, 1, [Entry("one-layer", "PROVED", "PROVED", "", (), (), {})]).winner == "dnc"


def test_the_letter_and_the_line_say_what_is_quoted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _letters(tmp_path, {}) == ("P", False)
    assert _letters(tmp_path, {"quotes": ["AM-GM (Cauchy 1821)"]}) == ("Q", True)
    (entry,) = run(select("two-classes"), QUICK, tmp_path, 1)
    assert "Mirsky (Mirsky 1960)" in entry.quotes and run(select("srg-cost"), QUICK, tmp_path, 1)[0].quotes == ()


def _letters(folder: Path, details: dict[str, list[str]]) -> tuple[str, bool]:
    """The letter at K = 2, L = 2 and whether the table of claims names AM-GM, from this entry alone."""
    entry = Entry("two-classes", "PROVED", "PROVED", "words", (), (), details)
    console = Console(record=True, width=120)
    show_claims([entry], console, None)
    show_winners([entry], console, None)
    text = console.export_text()
    row = next(line for line in text.splitlines() if line.startswith("│ 2 │"))
    return row.split("│")[3].split()[-1], "quotes AM-GM" in text
