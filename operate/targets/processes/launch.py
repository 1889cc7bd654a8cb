"""Becomes a worker that cannot outlive the pool that started it, whatever kills that. Run by the pool.

The kernel kills it with its parent (Linux); it stays so when this program becomes another. Elsewhere a worker outlives
a pool that was killed, and ends with one that was closed.
"""

from __future__ import annotations

import os
import sys

from live.functions.lifeline import die_with


def main() -> None:
    """Become the command after the parent's process id."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        die_with(int(parent))
    try:
        os.execvp(command[0], command)  # noqa: S606 - the command is the user's own
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
