"""Are the packages those that were chosen, and is anything known against them? `make audit`, or `python -m tests.audit`.

Held first, without any network: every requirement has an exact version, and that version is installed. Then pip-audit asks
PyPI's and OSV's lists of known vulnerabilities. Where neither can be reached it says so in one line and ends with 3: nothing
was found then, because nothing could be asked.
"""

import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from core.basics.files import ROOT

FILES = (
    "requirements.txt",
    "requirements-export.txt",
    "requirements-cluster.txt",
    "requirements-test.txt",
    "requirements-audit.txt",
)
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([0-9][A-Za-z0-9.+!]*)")
SERVICES = ("pypi", "osv")


def pins(path: Path) -> dict[str, str]:
    """Version by name of every requirement in a file. Raises ValueError for a line without an exact version."""
    found = {}
    for line in path.read_text("utf-8").splitlines():
        line = line.split("#")[0].strip()
        if not line or line.startswith("-r "):
            continue
        match = _PIN.fullmatch(line)
        if not match:
            raise ValueError(f"{path.name}: {line!r} has no exact version; write NAME==VERSION.")
        found[match[1].lower()] = match[2]
    return found


def strangers(wanted: dict[str, str]) -> list[str]:
    """A line for each package that is installed in another version than the one that was chosen, or not at all."""
    lines = []
    for name, version in wanted.items():
        try:
            there = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            lines.append(f"{name} {version} is not installed.")
            continue
        if there.split("+")[0] != version:  # what follows a + says how it was built
            lines.append(f"{name} is installed as {there}; {version} was chosen.")
    return lines


def installed() -> dict[str, str]:
    """Version by name of everything that is installed, without what says how it was built."""
    every = importlib.metadata.distributions()
    return {one.metadata["Name"].lower(): one.version.split("+")[0] for one in every if one.metadata["Name"]}


def ask(service: str, listed: Path) -> dict[str, list[str]] | None:
    """What is known against each package in a requirements file; None when nobody answers. One that the service does not
    know is left out: pip-audit itself calls that fine."""
    options = [
        "--no-deps",
        "--disable-pip",
        "-s",
        service,
        "-f",
        "json",
        "--progress-spinner",
        "off",
        "--timeout",
        "15",
    ]
    command = [sys.executable, "-m", "pip_audit", "-r", str(listed), *options]
    asked = subprocess.run(command, capture_output=True, text=True)
    try:
        packages = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    return {one["name"].lower(): [each["id"] for each in one["vulns"]] for one in packages if "vulns" in one}


def main() -> int:
    """0 when nothing is known against any package, 1 when something is, 3 when nobody could be asked."""
    wanted = {name: version for file in FILES for name, version in pins(ROOT / file).items()}
    for line in (different := strangers(wanted)):
        print(f"misfit: {line}")
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "installed.txt"
        listed.write_text("".join(f"{name}=={version}\n" for name, version in installed().items()))
        for service in SERVICES:
            answer = ask(service, listed)
            if answer is None or not set(wanted) <= set(answer):
                continue  # not reached, or it does not know what it was asked about
            against = {name: found for name, found in answer.items() if found}
            for name, found in against.items():
                print(f"misfit: {name} {', '.join(found)}")
            print(f"{len(answer)} packages were asked about ({service}); something is known against {len(against)}.")
            return 1 if against or different else 0
    print(
        f"misfit: the {len(wanted)} chosen packages could not be checked for known vulnerabilities: neither PyPI's nor OSV's "
        "list can be reached from here."
    )
    return 1 if different else 3


if __name__ == "__main__":
    sys.exit(main())
