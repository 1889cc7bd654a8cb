"""Other policies on a journal's arrivals, in its calibrated twin, and how sure it is what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.planned import Planned
from agents.reactive import External
from agents.recorded import Recorded
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError
from autoscaling_env.policy import Policy
from autoscaling_env.settings import with_overrides
from experiments.listening import Listener
from experiments.operations.calibration import Twin
from experiments.operations.demand import Counts, ShuffledDemand
from experiments.operations.stretches import Stretch
from experiments.operations.twin import Course, play_in_twin, twin_config
from experiments.planners import HISTORY, trained_planner
from experiments.policies import PLANNER, Setting, find_policy
from simulator.search import VARIANTS

#: Rows of a search, each a farm, times tasks: more would fill the memory.
MOST_SEARCHED = 20_000_000
#: Branches of the beam search and their children, about: see ``simulator.search.hindsight``.
_BEAM_ROWS = 64 * 18
#: Steps of the episodes that a policy may know beforehand, at most and at least.
MOST_PAST, FEWEST_PAST = 2000, 60


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a policy did, a course for each stretch.

    Attributes:
        likely: in the twin as calibrated.
        faster: where all work takes less time, by what is doubted of it.
        slower: where it takes more.
    """

    likely: tuple[Course, ...]
    faster: tuple[Course, ...]
    slower: tuple[Course, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where alternatives are played.

    Attributes:
        twin: calibrated.
        stretches: that are played.
        folder: where a policy that has to be trained leaves its run.
        block_s: seconds of a block of the bootstrap, and of what the past is made of.
        doubt: how wrong the twin's work of tasks may be, relative.
        listener: is told of progress.
    """

    twin: Twin
    stretches: Sequence[Stretch]
    folder: Path
    block_s: float
    doubt: float
    listener: Listener

    def recorded(self) -> Answers:
        """Play the recorded counts."""
        return Answers(*(tuple(twin.recorded(stretch) for stretch in self.stretches) for twin in self._twins()))

    def ask(self, name: str) -> Answers:
        """Play a policy on every stretch; it is made for the twin as calibrated, and does not know what is doubted.

        Raises:
            InputError: there is no such policy, it cannot be loaded, or it cannot be played here.
        """
        return Answers(*zip(*(self._courses(name, stretch) for stretch in self.stretches), strict=True))

    def _twins(self) -> tuple[Twin, Twin, Twin]:
        return self.twin, self.twin.slower(1 - min(self.doubt, 0.9)), self.twin.slower(1 + self.doubt)

    def _courses(self, name: str, stretch: Stretch) -> tuple[Course, Course, Course]:
        likely, *others = self._twins()
        policy = self._policy(name, stretch)
        course = _play(likely, stretch, policy)
        if isinstance(policy, Planned):  # its plan stays what it is
            policy = Recorded({self.twin.seed: course.requested.tolist()})
        faster, slower = (_play(twin, stretch, policy) for twin in others)
        return course, faster, slower

    def _policy(self, name: str, stretch: Stretch) -> Policy:
        demand, config = self.twin.demand(stretch), _config(self.twin, stretch)
        tasks = len(demand.draw(self.twin.seed))
        rows = max(_BEAM_ROWS, VARIANTS, config.farm.max_workers - config.farm.min_workers + 1)
        policy = _made(name, self._setting(config, stretch, tasks))
        if isinstance(policy, Planned) and tasks * rows > MOST_SEARCHED:
            raise InputError(
                f"{name}: {tasks:,} tasks in a row are more than can be searched ({MOST_SEARCHED // rows:,}); "
                "choose a shorter time with --since and --until"
            )
        if isinstance(policy, External):
            raise InputError(f"{name}: whoever else scales cannot be asked; what was recorded is shown instead")
        return policy

    def _setting(self, config: Config, stretch: Stretch, tasks: int) -> Setting:
        """Return what a policy may be made from: the tasks themselves are for hindsight only.

        Whatever is searched, trained or remembered knows blocks of the journal in random order (``ShuffledDemand``).
        """
        twin = self.twin
        counts = [Counts.of(each) for each in self.stretches if each.step_s == stretch.step_s]
        rows = config.farm.max_workers - config.farm.min_workers + 1
        room = int(MOST_SEARCHED / rows / max(tasks / len(stretch), 1e-9))
        steps = max(min(len(stretch), MOST_PAST, room), FEWEST_PAST)
        shuffled = ShuffledDemand("past", counts, twin.calibration.beliefs, steps, self.block_s)
        earlier = with_overrides(config, {"environment.max_steps": steps})
        past = Setting(earlier, shuffled, twin.seed, self.folder, self.listener)
        return Setting(config, twin.demand(stretch), twin.seed, self.folder, self.listener, past)


def _config(twin: Twin, stretch: Stretch) -> Config:
    startups_s = twin.calibration.startups_s
    return twin_config(twin.settings, stretch, twin.demand(stretch), startups_s, recorded=False)


def _play(twin: Twin, stretch: Stretch, policy: Policy) -> Course:
    return play_in_twin(_config(twin, stretch), twin.demand(stretch), policy, twin.seed)


def _made(name: str, setting: Setting) -> Policy:
    """Make a policy; a planner as a controller runs it: for it nothing ends, and what waits too long is late."""
    named = find_policy(name)
    if named.name != PLANNER:
        return named.make(setting)
    config, workload = setting.past.config, setting.past.workload
    return trained_planner(config, workload, setting.training_seeds(HISTORY), max_steps=None, charges_waiting=True)
