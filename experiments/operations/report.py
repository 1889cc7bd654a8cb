"""What would have happened: a journal's arrivals under other policies, and first whether the twin may be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from analysis.report.counterfactual import write_counterfactual
from autoscaling_env.errors import InputError
from autoscaling_env.files import check_place
from experiments.listening import Listener, Silent
from experiments.operations.alternatives import Answers, Place
from experiments.operations.calibration import calibrated
from experiments.operations.demand import Beliefs
from experiments.operations.fidelity import Limits, fidelity
from experiments.operations.outcomes import Outcome, outcomes
from experiments.operations.played import Played, read_stretches
from experiments.operations.recorded_work import recorded_work
from experiments.operations.report_found import Counterfactual
from experiments.operations.report_page import page_of
from experiments.policies import EXTERNAL, find_policy

#: Who is asked beside the policy of the journal, unless told otherwise.
OTHERS = ("hpa", "keda", "static-best", "hindsight")
#: Seconds of a block of the bootstrap: longer than what waits, and start-ups, reach.
BLOCK_S = 600.0
#: Of fewer blocks an interval says little.
FEW_BLOCKS = 10


@dataclass(slots=True)
class _Asked:
    """Who is played, and what was left out."""

    place: Place
    wanted: bool
    answers: dict[str, Answers] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def ask(self, name: str) -> None:
        """Play a policy; one that nobody asked for is left out where it cannot be played."""
        try:
            self.answers[find_policy(name).name] = self.place.ask(name)
        except InputError as error:
            if self.wanted:
                raise
            self.notes.append(f"left out: {error.problems[0]}")


def counterfactual(
    journal: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    policies: Sequence[str] | None = None,
    variation: float | None = None,
    tasks: Path | None = None,
    limits: Limits | None = None,
    block_s: float = BLOCK_S,
    seed: int = 0,
    output: Path | None = None,
    listener: Listener | None = None,
) -> Counterfactual:
    """Say what happened, how well the twin reproduces it, and what other policies would have come to.

    The twin is calibrated on the first half of each stretch and measured on the second (``journal_calibration``,
    ``journal_fidelity``). Where it is off by more than ``limits`` nothing is said of other policies. How intervals are
    made is said in ``journal_outcomes.outcomes``. The same journal and arguments give the same result.

    Args:
        journal: the folder of a journal, or of a controller's state, or one file.
        since: only records from then on, with a zone.
        until: only records before then, with a zone.
        policies: who is asked, by any name; left out: the journal's own, `hpa`, `keda`, `static-best`
            and `hindsight`, as far as they can be played.
        variation: standard deviation of the work of tasks over its mean, 0-10; left out: what the controller believed.
        tasks: a recording of the queue's tasks, whose work is drawn from; the mean stays the journal's. It takes the
            place of ``variation``.
        limits: how far the twin may be off.
        block_s: seconds of a block of the bootstrap, > 0.
        seed: of all that is drawn, >= 0.
        output: the page; None: none is written.
        listener: is told of progress.

    Raises:
        InputError: there is no journal, it holds nothing that can be played, or a policy that was named cannot be.
        OSError: the page cannot be written.
    """
    listener, limits = listener or Silent(), limits or Limits()
    _check(variation, tasks, block_s, output)
    work_s = None if tasks is None else recorded_work(tasks)
    for name in policies or ():
        find_policy(name)  # before anything is computed
    played = read_stretches(journal, since=since, until=until)
    twin = calibrated(
        played.settings,
        played.stretches,
        Beliefs.of(played.settings, variation, work_s),
        seed,
        lambda done, total: listener.progress("calibrating the twin", done, total),
    )
    courses = tuple(twin.recorded(stretch) for stretch in played.stretches)
    error = fidelity(twin, played.stretches, courses)
    whole = fidelity(twin, played.stretches, courses, learned=True)
    found = Counterfactual(journal, played, twin, courses, error, whole, limits, played.notes, seed)
    if found.trusted:
        doubt = max(twin.calibration.scale_error, 0.0 if np.isnan(error.work_error) else error.work_error)
        place = Place(twin, played.stretches, (output or journal).absolute().parent, block_s, doubt, listener)
        asked = _asked(place, played, policies, listener)
        found = replace(
            found,
            outcomes=tuple(_outcomes(asked, found)),
            courses={name: each.likely for name, each in asked.answers.items()},
            notes=(*played.notes, *asked.notes, *_few_blocks(played, block_s)),
        )
    if output is None:
        return found
    write_counterfactual(page_of(found), output)
    return replace(found, files={"report": output})


def _asked(place: Place, played: Played, policies: Sequence[str] | None, listener: Listener) -> _Asked:
    own = dict.fromkeys(name for name in (played.settings.policy, played.longest.policy) if name not in {"", EXTERNAL})
    names = list(dict.fromkeys(policies if policies is not None else (*own, *OTHERS)))
    asked = _Asked(place, wanted=policies is not None)
    for done, name in enumerate(names):
        listener.progress(f"playing {name}", done, len(names))
        asked.ask(name)
    listener.progress("playing other policies", len(names), len(names))
    return asked


def _outcomes(asked: _Asked, found: Counterfactual) -> list[Outcome]:
    if not asked.answers:
        return []
    rng = np.random.default_rng(found.seed)
    return outcomes(asked.answers, asked.place.recorded(), asked.place, (found.fidelity, found.whole), rng)


def _few_blocks(played: Played, block_s: float) -> list[str]:
    blocks = sum(max(1, int(stretch.duration_s // block_s)) for stretch in played.stretches)
    if blocks >= FEW_BLOCKS:
        return []
    return [f"{blocks} blocks of {block_s:g} s are few: the intervals say little of how it would be another time"]


def _check(variation: float | None, tasks: Path | None, block_s: float, output: Path | None) -> None:
    """Tell what is wrong before anything is computed."""
    if variation is not None and not 0 <= variation <= 10:
        raise InputError(f"--variation {variation:g}: must be from 0 to 10")
    if variation is not None and tasks is not None:
        raise InputError(f"--variation {variation:g}: is told by --tasks {tasks}; leave one of them out")
    if not 0 < block_s < np.inf:
        raise InputError(f"--block {block_s:g}: must be seconds above 0")
    if output is not None:
        check_place(output)


__all__ = ["Counterfactual", "Limits", "counterfactual"]
