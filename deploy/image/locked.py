"""Prints the lines of a lock file that pin the named packages, with their hashes: ``locked.py LOCK NAME...``"""

import re
import sys
from pathlib import Path


def pins(lock: str, names: set[str]) -> list[str]:
    """Return the entries of ``names``; each begins at the margin and goes on while lines are indented."""
    entries = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    return [entry for entry in entries if re.split(r"[=\[; ]", entry, maxsplit=1)[0] in names]


def main(lock: str, *names: str) -> None:
    """Write the pins to standard output, or stop the build."""
    found = pins(Path(lock).read_text("utf-8"), set(names))
    missing = set(names) - {re.split(r"[=\[; ]", entry, maxsplit=1)[0] for entry in found}
    if missing:
        sys.exit(f"{lock} does not pin {', '.join(sorted(missing))}: run `make lock`")
    print("".join(found), end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
