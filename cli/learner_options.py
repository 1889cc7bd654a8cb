"""Options of ``autoscale train`` that set up the learner: which agent has which, and where they go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from autoscaling_env.errors import InputError
from cli.groups import Group, Option, declared, flag


@dataclass(frozen=True, slots=True)
class LearnerOption(Option):
    """An option of ``train``; of kind ``list`` it is whole numbers with commas.

    Attributes:
        agents: who has it; none: every agent that learns.
    """

    agents: tuple[str, ...] = ()


EXPLORING = ("sarsa", "dqn")
NETWORKS = ("dqn", "ppo", "distilled")

#: Parameter -> option; the key is the parameter's name unless it says another.
OPTIONS: dict[str, LearnerOption] = {
    "episodes": LearnerOption(int, "Training episodes.", least=1),
    "bins": LearnerOption(list, "bins per observation, one number or nine.", agents=("sarsa",)),
    "alpha": LearnerOption(float, "step size.", agents=("sarsa",)),
    "gamma": LearnerOption(float, "Discount per step.", agents=(*EXPLORING, "ppo")),
    "epsilon": LearnerOption(float, "First share of random actions.", agents=EXPLORING),
    "epsilon_min": LearnerOption(float, "Least share of random actions.", agents=EXPLORING),
    "epsilon_decay": LearnerOption(float, "Factor after every episode.", agents=EXPLORING),
    "trace_lambda": LearnerOption(float, "decay of traces.", agents=("sarsa",)),
    "trace_threshold": LearnerOption(float, "smaller traces are dropped.", agents=("sarsa",)),
    "learning_rate": LearnerOption(float, "step size of Adam.", agents=NETWORKS),
    "hidden_layers": LearnerOption(list, "width of each hidden layer.", agents=NETWORKS),
    "replay_capacity": LearnerOption(int, "transitions kept.", agents=("dqn",)),
    "batch_size": LearnerOption(int, "transitions, steps or moments in an update.", agents=NETWORKS),
    "target_update": LearnerOption(int, "updates between two moves of the target network.", agents=("dqn",)),
    "target_tau": LearnerOption(float, "how far it moves, 1 copies.", agents=("dqn",)),
    "rollout_episodes": LearnerOption(int, "episodes between two times of learning.", agents=("ppo",), least=1),
    "gae_lambda": LearnerOption(float, "how far rewards are believed before the critic.", agents=("ppo",)),
    "clip": LearnerOption(float, "how far a probability may change in a rollout.", agents=("ppo",)),
    "epochs": LearnerOption(int, "how often a rollout is learned from.", agents=("ppo",), least=1),
    "entropy": LearnerOption(float, "what a nat of entropy is worth at first.", agents=("ppo",)),
    "checkpoint_every": LearnerOption(
        int, "Episodes between two checkpoints.", key="agents.training.checkpoint_every", least=1
    ),
    "eval_episodes": LearnerOption(
        int, "Unseen episodes each checkpoint is evaluated on.", key="agents.training.eval_episodes", least=0
    ),
    "envs": LearnerOption(
        int, "Episodes collected at once, on a farm that plays many.", key="agents.training.envs", least=1
    ),
}


def learner_settings(agent: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return dotted key -> value of what was given, and dotted key -> option; another agent's option is an error.

    Raises:
        InputError: every option that is not this agent's, or cannot be read.
    """
    settings: dict[str, Any] = {}
    labels: dict[str, str] = {}
    problems = []
    for name, value in given.items():
        option = OPTIONS[name]
        if value is None:
            continue
        if option.agents and agent not in option.agents:
            problems.append(f"{flag(name)} belongs to {_listed(option.agents)}, not to {agent}")
            continue
        key = option.key or f"agents.{agent}.{name}"
        settings[key] = _numbers(name, value) if option.kind is list else value
        labels[key] = flag(name)
    if problems:
        raise InputError(*problems)
    return settings, labels


def _listed(names: tuple[str, ...]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _numbers(name: str, text: str) -> int | list[int]:
    """Return the whole numbers of a list with commas; of bins one alone is a number."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{flag(name)} {text}: write whole numbers with commas between, such as 64,64") from None
    return numbers[0] if name == "bins" and len(numbers) == 1 else numbers


def _explained(option: LearnerOption) -> LearnerOption:
    """Return the option with its agent in its help, and a list as the text that Typer reads."""
    if option.kind is list:
        option = replace(option, kind=str, metavar="N,N")
    return replace(option, help=f"{', '.join(option.agents)}: {option.help}") if option.agents else option


LEARNER = Group(declared({name: _explained(option) for name, option in OPTIONS.items()}), dict)
