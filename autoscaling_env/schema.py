"""One declared table of what is known of a step: name, type, unit, meaning, source, and how it is computed.

From it follow the keys of ``info``, the compiled kernel's facts, the infos of vector environments, the columns of
``steps.parquet``, and the tables in docs/metrics.md (see ``autoscaling_env.schema_page``).

A column is added here, and where the compiled farm shall know it too, with a line in
``simulator.compiled.environment.write_facts``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoscaling_env.step import Step


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that is known of a step.

    Attributes:
        name: in ``info``, records and facts.
        unit: of its values; – for none.
        meaning: one line for docs/metrics.md.
        source: who computes it.
        of: computes it from a step; None: whoever steps the environment adds it.
        dtype: in ``steps.parquet``.
        info: it is a key of ``info``.
        recorded: it is a column of ``steps.parquet``.
        kernel: the compiled kernel computes it, as a fact (int64).
        always: ``info`` has it after a reset and after every step; else only at the end of an episode.
    """

    name: str
    unit: str
    meaning: str
    source: str
    of: Callable[[Step], Any] | None = None
    dtype: type = np.int64
    info: bool = True
    recorded: bool = True
    kernel: bool = True
    always: bool = True


#: What stands in a table for the unit of what has none.
NO_UNIT = "–"
_NOT_KERNEL: dict[str, Any] = {"kernel": False}
_INFO_ONLY: dict[str, Any] = {"recorded": False}
_GIVEN: dict[str, Any] = {"recorded": False, "kernel": False}
_FACT_ONLY: dict[str, Any] = {"recorded": False, "info": False}
#: Facts of the compiled farm that other farms do not tell, or that are no numbers.
_FACT_OF_KERNEL = frozenset({"workers_started", "terminated", "truncated"})
_FARM, _ENVIRONMENT, _CONFIG = "farm", "environment", "configuration"
_REASONS = "`ok`, `at_minimum`, `at_maximum`, `clamped_by_platform` or `rejected`"
_ONE_LINE = "one line where the reason needs one: who clamped, which limit; else empty"
_DRAINING = "leaving as soon as their task is done; in none of the other counts"
_MISSED = "collected after their deadline, since the start"

