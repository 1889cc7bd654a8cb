"""Proximal policy optimisation in one file, on many farms at once: read it from top to bottom, then change it.

    python examples/ppo.py flash_crowd
    python examples/ppo.py diurnal --steps 2000000 --seed 3

It learns on the native vector environment, then plays the scenario's test episodes beside the best constant. What
follows is Schulman et al. 2017 (arXiv:1707.06347) with the details that CleanRL's ppo.py has. Deviations: observations
are log(1 + x), for queues and rates span decades; rewards are scaled and clipped, for the shaped one falls with the
square of the backlog; entropy is paid for in the first half alone; a truncated episode counts the value of where it
was cut off.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.wrappers.utils import RunningMeanStd
from torch import nn

from autoscaling_env import ENV_ID
from experiments import Comparison, compare, scenario
from workloads.scenarios import load_scenario


@dataclass(frozen=True)
class Settings:
    """What may be tuned; CleanRL's names."""

    total_timesteps: int = 300_000
    num_envs: int = 16
    num_steps: int = 128
    learning_rate: float = 1e-3
    gamma: float = 0.9
    gae_lambda: float = 0.95
    update_epochs: int = 4
    minibatch_size: int = 512
    clip_coef: float = 0.2
    ent_coef: float = 0.01
    vf_coef: float = 0.5
    max_grad_norm: float = 0.5
    hidden: int = 64
    reward_scale: float = 0.05
    reward_clip: float = 5.0


class Agent(nn.Module):
    """An actor and a critic, each of two layers."""

    def __init__(self, fields: int, actions: int, hidden: int) -> None:
        super().__init__()
        self.actor, self.critic = mlp(fields, hidden, actions, 0.01), mlp(fields, hidden, 1, 1.0)

    def forward(self, seen: torch.Tensor) -> tuple[torch.distributions.Categorical, torch.Tensor]:
        """Return what to do, and what it is worth: float32[n] for float32[n, fields]."""
        return torch.distributions.Categorical(logits=self.actor(seen)), self.critic(seen).squeeze(-1)


def mlp(inputs: int, hidden: int, outputs: int, gain: float) -> nn.Sequential:
    """Return two tanh layers and a linear one, orthogonal at the start."""
    layers = [nn.Linear(inputs, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, outputs)]
    for layer, scale in zip(layers, (2**0.5, 2**0.5, gain), strict=True):
        nn.init.orthogonal_(layer.weight, scale)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])


class Eyes:
    """Observations as the networks see them: log(1 + x), mean 0 and variance 1 as met in training, clipped."""

    def __init__(self, fields: int) -> None:
        self.statistics = RunningMeanStd(shape=(fields,))

    def __call__(self, observations: np.ndarray, *, learn: bool = False) -> torch.Tensor:
        """Return float32[n, fields]."""
        logs = np.log1p(observations)
        if learn:
            self.statistics.update(logs)
        scaled = (logs - self.statistics.mean) / np.sqrt(self.statistics.var + 1e-4)
        return torch.as_tensor(np.clip(scaled, -5, 5), dtype=torch.float32)


class Rollout:
    """Plays ``num_steps`` steps on every farm, and says how much better than expected each turned out."""

    def __init__(self, envs: gymnasium.vector.VectorEnv[Any, Any, Any], settings: Settings, seed: int) -> None:
        self.envs, self.settings = envs, settings
        self.eyes = Eyes(envs.single_observation_space.shape[0])
        self.returns = np.zeros(settings.num_envs)
        self.finished: list[float] = []
        observations, _ = envs.reset(seed=seed)
        self.seen = self.eyes(observations, learn=True)

    @torch.no_grad()
    def play(self, agent: Agent) -> dict[str, torch.Tensor]:
        """Return a batch: one row for each step and farm."""
        steps: dict[str, list[torch.Tensor]] = {
            name: [] for name in ("seen", "actions", "logprobs", "values", "rewards", "over")
        }
        for _ in range(self.settings.num_steps):
            policy, values = agent(self.seen)
            actions = policy.sample()
            observations, rewards, terminated, truncated, infos = self.envs.step(actions.numpy())
            over = terminated | truncated
            scaled = np.clip(
                self.settings.reward_scale * rewards, -self.settings.reward_clip, self.settings.reward_clip
            )
            for row in np.flatnonzero(truncated):  # not an end: what would have followed counts
                _, value = agent(self.eyes(infos["final_obs"][row][None]))
                scaled[row] += self.settings.gamma * value.item()
            self._keep_returns(rewards, over)
            step = (self.seen, actions, policy.log_prob(actions), values, scaled, over)
            for name, value in zip(steps, step, strict=True):
                steps[name].append(torch.as_tensor(value, dtype=torch.int64 if name == "actions" else torch.float32))
            self.seen = self.eyes(observations, learn=True)
        batch = {name: torch.stack(values) for name, values in steps.items()}
        batch["advantages"] = self._advantages(batch, agent(self.seen)[1])
        batch["returns"] = batch["advantages"] + batch["values"]
        return {name: values.flatten(0, 1) for name, values in batch.items()}

    def _advantages(self, batch: dict[str, torch.Tensor], following: torch.Tensor) -> torch.Tensor:
        """Return generalised advantage estimates, float32[steps, farms]."""
        gamma, decay = self.settings.gamma, self.settings.gae_lambda
        advantages, last = torch.zeros_like(batch["values"]), torch.zeros_like(following)
        for step in reversed(range(self.settings.num_steps)):
            going_on = 1 - batch["over"][step]
            delta = batch["rewards"][step] + gamma * following * going_on - batch["values"][step]
            advantages[step] = last = delta + gamma * decay * going_on * last
            following = batch["values"][step]
        return advantages

    def _keep_returns(self, rewards: np.ndarray, over: np.ndarray) -> None:
        self.returns += rewards
        self.finished += self.returns[over].tolist()
        self.returns[over] = 0


