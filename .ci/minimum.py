"""Print the least versions that pyproject.toml states, as pip requirements (requirements-minimum.txt)."""

import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
TESTING = ("pytest", "pytest-xdist", "hypothesis")

for requirement in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]:
    name, _, least = requirement.partition(">=")
    if requirement in PROJECT["dependencies"] or name in TESTING:
        print(f"{name}=={least}")
