"""The environment's ``info``: everything that is true at the end of a step and is not in the observation."""

from __future__ import annotations

from autoscaling_env.schema import NO_UNIT, STEP, computed

#: Every key of ``info`` and its meaning with its unit. ``episode_final_qos`` is there only at the end of an episode.
INFO_KEYS: dict[str, str] = {
    column.name: f"{column.meaning} ({column.unit})" if column.unit != NO_UNIT else column.meaning
    for column in STEP
    if column.info
}
#: Keys that a reset does not have, nor a step before the last.
AT_THE_END = frozenset(column.name for column in STEP if column.info and not column.always)

__all__ = ["AT_THE_END", "INFO_KEYS", "computed"]
