"""A study's file: what is trained, what is played, and what is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from autoscaling_env.config.base import Section
from autoscaling_env.config.loading import read_source, validated
from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write
from autoscaling_env.rng import SEED_BOUND

#: Where results lie unless the file or the command says another place.
STORE = "studies"

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
Seed = Annotated[int, Field(ge=0, lt=SEED_BOUND)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
#: Dotted key of the configuration, or a section of it -> value.
Values = dict[str, Any]
#: Dotted key -> the values that it takes, one after the other.
Grid = dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]]


class Drawn(Section):
    """A setting that is drawn between two values."""

    low: float
    """The smallest."""
    high: float
    """The largest."""
    log: bool = False
    """Evenly by its logarithm, which wants low > 0."""
    whole: bool = False
    """Rounded to a whole number."""

    @model_validator(mode="after")
    def _in_order(self) -> Drawn:
        if self.low > self.high or (self.log and self.low <= 0):
            raise ValueError(f"low {self.low} and high {self.high}: low must not exceed high, and be above 0 for log")
        return self


class Samples(Section):
    """Combinations of settings that are drawn, each a variant of its own."""

    count: Count
    """How many combinations."""
    seed: Seed = 0
    """Names the draws: the same seed is the same combinations."""
    settings: dict[str, Drawn | tuple[Any, ...]] = Field(min_length=1)
    """Dotted key -> what it is drawn from: an interval, or a list of values."""


class Training(Section):
    """Agents that learn, each from several seeds in several scenarios."""

    agents: tuple[str, ...] = Field(min_length=1)
    """Who learns: names of `autoscale train`."""
    name: Name | None = None
    """What tables call it instead of the agent's name; needed where an agent is trained in two ways."""
    scenarios: tuple[str, ...] | None = None
    """Where; the study's own scenarios if left out."""
    seeds: Count | Annotated[tuple[Seed, ...], Field(min_length=1)] = 5
    """Training seeds: so many, beginning with the scenario's own, or a list of them."""
    episodes: Count | dict[str, Count] | None = None
    """The budget in training episodes, of each agent or by its name; as configured if left out."""
    settings: Values = Field(default_factory=dict)
    """What is configured otherwise while training."""
    grid: Grid = Field(default_factory=dict)
    """Dotted key -> values; every combination is a variant that is trained from every seed."""
    samples: Samples | None = None
    """Combinations that are drawn, on top of the grid."""


class Evaluation(Section):
    """What everybody is played on."""

    policies: tuple[str, ...] = ()
    """Rules and models beside what was trained: names that `autoscale compare` takes."""
    scenarios: tuple[str, ...] | None = None
    """Where these are played; the study's own scenarios if left out. What was trained is played where it was."""
    episodes: Count = 20
    """Test episodes of each run."""
    tests: Literal["own", "shared"] = "own"
    """Whether the i-th run meets the test episodes of the i-th next test seed, as in the benchmark protocol, and rules
    have as many runs; or all runs meet the scenario's own, and rules have one."""
    runs: Count | None = None
    """With tests of their own: how many runs policies that were not trained here have; as many as there are training
    seeds if left out."""
    settings: Values = Field(default_factory=dict)
    """What is configured otherwise while playing, such as reward.objective: cost."""
    grid: Grid = Field(default_factory=dict)
    """Dotted key -> values; every combination is a place of its own in the tables."""
    record: Literal["episodes", "steps", "tasks"] = "steps"
    """How much is kept: a row for each episode, for each step as well, or for each task as well."""
    engine: str | None = None
    """Simulation engine."""


class Report(Section):
    """How results are added up."""

    metric: str = "total_reward"
    """The figure that is compared; see docs/metrics.md."""
    against: str = "static-best"
    """Whom the others are set against, and 0 of a score; the first policy where it was not played."""
    best: str = "hindsight"
    """1 of a score; without it scores are differences to `against`."""


class Study(Section):
    """Trainings and evaluations, and what is made of them."""

    name: Name
    """What the study is called; its progress and report lie under it in the store."""
    scenarios: tuple[str, ...] = Field(min_length=1)
    """Names or files of scenarios."""
    settings: Values = Field(default_factory=dict)
    """What is configured otherwise in all of it."""
    train: tuple[Training, ...] = ()
    """What is trained."""
    evaluate: Evaluation = Evaluation()
    """What everybody is played on."""
    report: Report = Report()
    """How results are added up."""
    store: str = STORE
    """Where results lie: a folder, or a URL that fsspec opens, such as s3://bucket/folder."""

    @model_validator(mode="after")
    def _something(self) -> Study:
        if not self.train and not self.evaluate.policies:
            raise ValueError("nothing to do: name agents under train, or policies under evaluate")
        return self


TEMPLATE = """\
# Made by `autoscale study init`. What its cells cost: `autoscale study plan FILE`; then `autoscale study run FILE`.
name: {name}
scenarios: [flash_crowd, ramp]

# Who learns. Every agent is trained in every scenario from every seed; a grid makes variants of each.
train:
  - agents: [sarsa]
    seeds: 3
    episodes: 100
    # grid: {{agents.sarsa.alpha: [0.1, 0.2]}}

# Rules beside them, on the same test episodes.
evaluate:
  policies: [keda, static-best]
  episodes: 10
  settings: {{reward.objective: cost, environment.action: target}}

report:
  metric: total_reward
  against: static-best
"""


def read_study(file: Path) -> Study:
    """Return the study of a file; whether its names mean something is looked at when its cells are made.

    Raises:
        ConfigError: every problem found, one line each.
    """
    return validated(Study, [read_source(file)])


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema of a study's file."""
    return Study.model_json_schema()


def init_study(file: Path, *, force: bool = False) -> Path:
    """Write a small study to begin with, named after its file.

    Raises:
        InputError: the file is there already, or no study can be called so.
    """
    if file.exists() and not force:
        raise InputError(f"{file}: is there already; name another file, or replace it with --force")
    if not file.stem.replace("-", "").replace("_", "").isalnum() or not file.stem[0].isalnum():
        raise InputError(f"{file}: the study is called after its file: use letters, digits, - and _")
    with atomic_write(file) as stream:
        stream.write(TEMPLATE.format(name=file.stem))
    return file
