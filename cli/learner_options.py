"""Options of ``autoscale train`` that set up the learner: which agent has which, and where they go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from autoscaling_env.errors import InputError
from cli.options import Group


@dataclass(frozen=True, slots=True)
class LearnerOption:
    """An option of ``train``.

    Attributes:
        kind: of its value; ``list`` is whole numbers with commas.
        help: for ``--help``.
        agents: who has it; none: every agent that learns.
        key: what it sets, below ``agents.<agent>`` or, with a dot, in the whole configuration.
        least: the smallest value that makes sense, where Typer can check it.
    """

    kind: type
    help: str
    agents: tuple[str, ...] = ()
    key: str = ""
    least: int | None = None


EXPLORING = ("sarsa", "dqn")

#: Parameter -> option; the key is the parameter's name unless it says another.
OPTIONS: dict[str, LearnerOption] = {
    "episodes": LearnerOption(int, "Training episodes.", least=1),
    "bins": LearnerOption(list, "bins per observation, one number or nine.", ("sarsa",)),
    "alpha": LearnerOption(float, "step size.", ("sarsa",)),
    "gamma": LearnerOption(float, "Discount per step.", EXPLORING),
    "epsilon": LearnerOption(float, "First share of random actions.", EXPLORING),
    "epsilon_min": LearnerOption(float, "Least share of random actions.", EXPLORING),
    "epsilon_decay": LearnerOption(float, "Factor after every episode.", EXPLORING),
    "trace_lambda": LearnerOption(float, "decay of traces.", ("sarsa",)),
    "trace_threshold": LearnerOption(float, "smaller traces are dropped.", ("sarsa",)),
    "learning_rate": LearnerOption(float, "step size of Adam.", ("dqn", "distilled")),
    "hidden_layers": LearnerOption(list, "width of each hidden layer.", ("dqn", "distilled")),
    "replay_capacity": LearnerOption(int, "transitions kept.", ("dqn",)),
    "batch_size": LearnerOption(int, "transitions or moments in an update.", ("dqn", "distilled")),
    "target_update": LearnerOption(int, "updates between two moves of the target network.", ("dqn",)),
    "target_tau": LearnerOption(float, "how far it moves, 1 copies.", ("dqn",)),
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


def flag(name: str) -> str:
    """Return the option of a parameter."""
    return f"--{name.replace('_', '-')}"


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
            problems.append(f"{flag(name)} belongs to {' and '.join(option.agents)}, not to {agent}")
            continue
        key = option.key or f"agents.{agent}.{name}"
        settings[key] = _numbers(name, value) if option.kind is list else value
        labels[key] = flag(name)
    if problems:
        raise InputError(*problems)
    return settings, labels


def _numbers(name: str, text: str) -> int | list[int]:
    """Return the whole numbers of a list with commas; of bins one alone is a number."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{flag(name)} {text}: write whole numbers with commas between, such as 64,64") from None
    return numbers[0] if name == "bins" and len(numbers) == 1 else numbers


def _annotation(name: str, option: LearnerOption) -> Any:
    words = f"{', '.join(option.agents)}: {option.help}" if option.agents else option.help
    kind = str if option.kind is list else option.kind
    return Annotated[
        kind | None,
        typer.Option(flag(name), min=option.least, help=words, metavar="N,N" if option.kind is list else None),
    ]


LEARNER = Group({name: (_annotation(name, option), None) for name, option in OPTIONS.items()}, dict)
