"""The objective: what a step is worth."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

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


class Terms(BaseModel):
    """Name of a number of the step -> its weight; each is a term of the reward."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, Annotated[float, Field(ge=-1e9, le=1e9)]]

    @property
    def weights(self) -> dict[str, float]:
        """Name -> weight, in the order of the terms."""
        return dict(self.__pydantic_extra__)


class RewardConfig(Section):
    """The reward of ``autoscaling_env.reward``; ``shaped`` is the reference deployment's, ``cost`` plain money."""

    objective: Literal["shaped", "cost", "terms", "function"]
    """`shaped`: the reference's; `cost`: worker-seconds and missed deadlines at their prices; `terms`: numbers of the
    step by weight; `function`: a function of yours."""
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
    terms: Terms = Terms()
    """Objective `terms`: number of the step -> its weight, see docs/environment.md."""
    function: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None = None
    """Objective `function`: `module:name` of a function from the step's numbers to the reward, or its named terms."""

    @model_validator(mode="after")
    def _says_what_it_is(self) -> RewardConfig:
        given = {"terms": bool(self.terms.weights), "function": self.function is not None}
        for name, there in given.items():
            if there and self.objective != name:
                raise ValueError(f"{name} has no effect without objective: {name}")
            if not there and self.objective == name:
                raise ValueError(f"objective: {name} needs {name}")
        return self
