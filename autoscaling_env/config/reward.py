"""The objective: what a step is worth."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from autoscaling_env.config.base import Section, Share

Weight = Annotated[float, Field(ge=0, le=1e9)]


class RewardWeights(Section):
    """Weights of the shaped reward's terms."""

    qos: Weight
    backlog: Weight
    scaling: Weight
    efficiency: Weight
    scale_up: Weight
    scale_down: Weight


class RewardConfig(Section):
    """The reward of ``autoscaling_env.reward``; ``shaped`` is the reference deployment's, ``cost`` plain money."""

    objective: Literal["shaped", "cost"]
    """`shaped`: the terms below; `cost`: worker-seconds and missed deadlines at their prices."""
    target_qos: Share
    """Share of deadlines to meet."""
    queue_target: Annotated[float, Field(gt=0)]
    """Waiting tasks regarded as a full queue."""
    balanced_workers: Annotated[float, Field(ge=0)]
    """Workers beyond this cost efficiency when the farm is idle."""
    idle_queue_threshold: Annotated[float, Field(ge=0)]
    """At most this many waiting tasks count as idle."""
    unfinished_penalty_scale: Weight
    """Per task left waiting when the episode is truncated, up to queue_target."""
    completion_bonus: Annotated[float, Field(ge=0)]
    """For finishing everything before the last step."""
    weights: RewardWeights
    worker_second_price: Weight
    """Objective `cost`: price of one requested worker for one second."""
    missed_deadline_price: Weight
    """Objective `cost`: price of one missed deadline."""
