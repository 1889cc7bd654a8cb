"""Behaviour cloning: a network learns to decide as a recorded policy did, from its data set and nothing else.

    autoscale compare --scenario flash_crowd --agents planner --episodes 20
    autoscale export minari runs/compare_run_20260101T000000Z --name farm -o datasets
    python examples/behaviour_cloning.py datasets farm/planner-v0 flash_crowd

The run may be of any policy on any farm, a live one too: what decided and what it saw are in the records. Pomerleau
1991, with a cross-entropy between what the network would do and what was done.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import minari
import numpy as np
import torch
from torch import nn

from experiments import Comparison, compare


class Clone:
    """A network that was taught, as a policy: ``reset`` and ``act``."""

    def __init__(self, fields: int, actions: int) -> None:
        self.network = nn.Sequential(
            nn.Linear(fields, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, actions)
        )
        self.mean, self.deviation = torch.zeros(fields), torch.ones(fields)

    def reset(self) -> None:
        """Nothing to forget."""

    @torch.no_grad()
    def act(self, observation: np.ndarray, info: dict[str, Any]) -> int:
        """Return the most probable action."""
        return int(self.values(torch.as_tensor(observation)).argmax())

    def values(self, observations: torch.Tensor) -> torch.Tensor:
        """Return float32[..., actions], for log(1 + x) of observations, normalised."""
        normalised: torch.Tensor = self.network((torch.log1p(observations) - self.mean) / self.deviation)
        return normalised

    def learn(self, seen: torch.Tensor, done: torch.Tensor, epochs: int) -> float:
        """Learn to do what was done; return the share of decisions that agree in the end."""
        logs = torch.log1p(seen)
        self.mean, self.deviation = logs.mean(dim=0), logs.std(dim=0).clamp(min=1e-2)
        optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3)
        for _ in range(epochs):
            for rows in torch.randperm(len(seen)).split(64):
                loss = nn.functional.cross_entropy(self.values(seen[rows]), done[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return float((self.values(seen).argmax(dim=1) == done).float().mean())


def clone_of(folder: str, name: str, epochs: int, seed: int) -> Clone:
    """Return the clone of who made a data set."""
    os.environ["MINARI_DATASETS_PATH"] = str(Path(folder).resolve())
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    data = minari.load_dataset(name)
    episodes = list(data.iterate_episodes())
    seen = torch.as_tensor(
        np.concatenate([each.observations[:-1] for each in episodes])
    )  # the last leads to no decision
    done = torch.as_tensor(np.concatenate([each.actions for each in episodes]), dtype=torch.int64)
    clone = Clone(data.observation_space.shape[0], int(data.action_space.n))
    agreed = clone.learn(seen, done, epochs)
    print(f"{len(done)} decisions of {len(episodes)} episodes: the clone agrees with {100 * agreed:.1f} % of them")
    return clone


def main(arguments: list[str] | None = None) -> Comparison:
    """Learn, then compare on the scenario's test episodes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", help="of data sets")
    parser.add_argument("name", help="of the data set")
    parser.add_argument("scenario")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--episodes", type=int, default=20, help="test episodes")
    chosen = parser.parse_args(arguments)
    clone = clone_of(chosen.folder, chosen.name, chosen.epochs, chosen.seed)
    found = compare({"clone": clone, "static-best": "static-best"}, chosen.scenario, episodes=chosen.episodes)
    print(found.table()[["total_reward", "qos_of_all_tasks", "mean_workers"]])
    return found


if __name__ == "__main__":
    main()
