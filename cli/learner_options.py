"""Options of ``autoscale train`` that set up the learner: which agent has which, and where they go."""

from __future__ import annotations

from typing import Any

from autoscaling_env.errors import InputError

#: Option -> key below agents.<agent>; the second element says which agent has it (None: both).
LEARNER_OPTIONS: dict[str, tuple[str, str | None]] = {
    "--episodes": ("episodes", None),
    "--gamma": ("gamma", None),
    "--epsilon": ("epsilon", None),
    "--epsilon-min": ("epsilon_min", None),
    "--epsilon-decay": ("epsilon_decay", None),
    "--bins": ("bins", "sarsa"),
    "--alpha": ("alpha", "sarsa"),
    "--trace-lambda": ("trace_lambda", "sarsa"),
    "--trace-threshold": ("trace_threshold", "sarsa"),
    "--learning-rate": ("learning_rate", "dqn"),
    "--hidden-layers": ("hidden_layers", "dqn"),
    "--replay-capacity": ("replay_capacity", "dqn"),
    "--batch-size": ("batch_size", "dqn"),
    "--target-update": ("target_update", "dqn"),
    "--target-tau": ("target_tau", "dqn"),
}


def learner_values(agent: str, given: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """Return dotted key -> (option, value) of what was given; an option of the other agent is an error.

    Args:
        agent: ``sarsa`` or ``dqn``.
        given: option -> value; None: not given.
    """
    wanted = {option: value for option, value in given.items() if value is not None}
    others = [option for option in wanted if LEARNER_OPTIONS[option][1] not in {None, agent}]
    if others:
        raise InputError(*(f"{option} belongs to {LEARNER_OPTIONS[option][1]}, not to {agent}" for option in others))
    return {f"agents.{agent}.{LEARNER_OPTIONS[option][0]}": (option, value) for option, value in wanted.items()}


def numbers(option: str, text: str | None, *, single: bool = False) -> Any:
    """Return the whole numbers of a list with commas; one of them alone as a number where ``single``."""
    if text is None:
        return None
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option} {text}: write whole numbers with commas between, such as 64,64") from None
    return numbers[0] if single and len(numbers) == 1 else numbers
