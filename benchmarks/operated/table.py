"""What came of trials, as a table of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEAD = (
    "queue", "who scales", "in time", "response, median / 95 / 99 %", "worker-hours wanted (of all pods)",
    "most; changes", "sent / done / lost / twice",
)  # fmt: skip
WHO = {"shadow": "KEDA", "act": "`operate`"}


def markdown(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return two rows for each system, and what the report predicted between them."""
    rows = [_row(system, who, result[episode]) for system, result in found.items() for episode, who in WHO.items()]
    head = f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}\n"
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(system: str, who: str, episode: Mapping[str, Any]) -> tuple[str, ...]:
    true, books = episode["true"], episode["books"]
    response = " / ".join(f"{true['response_s'][name]:.1f}" for name in ("p50", "p95", "p99"))
    return (
        system,
        who,
        f"{100 * true['in_time'] * books['done'] / books['sent']:.1f} %",
        f"{response} s",
        f"{true['worker_hours_wanted']:.2f} ({true['worker_hours_of_pods']:.2f})",
        f"{true['most_wanted']}; {true['changes']}",
        f"{books['sent']:,} / {books['done']:,} / {books['lost']} / {books['done_twice']}",
    )
