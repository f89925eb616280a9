"""Ctrl-C: exit code 130, one line that says what was kept, no traceback, and what is said to be kept is there."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dufm.verification.cli.interrupt import ENDING, keeping

# A command that would run for hours, and the file that holds what it keeps once it has begun.
COMMANDS = {
    "search": ("search --K 6 --L 4 --lam 0.002 --restarts 1000000 --out OUT", "K6_L4_d10_seed0.npz"),
    "search-ce": ("search --loss ce --K 5 --L 3 --lam 0.002 --restarts 1000000 --out OUT", "ce_K5_L3_d9_seed0.npz"),
    "map": ("map --K 6:12 --L 4:7 --restarts 100000 --budget 1h --jobs 1 --db OUT/map.db", "map.db"),
    "train": ("train --K 5 --L 3 --lam 0.002 --lr 0.0001 --runs 4 --steps 100000000 --out OUT", "K5_L3_n1_seed0.npz"),
    "rfm": ("rfm --layers 500 --width 128 --n 300 --out OUT", "layers.jsonl"),
    "chains": ("jumps chains --steps 2000000000 --out OUT/chains.npz", "chains.npz"),
    "ce-table": ("ce-table --K 3:60 --L 2 --restarts 40 --out OUT/table.json", "table.json"),
    "verify": ("verify --only two-layers,dyn-gd-* --budget full --jobs 1 --out OUT", "report.json"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_is_one_line_and_code_130(name: str, tmp_path: Path) -> None:
    arguments, file = COMMANDS[name]
    command = [sys.executable, "-m", "dufm", *arguments.replace("OUT", str(tmp_path)).split()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(12)
        assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    last = errors.strip().splitlines()[-1]
    assert process.returncode == 130 and last.startswith("interrupted; "), errors
    assert "Traceback" not in errors
    if "nothing" not in last:
        assert file in last or str(tmp_path) in last
        assert (tmp_path / file).exists()


def test_ctrl_c_while_the_program_loads() -> None:
    with subprocess.Popen([sys.executable, "-m", "dufm", "claims"], stderr=subprocess.PIPE, text=True) as process:
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (
        process.returncode in (130, -signal.SIGINT) and "interrupted" in errors or process.returncode == -signal.SIGINT
    )


SLOW_END = """
import time
from dufm.verification.cli.interrupt import answer_at_once, keeping, pressed
answer_at_once()
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep({seconds})
print(pressed(), flush=True)
"""


@pytest.mark.parametrize(("seconds", "said"), [(4, True), (0, False)])
def test_a_command_that_needs_longer_to_end_says_so_at_once(seconds: int, said: bool) -> None:
    command = [sys.executable, "-c", SLOW_END.format(seconds=seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        shown, errors = process.communicate(timeout=60)
    assert shown == "True\n" and process.returncode == 0
    assert (errors.strip() == ENDING) is said, errors


def test_what_is_kept_is_said_once_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt, match="^$"), keeping("it is in kept", path):
        raise KeyboardInterrupt
    path.touch()
    with pytest.raises(KeyboardInterrupt, match="^it is in kept$"), keeping("it is in kept", path):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt, match="^said inside$"), keeping("it is in kept", path):
        raise KeyboardInterrupt("said inside")
