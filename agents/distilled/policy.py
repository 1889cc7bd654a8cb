"""A distilled planner in NumPy: its forward pass, and the policy; runs without torch, twin and forecast."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agents.checkpoint import Tensors
from agents.distilled.features import COUNTED, Profile, Recall
from agents.distilled.labels import moves_of
from agents.exploration import calmest_best
from agents.networks.normaliser import Normaliser
from agents.networks.weights import Floats, layers, outputs, parameter_count
from autoscaling_env.actions import Actions
from autoscaling_env.observation import standard
from autoscaling_env.types import Info, Observation


@dataclass(frozen=True, slots=True)
class Student:
    """What was learned so far; nothing of it is ever changed in place.

    Attributes:
        flat: float32[parameters], the network's weights.
        sizes: its widths, from features to moves.
        normaliser: of its features.
        profile: arrivals of past episodes.
        history_steps: steps that are remembered.
        max_steps: steps of an episode.
    """

    flat: Floats
    sizes: tuple[int, ...]
    normaliser: Normaliser
    profile: Profile
    history_steps: int
    max_steps: int

    def tensors(self) -> Tensors:
        """Return the arrays that ``of`` takes; all are part of the policy (``agents.learned.NEEDED``)."""
        own: Tensors = {
            "student.weights": self.flat,
            "student.sizes": np.array(self.sizes, dtype=np.int64),
            "student.arrived": self.profile.total,
            "student.episodes": self.profile.episodes,
            "student.history_steps": np.array([self.history_steps], dtype=np.int64),
        }
        return own | self.normaliser.state_dict()

    @classmethod
    def of(cls, tensors: Tensors) -> Student:
        """Return the student that ``tensors`` was taken from."""
        sizes = tuple(int(size) for size in tensors["student.sizes"])
        if len(tensors["student.weights"]) != parameter_count(sizes):
            raise ValueError(f"{len(tensors['student.weights'])} weights for a network of {sizes}")
        normaliser = Normaliser(sizes[0])
        normaliser.load_state_dict(tensors)
        profile = Profile(tensors["student.arrived"].copy(), tensors["student.episodes"].copy())
        steps, max_steps = int(tensors["student.history_steps"][0]), len(profile.total)
        return cls(tensors["student.weights"].copy(), sizes, normaliser, profile, steps, max_steps)


class DistilledPolicy:
    """Makes the move of highest value; it remembers of an episode, which begins at step 0, what its features need."""

    def __init__(self, student: Student, actions: Actions) -> None:
        self._student, self._actions = student, actions
        self._moves = moves_of(actions)
        self._network = layers(student.flat, student.sizes)
        self.reset()

    def reset(self) -> None:
        """Forget the episode."""
        self._recalls: list[Recall] = []

    def act(self, observation: Observation, info: Info) -> int:
        """Run the network."""
        return self._act(self._recall(0), standard(observation, info), info)

    def act_batch(self, observations: Floats, infos: Info) -> list[int]:
        """Run the network for every row; the n-th row is always of the same farm."""
        seen = ("step", "requested_workers", "min_workers", "max_workers", *COUNTED)
        columns = {name: infos[name][: len(observations)].tolist() for name in seen}
        rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
        standards = standard(observations, infos)
        return [self._act(self._recall(place), standards[place], row) for place, row in enumerate(rows)]

    def act_on(self, facts: Floats, info: Info) -> int:
        """Return the action at a moment whose facts are known (``Recall.facts``)."""
        student, requested = self._student, int(info["requested_workers"])
        seen = student.normaliser(np.concatenate((facts, student.profile.at(int(info["step"])))))
        values, least, most = outputs(self._network, seen).tolist(), info["min_workers"], info["max_workers"]
        changes = self._moves.deltas
        # What would lead out of the bounds was never labelled there, so its value is anything.
        within = [
            value if least <= requested + each <= most else -math.inf
            for value, each in zip(values, changes, strict=True)
        ]
        change = changes[calmest_best(within, changes)]
        return self._actions.nearest(requested + change, requested)

    def _act(self, recall: Recall, observation: Observation, info: Info) -> int:
        return self.act_on(recall.facts(observation, info), info)

    def _recall(self, row: int) -> Recall:
        while len(self._recalls) <= row:
            self._recalls.append(Recall(self._student.history_steps, self._student.max_steps))
        return self._recalls[row]


def load_distilled(tensors: Tensors, actions: Actions) -> DistilledPolicy:
    """Return the policy of a checkpoint's arrays."""
    return DistilledPolicy(Student.of(tensors), actions)
