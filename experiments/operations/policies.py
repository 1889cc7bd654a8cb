"""Policies for somebody's queue: any that has a name, and the planner with what is known of the queue's past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.planning.forecast import History, Persistence
from agents.planning.past import Past, SeenTasks
from agents.planning.planner import Effort
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError
from autoscaling_env.policy import Policy
from autoscaling_env.types import Info, Observation
from experiments.environments import load_workload
from experiments.listening import Listener, Silent
from experiments.operations.past import OncePerPeriod, journal_past, recalled
from experiments.operations.queue import simulated
from experiments.planners import drawn_past, planner_of
from experiments.policies import EXTERNAL, PLANNER, RECALLING, Setting, find_policy, make_policy
from operate.config import OperateConfig
from operate.reading import Reading, TargetState
from operate.sight.estimator import Estimator
from operate.sight.watch import Watch
from operate.source import Source

#: What decides on tasks that are given beforehand, or not at all, cannot be asked about a queue.
IMPOSSIBLE = ("hindsight", EXTERNAL)
#: Where nobody knows how many tasks come, policies that are searched in simulation see a farm that is half used.
HALF = 0.5
#: That guess counts as so much of a step that was seen.
GUESSED = 0.1


@dataclass(frozen=True, slots=True)
class Decider:
    """A policy for a queue, and what is to be known of it.

    Attributes:
        name: in records.
        policy: it.
        highest_rate: tasks a second that its history has at most; None: it has none.
        periodic: it begins anew with every period.
    """

    name: str
    policy: Policy
    highest_rate: float | None = None
    periodic: bool = False


class Renewed:
    """A policy that is made anew for every episode: with what is known by then, from where in its period it begins."""

    def __init__(self, make: Callable[[], Policy]) -> None:
        self._make = make
        self._policy: Policy | None = None

    def reset(self) -> None:
        """Make the policy anew."""
        self._policy = self._make()

    def decide(self, observation: Observation, info: Info) -> int:
        """Return what the policy wants."""
        if self._policy is None:
            self.reset()
        assert self._policy is not None  # noqa: S101 - it was just made
        return self._policy.decide(observation, info)

    def explanation(self) -> dict[str, Any] | None:
        """Return why, where the policy can say."""
        explain = getattr(self._policy, "explanation", None)
        told: dict[str, Any] | None = explain() if explain is not None else None
        return told


def fallback_of(config: OperateConfig) -> Decider:
    """Return the rule that decides where the policy cannot.

    Raises:
        InputError: there is none of that name, or it cannot decide about a queue.
    """
    rails = config.guardrails
    return _decider(config, "guardrails.fallback", rails.fallback, rails.fallback_settings, Silent())


def policy_of(
    config: OperateConfig, source: Source, wall: Callable[[], float], listener: Listener | None = None
) -> Decider:
    """Return the policy that a configuration names.

    Args:
        config: names it.
        source: knows what came before.
        wall: seconds since 1970: where in its period a moment lies.
        listener: is told what was found on the way.

    Raises:
        InputError: there is none of that name, or it cannot decide about a queue.
        BackendError: the source cannot say what came before.
    """
    listener, name = listener or Silent(), config.policy.strip()
    file = RECALLING.fullmatch(name)
    if name.lower() != PLANNER and not file:
        if config.recall:
            raise InputError(f"recall: the policy {name} asks for no history; leave it out, or choose planner")
        return _decider(config, "policy", name, config.settings, listener)
    known = Past.load(Path(file[1])) if file else None
    return _planner(config, source, known, wall, listener)


def _planner(
    config: OperateConfig, source: Source, known: Past | None, wall: Callable[[], float], listener: Listener
) -> Decider:
    """Return the planner; its history is a file's, else the source's, else the journal's, else the last minutes."""
    environment = simulated(config, _usual_rate(config), config.settings)
    workload = load_workload(environment, Silent())
    drawn = drawn_past(environment, workload, range(1))  # an hour of them says what work is drawn from
    tasks: SeenTasks | None = (known.tasks if known is not None else None) or drawn.tasks
    effort = Effort(budget_s=config.guardrails.decide_within / 2)
    if known is not None and known.history.step_s != config.interval:
        raise InputError(
            f"policy {config.policy}: its history counts steps of {known.history.step_s:g} s, the interval is "
            f"{config.interval:g} s; make it with --step-duration {config.interval:g}"
        )

    what = "the file's history" if known is not None else "the arrivals of its own journal"
    if known is None and config.recall:
        what = f"what the source remembers of {config.recall:g} s"

    def read() -> History | None:
        if known is not None:
            return known.history
        return recalled(config, source, wall()) if config.recall else journal_past(config)

    history = OncePerPeriod(read, wall, config.period)

    def make() -> Policy:
        past = history()
        begin = int(wall() % config.period // config.interval)
        settings: dict[str, Any] = {"max_steps": None, "begin": begin, "charges_waiting": True}
        if past is None:
            past = drawn.history
            settings["forecaster"] = Persistence(past.mean, weight=GUESSED)
        return planner_of(environment, workload, Past(past, tasks), effort, **settings)

    found = history()
    steps = 0 if found is None else sum(map(len, found.episodes))
    listener.note(
        f"planner: knows {what}, {steps} steps" if steps else "planner: knows no history, foresees what came last"
    )
    highest = max(int(each.max()) for each in found.episodes) / config.interval if found is not None else None
    return Decider(config.policy.strip(), Renewed(make), highest or None, periodic=True)


def _decider(config: OperateConfig, key: str, name: str, settings: dict[str, Any], listener: Listener) -> Decider:
    if name.lower() in IMPOSSIBLE:
        raise InputError(f"{key}: {name} cannot decide about a queue as it runs; choose another policy")
    environment: Config = simulated(config, _usual_rate(config), settings)
    setting = Setting(environment, load_workload(environment, Silent()), 0, config.state, listener)
    return Decider(find_policy(name).name, make_policy(name, setting))


def tried(decider: Decider, config: OperateConfig) -> Decider:
    """Return a policy that has decided once: what cannot decide here says so now, and what compiles has compiled.

    Raises:
        AutoscalingError: it cannot decide about this queue.
    """
    least = config.bounds.min
    state = TargetState(least, least, least)
    sight = Estimator(config.tasks.service_time).update(0.0, Reading(backlog=0.0), state.ready)
    decider.policy.reset()
    decider.policy.decide(*Watch(config).show(sight, state))
    return decider


def _usual_rate(config: OperateConfig) -> float:
    return HALF * config.bounds.max / config.tasks.service_time
