"""Settings of the agents that learn, and of their training."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from autoscaling_env.config.base import Section, Share

Count = Annotated[int, Field(ge=1, le=100_000_000)]
Bins = Annotated[int, Field(ge=1, le=1000)]
#: Open at 0 where a zero would stop all learning.
Rate = Annotated[float, Field(gt=0, le=1)]
#: One discount below 1 keeps values finite where truncated episodes bootstrap.
Discount = Annotated[float, Field(ge=0, lt=1)]
HiddenLayers = Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=1, max_length=8)]
BatchSize = Annotated[int, Field(ge=1, le=65_536)]


class LearnerConfig(Section):
    """What learners that explore have: how long they train and how."""

    episodes: Annotated[int, Field(ge=1, le=10_000_000)]
    """Training episodes."""
    gamma: Discount
    """Discount per step."""
    epsilon: Share
    """Probability of a random action in the first episode."""
    epsilon_min: Share
    """Probability it never falls below."""
    epsilon_decay: Rate
    """Factor on it after every episode."""


class SarsaConfig(LearnerConfig):
    """SARSA(lambda) on a table of discretised observations."""

    bins: Bins | Annotated[tuple[Bins, ...], Field(min_length=9, max_length=9)]
    """Bins of each of the nine observations, 1 leaves it out; one number stands for all nine."""
    alpha: Rate
    """Step size at the first visit of a state and action."""
    alpha_min: Rate
    """Step size it never falls below."""
    alpha_decay_visits: Annotated[float, Field(gt=0, le=1e12)]
    """Visits of a state and action after which its step size has halved."""
    initial_value: Annotated[float, Field(ge=-1e9, le=1e9)]
    """Value of an action that was never tried."""
    trace_lambda: Share
    """Decay of the eligibility traces: 0 is one-step SARSA, 1 Monte Carlo."""
    trace_threshold: Rate
    """Traces below this are dropped."""
    traces: Literal["replacing", "accumulating"]
    """What a second visit does to a trace: set it to 1, or add 1."""


class DqnConfig(LearnerConfig):
    """Double DQN: a small network, a replay buffer, a target network that follows."""

    hidden_layers: HiddenLayers
    """Width of each hidden layer."""
    learning_rate: Rate
    """Adam's step size."""
    replay_capacity: Count
    """Transitions remembered; the oldest are overwritten."""
    batch_size: BatchSize
    """Transitions in an update."""
    learning_starts: Count
    """Transitions collected before the first update."""
    train_every: Count
    """Environment steps per update."""
    target_update: Count
    """Updates between two moves of the target network."""
    target_tau: Rate
    """Share of the way to the online network it moves each time; 1 copies."""
    gradient_clip: Annotated[float, Field(gt=0, le=1e9)]
    """Largest norm of a gradient."""
    reward_scale: Annotated[float, Field(gt=0, le=1e9)]
    """Factor on rewards inside the update, so that values stay near 1."""
    reward_clip: Annotated[float, Field(gt=0, le=1e9)]
    """Largest scaled reward or penalty inside the update: one huge backlog does not drown all else."""

    @model_validator(mode="after")
    def _filled_by_the_memory(self) -> DqnConfig:
        if self.batch_size > self.replay_capacity:
            raise ValueError(f"batch_size {self.batch_size} must not exceed replay_capacity {self.replay_capacity}")
        return self


class PpoConfig(Section):
    """Proximal policy optimisation: an actor and a critic, which learn from whole episodes of their own."""

    episodes: Annotated[int, Field(ge=1, le=10_000_000)]
    """Training episodes."""
    rollout_episodes: Annotated[int, Field(ge=1, le=4096)]
    """Episodes between two times of learning; played at once where a farm can be played so, which changes nothing."""
    hidden_layers: HiddenLayers
    """Width of each hidden layer, of actor and critic."""
    learning_rate: Rate
    """Adam's step size at first; it falls linearly to a twentieth."""
    anneal_episodes: Count | None
    """Episodes in which learning rate and entropy's weight fall; null: those that are planned."""
    gamma: Discount
    """Discount per step."""
    gae_lambda: Share
    """How far rewards are believed before the critic is: 0 looks one step ahead, 1 to the end of the episode."""
    clip: Annotated[float, Field(gt=0, lt=1)]
    """How far the ratio of new to old probability may go from 1 and still be rewarded."""
    epochs: Annotated[int, Field(ge=1, le=1000)]
    """How often the steps of a rollout are gone through."""
    batch_size: BatchSize
    """Steps in an update."""
    entropy: Annotated[float, Field(ge=0, le=1e9)]
    """What a nat of the policy's entropy is worth at first; it falls linearly to 0."""
    value_weight: Annotated[float, Field(gt=0, le=1e9)]
    """Weight of the critic's loss."""
    gradient_clip: Annotated[float, Field(gt=0, le=1e9)]
    """Largest norm of a gradient."""
    reward_scale: Annotated[float, Field(gt=0, le=1e9)]
    """Factor on rewards inside the update, so that values stay near 1."""
    reward_clip: Annotated[float, Field(gt=0, le=1e9)]
    """Largest scaled reward or penalty inside the update: one huge backlog does not drown all else."""


class DistilledConfig(Section):
    """The planner distilled: a small network that imitates it, by DAgger."""

    episodes: Annotated[int, Field(ge=1, le=10_000_000)]
    """Training episodes; the planner labels every moment of them."""
    round_episodes: Count
    """Episodes between two times of learning from all there are; a checkpoint follows each."""
    beta_decay: Share
    """The planner acts at all steps of the first round, and in each later one at so many times the share before."""
    history_steps: Annotated[int, Field(ge=1, le=1000)]
    """Past steps whose arrivals and changes the network sees."""
    hidden_layers: HiddenLayers
    """Width of each hidden layer."""
    learning_rate: Rate
    """Adam's step size at the first update of a round; it falls to 0 at the last."""
    batch_size: BatchSize
    """Moments in an update."""
    updates: Count
    """Updates after a round."""


class TrainingConfig(Section):
    """Checkpoints and evaluation, whatever learns."""

    envs: Annotated[int, Field(ge=1, le=4096)]
    """Episodes played at once; more than one needs a farm that can. Part of what a seed means, but not to PPO."""
    checkpoint_every: Count
    """Episodes between two checkpoints; each is evaluated."""
    eval_episodes: Annotated[int, Field(ge=0, le=1_000_000)]
    """Episodes a checkpoint is evaluated on, without exploration; 0 evaluates nothing."""
    eval_seed: Annotated[int, Field(ge=0, lt=2**53)]
    """Names the evaluation episodes: the same for every training seed, and never trained on."""
