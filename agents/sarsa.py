"""SARSA(lambda): on-policy control on a sparse table of discretised observations, with eligibility traces.

Sutton & Barto, Reinforcement Learning, 2nd ed.: sections 6.4 (SARSA), 12.7 (SARSA(lambda)), 12.5 (replacing traces).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Tensors
from agents.discretise import Discretiser, State, discretiser
from agents.exploration import EpsilonGreedy, calmest_best
from agents.learner import NotFinite
from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.observation import FIELDS, sees_the_standard, standard
from autoscaling_env.rng import stream
from autoscaling_env.types import BoolArray, FloatArray, Info, Observation

WORKERS = FIELDS.index("workers")

#: State -> value of each action. Only states that were updated are in it.
Table = dict[State, list[float]]


class SarsaPolicy:
    """Takes the best action of a table; keeps where the table knows nothing."""

    def __init__(self, table: Table, discretise: Discretiser, actions: Actions) -> None:
        self.table = table
        self._discretise = discretise
        self._actions = actions
        self._unknown = [0.0] * actions.count

    def reset(self) -> None:
        """Nothing to forget: the table does not change."""

    def act(self, observation: Observation, info: Info) -> int:
        """Look the state up."""
        seen = standard(observation, info)
        return self._best(self._discretise.state(seen), int(seen[WORKERS]))

    def act_batch(self, observations: NDArray[np.float32], infos: Info) -> list[int]:
        """Look many states up."""
        seen = standard(observations, infos)
        states, workers = self._discretise.states(seen).tolist(), seen[:, WORKERS].tolist()
        return [self._best(tuple(state), int(count)) for state, count in zip(states, workers, strict=True)]

    def _best(self, state: State, workers: int) -> int:
        return calmest_best(self.table.get(state, self._unknown), self._actions.changes(workers))


@dataclass(slots=True)
class Walk:
    """An episode on its way through the table: where it is, what it does there, and its traces."""

    state: State
    action: int
    traces: dict[tuple[State, int], float] = field(default_factory=dict)
    errors: list[float] = field(default_factory=list)

    def mean_error(self) -> float | None:
        """Return the mean absolute TD error so far."""
        return sum(self.errors) / len(self.errors) if self.errors else None


class SarsaLearner:
    """Learns the table. See ``agents.learner.Learner``.

    Args:
        config: ``agents.sarsa``, the farm and the objective (for the bins), and the actions.
        seed: of exploration.
    """

    def __init__(self, config: Config, seed: int) -> None:
        sees_the_standard("sarsa", config)
        self._config = config.agents.sarsa
        self._actions = Actions.of(config)
        self._rng = stream(seed, "agent")
        self._explore = EpsilonGreedy(self._config, self._rng)
        self._discretise = discretiser(config)
        self._decay = self._config.gamma * self._config.trace_lambda
        self._unknown = [self._config.initial_value] * self._actions.count
        self.values: Table = {}
        self.visits: dict[State, list[int]] = {}
        self.walks: list[Walk] = []

    @property
    def epsilon(self) -> float:
        """Probability of a random action."""
        return self._explore.epsilon

    def begin(self, observations: NDArray[np.float32]) -> list[int]:
        """Start episodes that share the table and have traces of their own."""
        self.walks = [self._walk(tuple(state)) for state in self._discretise.states(observations).tolist()]
        return [walk.action for walk in self.walks]

    def step(
        self,
        rewards: FloatArray,
        observations: NDArray[np.float32],
        terminated: BoolArray,
        truncated: BoolArray,
        playing: BoolArray,
    ) -> list[int]:
        """Learn from one row after the other: each finds the table as the rows before it left it."""
        states = self._discretise.states(observations).tolist()
        for row in np.flatnonzero(playing).tolist():
            if not self._advance(self.walks[row], float(rewards[row]), tuple(states[row]), bool(terminated[row])):
                raise NotFinite("reward", {"observation": observations[row], "reward": rewards[row : row + 1]}, row)
        return [walk.action for walk in self.walks]

    def end(self) -> list[float | None]:
        """Return the mean absolute TD error of each episode."""
        for _ in self.walks:
            self._explore.decay()
        return [walk.mean_error() for walk in self.walks]

    def policy(self) -> SarsaPolicy:
        """Return the greedy policy of a copy of the table."""
        table = {state: list(values) for state, values in self.values.items()}
        return SarsaPolicy(table, self._discretise, self._actions)

    def state_dict(self) -> tuple[Tensors, dict[str, Any]]:
        """Return the table sorted by state, the bin edges, epsilon and the random state."""
        states = sorted(self.values)
        actions = self._actions.count
        tensors: Tensors = {
            "states": np.array(states, dtype=np.int32).reshape(-1, len(FIELDS)),
            "values": np.array([self.values[state] for state in states], dtype=np.float64).reshape(-1, actions),
            "visits": np.array([self.visits[state] for state in states], dtype=np.int64).reshape(-1, actions),
        }
        tensors |= {f"edges.{field}": edges for field, edges in self._discretise.edges.items()}
        return tensors, {"epsilon": self._explore.epsilon, "rng": self._rng.bit_generator.state}

    def load_state_dict(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Become the learner that ``state_dict`` was taken from."""
        self.values = table_of(tensors)
        self.visits = dict(zip(self.values, tensors["visits"].tolist(), strict=True))
        self._explore.epsilon = state["epsilon"]
        self._rng.bit_generator.state = state["rng"]

    def _walk(self, state: State) -> Walk:
        return Walk(state, self._choose(state))

    def _advance(self, walk: Walk, reward: float, state: State, terminated: bool) -> bool:
        """Learn from a step to ``state`` and choose the next action; return whether the error was finite."""
        action = self._choose(state)
        ahead = 0.0 if terminated else self._config.gamma * self._value(state)[action]
        error = reward + ahead - self._value(walk.state)[walk.action]
        if not math.isfinite(error):
            return False
        self._visit(walk)
        self._learn(walk, error)
        walk.errors.append(abs(error))
        walk.state, walk.action = state, action
        return True

    def _choose(self, state: State) -> int:
        return self._explore.choose(lambda: self._value(state), self._actions.count)

    def _value(self, state: State) -> list[float]:
        return self.values.get(state, self._unknown)

    def _visit(self, walk: Walk) -> None:
        state, action = walk.state, walk.action
        if state not in self.values:
            self.values[state] = list(self._unknown)
            self.visits[state] = [0] * self._actions.count
        self.visits[state][action] += 1
        key = (state, action)
        walk.traces[key] = 1.0 if self._config.traces == "replacing" else walk.traces.get(key, 0.0) + 1.0

    def _learn(self, walk: Walk, error: float) -> None:
        kept: dict[tuple[State, int], float] = {}
        for (state, action), trace in walk.traces.items():
            self.values[state][action] += self._alpha(self.visits[state][action]) * error * trace
            if trace * self._decay >= self._config.trace_threshold:
                kept[state, action] = trace * self._decay
        walk.traces = kept

    def _alpha(self, visits: int) -> float:
        config = self._config
        return max(config.alpha_min, config.alpha / (1 + (visits - 1) / config.alpha_decay_visits))


def table_of(tensors: Tensors) -> Table:
    """Return the table of a checkpoint."""
    return {
        tuple(state): values
        for state, values in zip(tensors["states"].tolist(), tensors["values"].tolist(), strict=True)
    }


def load_sarsa(tensors: Tensors, actions: Actions) -> SarsaPolicy:
    """Return the policy of a checkpoint's arrays."""
    edges = {field: tensors[f"edges.{field}"] for field in FIELDS}
    return SarsaPolicy(table_of(tensors), Discretiser(edges), actions)