#: What is known of a step, in the order of the records.
STEP: tuple[Column, ...] = (
    Column("step", NO_UNIT, "number of the decision, from 1", _ENVIRONMENT, lambda s: s.counts.steps),
    Column(
        "time_s",
        "s",
        "end of the step since the start of the episode",
        _FARM,
        lambda s: s.farm.time_s,
        np.float64,
        **_NOT_KERNEL,
    ),
    Column("requested_delta", "workers", "change the action asked for", "policy", lambda s: s.requested_delta),
    Column(
        "applied_delta",
        "workers",
        "change of the requested count that came of it, after bounds and platform",
        _FARM,
        lambda s: s.applied_delta,
    ),
    Column("scale_reason", NO_UNIT, _REASONS, _FARM, lambda s: str(s.outcome.reason), str, **_NOT_KERNEL),
    Column("scale_detail", NO_UNIT, _ONE_LINE, _FARM, lambda s: s.outcome.detail, str, **_NOT_KERNEL),
    Column(
        "requested_workers",
        "workers",
        "requested count: what is paid for",
        _FARM,
        lambda s: s.farm.workers_requested,
    ),
    Column("workers_ready", "workers", "able to take tasks, idle or busy", _FARM, lambda s: s.farm.workers_ready),
    Column("workers_starting", "workers", "requested, not ready yet", _FARM, lambda s: s.farm.workers_starting),
    Column("workers_draining", "workers", _DRAINING, _FARM, lambda s: s.farm.workers_draining),
    Column("busy_workers", "workers", "ready and holding a task", _FARM, lambda s: s.farm.workers_busy),
    Column("input_queue", "segments", "not started", _FARM, lambda s: s.farm.input_queue, **_INFO_ONLY),
    Column("worker_queue", "tasks", "waiting", _FARM, lambda s: s.farm.worker_queue, **_INFO_ONLY),
    Column("result_queue", "tasks", "results not collected yet", _FARM, lambda s: s.farm.result_queue, **_INFO_ONLY),
    Column(
        "output_queue",
        "tasks",
        "collected since the start, as counted by the farm",
        _FARM,
        lambda s: s.farm.output_queue,
        **_INFO_ONLY,
    ),
    Column(
        "enqueued_total", "tasks", "put on the worker queue since the start", _FARM, lambda s: s.farm.enqueued_total
    ),
    Column("processed_tasks", "tasks", "collected since the start", _ENVIRONMENT, lambda s: s.counts.processed),
    Column("processed_in_step", "tasks", "collected in this step", _ENVIRONMENT, lambda s: s.counts.processed_in_step),
    Column(
        "unfinished_tasks",
        "tasks",
        "of the episode not collected yet, emitted or not",
        _ENVIRONMENT,
        lambda s: s.counts.tasks - s.counts.processed,
    ),
    Column("qos_violations", "tasks", _MISSED, _ENVIRONMENT, lambda s: s.counts.missed),
    Column(
        "missed_in_step",
        "tasks",
        "collected after their deadline in this step",
        _ENVIRONMENT,
        lambda s: s.counts.missed_in_step,
        **_FACT_ONLY,
    ),
    Column("workers_started", "workers", "started since the start of the episode", _FARM, **_FACT_ONLY),
    Column("terminated", NO_UNIT, "everything emitted has been collected", _ENVIRONMENT, **_FACT_ONLY),
    Column("truncated", NO_UNIT, "`max_steps` reached before that", _ENVIRONMENT, **_FACT_ONLY),
    Column("stale", NO_UNIT, "telemetry fields that could not be read afresh", _FARM, lambda s: s.farm.stale, **_GIVEN),
    Column(
        "action_deltas",
        "workers",
        "the change each action asks for; empty where an action is the wanted count",
        _CONFIG,
        lambda s: s.actions.deltas,
        **_GIVEN,
    ),
    Column("min_workers", "workers", "lower bound of the count", _CONFIG, lambda s: s.actions.min_workers, **_GIVEN),
    Column("max_workers", "workers", "upper bound of the count", _CONFIG, lambda s: s.actions.max_workers, **_GIVEN),
    Column("step_duration_s", "s", "between decisions", _CONFIG, lambda s: s.step_s, np.float64, **_GIVEN),
    Column(
        "episode_seed",
        NO_UNIT,
        "names the tasks and all delays of the episode: the same seed is the same tasks on every farm",
        "`rng.episode_seeds`",
        lambda s: s.episode_seed,
        **_GIVEN,
    ),
    Column("reward_terms", "reward", "the named terms whose sum is the reward (empty after reset)", "reward", **_GIVEN),
    Column(
        "episode_final_qos",
        "share",
        "deadlines met by all tasks collected in the episode",
        _ENVIRONMENT,
        dtype=np.float64,
        always=False,
        **_GIVEN,
    ),
)

#: What is known only where the configuration draws settings anew for every episode: a key of ``info``, JSON in records.
RANDOMIZED = Column(
    "randomized",
    NO_UNIT,
    "what was drawn for the episode, by dotted key: the setting's value, or the factor on its times; only where "
    "`randomize` draws anything",
    _CONFIG,
    dtype=str,
    kernel=False,
)

#: What the agent sees, in the order of the observation.
OBSERVED: tuple[Column, ...] = tuple(
    Column(name, unit, meaning, source, dtype=np.float32)
    for name, unit, meaning, source in (
        ("input_queue", "segments", "not started by the emitter", _FARM),
        ("worker_queue", "tasks", "waiting for a worker", _FARM),
        ("result_queue", "tasks", "done, not collected yet", _FARM),
        ("output_queue", "tasks", "collected, as counted by the farm", _FARM),
        ("workers", "workers", "requested count", _FARM),
        (
            "avg_processing_time",
            "s",
            "mean response time in the observation window; the workload's mean service time if nothing finished in it",
            "observation",
        ),
        (
            "max_processing_time",
            "s",
            "largest response time in the window; as above if nothing finished",
            "observation",
        ),
        ("arrival_rate", "tasks/s", "enqueued since the start of the window over the elapsed time", "observation"),
        (
            "qos_rate",
            "share",
            "deadlines met by the tasks collected in the window; 1 if there are none",
            "observation",
        ),
    )
)

#: The clock, which the agent sees if it is asked for.
PROGRESS = Column(
    "progress", "share", "decisions made, of the most that an episode has", "observation", dtype=np.float32, info=False
)

