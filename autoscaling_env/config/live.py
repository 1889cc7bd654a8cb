"""The real farm: where Redis is and what starts the workers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from autoscaling_env.config.base import Section


class LiveConfig(Section):
    """Settings of ``--backend local`` and its relatives."""

    time_scale: Annotated[float, Field(gt=0, le=10)] = 1.0
    """Real seconds per episode second: 0.1 runs tasks, delays and steps ten times faster."""
