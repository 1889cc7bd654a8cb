"""Decision makers by the names users know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agents.autoscalers import INDUSTRY
from agents.learned import load_policy
from agents.planned import Planned
from agents.reactive import External, Reactive, Static
from agents.training import train
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.policy import Policy
from autoscaling_env.rng import episode_seeds
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.workload import Workload, draw_episode
from cli.console import note
from cli.environments import Factories
from cli.training_progress import TrainingProgress

ALIASES = {"average": "reactiveaverage", "maximum": "reactivemaximum"}
#: Training seeds are drawn apart from any evaluation seed a user may name.
TRAINING_SALT = 0x5EED_7EA1
#: Training episodes the best constant is searched on.
STATIC_EPISODES = 20
STATIC = re.compile(r"static-(\d+)")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a decision maker may be built from: never the evaluation seeds."""

    config: Config
    workload: Workload
    seed: int
    folder: Path

    def training_seeds(self, count: int) -> tuple[int, ...]:
        """Return episode seeds to search or train on."""
        return episode_seeds(self.seed + TRAINING_SALT, count)


Factory = Callable[[Setting], Policy]


def _static_best(setting: Setting) -> Policy:
    from simulator.search import best_static

    seeds = setting.training_seeds(STATIC_EPISODES)
    workers, earned = best_static(setting.config, setting.workload, seeds)
    note(f"static-best: {workers} workers earn most, {earned.max():.1f} on average over {len(seeds)} training episodes")
    return Static(workers)


def _hindsight(setting: Setting) -> Policy:
    from simulator.search import hindsight

    def plan(episode: int) -> list[int]:
        batch = draw_episode(setting.workload, setting.config.environment, episode)
        actions, _ = hindsight(setting.config, batch, setting.workload.mean_service_s, seed=episode)
        return [int(action) for action in actions]

    return Planned(plan)


def _industry(name: str, setting: Setting) -> Policy:
    return INDUSTRY[name](setting.config)


def _trained(agent: str, setting: Setting) -> Policy:
    """Train with the configured settings, on the training seed; the training run stays beside the comparison."""

    factories = Factories("sim", known={setting.config: setting.workload})
    folder = RunFolder(setting.folder / "training" / agent)
    note(f"{agent}: training on seed {setting.seed}")
    with TrainingProgress(quiet=True) as listener:
        result = train(
            agent,
            setting.config,
            env_factory=factories.one,
            vector_env_factory=factories.many,
            seed=setting.seed,
            folder=folder,
            listener=listener,
        )
    if result.interrupted:
        raise KeyboardInterrupt  # what learned too little is not compared
    return load_policy(result.model)


FACTORIES: dict[str, Factory] = {
    "reactiveaverage": lambda setting: Reactive(setting.config.agents.reactive, use_maximum=False),
    "reactivemaximum": lambda setting: Reactive(setting.config.agents.reactive, use_maximum=True),
    "static-best": _static_best,
    "hindsight": _hindsight,
    "sarsa": lambda setting: _trained("sarsa", setting),
    "dqn": lambda setting: _trained("dqn", setting),
    "external": lambda setting: External(),
    **{name: partial(_industry, name) for name in INDUSTRY},
}


def policy_names() -> list[str]:
    """Return every name ``--agents`` knows, with ``static-N`` standing for all counts."""
    return [*FACTORIES, "static-N"]


def canonical(name: str) -> str:
    """Return the full name of an agent.

    Raises:
        InputError: no agent is called so.
    """
    name = ALIASES.get(name.strip().lower(), name.strip().lower())
    if match := STATIC.fullmatch(name):
        return f"static-{int(match[1])}"
    if name not in FACTORIES:
        raise InputError(unknown_name("agent", name, [*policy_names(), *ALIASES]))
    return name


def check_policies(names: Iterable[str], config: Config) -> None:
    """Raise ``InputError`` for every constant the farm cannot hold."""
    farm = config.farm
    problems = [
        f"{name}: the farm has {farm.min_workers} to {farm.max_workers} workers"
        for name in names
        if (match := STATIC.fullmatch(name)) and not farm.min_workers <= int(match[1]) <= farm.max_workers
    ]
    if problems:
        raise InputError(*problems)


def make_policy(name: str, setting: Setting) -> Policy:
    """Return a new decision maker by its canonical name."""
    if match := STATIC.fullmatch(name):
        return Static(int(match[1]))
    return FACTORIES[name](setting)


def is_baseline(name: str) -> bool:
    """Whether a name stands for a rule that is the same whenever it is built."""
    return name in FACTORIES.keys() - {"sarsa", "dqn", "external"} or STATIC.fullmatch(name) is not None


def parse_agents(text: str) -> list[str]:
    """Return the canonical names of a comma-separated list, each once; all unknown names are told at once."""
    names: list[str] = []
    problems: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            names.append(canonical(part))
        except InputError as error:
            problems += error.problems
    if problems or not names:
        raise InputError(*(problems or ["--agents: name at least one"]))
    return list(dict.fromkeys(names))