#: A key of ``info`` where ``environment.observation`` lists what is seen: what everybody else goes by.
STANDARD = Column(
    "standard_observation",
    NO_UNIT,
    "the nine numbers of the standard observation; only where `environment.observation` lists others",
    "observation",
    dtype=np.float32,
    kernel=False,
)

#: Likewise.
SEEN_FIELDS = Column(
    "observation_fields",
    NO_UNIT,
    "a name for each number of the observation, `worker_queue[-1]` is that of a step ago; likewise",
    _CONFIG,
    dtype=str,
    kernel=False,
)

#: The terms of the reward by objective: term -> meaning.
TERMS: dict[str, dict[str, str]] = {
    "shaped": {
        "qos": "w.qos · (QoS − target)",
        "backlog": "− w.backlog · max(0, waiting / queue_target − 1)²",
        "scaling": "− w.scaling · size of the applied change",
        "efficiency": "− w.efficiency · workers beyond `balanced_workers`, while idle and on target",
        "scale_up": "w.scale_up · size of an increase while overloaded",
        "scale_down": "w.scale_down · size of a decrease while not overloaded",
        "comfort": "0.1 · w.qos while on target with a short queue",
        "unfinished": "penalty for tasks left waiting at truncation",
        "completion": "bonus for finishing everything before the last step",
    },
    "cost": {
        "workers": "− price of the requested workers for the step",
        "missed_deadlines": "− price of the deadlines missed in the step",
    },
}

#: Columns of ``steps.parquet`` that come from ``info``.
RECORDED: tuple[Column, ...] = tuple(column for column in STEP if column.recorded)
#: The kernel's facts, in their order.
FACTS: tuple[str, ...] = tuple(column.name for column in STEP if column.kernel)
#: What is known of a step besides, in real numbers: what the observation window says, and the clock.
REALS: tuple[str, ...] = (
    "avg_processing_time",
    "max_processing_time",
    "arrival_rate",
    "qos_rate",
    "time_s",
    "progress",
)
_NAMES_OF_STEP = {column.name for column in STEP}
#: What may be seen, and weighed in the reward: name -> column.
NUMBERS: dict[str, Column] = {
    column.name: column
    for column in (*STEP, *(each for each in OBSERVED if each.name not in _NAMES_OF_STEP), PROGRESS)
    if column.dtype is not str and (column.kernel or column.name in REALS) and column.name not in _FACT_OF_KERNEL
}
#: Names that are short for another column.
SAME = {"workers": "requested_workers"}
_COMPUTED = tuple((column.name, column.of) for column in STEP if column.info and column.of is not None)


def computed(step: Step) -> dict[str, Any]:
    """Return the part of ``info`` that every reset and step has."""
    return {name: of(step) for name, of in _COMPUTED}


def recorded_columns(
    objective: str | None = None, terms: Iterable[str] = (), *, randomized: bool = False
) -> list[Column]:
    """Return every column of ``steps.parquet`` in order; of all objectives if none is named.

    ``terms`` are those of the objective where the configuration says them, or a function.
    """
    seed = next(column for column in STEP if column.name == "episode_seed")
    head = [
        Column("agent", NO_UNIT, "name of the policy", "command line", dtype=str),
        Column("episode", NO_UNIT, "number of the episode, from 0", "comparison"),
        seed,
        *RECORDED,
        Column("reward", "reward", "sum of the reward terms", "`autoscaling_env.reward`", dtype=np.float64),
    ]
    head += [
        Column(f"reward_{term}", "reward", meaning, f"objective `{name}`", dtype=np.float64)
        for name, named in TERMS.items()
        if objective in {None, name}
        for term, meaning in named.items()
    ]
    head += [
        Column(
            f"reward_{term}",
            "reward",
            "as the configuration weighs it, or its function says",
            "objective",
            dtype=np.float64,
        )
        for term in terms
    ]
    head += [column for column in STEP if column.name in {"terminated", "truncated"}]
    head += [RANDOMIZED] if randomized else []
    return head + [
        Column(f"observed_{column.name}", column.unit, column.meaning, column.source, dtype=column.dtype)
        for column in OBSERVED
    ]


def number_of(step: Step, name: str, reals: Mapping[str, float]) -> float:
    """Return a value of ``NUMBERS``, where ``reals`` has those of ``REALS``."""
    compute = NUMBERS[SAME.get(name, name)].of
    return reals[name] if compute is None or name in reals else float(compute(step))
