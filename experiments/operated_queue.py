"""Somebody's queue in the simulator's terms: its configuration, the price of a late task, and policies for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.planning.forecast.history import History
from agents.planning.past import Past
from agents.planning.planner import Effort
from autoscaling_env.config import Config, load_config
from autoscaling_env.config.loading import assigned, layer, read_source, validated
from autoscaling_env.config.problems import Source as Layer
from autoscaling_env.errors import InputError
from autoscaling_env.policy import Policy
from autoscaling_env.types import Info, Observation
from experiments.environments import load_workload
from experiments.listening import Listener, Silent
from experiments.planners import REMEMBERED, drawn_past, planner_of
from experiments.policies import EXTERNAL, PLANNER, RECALLING, Setting, find_policy, make_policy
from operate.config import OperateConfig, operate_model
from operate.source import Recalls, Source

#: Simulated episodes of a queue take so long; only policies that are searched or trained need them.
EPISODE_S = 3600.0
#: What decides on tasks that are given beforehand, or not at all, cannot be asked about a queue.
IMPOSSIBLE = ("hindsight", EXTERNAL)


def operate_config(file: Path | Layer, assignments: Sequence[str] = ()) -> OperateConfig:
    """Return the configuration of a controller.

    Raises:
        ConfigError: every problem found, one line each.
    """
    source = file if isinstance(file, Layer) else read_source(file)
    return validated(operate_model(), [source, *assigned(assignments)])


def price_of_a_miss(config: OperateConfig) -> float:
    """Return what a late task costs, so that keeping the promise is what pays.

    The share that is promised is the newsvendor's critical ratio: with a price of u for a task too late and o for the
    worker-time that a task takes, it pays to be ready for a share of u / (u + o) of what may come (Arrow, Harris and
    Marschak, "Optimal Inventory Policy", 1951); so u = o x share / (1 - share).
    """
    share = config.objective.share
    return config.tasks.service_time * worker_second(config) * share / (1 - share)


def worker_second(config: OperateConfig) -> float:
    """Return what a worker costs for a second; where workers cost nothing, a decision still needs their ratio."""
    return (config.objective.cost_per_worker_hour or 1.0) / 3600


def simulated(config: OperateConfig, rate: float, settings: dict[str, Any] | None = None) -> Config:
    """Return the simulator's configuration of a queue to which ``rate`` tasks a second come.

    Raises:
        ConfigError: what is wrong with ``settings``, values of that configuration by dotted keys.
    """
    bounds, objective, service_s = config.bounds, config.objective, config.tasks.service_time
    deadline_s = objective.within_s + (service_s if objective.start_within is not None else 0.0)
    derived = {
        "farm.min_workers": bounds.min,
        "farm.max_workers": bounds.max,
        "farm.initial_workers": min(max(1, bounds.min), bounds.max),
        "farm.pickup": _spread(0.0, 0.0),
        "farm.startup": _spread(config.workers.startup_time, 0.25),
        "workload": {
            "kind": "phases",
            "name": "operated",
            "base_rate_per_min": 60.0,
            "phases": [
                {
                    "pattern": "steady",
                    "duration_s": EPISODE_S,
                    "rate": rate,
                    "arrivals": {"kind": "poisson"},
                }
            ],
            "service": {"distribution": _spread(service_s, config.tasks.variation)},
            "deadline": {"coefficient": 1.0, "floor_s": deadline_s, "cap_s": deadline_s},
        },
        "environment.step_duration_s": config.interval,
        "environment.observation_window_s": config.observation_window,
        "environment.max_steps": max(1, round(EPISODE_S / config.interval)),
        "environment.action": "target",
        "reward.objective": "cost",
        "reward.target_qos": objective.share,
        "reward.worker_second_price": worker_second(config),
        "reward.missed_deadline_price": price_of_a_miss(config),
    }
    known = [layer("operate", key, value) for key, value in derived.items()]
    given = [layer(f"settings {key}", key, value) for key, value in (settings or {}).items()]
    return load_config(*known, *given)


def _spread(mean_s: float, variation: float) -> dict[str, Any]:
    """Return a distribution with this mean and ratio of standard deviation to it."""
    if mean_s == 0 or variation == 0:
        return {"kind": "constant", "value_s": mean_s}
    return {"kind": "gamma", "shape": 1 / variation**2, "mean_s": mean_s}


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
    """A policy that is made anew for every episode: with the history of that day, from where the day begins."""

    def __init__(self, make: Callable[[], Policy]) -> None:
        self._make = make
        self._policy = make()

    def reset(self) -> None:
        """Make the policy anew."""
        self._policy = self._make()
        self._policy.reset()

    def decide(self, observation: Observation, info: Info) -> int:
        """Return what the policy wants."""
        return self._policy.decide(observation, info)

    def explanation(self) -> dict[str, Any] | None:
        """Return why, where the policy can say."""
        explain = getattr(self._policy, "explanation", None)
        told: dict[str, Any] | None = explain() if explain is not None else None
        return told


def recalled(config: OperateConfig, source: Source, wall_s: float) -> History | None:
    """Return the arrivals that the source remembers, cut into periods; None: none are asked for, or it cannot tell.

    Raises:
        BackendError: they cannot be read.
        InputError: the source cannot know them.
    """
    if not config.recall:
        return None
    if not isinstance(source, Recalls):
        raise InputError(f"recall: {source.described} does not know what came before; leave it out")
    step_s = config.interval
    counts = source.past(step_s, config.recall)
    if not len(counts):
        return None
    period = max(1, round(config.period / step_s))
    offset = int((wall_s - len(counts) * step_s) % config.period // step_s) % period
    return History(step_s, (counts,), period, (offset,))


def fallback_of(config: OperateConfig, rate: float) -> Decider:
    """Return the rule that decides where the policy cannot.

    Raises:
        InputError: there is none of that name, or it cannot decide about a queue.
    """
    rails = config.guardrails
    return _decider(config, rails.fallback, simulated(config, rate, rails.fallback_settings), Silent())


def policy_of(
    config: OperateConfig, source: Source, rate: float, wall: Callable[[], float], listener: Listener | None = None
) -> Decider:
    """Return the policy that a configuration names.

    Args:
        config: names it.
        source: knows what came before.
        rate: tasks a second, for what is searched or trained in simulation.
        wall: seconds since 1970: where in its period a day is.
        listener: is told what was found on the way.

    Raises:
        InputError: there is none of that name, or it cannot decide about a queue.
    """
    environment = simulated(config, rate, config.settings)
    name, file = config.policy.strip(), RECALLING.fullmatch(config.policy.strip())
    if name.lower() != PLANNER and not file:
        return _decider(config, name, environment, listener or Silent())
    known = Past.load(Path(file[1])) if file else None
    workload = load_workload(environment, Silent())
    drawn = drawn_past(environment, workload, range(REMEMBERED))

    def history() -> History:
        past = known.history if known else recalled(config, source, wall())
        return past or drawn.history

    def make() -> Policy:
        past = history()
        begin = int(wall() % config.period // config.interval)
        tasks = known.tasks if known is not None and known.tasks is not None else drawn.tasks
        effort = Effort(budget_s=config.guardrails.decide_within / 2)
        return planner_of(environment, workload, Past(past, tasks), effort, max_steps=None, begin=begin)

    known_rate = None if not (known or config.recall) else float(max(each.max() for each in history().episodes))
    highest = known_rate / config.interval if known_rate else None
    return Decider(config.policy.strip(), Renewed(make), highest, periodic=True)


def _decider(config: OperateConfig, name: str, environment: Config, listener: Listener) -> Decider:
    if name.lower() in IMPOSSIBLE:
        raise InputError(f"policy {name}: knows or does nothing about a queue as it runs; choose another")
    workload = load_workload(environment, Silent())
    setting = Setting(environment, workload, 0, config.state, listener)
    return Decider(find_policy(name).name, make_policy(name, setting))
