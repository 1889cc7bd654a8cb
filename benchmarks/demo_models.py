"""Trains the policies that ship with the demo, and writes what a policy needs of them.

    python -m benchmarks.demo_models [--output-dir runs]

Each is a DQN trained as in ``benchmarks.results``: shaped reward, one worker a step, 300 episodes on the scenario's own
training seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from agents.learned import export_policy
from benchmarks.results import TRAINED
from experiments import Setup, train
from experiments.demonstration import SCENARIOS, trained_model


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output-dir", type=Path, default=Path("runs") / "demo_models")
    given = parser.parse_args()
    for scenario in SCENARIOS:
        setup = Setup(scenario=scenario, settings=TRAINED)
        model = train("dqn", setup, output_dir=given.output_dir).result.model
        export_policy(model, trained_model(scenario))
        print(f"{trained_model(scenario)}  from {model}")


if __name__ == "__main__":
    main()
