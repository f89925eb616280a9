"""Claims and commands on rank jumps: statuses are earned, runs are kept and go on, bad input is one clear line."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import dufm.verification.claims.jumps.chains as chains
import dufm.verification.claims.jumps.exact as exact
from dufm.solvers.jumps.chains import ChainSetting, sgd_chains
from dufm.solvers.jumps.experiments import frozen_minimum, strength
from dufm.solvers.jumps.instance import diagonal, instance32
from dufm.solvers.jumps.store import load, same, save
from dufm.theory.derivations.jumps.absorbing import EXAMPLE
from dufm.theory.stated import ProblemError
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.claim import Budget
from dufm.verification.claims.base.verdict import Comparison, Status
from dufm.verification.cli.jumps.commands import commands

SMALL = Budget("test", 1)


def call(*words: str) -> tuple[int, str, BaseException | None]:
    done = CliRunner().invoke(commands, ["jumps", *words])
    return done.exit_code, done.stdout, done.exception


def test_certified_cases_are_exact() -> None:
    claim = next(c for c in exact.JUMPS if c.label == "dyn-jumps-certified")
    verdict = claim.check(SMALL)
    assert verdict.status is Status.CERTIFIED
    assert sum(name.startswith("L = ") for name in verdict.details) == 12
    assert all(c.holds and c.slack == 0 for c in verdict.comparisons)
    assert all(not isinstance(c.found, float) for c in verdict.comparisons)


def test_constants_that_do_not_hold_certify_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    certified = claim_named("dyn-jumps-certified")
    broken = ("spoiled", replace(EXAMPLE, eps=EXAMPLE.eps / 2), EXAMPLE.eta)
    monkeypatch.setattr(exact, "certified_cases", lambda: [broken] * 12)
    assert certified.check(SMALL).status is Status.UNDECIDED
    monkeypatch.setattr(exact, "certified_cases", lambda: [broken])
    assert certified.check(SMALL).status is Status.UNDECIDED


def test_chains_support_and_never_more() -> None:
    held = chains._verdict("seen", [Comparison(1, "<", 2)], {})
    failed = chains._verdict("seen", [Comparison(1, "<", 2), Comparison(float("nan"), "==", 0, what="up")], {})
    assert (held.status, failed.status) == (Status.SUPPORTED, Status.UNDECIDED)
    assert failed.sentence.startswith("not seen: up")
    for label in ("dyn-jumps-landscape", "dyn-jumps-basins", "dyn-jumps-exit-times"):
        claim = next(c for c in chains.JUMPS_CHAINS if c.label == label)
        assert claim.check(SMALL).status is Status.SUPPORTED


def test_landscape_command() -> None:
    code, out, _ = call("landscape", "--ranks", "1,3", "--json")
    minima = json.loads(out)["minima"]
    assert code == 0 and [m["rank"] for m in minima] == [1, 3]
    assert minima[1]["loss"] == pytest.approx(0.196146, abs=1e-5) and not minima[1]["saddle"]
    code, out, _ = call("landscape", "--L", "2", "--ranks", "1")
    assert code == 0 and "Rank 1 is a saddle" in out


def test_chains_are_kept_and_go_on(tmp_path: Path) -> None:
    file = tmp_path / "new" / "run.npz"
    options = [
        "chains",
        "--chains",
        "8",
        "--eta",
        "0.3",
        "--inject",
        "0.01",
        "--jobs",
        "1",
        "--out",
        str(file),
        "--json",
    ]
    code, out, _ = call(*options, "--steps", "1000")
    assert code == 0 and json.loads(out)["steps"] == 1000
    code, out, _ = call(*options, "--steps", "2000", "--resume")
    record = json.loads(out)
    assert code == 0 and record["steps"] == 2000 and record["upward"] == 0
    setting, state = load(file)
    whole = sgd_chains(setting, frozen_minimum(3, 3, 0.96).weights, 2000, chains=8)
    # The command names lambda with fewer digits than the reference strength; the minimum is close, not the same.
    assert setting.lam == pytest.approx(strength(3, 0.96), rel=1e-4)
    assert np.abs(whole.spectra - state.spectra).shape == (5, 8, 6)
    code, _, error = call(*options, "--steps", "2000", "--resume", "--seed", "9")
    assert isinstance(error, ProblemError) and "another setting" in str(error)


def test_a_stopped_run_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import dufm.verification.cli.jumps.chains as command

    def stops(setting, weights, steps, threads, progress, state):
        progress(sgd_chains(setting, weights, setting.checkpoint, state=state))
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "sgd_chains", stops)
    file = tmp_path / "run.npz"
    code, out, _ = call("chains", "--chains", "3", "--out", str(file), "--json")
    assert code != 0 and json.loads(out)["stopped"] and json.loads(out)["steps"] == 500
    assert len(load(file)[1].sigma) == 2


def test_a_run_on_disk_is_the_run(tmp_path: Path) -> None:
    setting = ChainSetting(instance32(), 0.01, 0.1, 50, 4, 1e-3)
    state = sgd_chains(setting, [0.5 * np.eye(6)] * 3, 100, chains=2)
    back, again = load(save(setting, state, tmp_path / "a.npz"))
    assert same(setting, back) and not same(setting, replace(setting, seed=5))
    assert not same(setting, replace(setting, completion=diagonal(6)))
    assert np.array_equal(again.spectra, state.spectra) and np.array_equal(again.draws, state.draws)
    for name, content in (("b.npz", b"nothing"), ("c.npz", None)):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ProblemError, match=name):
            load(tmp_path / name)


def test_certify_and_exit_time_commands() -> None:
    code, out, _ = call("certify", "--lam", "0.12", "--eta", "9.6e-5", "--json")
    record = json.loads(out)
    assert code == 0 and record["found"] and record["entry_steps"] > 100_000
    assert all(not value.startswith("-") for value in record["margins"].values())
    assert call("certify", "--eta", "1")[0] == 1
    code, out, _ = call("exit-time", "--eta", "0.4", "--chains", "100", "--json")
    assert code == 0 and json.loads(out)["exact"] == pytest.approx(327.3, rel=1e-3)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["certify", "--L", "5"], "--L: absorbing sets are derived for L = 3 and 4"),
        (["certify", "--lam", "x"], "--lam must be a finite number"),
        (["certify", "--a", "1", "--instance", "f.json"], "--a and --instance"),
        (["chains", "--rank", "9"], "--rank must be from 1 to 6, got 9"),
        (["chains", "--steps", "10"], "--steps must be at least one --checkpoint"),
        (["chains", "--jobs", "-1"], "--jobs must be"),
        (["chains", "--lam", "0.02"], "has no minimum that was found"),
        (["chains", "--resume", "--out", "missing.npz"], "--resume: the chains file must exist, got 'missing.npz'"),
        (["landscape", "--ranks", "7"], "--ranks must be integers from 0 to 6"),
        (["landscape", "--instance", "missing.json"], "--instance missing.json cannot be read"),
        (["exit-time", "--share", "2"], "share must be between 0 and 1"),
        (["exit-time", "--n", "1"], "--n must be"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_bad_input_is_one_clear_line(words: list[str], told: str) -> None:
    error = call(*words)[2]
    assert isinstance(error, ProblemError) and told in str(error)
