"""Watching a program of its own from a test: its lines of numbers as they come, and whether a process is gone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil


def lines_of(script: Path, path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    command = [sys.executable, str(script), str(path)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        for line in child.stdout:
            yield child, [int(word) for word in line.split()]


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
