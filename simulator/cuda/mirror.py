"""The environments of a GPU with NumPy's arrays and with infos: ``AutoscalingVectorEnv`` in all but the place."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from autoscaling_env.schema import SEEN_FIELDS, STANDARD
from simulator.compiled.episodes import EpisodeBatch
from simulator.compiled.names import FACT, REAL
from simulator.compiled.playing import Results
from simulator.randomized_rows import RandomizedRows
from simulator.vector_info import Infos

Rows = NDArray[np.int64]


class Mirror(VectorEnv[Any, Any, Any]):
    """What ``CudaVectorEnv.to_numpy`` returns. Every step waits for the device and copies what it was.

    Where the mode is ``SAME_STEP`` the device's environments do not begin anew by themselves: what was true at the end
    is fetched first.

    Args:
        env: a ``CudaVectorEnv``; its mode is changed, so it has to be reset.
    """

    def __init__(self, env: Any) -> None:
        self.env, self.num_envs, self.autoreset_mode = env, env.num_envs, env.autoreset_mode
        self.metadata, self.config = env.metadata, env.config
        self.single_observation_space, self.observation_space = env.single_observation_space, env.observation_space
        self.single_action_space, self.action_space = env.single_action_space, env.action_space
        batch = EpisodeBatch(env.config, env.workload.mean_service_s, 1)
        self._terms, self._layout = batch.terms, batch.layout
        self._infos, self._randomized = Infos(env.config, env.num_envs), RandomizedRows(env.config, env.num_envs)
        self._over: Rows = np.arange(0)
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            env.autoreset_mode = AutoresetMode.DISABLED

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """See ``AutoscalingVectorEnv.reset``."""
        self.env.reset(seed=seed, options=options)
        mask = (options or {}).get("reset_mask")
        rows = np.arange(self.num_envs) if mask is None else np.flatnonzero(mask)
        self._over = np.setdiff1d(self._over, rows)
        results = self._results()
        results.reward[rows] = 0.0
        return self._observation(), self._begun(results, rows)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """See ``AutoscalingVectorEnv.step``."""
        again = self._over
        self.env.step(np.asarray(actions, dtype=np.int64))
        results, seeds, rows = self._results(), self._seeds(), np.arange(self.num_envs)
        stepped = None
        if len(again):
            stepped = np.ones(self.num_envs, dtype=np.bool_)
            stepped[again] = False
            self._randomized.begin(again, seeds[again])
        self._over = np.flatnonzero(results.terminated | results.truncated)
        if len(self._over) and self.autoreset_mode is AutoresetMode.SAME_STEP:
            return self._start_over(results, seeds)
        infos = self._infos.of_step(results, self._terms, seeds, stepped, self._over)
        infos |= self._standard(rows) | self._randomized.infos(rows)
        return self._observation(), results.reward, results.terminated, results.truncated, infos

    def _start_over(self, results: Results, seeds: Rows) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        rows, everyone = self._over, np.arange(self.num_envs)
        final = self._infos.final(results, self._terms, seeds, self._observation(), rows)
        final["final_info"] |= self._standard(rows) | self._randomized.infos(rows)
        mask = np.zeros(self.num_envs, dtype=np.bool_)
        mask[rows] = True
        self.env.reset(options={"reset_mask": mask})
        self._over, anew, seeds = everyone[:0], self._results(), self._seeds()
        self._randomized.begin(rows, seeds[rows])
        infos = self._infos.of_step(anew, self._terms, seeds, ~mask, everyone[:0])
        infos |= self._standard(everyone) | self._randomized.infos(everyone) | final
        return self._observation(), results.reward, results.terminated, results.truncated, infos

    def _begun(self, results: Results, rows: Rows) -> dict[str, Any]:
        seeds = self._seeds()
        self._randomized.begin(rows, seeds[rows])
        others = np.setdiff1d(np.arange(self.num_envs), rows)
        results.facts[:, others], results.time_s[others], results.reason[others] = 0, 0.0, 0
        return self._infos.of_reset(results, seeds, rows) | self._standard(rows) | self._randomized.infos(rows)

    def _observation(self) -> NDArray[np.float32]:
        seen: NDArray[np.float32] = self.env.target.fetch(self.env.playing.episodes.observation)
        return seen

    def _seeds(self) -> Rows:
        seeds: Rows = self.env.level_seeds[self.env.target.fetch(self.env.playing.episodes.farms.level)]
        return seeds

    def _results(self) -> Results:
        """Fetch the columns of ``Results``."""
        fetch, play = self.env.target.fetch, self.env.playing
        facts, reals = np.ascontiguousarray(fetch(play.episodes.facts).T), fetch(play.episodes.reals)
        terms = np.ascontiguousarray(fetch(play.episodes.terms).T).astype(np.float64)
        reward, terminated, truncated = (
            fetch(each) for each in (play.outcomes.reward, play.outcomes.terminated, play.outcomes.truncated)
        )
        processed, missed = facts[FACT.processed_tasks], facts[FACT.qos_violations]
        qos = np.divide(processed - missed, processed, out=np.ones(self.num_envs), where=processed > 0)
        wanted, came = facts[FACT.requested_delta], facts[FACT.applied_delta]
        reason = 1 + (wanted > came).astype(np.int64) - (wanted < came)
        time_s = reals[:, REAL.time_s].astype(np.float64)
        return Results(facts, terms, reward.astype(np.float64), time_s, terminated, truncated, qos, reason)

    def _standard(self, rows: Rows) -> dict[str, Any]:
        if self._layout.is_standard:
            return {}
        standard = self.env.target.fetch(self.env.playing.episodes.standard)
        seen, mask = np.zeros_like(standard), np.zeros(self.num_envs, dtype=np.bool_)
        seen[rows], mask[rows] = standard[rows], True
        names = np.full(self.num_envs, None)
        for row in rows.tolist():
            names[row] = self._layout.names
        told = {STANDARD.name: seen, SEEN_FIELDS.name: names}
        return told | {f"_{name}": mask.copy() for name in told}
