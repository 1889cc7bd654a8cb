"""Plays a policy by the protocol into a result file."""

from __future__ import annotations

from dataclasses import replace

from autoscaling_env import __version__
from autoscaling_env.rng import episode_seeds
from benchmarks.protocol import v1
from benchmarks.protocol.submission import Run, Submission
from experiments import Listener, compare, scenario

#: What a policy's name holds in place of the scenario's name and of the number of the run, from 0.
SCENARIO, RUN = "{scenario}", "{run}"


def seed_of(name: str, run: int) -> int:
    """Return the seed that a run's test episodes are drawn from."""
    return scenario(name).test_seed + run


def episodes_of(name: str) -> list[tuple[int, ...]]:
    """Return the seeds of the test episodes of every run."""
    return [episode_seeds(seed_of(name, run), v1.EPISODES) for run in range(v1.RUNS)]


def play(
    policy: str,
    *,
    label: str,
    by: str,
    training_steps: int = 0,
    tuning: str = "",
    code: str = "",
    scenarios: tuple[str, ...] = v1.SCENARIOS,
    listener: Listener | None = None,
) -> Submission:
    """Play a policy in every run of every scenario.

    Args:
        policy: as every command takes it; ``{scenario}`` and ``{run}`` in it name what was trained for them.
        label, by, training_steps, tuning, code: see ``Submission``.
        scenarios: of the protocol; a part of them makes no result file that counts.
        listener: is told of progress.

    Raises:
        InputError: the policy cannot be loaded.
    """
    return Submission(
        protocol=v1.VERSION,
        policy=label,
        by=by,
        training_steps=training_steps,
        tuning=tuning,
        code=code,
        version=__version__,
        scenarios={
            name: tuple(_run(policy, name, number, listener) for number in range(v1.RUNS)) for name in scenarios
        },
    )


def _run(policy: str, name: str, number: int, listener: Listener | None) -> Run:
    chosen = policy.replace(SCENARIO, name).replace(RUN, str(number))
    where = replace(v1.setup(name), seed=seed_of(name, number))
    table = compare([chosen], where, episodes=v1.EPISODES, record_tasks=False, listener=listener).episodes()
    figures = {
        figure: tuple(table[figure].tolist()) for figure in ("total_reward", "qos_of_all_tasks", "worker_seconds")
    }
    return Run(episode_seeds=tuple(table["episode_seed"].tolist()), **figures)
