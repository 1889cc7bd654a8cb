"""SARSA(lambda): on-policy control on a sparse table of discretised observations, with eligibility traces.

Sutton & Barto, Reinforcement Learning, 2nd ed.: sections 6.4 (SARSA), 12.7 (SARSA(lambda)), 12.5 (replacing traces).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from agents.checkpoint import Tensors
from agents.discretise import Discretiser, State, discretiser
from agents.exploration import EpsilonGreedy, calmest_best
from agents.learner import NotFinite
from autoscaling_env.config import Config
from autoscaling_env.observation import FIELDS
from autoscaling_env.rng import stream
from autoscaling_env.types import Info, Observation

#: State -> value of each action. Only states that were updated are in it.
Table = dict[State, list[float]]


class SarsaPolicy:
    """Takes the best action of a table; keeps where the table knows nothing."""

    def __init__(self, table: Table, discretise: Discretiser, action_deltas: tuple[int, ...]) -> None:
        self.table = table
        self._discretise = discretise
        self._deltas = action_deltas
        self._unknown = [0.0] * len(action_deltas)

    def reset(self) -> None:
        """Nothing to forget: the table does not change."""

    def act(self, observation: Observation, info: Info) -> int:
        """Look the state up."""
        return calmest_best(self.table.get(self._discretise.state(observation), self._unknown), self._deltas)


class SarsaLearner:
    """Learns the table. See ``agents.learner.Learner``.

    Args:
        config: ``agents.sarsa``, the farm and the objective (for the bins), and the actions.
        seed: of exploration.
    """

    def __init__(self, config: Config, seed: int) -> None:
        self._config = config.agents.sarsa
        self._deltas = config.environment.action_deltas
        self._rng = stream(seed, "agent")
        self._explore = EpsilonGreedy(self._config, self._rng)
        self._discretise = discretiser(config)
        self._decay = self._config.gamma * self._config.trace_lambda
        self._unknown = [self._config.initial_value] * len(self._deltas)
        self.values: Table = {}
        self.visits: dict[State, list[int]] = {}
        self.traces: dict[tuple[State, int], float] = {}
        self._state: State = ()
        self._action = 0
        self._errors: list[float] = []

    @property
    def epsilon(self) -> float:
        """Probability of a random action."""
        return self._explore.epsilon

    def begin(self, observation: Observation) -> int:
        """Start an episode with empty traces."""
        self.traces.clear()
        self._errors = []
        self._state = self._discretise.state(observation)
        self._action = self._choose(self._state)
        return self._action

    def step(self, reward: float, observation: Observation, terminated: bool, truncated: bool) -> int:
        """Move every traced value towards what the last step and the next action's value say."""
        state = self._discretise.state(observation)
        action = self._choose(state)
        ahead = 0.0 if terminated else self._config.gamma * self._value(state)[action]
        error = reward + ahead - self._value(self._state)[self._action]
        if not math.isfinite(error):
            raise NotFinite("reward", {"observation": observation, "reward": np.array([reward])})
        self._visit(self._state, self._action)
        self._learn(error)
        self._errors.append(abs(error))
        self._state, self._action = state, action
        return action

    def end(self) -> float | None:
        """Return the mean absolute TD error of the episode."""
        self._explore.decay()
        return sum(self._errors) / len(self._errors) if self._errors else None

    def policy(self) -> SarsaPolicy:
        """Return the greedy policy of a copy of the table."""
        table = {state: list(values) for state, values in self.values.items()}
        return SarsaPolicy(table, self._discretise, self._deltas)

    def saved(self) -> tuple[Tensors, dict[str, Any]]:
        """Return the table sorted by state, the bin edges, epsilon and the random state."""
        states = sorted(self.values)
        actions = len(self._deltas)
        tensors: Tensors = {
            "states": np.array(states, dtype=np.int32).reshape(-1, len(FIELDS)),
            "values": np.array([self.values[state] for state in states], dtype=np.float64).reshape(-1, actions),
            "visits": np.array([self.visits[state] for state in states], dtype=np.int64).reshape(-1, actions),
        }
        tensors |= {f"edges.{field}": edges for field, edges in self._discretise.edges.items()}
        return tensors, {"epsilon": self._explore.epsilon, "rng": self._rng.bit_generator.state}

    def restore(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Become the learner that ``saved`` these."""
        self.values = table_of(tensors)
        self.visits = dict(zip(self.values, tensors["visits"].tolist(), strict=True))
        self._explore.epsilon = state["epsilon"]
        self._rng.bit_generator.state = state["rng"]

    def _choose(self, state: State) -> int:
        return self._explore.choose(lambda: self._value(state), len(self._deltas))

    def _value(self, state: State) -> list[float]:
        return self.values.get(state, self._unknown)

    def _visit(self, state: State, action: int) -> None:
        if state not in self.values:
            self.values[state] = list(self._unknown)
            self.visits[state] = [0] * len(self._deltas)
        self.visits[state][action] += 1
        key = (state, action)
        self.traces[key] = 1.0 if self._config.traces == "replacing" else self.traces.get(key, 0.0) + 1.0

    def _learn(self, error: float) -> None:
        kept: dict[tuple[State, int], float] = {}
        for (state, action), trace in self.traces.items():
            self.values[state][action] += self._alpha(self.visits[state][action]) * error * trace
            if trace * self._decay >= self._config.trace_threshold:
                kept[state, action] = trace * self._decay
        self.traces = kept

    def _alpha(self, visits: int) -> float:
        config = self._config
        return max(config.alpha_min, config.alpha / (1 + (visits - 1) / config.alpha_decay_visits))


def table_of(tensors: Tensors) -> Table:
    """Return the table of a checkpoint."""
    return {
        tuple(state): values
        for state, values in zip(tensors["states"].tolist(), tensors["values"].tolist(), strict=True)
    }


def load_sarsa(tensors: Tensors, action_deltas: tuple[int, ...]) -> SarsaPolicy:
    """Return the policy of a checkpoint's arrays."""
    edges = {field: tensors[f"edges.{field}"] for field in FIELDS}
    return SarsaPolicy(table_of(tensors), Discretiser(edges), action_deltas)
