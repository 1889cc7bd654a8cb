"""One record a tick: what was seen and how fresh, what was decided and by whom, what bent it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from autoscaling_env.reasons import ScaleReason

#: Of a record; a reader refuses a later one.
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Bend:
    """A guardrail that had something to say.

    Attributes:
        guardrail: its name.
        before: workers wanted before it.
        after: workers wanted after it.
        because: one sentence.
    """

    guardrail: str
    before: int
    after: int
    because: str

    def __str__(self) -> str:
        return f"{self.guardrail} {self.before} -> {self.after}: {self.because}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One tick, in what JSON holds.

    Attributes:
        schema: of this record.
        kind: ``tick``; ``start`` and ``end`` of a controller are records with ``remarks`` and no numbers.
        at: wall-clock time, ISO 8601 in UTC.
        operator: which controller.
        tick: number of the tick since the controller's start, from 0; ticks that were skipped are counted.
        time_s: monotonic seconds since the controller's start.
        term: in which it led; None: it did not.
        mode: as configured: ``shadow`` or ``act``.
        acting: it would write what it wants.
        step_s: seconds between ticks.
        skipped: ticks that were skipped since the last record.
        late_s: seconds after its time that the tick began.
        age_s: seconds ago that the readings were true.
        stale: why they are not to be relied on; "".
        seen: backlog, in_flight, arrived, completed (tasks of this tick), done (those that came to what is promised),
            missed (of those), service_s, oldest_s, elapsed_s (since the reading before); None: nobody knows.
        estimated: names in ``seen`` that are estimates.
        remarks: what else happened, a sentence each: resets, jumps, outages, changes by others.
        failed: who did not do what was asked of them: ``source``, ``target``, ``policy``, ``scaler``, ``election``.
        requested: workers wanted in force at the beginning of the tick.
        applied: made by the platform.
        ready: able to take tasks.
        draining: leaving.
        changed_by: who else changed the wanted number; "".
        info: the recorded columns of a step (``autoscaling_env.schema``), as the policy saw them.
        observation: the nine numbers that the policy saw.
        policy: name of the policy.
        proposed: the workers it wanted; None: it had nothing to say.
        decided_by: the policy's name, or the fallback's, or ``hold``.
        because: one sentence why.
        forecast: tasks of the next steps by quantile; None.
        candidates: the best plans that were looked at, best first.
        bends: guardrails that changed what was wanted, in order.
        wanted: workers wanted after all that.
        written: workers that were asked of the platform; None: nothing was written.
        outcome: the reason of the platform's answer (``ScaleReason``) and its details; or why nothing could be written.
        share_met: of all tasks completed in the SLO's window, the share in time; None: none was completed.
        burn: how fast the SLO's budget burns: missed share over the share that may be missed.
        hours_today: worker-hours since midnight UTC.
        policy_ms: what the policy took.
        tick_ms: what all the rest took.
    """

    schema: int = SCHEMA
    kind: str = "tick"
    at: str
    operator: str
    tick: int
    time_s: float
    term: int | None = None
    mode: str = "shadow"
    acting: bool = False
    step_s: float = 0.0
    skipped: int = 0
    late_s: float = 0.0
    age_s: float = 0.0
    stale: str = ""
    seen: Mapping[str, float | None] = field(default_factory=dict)
    estimated: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    requested: int = 0
    applied: int = 0
    ready: int = 0
    draining: int = 0
    changed_by: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)
    observation: tuple[float, ...] = ()
    policy: str = ""
    proposed: int | None = None
    decided_by: str = ""
    because: str = ""
    forecast: Mapping[str, list[float]] | None = None
    candidates: tuple[Mapping[str, Any], ...] = ()
    bends: tuple[Bend, ...] = ()
    wanted: int = 0
    written: int | None = None
    outcome: str = ""
    share_met: float | None = None
    burn: float | None = None
    hours_today: float = 0.0
    policy_ms: float = 0.0
    tick_ms: float = 0.0

    @property
    def refused(self) -> bool:
        """Whether the platform was asked for workers and did nothing."""
        return self.outcome.startswith(ScaleReason.REJECTED)

    @property
    def objection(self) -> str:
        """What the platform said where it did not just do what it was asked for; "": it did, or was not asked."""
        return "" if self.outcome == ScaleReason.OK else self.outcome

    def to_json(self) -> dict[str, Any]:
        """Return it in what JSON holds."""
        return asdict(self)
