"""What may notice a change of a file: derivations and claims that reach it by imports, tests that import it."""

import ast
import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# These list everything: what is imported through them is no dependence of one on another.
REGISTRIES = {"theory/derivations/__init__.py", "verification/claims/__init__.py"}
ROOMS = ("theory", "solvers", "verification")
LISTED = """
import inspect, json
from dufm.theory.derivations import DERIVATIONS
from dufm.theory.proof.derivation import name_of
from dufm.verification.claims import CLAIMS
from dufm.verification.claims.base.claim import Claim

def names(claim):
    for s in claim.rests_on:
        yield from names(s) if isinstance(s, Claim) else (name_of(s),)

print(json.dumps({
    "derivations": {name_of(b): b.__module__ for b in DERIVATIONS},
    "claims": {c.label: sorted(set(names(c))) for c in CLAIMS if c.expected.quick.name in ("PROVED", "CERTIFIED")},
}))
"""


@dataclass(frozen=True)
class Affected:
    """Who may notice: names of derivations, labels of claims, test files, each in the order they are asked."""

    derivations: tuple[str, ...]
    claims: tuple[str, ...]
    tests: tuple[str, ...]


class Graph:
    """The imports of a checkout, read once.

    Args:
        root: of the checkout.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        done = subprocess.run([sys.executable, "-c", LISTED], cwd=root, capture_output=True, text=True, check=True)
        listed = json.loads(done.stdout)
        self._derivations = {name: _file(module) for name, module in listed["derivations"].items()}
        self._claims: dict[str, list[str]] = listed["claims"]
        self._importers: dict[str, set[str]] = defaultdict(set)
        self._tests: dict[str, set[str]] = defaultdict(set)
        self._texts: dict[str, str] = {}
        for path in (p for room in ROOMS for p in sorted((root / room).rglob("*.py"))):
            name = path.relative_to(root).as_posix()
            self._texts[name] = path.read_text()
            if name not in REGISTRIES:
                for used in self._imports(self._texts[name]):
                    self._importers[used].add(name)
        for path in sorted((root / "tests").glob("test_*.py")):
            for used in self._imports(path.read_text()):
                self._tests[used].add(path.relative_to(root).as_posix())

    def _imports(self, text: str) -> set[str]:
        found = set()
        for node in ast.walk(ast.parse(text)):
            names: list[str] = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            found |= {_file(n) for n in names if n.startswith("dufm.")}
        return {name for name in found if (self.root / name).is_file()}

    def of(self, file: str) -> Affected:
        """Who may notice a change of `file`."""
        reached, ahead = {file}, [file]
        while ahead:
            for importer in self._importers[ahead.pop()] - reached:
                reached.add(importer)
                ahead.append(importer)
        derivations = [name for name, path in self._derivations.items() if path in reached]
        derivations.sort(key=lambda name: self._derivations[name] != file)
        texts = [self._texts[path] for path in reached if path.startswith("verification/claims/")]
        claims = [
            label
            for label, names in self._claims.items()
            if set(names) & set(derivations) or any(f'"{label}"' in text for text in texts)
        ]
        stem = Path(file).stem
        tests = sorted(self._tests[file], key=lambda path: (stem not in path, path))
        return Affected(tuple(derivations), tuple(claims), tuple(tests))


def _file(module: str) -> str:
    return module.removeprefix("dufm.").replace(".", "/") + ".py"
