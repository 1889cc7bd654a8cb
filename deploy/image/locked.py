"""Prints the lines of a lock file that pin the named packages, with their hashes: ``locked.py LOCK NAME...``

A name that ends in ``.json`` is a report of ``pip install --report``: all packages in it are meant.
"""

import json
import re
import sys
from pathlib import Path


def name_of(entry: str) -> str:
    """Return the package an entry of the lock file pins."""
    return re.split(r"[=\[; ]", entry, maxsplit=1)[0]


def pins(lock: str, names: set[str]) -> list[str]:
    """Return the entries of ``names``; each begins at the margin and goes on while lines are indented."""
    return [entry for entry in re.split(r"^(?=\S)", lock, flags=re.MULTILINE) if name_of(entry) in names]


def meant(words: tuple[str, ...]) -> set[str]:
    """Return package names as lock files write them."""
    reports = [json.loads(Path(word).read_text("utf-8")) for word in words if word.endswith(".json")]
    listed = [each["metadata"]["name"] for report in reports for each in report["install"]]
    named = [word for word in words if not word.endswith(".json")]
    return {re.sub(r"[-_.]+", "-", name).lower() for name in listed + named}


def main(lock: str, *words: str) -> None:
    """Write the pins to standard output, or stop the build."""
    names = meant(words)
    found = pins(Path(lock).read_text("utf-8"), names)
    missing = names - {name_of(entry) for entry in found}
    if missing:
        sys.exit(f"{lock} does not pin {', '.join(sorted(missing))}: run `make lock`")
    print("".join(found), end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
