"""The value of the metric by which a HorizontalPodAutoscaler comes to the wanted count exactly.

KEDA's HPA has one External metric of type ``AverageValue`` with target 1. At each sync it proposes ``ceil(value)``, but
only where ``value / replicas`` is further than its tolerance, 10 %, from 1; within it stays where it is. So from 20
replicas it comes to any count of 23 and more and of 18 and fewer, and to none of 19, 21 and 22, whatever the value.

* ``tolerance``: the HPA has ``tolerance: 0`` in ``behavior.scaleUp`` and ``behavior.scaleDown`` (Kubernetes 1.35, and
  before it from 1.33 with the feature gate ``HPAConfigurableTolerance``). The value is the wanted count, and one sync
  brings it about.
* ``detour``: any HPA. What one sync cannot reach is reached in two, by way of the nearest count from which it can: the
  next greater one, and only where the bounds leave no room for it the next smaller one.
"""

from __future__ import annotations

from enum import StrEnum

#: The tolerance of an HPA that says nothing else, and of a cluster whose controllers have no other flag.
TOLERANCE = 0.1
#: What lies so near to the tolerance's edge is taken to lie within: releases of Kubernetes round differently there.
MARGIN = 1e-6
#: A count is proposed by any value up to one below it. The HPA sees thousandths, KEDA may cut off what is less.
ABOVE = 0.0015
#: Keys of a trigger's metadata: whose count it is, and how it is reached.
CONTROLLER, REACH = "controller", "reach"
#: Of the metric; KEDA puts the trigger's number before it.
METRIC = "workers"
#: Workers that are worth one unit of the metric.
TARGET = 1.0


class Reach(StrEnum):
    """How the HPA is brought to a count."""

    DETOUR = "detour"
    TOLERANCE = "tolerance"


REACHES = tuple(map(str, Reach))


def value_for(wanted: int, replicas: int, least: int, most: int, reach: Reach) -> float:
    """Return the value to report now.

    Args:
        wanted: workers, 0 or more. KEDA itself takes the last one away, so 0 asks the HPA for its least.
        replicas: workers that the scaled object's status counts now.
        least: ``minReplicas`` of the HPA, 1 or more.
        most: ``maxReplicas`` of the HPA.
        reach: what the HPA is like.
    """
    wanted = min(max(wanted, 0), most)
    if reach is Reach.TOLERANCE or replicas in (0, wanted):
        return float(wanted)
    goal = max(wanted, least)
    if goal == replicas:
        return float(goal)
    straight = _in_one_sync(replicas, goal, least, most)
    return straight if straight is not None else _by_way_of_another(replicas, goal, least, most)


def _by_way_of_another(replicas: int, goal: int, least: int, most: int) -> float:
    greater = range(max(replicas, goal) + 1, most + 1)
    smaller = range(min(replicas, goal) - 1, least - 1, -1)
    for between in (*greater, *smaller):
        first = _in_one_sync(replicas, between, least, most)
        if first is not None and _in_one_sync(between, goal, least, most) is not None:
            return first
    return float(goal)


def _in_one_sync(replicas: int, goal: int, least: int, most: int) -> float | None:
    """Return a value that makes an HPA of the usual tolerance go from ``replicas`` to ``goal``; None: none does."""
    if goal > replicas:
        beyond = replicas * (1 + TOLERANCE + MARGIN)
        if goal > beyond:
            return float(goal)
        return float(int(beyond) + 1) if goal == most else None  # the HPA's own bound makes it ``most``
    below = replicas * (1 - TOLERANCE - MARGIN)
    if goal - 1 + ABOVE < below:
        return goal - 1 + ABOVE
    return max(0.0, below - ABOVE) if goal == least else None
