"""The campaign as a table, and whether what was promised was kept."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.operate_scale_in.campaign import Outcome

HEAD = (
    "| system | workers are set | grace, s | scale-ins | killed | tasks | lost | of them kept back "
    "| begun again | done again | what check names |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|\n"
)
RECOMMENDED, LATE = "recommended", "late"


def kept(outcome: Outcome) -> bool:
    """Return whether the queue's promise was kept as recommended, or else the check says what is wrong.

    Who acknowledges after the work may see a task begun again, and loses none.
    """
    if outcome.variant == RECOMMENDED:
        return not (outcome.lost or outcome.begun_again or outcome.killed or outcome.findings)
    return bool(outcome.findings) and not (outcome.variant == LATE and outcome.lost)


def markdown(outcomes: Sequence[Outcome]) -> str:
    """Return a table."""
    rows = []
    for each in outcomes:
        says = "; ".join(sorted({finding.partition(":")[0] for finding in each.findings})) or "all well"
        rows.append(
            f"| {each.system} | {each.words} | {each.grace_s:g} | {each.scale_ins} | {each.killed} | {each.tasks} "
            f"| {each.lost} | {each.kept_back} | {each.begun_again} | {each.done_again} | {says} |\n"
        )
    return HEAD + "".join(rows)
