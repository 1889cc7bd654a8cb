"""Somebody deletes the Lease: who led goes on in a new term, and never do two believe that they lead."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from autoscaling_env.config.kubernetes import KubernetesConfig
from live.clock import SystemClock
from live.platforms.kubernetes.client import Api
from operate.targets.kubernetes.lease import LEASES, LeaseElection
from tests.live.platforms.kubernetes.clusters import Cluster, kubeconfig
from tests.operate.targets.kubernetes.candidate import HASTY
from tests.waiting import until

pytestmark = pytest.mark.cluster

NAME, DELETIONS, WATCHED_S = "deleted", 4, 4.5


@pytest.fixture
def candidates(jobs: Cluster) -> Iterator[tuple[LeaseElection, LeaseElection]]:
    """Two that stand for the same Lease; the highest term is known past the Lease, as from the workers' annotation."""
    highest = [0]

    def floor() -> int:
        return highest[0]

    with ExitStack() as stack:
        made = []
        for name in ("one", "two"):
            api = Api(KubernetesConfig(namespace=jobs.namespace, kubeconfig=kubeconfig()))
            rng = random.Random(name)  # noqa: S311 - spreads renewals out
            more: dict[str, Any] = {"clock": SystemClock(), "rng": rng, "floor": floor, "times": HASTY}
            made.append(LeaseElection(api, jobs.namespace, NAME, name, **more))
            stack.callback(made[-1].close)
            made[-1].start()
        until(lambda: any(each.term() for each in made), "one of them leads")
        highest[0] = 1
        yield made[0], made[1]


def test_no_two_lead_while_the_lease_is_deleted_again_and_again(
    jobs: Cluster, candidates: tuple[LeaseElection, LeaseElection]
) -> None:
    terms: list[int] = []
    for _ in range(DELETIONS):
        jobs.api.delete(f"{LEASES.format(jobs.namespace)}/{NAME}")
        watched_s = time.monotonic() + WATCHED_S
        while time.monotonic() < watched_s:
            led = [each.term() for each in candidates]
            assert None in led
            terms += [term for term in led if term is not None and term not in terms]
            time.sleep(0.002)
        until(lambda: any(each.term() for each in candidates), "one of them leads")
    assert len(terms) >= 2
    assert terms == sorted(terms)
