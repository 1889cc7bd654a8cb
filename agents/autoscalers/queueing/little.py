"""How many workers a load needs: Little's law and square-root staffing.

Sources: J. D. C. Little, "A Proof for the Queuing Formula L = lambda W", Operations Research 9 (1961); S. Halfin and
W. Whitt, "Heavy-Traffic Limits for Queues with Many Exponential Servers", Operations Research 29 (1981), formula (2.3);
W. Whitt, "Understanding the Efficiency of Multi-Server Service Systems", Management Science 38 (1992).
"""

from __future__ import annotations

import math


def offered_load(arrivals_per_s: float, service_s: float) -> float:
    """Return the mean number of busy workers, in erlang: Little's law for the workers themselves."""
    return arrivals_per_s * service_s


def little_workers(load: float, utilisation: float) -> int:
    """Return the workers that are busy the share ``utilisation``, in (0, 1], of their time under ``load``."""
    return math.ceil(load / utilisation)


def square_root_workers(load: float, beta: float) -> int:
    """Return ``load + beta * sqrt(load)``, rounded up: the spare workers grow with the load's own spread."""
    return math.ceil(load + beta * math.sqrt(load))
