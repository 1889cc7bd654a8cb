"""A candidate for a Lease: KUBECONFIG NAMESPACE LEASE [hasty]."""

from __future__ import annotations

import os
import random
import sys

from autoscaling_env.config.kubernetes import KubernetesConfig
from live.clock import SystemClock
from live.platforms.kubernetes.client import Api
from operate.targets.kubernetes.lease import LeaseElection, LeaseTimes
from operate.testing.election import stand

HASTY = LeaseTimes(lasts_s=3.0, believed_s=2.0, renewal_s=0.5)


def main() -> None:
    kubeconfig, namespace, lease, *more = sys.argv[1:]
    api = Api(KubernetesConfig(namespace=namespace, kubeconfig=kubeconfig))
    times = HASTY if more else LeaseTimes()
    identity = f"candidate-{os.getpid()}"
    stand(LeaseElection(api, namespace, lease, identity, clock=SystemClock(), rng=random.Random(identity), times=times))  # noqa: S311 - spreads renewals out


if __name__ == "__main__":
    main()
