"""Version 1 of the protocol. What stands here is never changed: another protocol is another version."""

from __future__ import annotations

from experiments import Setup, scenario

VERSION = "v1"
#: In the order of a table.
SCENARIOS = (
    "reference",
    "oscillating",
    "reference_smooth",
    "flash_crowd",
    "diurnal",
    "heavy_tail",
    "slow_start",
    "on_off",
    "ramp",
    "trace",
)
#: A run is a training with a seed of its own, judged on test episodes of its own; a rule is judged on the same ones.
RUNS, EPISODES = 5, 10
#: Steps of the environment that a run may be trained on in a scenario, those of tuning not counted, but stated.
MOST_STEPS = 1_000_000
#: What an episode is worth, and that policies reach their counts at once.
SETTINGS = {"reward.objective": "cost", "environment.action": "target"}
#: 0 and 1 of a score: the best constant of the training episodes, and the best sequence found by who knows all tasks.
ZERO, ONE = "static-best", "hindsight"


def setup(name: str) -> Setup:
    """Return what a scenario is played on."""
    return Setup(name, settings=SETTINGS)


def training_seed(name: str, run: int) -> int:
    """Return the seed of the training episodes of a run: the scenario's own, and the next ones."""
    return scenario(name).train_seed + run
