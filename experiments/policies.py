"""Policies by name: rules, models, run folders, ``module:factory`` and plug-ins are one kind of string."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from agents.autoscalers import INDUSTRY
from agents.planned import Planned
from agents.reactive import External, Reactive, Static
from agents.training import LEARNERS, train
from agents.user_policy import user_policy
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.plugins import policy_plugins
from autoscaling_env.policy import ActionPolicy, Policy
from autoscaling_env.rng import TRAINING_SALT, episode_seeds
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.workload import Workload, draw_episode, levels_of
from experiments.classrooms import classrooms
from experiments.environments import SIMULATED, EnvironmentFactory
from experiments.listening import Listener, Silent, TrainingWithin
from experiments.models import installed_policy, is_factory, is_path, load_named, policy_of

ALIASES = {"average": "reactiveaverage", "maximum": "reactivemaximum"}
#: Leaves the count to whoever else controls it.
EXTERNAL = "external"
#: Its decisions are explained in records that nobody keeps.
PLANNER = "planner"
#: Training episodes the best constant is searched on.
STATIC_EPISODES = 20
STATIC = re.compile(r"static-(\d+)")
#: The planner with a file of ``autoscale history``, as lists of policies show it and as it is read.
WITH_HISTORY = f"{PLANNER}:FILE.npz"
RECALLING = re.compile(rf"{PLANNER}:(.+\.npz)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a policy may be built from: never the evaluation seeds.

    Attributes:
        config: of the environment it will decide in.
        workload: of its episodes.
        seed: of the training episodes.
        folder: where a training that it needs leaves its run.
        listener: is told what was found on the way.
        history: what training episodes are of, where they are of another kind.
    """

    config: Config
    workload: Workload
    seed: int
    folder: Path
    listener: Listener = field(default_factory=Silent)
    history: Setting | None = None

    @property
    def past(self) -> Setting:
        """What may be known before an episode begins: configuration and workload of the training episodes."""
        return self.history or self

    def training_seeds(self, count: int) -> tuple[int, ...]:
        """Return episode seeds to search or train on."""
        drawn = episode_seeds(self.seed + TRAINING_SALT, count)
        return levels_of(self.past.config.environment, drawn)


Factory: TypeAlias = Callable[[Setting], Policy]


def _search() -> ModuleType:
    """Return ``simulator.search``: it brings in the compiler, and names are listed at every press of TAB."""
    return import_module("simulator.search")


def _static_best(setting: Setting) -> Policy:
    seeds = setting.training_seeds(STATIC_EPISODES)
    workers, returns = _search().best_static(setting.past.config, setting.past.workload, seeds)
    best = f"{workers} workers have the highest return, {returns.max():.1f} on average"
    setting.listener.note(f"static-best: {best} over {len(seeds)} training episodes")
    return Static(workers)


def _hindsight(setting: Setting) -> Policy:
    def plan(episode: int) -> list[int]:
        batch = draw_episode(setting.workload, setting.config.environment, episode)
        actions, _ = _search().hindsight(setting.config, batch, setting.workload.mean_service_s, seed=episode)
        return [int(action) for action in actions]

    return Planned(plan)


def _planner(setting: Setting) -> Policy:
    planners = import_module("experiments.planners")  # as ``_search``
    seeds = setting.training_seeds(planners.HISTORY)
    setting.listener.note(f"planner: its history is {len(seeds)} training episodes")
    made: Policy = planners.trained_planner(setting.past.config, setting.past.workload, seeds)
    return made


def _recalling(file: Path) -> Factory:
    """Return what makes the planner that knows a file; it is read now, so whatever is wrong with it is told now."""
    past = import_module("agents.planning.past").Past.load(file)

    def make(setting: Setting) -> Policy:
        planners = import_module("experiments.planners")  # as ``_search``
        seeds = setting.training_seeds(planners.HISTORY)
        made: Policy = planners.recalling_planner(setting.config, setting.workload, seeds, past)
        return made

    return make


def _industry(name: str, setting: Setting) -> Policy:
    return INDUSTRY[name](setting.config)


def _trained(agent: str, setting: Setting) -> Policy:
    """Train with the configured settings, on the training seed; the training run stays beside the comparison."""
    known = {setting.past.config: setting.past.workload}
    factory = EnvironmentFactory(SIMULATED, known=known)
    setting.listener.note(f"{agent}: training on seed {setting.seed}")
    result = train(
        agent,
        setting.past.config,
        env_factory=factory.one,
        vector_env_factory=factory.many,
        classroom=classrooms(SIMULATED, known=known),
        seed=setting.seed,
        folder=RunFolder(setting.folder / "training" / agent),
        listener=TrainingWithin(setting.listener),
    )
    if result.interrupted:
        raise KeyboardInterrupt  # what learned too little is not compared
    return load_named(str(result.model))[1]


