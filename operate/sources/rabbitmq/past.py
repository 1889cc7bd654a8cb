"""What was published before, as far as the management keeps it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.errors import BackendError
from operate.sources.prometheus.past import arrivals
from operate.sources.rabbitmq.management import Management
from operate.sources.rabbitmq.settings import RabbitSettings

#: Seconds that each question may take.
ASK_S = 1.3
#: Points that are asked for at most.
MOST_POINTS = 4000


def published(management: Management, settings: RabbitSettings, step_s: float, since_s: float) -> NDArray[np.int64]:
    """Return int64[t], the messages that were published in each step, oldest first; fewer where less is kept.

    Raises:
        BackendError: it cannot be asked, or nothing is kept.
    """
    overview = management.get("overview", ASK_S, columns="rates_mode,disable_stats,sample_retention_policies")
    kept_s = max(overview.get("sample_retention_policies", {}).get("basic") or [0])
    if overview.get("disable_stats") or overview.get("rates_mode") == "none" or not kept_s:
        raise BackendError(f"{management.where}: its statistics are disabled, so nobody knows the past")
    steps = int(min(since_s, kept_s) / step_s + 1e-9)
    apart_s = max(1, math.floor(step_s), math.ceil(steps * step_s / MOST_POINTS))
    told = management.queue(
        settings.virtual_host, settings.queue, ASK_S, columns="name,message_stats.publish_details.samples",
        msg_rates_age=str(math.ceil(steps * step_s / apart_s) * apart_s), msg_rates_incr=str(apart_s),
    )  # fmt: skip
    samples = told.get("message_stats", {}).get("publish_details", {}).get("samples", ())
    return counted([(each["timestamp"] / 1e3, each["sample"]) for each in samples], step_s, steps)


def counted(samples: Sequence[tuple[float, float]], step_s: float, steps: int) -> NDArray[np.int64]:
    """Return int64[t], the arrivals of the last steps, from a counter with the Unix times of its values.

    Zeros before the first number are also what the server tells of a time that it knows nothing of. So they are left
    out, and with them whatever came before that number.
    """
    samples = sorted(samples)
    first = next((n for n, (_, value) in enumerate(samples) if value > 0), len(samples))
    samples = samples[first:]
    if len(samples) < 2:
        return np.zeros(0, dtype=np.int64)
    times_s, values = np.array(samples, dtype=np.float64).T
    edges = times_s[-1] - step_s * np.arange(steps, -1, -1)
    return arrivals(np.where(edges >= times_s[0] - 1e-6, np.interp(edges, times_s, values), np.nan), whole=True)