def update(
    agent: Agent, optimizer: torch.optim.Optimizer, batch: dict[str, torch.Tensor], settings: Settings, ent_coef: float
) -> None:
    """Improve the agent on a batch, some epochs, without going far from the policy that played it."""
    for _ in range(settings.update_epochs):
        for rows in torch.randperm(len(batch["seen"])).split(settings.minibatch_size):
            policy, values = agent(batch["seen"][rows])
            ratio = (policy.log_prob(batch["actions"][rows]) - batch["logprobs"][rows]).exp()
            advantages = batch["advantages"][rows]
            advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
            clipped = ratio.clamp(1 - settings.clip_coef, 1 + settings.clip_coef)
            policy_loss = -torch.min(advantages * ratio, advantages * clipped).mean()
            value_loss = 0.5 * (values - batch["returns"][rows]).square().mean()
            loss = policy_loss - ent_coef * policy.entropy().mean() + settings.vf_coef * value_loss
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), settings.max_grad_norm)
            optimizer.step()


class Ppo:
    """What was learned, as a policy that can be compared: ``reset`` and ``act``.

    It acts as it learned to, by its probabilities: what it balances (half of the time one more, half of the time none)
    the most probable action alone would not do. Every episode draws the same numbers, so it is the same policy always.
    """

    def __init__(self, agent: Agent, eyes: Eyes, seed: int) -> None:
        self._agent, self._eyes, self._seed = agent, eyes, seed
        self.reset()

    def reset(self) -> None:
        """Start an episode."""
        self._draws = torch.Generator().manual_seed(self._seed)

    @torch.no_grad()
    def act(self, observation: np.ndarray, info: dict[str, Any]) -> int:
        """Draw an action."""
        probabilities = self._agent(self._eyes(observation[None]))[0].probs
        return int(torch.multinomial(probabilities, 1, generator=self._draws))


def train(name: str, settings: Settings, seed: int) -> Ppo:
    """Learn on a scenario's training episodes."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # networks this small gain nothing from more
    config = load_scenario(name)
    envs = gymnasium.make_vec(ENV_ID, settings.num_envs, config=config, autoreset_mode="SameStep")
    agent = Agent(envs.single_observation_space.shape[0], envs.single_action_space.n, settings.hidden)
    optimizer = torch.optim.Adam(agent.parameters(), lr=settings.learning_rate, eps=1e-5)
    rollout, batch_size = (
        Rollout(envs, settings, scenario(name).train_seed + seed),
        settings.num_envs * settings.num_steps,
    )
    updates, begin = max(1, settings.total_timesteps // batch_size), time.perf_counter()
    for done in range(updates):
        optimizer.param_groups[0]["lr"] = settings.learning_rate * (1 - done / updates)
        ent_coef = settings.ent_coef * max(0.0, 1 - 2 * done / updates)
        update(agent, optimizer, rollout.play(agent), settings, ent_coef)
        if rollout.finished and (done + 1) % max(1, updates // 20) == 0:
            rate = (done + 1) * batch_size / (time.perf_counter() - begin)
            mean = np.mean(rollout.finished[-100:])
            print(f"{(done + 1) * batch_size:>9,} steps  return {mean:9.1f}  {rate:7,.0f} steps/s", flush=True)
    envs.close()
    return Ppo(agent, rollout.eyes, seed)


def main(arguments: list[str] | None = None) -> Comparison:
    """Train, then compare on the scenario's test episodes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("scenario", nargs="?", default="flash_crowd")
    parser.add_argument("--steps", type=int, default=Settings.total_timesteps)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--episodes", type=int, default=20, help="test episodes")
    chosen = parser.parse_args(arguments)
    policy = train(chosen.scenario, Settings(total_timesteps=chosen.steps), chosen.seed)
    found = compare({"ppo": policy, "static-best": "static-best"}, chosen.scenario, episodes=chosen.episodes)
    print(found.table()[["total_reward", "qos_of_all_tasks", "mean_workers"]])
    for row in found.pair_rows(chosen.scenario):
        print(" ".join(row.values()))
    return found


if __name__ == "__main__":
    main()