#: Name -> what builds the policy; INDUSTRY and LEARNERS say what there is of their kinds.
FACTORIES: dict[str, Factory] = {
    "reactiveaverage": lambda setting: Reactive(setting.config.agents.reactive, use_maximum=False),
    "reactivemaximum": lambda setting: Reactive(setting.config.agents.reactive, use_maximum=True),
    "static-best": _static_best,
    "hindsight": _hindsight,
    PLANNER: _planner,
    **{name: partial(_trained, name) for name in LEARNERS},
    EXTERNAL: lambda setting: External(),
    **{name: partial(_industry, name) for name in INDUSTRY},
}


@dataclass(frozen=True, slots=True)
class Named:
    """A policy that has a name, and how it is built.

    Attributes:
        name: what tables call it.
        make: builds it anew.
        repeatable: it is the same rule whenever it is built, so its records may be kept.
    """

    name: str
    make: Factory
    repeatable: bool = False


def list_policies() -> tuple[str, ...]:
    """Return every name of a policy, plug-ins included.

    ``static-N`` stands for all counts, ``planner:FILE.npz`` for every file of ``autoscale history``.
    """
    return (*FACTORIES, "static-N", WITH_HISTORY, *policy_plugins())


def find_policy(text: str, listener: Listener | None = None) -> Named:
    """Return the policy that a user names: models are loaded here, so whatever is wrong with one is told now.

    Raises:
        InputError: there is none of that name, or it cannot be loaded.
    """
    name = ALIASES.get(text.strip().lower(), text.strip().lower())
    if text.strip() in policy_plugins() and (STATIC.fullmatch(name) or name in FACTORIES):
        raise InputError(
            f"policy {text.strip()}: a package announces one by this name, which is taken; rename it there"
        )
    if match := STATIC.fullmatch(name):
        workers = int(match[1])
        return Named(f"static-{workers}", lambda setting: Static(workers), repeatable=True)
    if match := RECALLING.fullmatch(text.strip()):
        file = Path(match[1])
        return Named(f"planner-{file.stem}", _recalling(file))
    if name in FACTORIES:
        return Named(name, FACTORIES[name], repeatable=name not in {*LEARNERS, EXTERNAL, PLANNER})
    if text.strip() in policy_plugins():
        return Named(text.strip(), lambda setting: installed_policy(text.strip(), setting.config))
    if is_factory(text):
        agent, make = policy_of(text)
        return Named(agent, lambda setting: make(setting.config))
    if is_path(text):
        agent, policy = load_named(text, listener)
        return Named(agent, lambda setting: policy)
    raise InputError(unknown_name("agent", text.strip(), [*list_policies(), *ALIASES]))


def relabelled(label: str, policy: str | Policy | ActionPolicy, listener: Listener | None = None) -> Named:
    """Return a policy under another name: one that a user names, or one that was made.

    Raises:
        InputError: it is neither.
    """
    if isinstance(policy, str):
        return replace(find_policy(policy, listener), name=label, repeatable=False)
    made = user_policy(label, lambda: policy)
    return Named(label, lambda setting: made)


def find_policies(texts: Iterable[str], listener: Listener | None = None) -> list[Named]:
    """Return the policies that a user names; one named twice by its rule comes once, two models get a number.

    Raises:
        InputError: every problem found, one line each.
    """
    found: list[Named] = []
    problems: list[str] = []
    for text in dict.fromkeys(texts):
        try:
            named = find_policy(text, listener)
        except InputError as error:
            problems += error.problems
            continue
        if named not in found:
            found.append(Named(_free(named, found), named.make, named.repeatable))
    if problems or not found:
        raise InputError(*(problems or ["--agents: name at least one"]))
    return found


def split_names(text: str) -> list[str]:
    """Return the names of a list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def check_policies(policies: Sequence[Named], config: Config) -> None:
    """Raise ``InputError`` for every constant the farm cannot hold."""
    farm = config.farm
    problems = [
        f"{named.name}: the farm has {farm.min_workers} to {farm.max_workers} workers"
        for named in policies
        if (match := STATIC.fullmatch(named.name)) and not farm.min_workers <= int(match[1]) <= farm.max_workers
    ]
    if problems:
        raise InputError(*problems)


def make_policy(text: str, setting: Setting) -> Policy:
    """Return a new policy by any name: a rule, a model file, a run folder, ``module:factory`` or a plug-in.

    Raises:
        InputError: there is none of that name, it cannot be loaded, or the farm cannot hold it.
    """
    named = find_policy(text)
    check_policies([named], setting.config)
    return named.make(setting)


def load_policy(text: str) -> Policy:
    """Return the policy of a model file, of a run folder's best model, or of ``module:factory``.

    Raises:
        ModelError: it cannot be loaded; the message says why.
    """
    return load_named(text)[1]


def _free(named: Named, taken: Sequence[Named]) -> str:
    """Return the policy's name; with a number where another one has it."""
    names = {each.name for each in taken}
    wanted, number = named.name, 2
    while wanted in names:
        wanted, number = f"{named.name}-{number}", number + 1
    return wanted
