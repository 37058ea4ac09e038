"""Write constraints.txt: the exact versions that every extra of the project resolves to now.

Knows nothing of torch's own packages: which build of it is installed differs from
machine to machine, so tools/setup.py pins it and these lines leave it out.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from setup import ROOT, TORCH

LEFT_OUT = re.compile(r"(torch|nvidia-.*|cuda-.*|triton|driftline)")
HEADER = "# Written by `make constraints`; torch is pinned in tools/setup.py.\n"


def main() -> None:
    pins = sorted(f"{name}=={version}" for name, version in resolve().items() if keep(name))
    (ROOT / "constraints.txt").write_text(HEADER + "\n".join(pins) + "\n")
    print(f"constraints.txt pins {len(pins)} packages")


def resolve() -> dict[str, str]:
    """Versions by normalised name, of a resolve that starts from nothing."""
    project = tomllib.loads(Path(ROOT, "pyproject.toml").read_text())["project"]
    everything = f".[{','.join(project['optional-dependencies'])}]"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
    command += ["--ignore-installed", "--report", "-", f"torch=={TORCH}", everything]
    report = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    found = (item["metadata"] for item in json.loads(report)["install"])
    return {re.sub(r"[-_.]+", "-", each["name"]).lower(): each["version"] for each in found}


def keep(name: str) -> bool:
    return LEFT_OUT.fullmatch(name) is None


if __name__ == "__main__":
    main()
