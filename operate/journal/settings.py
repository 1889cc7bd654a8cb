"""What a controller was told, as its record of kind `start` holds it in `info`.

`info` of such a record is a part of the configuration in plain JSON, made by ``start_info`` and read by
``JournalSettings.of``. Needed are `objective`, `bounds` and `interval`; the rest has the defaults of
``operate.config``, so a journal of an earlier version can be read. What is not known is ignored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from autoscaling_env.errors import InputError
from operate.config import BoundsConfig, Duration, ObjectiveConfig, OperateConfig, TasksConfig, WorkersConfig
from operate.record import Record

#: Sections and values of the configuration that a start says; never the source or the target, which may hold secrets.
SAID = (
    "objective",
    "bounds",
    "tasks",
    "workers",
    "interval",
    "observation_window",
    "policy",
    "settings",
    "mode",
)


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """What the controller of a journal was told.

    Attributes:
        objective: what is promised, and what workers cost.
        bounds: of the count.
        interval: seconds between ticks.
        tasks: what was believed of tasks.
        workers: what was believed of workers.
        observation_window: seconds that the policy saw; None: five ticks.
        policy: who decides, as it was named.
        settings: values of the simulator's configuration for the policy.
    """

    objective: ObjectiveConfig
    bounds: BoundsConfig
    interval: Duration
    tasks: TasksConfig = field(default_factory=TasksConfig)
    workers: WorkersConfig = field(default_factory=WorkersConfig)
    observation_window: Duration | None = None
    policy: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Record) -> JournalSettings:
        """Return what a record of kind `start` says.

        Raises:
            InputError: it does not say what is needed, or something else than it may.
        """
        known = {name: value for name, value in record.info.items() if name in cls.__dataclass_fields__}
        try:
            return _SETTINGS.validate_json(json.dumps(known))
        except ValidationError as error:
            first = error.errors()[0]
            place, said = ".".join(map(str, first["loc"])), first["msg"].lower()
            raise InputError(f"the journal's start of {record.at}: {place}: {said}") from None


_SETTINGS: TypeAdapter[JournalSettings] = TypeAdapter(JournalSettings)


def start_info(config: OperateConfig) -> dict[str, Any]:
    """Return ``info`` for the record of a controller's start."""
    return {name: value for name, value in config.model_dump(mode="json").items() if name in SAID}
