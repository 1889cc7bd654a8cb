"""What the counterfactual report found, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from analysis.tables import Row
from experiments.operations.calibration import Twin
from experiments.operations.fidelity import Fidelity, Limits, share_of
from experiments.operations.outcomes import Outcome
from experiments.operations.played import Played
from experiments.operations.report_words import count, known, numbers, off, percent, plain, scaled, shares
from experiments.operations.twin import FEWEST_STARTUPS, Course


@dataclass(frozen=True, slots=True, eq=False)
class Counterfactual:
    """What happened, how well the twin reproduces it, and, if well enough, what else might have.

    Attributes:
        journal: what was read.
        played: what of it could be played.
        twin: calibrated.
        replayed: the recorded counts in the twin, a course for each stretch.
        fidelity: how far they are from what was recorded, on the second halves.
        whole: the same on all of it.
        limits: how far they may be.
        notes: what was left out, a sentence each.
        seed: of all that was drawn.
        outcomes: what other policies come to; none where the twin is not trusted.
        courses: of each of them, one for each stretch.
        files: what was written.
    """

    journal: Path
    played: Played
    twin: Twin
    replayed: tuple[Course, ...]
    fidelity: Fidelity
    whole: Fidelity
    limits: Limits
    notes: tuple[str, ...]
    seed: int
    outcomes: tuple[Outcome, ...] = ()
    courses: Mapping[str, Sequence[Course]] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def objections(self) -> tuple[str, ...]:
        """Why nothing may be concluded from the twin."""
        return self.fidelity.objections(self.limits)

    @property
    def trusted(self) -> bool:
        """Whether the twin reproduces what happened well enough to be asked what else might have."""
        return not self.objections

    @property
    def verdict(self) -> str:
        """The same in a sentence."""
        if self.trusted:
            return "The twin reproduces what happened well enough to be asked what else might have."
        return "The twin does not reproduce what happened: nothing is said of other policies."

    def happened(self) -> dict[str, Any]:
        """Return what was recorded: plain numbers; None where nobody knew."""
        stretches, objective = self.played.stretches, self.played.settings.objective
        completed, missed, backlog = (
            np.concatenate([getattr(stretch, name) for stretch in stretches])
            for name in ("completed", "missed", "backlog")
        )
        hours = sum(float(stretch.requested.sum()) * stretch.step_s for stretch in stretches) / 3600
        return {
            "from": stretches[0].first.at.isoformat(),
            "to": stretches[-1].ends.isoformat(),
            "stretches": len(stretches),
            "seconds": sum(stretch.duration_s for stretch in stretches),
            "tasks": round(sum(float(stretch.arrived.sum()) for stretch in stretches)),
            "promised": "finished" if objective.finish_within is not None else "started",
            "within_s": objective.within_s,
            "promised_share": objective.share,
            "share": known(share_of(completed, missed)),
            "mean_backlog": float(np.nanmean(backlog)),
            "worker_hours": hours,
            "money": hours * objective.cost_per_worker_hour,
            "policy": self.played.longest.policy,
        }

    def calibration(self) -> dict[str, Any]:
        """Return what was calibrated on the first halves."""
        startups = self.twin.calibration.startups_s
        seen = len(startups) >= FEWEST_STARTUPS
        beliefs = self.twin.calibration.beliefs
        return {
            "service_scale": beliefs.scale,
            "service_scale_error": self.twin.calibration.scale_error,
            "variation": beliefs.variation,
            "startups_seen": len(startups),
            "startup_s": float(np.mean(startups)) if seen else self.played.settings.workers.startup_time,
        }

    def facts(self) -> dict[str, str]:
        """Return what was recorded as people read it."""
        happened, stretches = self.happened(), len(self.played.stretches)
        share = "nobody knew" if happened["share"] is None else f"{happened['share']:.2%}"
        return {
            "Promised": f"{happened['promised_share']:.2%} of the tasks {happened['promised']} within "
            f"{happened['within_s']:g} s",
            "In time": share,
            "Tasks waiting, mean": f"{happened['mean_backlog']:,.1f}",
            "Worker-hours": f"{happened['worker_hours']:,.2f}",
            "Money": f"{happened['money']:,.2f}",
            "Who decided, or was only asked": happened["policy"] or "-",
            "Played": f"{happened['seconds']:,.0f} s in {stretches} stretch{'es' * (stretches != 1)}",
        }

    def calibrated(self) -> dict[str, str]:
        """Return what was calibrated as people read it."""
        known = self.calibration()
        seen = f"{known['startups_seen']} were seen" if known["startups_seen"] else "none was seen"
        return {
            "Factor on the recorded service times": f"{known['service_scale']:.2f} ± "
            f"{known['service_scale_error']:.0%}",
            "Start-up of a worker, mean": f"{known['startup_s']:.1f} s ({seen})",
        }

    def fidelity_rows(self) -> list[Row]:
        """Return one row per figure: recorded, in the twin, how far off and how far it may be."""
        found, limits = self.fidelity, self.limits
        wait = f"{found.backlog_error:,.1f} tasks, {found.backlog_relative:.0%}, or {found.wait_error_s:,.1f} s"
        most = f"{limits.backlog:.0%}, or {limits.wait * found.within_s:,.1f} s"
        points = "-" if np.isnan(found.share_error) else f"{found.share_error:.1f} points"
        rows = [
            ("tasks waiting, mean", *(f"{value:,.1f}" for value in found.backlog), wait, most),
            ("share in time", *map(percent, found.share), points, f"{limits.share:g} points"),
            ("worker-hours in force", *(f"{each:,.2f}" for each in found.hours), *off(found.hours, limits.hours)),
            ("worker-hours ready", *(f"{x:,.2f}" for x in found.ready_hours), *off(found.ready_hours, limits.hours)),
            ("tasks in hands, mean", *map(count, found.in_flight), *off(found.in_flight, limits.work)),
        ]
        return [dict(zip(("What", "Recorded", "Twin", "Error", "Limit"), row, strict=True)) for row in rows]

    def outcome_rows(self) -> list[Row]:
        """Return one row per policy, the recorded counts first, as the twin plays them."""
        return [
            {
                "Policy": each.policy,
                "In time": shares(each.share),
                "Worker-hours": numbers(each.hours, 2),
                "Money": numbers(each.money, 2),
                "In time, points gained": numbers(scaled(each.share_gain, 100), 1, "+"),
                "Worker-hours, change": f"{numbers(scaled(each.hours_gain, 100), 1, '+')} %",
            }
            for each in self.outcomes
        ]

    def tables(self) -> dict[str, list[Row]]:
        """Return printable rows by title: what happened, the twin's error, and only then the others."""
        happened = self.happened()
        span = f"from {happened['from'][:16]} to {happened['to'][:16]} UTC, {happened['tasks']:,} tasks"
        facts = {"When": span, **self.facts(), **self.calibrated()}
        rows = [{"What": name, "Value": value} for name, value in facts.items()]
        said = [{"Verdict": line} for line in (self.verdict, *self.objections)]
        found = {
            "what happened": rows,
            "to be known": [{"Note": note} for note in self.notes],
            "how well the twin reproduces it": self.fidelity_rows(),
            "may it be asked?": said,
            "the same arrivals under other policies, in the twin [95 % interval]": self.outcome_rows(),
        }
        return {title: rows for title, rows in found.items() if rows}

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints; None where there is no number."""
        errors = ("backlog_relative", "wait_error_s", "share_error", "hours_error", "work_error")
        found = asdict(self.fidelity) | {name: getattr(self.fidelity, name) for name in errors}
        return {
            "happened": self.happened(),
            "calibration": self.calibration(),
            "fidelity": plain(found),
            "fidelity_of_all": plain(asdict(self.whole)),
            "limits": asdict(self.limits),
            "trusted": self.trusted,
            "objections": list(self.objections),
            "policies": {each.policy: plain(_without_name(each)) for each in self.outcomes},
            "notes": list(self.notes),
            "seed": self.seed,
            "files": {name: str(path) for name, path in self.files.items()},
        }


def _without_name(outcome: Outcome) -> dict[str, Any]:
    return {name: value for name, value in asdict(outcome).items() if name != "policy"}
