"""A controller of a simulated queue, in simulated time."""

from __future__ import annotations

import numpy as np

from autoscaling_env.config import load_config
from autoscaling_env.plugins import make_backend
from autoscaling_env.types import TaskBatch
from operate.config import OperateConfig
from operate.controller.asking import Asking
from operate.controller.choosing import Chooser
from operate.controller.clocks import Clocks
from operate.controller.controller import Controller, Parts
from operate.controller.keeping import Keeping
from operate.controller.seeing import Eyes
from operate.controller.writing import Writer
from operate.testing.simulated import ManualClock, SimulatedQueue

INTERVAL_S = 8.0


def a_config(**changes):
    given = {
        "source": None,
        "target": None,
        "objective": {"finish_within": "10s", "share": 0.95},
        "bounds": {"min": 1, "max": 20},
        "tasks": {"service_time": "1s"},
        "guardrails": {"scale_in_cooldown": 0, "watchdog": None, "familiar": None, "spare_busy": None},
        "mode": "act",
    }
    for key, value in changes.items():
        known = given.get(key)
        given[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return OperateConfig.model_validate(given)


def a_queue(rate=4.0, minutes=10, workers=4, most=60, **more):
    rng = np.random.default_rng(3)
    arrival_s = np.sort(rng.uniform(0, 60 * minutes, int(rate * 60 * minutes)))
    tasks = TaskBatch(arrival_s, rng.gamma(4, 0.25, len(arrival_s)), np.full(len(arrival_s), 10.0))
    options = {
        "farm.max_workers": ("", most),
        "farm.min_workers": ("", 0),
        "farm.startup": ("", {"kind": "constant", "value_s": 3.0}),
    }
    return SimulatedQueue(make_backend("sim", load_config(options=options)), tasks, workers=workers, **more)


class Says:
    """A policy that says the next of what it was given, or what that makes when called."""

    def __init__(self, *said):
        self.said, self.asked, self.resets = list(said), 0, 0

    def reset(self):
        self.resets += 1

    def decide(self, observation, info):
        self.asked += 1
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        return said(observation, info) if callable(said) else said


class Controlled:
    """A controller, its queue, its clock, and what it recorded."""

    def __init__(self, folder, config=None, policy=None, fallback=None, queue=None, election=None, **parts):
        self.config, self.queue, self.clock = config or a_config(), queue or a_queue(), ManualClock()
        self.policy, self.fallback = policy or Says(6), fallback or Says(5)
        self.records = []
        clocks = Clocks(self.clock.now, self.clock.wall)
        rails = self.config.guardrails
        scaler = self.queue.scaler() if self.config.mode == "act" else None
        self.controller = Controller(
            Parts(
                name="test",
                config=self.config,
                eyes=Eyes(self.queue, self.queue, rails.stale_after),
                chooser=Chooser(
                    Asking("policy", self.policy, rails.decide_within, self.clock.now),
                    Asking("rule", self.fallback, rails.decide_within, self.clock.now),
                ),
                writer=Writer(scaler, election),
                clocks=clocks,
                keeping=Keeping(folder / "state.json", clocks),
                publish=self.records.append,
                **parts,
            )
        )
        self.number = 0

    def ticks(self, count):
        for _ in range(count):
            self.controller.tick(self.number, 0, 0.0)
            self.queue.pass_s(INTERVAL_S)
            self.clock.pass_s(INTERVAL_S)
            self.number += 1
        return self.records[-count:]
