"""Anything with a scale subresource in a cluster, announced."""

from __future__ import annotations

import random
import secrets

from live.clock import SystemClock
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.errors import ClusterRefused
from operate.kinds import TargetKind
from operate.leader import Election
from operate.targets.kubernetes.examine import examine
from operate.targets.kubernetes.find import find
from operate.targets.kubernetes.lease import LeaseElection
from operate.targets.kubernetes.scaled import discover
from operate.targets.kubernetes.scaler import term_of
from operate.targets.kubernetes.settings import KubernetesTargetConfig
from operate.targets.kubernetes.target import KubernetesTarget
from operate.targets.kubernetes.template import template


def elect(config: KubernetesTargetConfig, lease: str, identity: str) -> Election:
    """Return a candidate for the Lease of this name in the workers' namespace, not yet started.

    Where somebody deleted the Lease, terms go on from the one that stands on the scaled object.

    Args:
        identity: for people; what makes it unique is added.
    """
    api = Api(config.cluster())
    unique = f"{identity}-{secrets.token_hex(3)}"

    def floor() -> int:
        try:
            return term_of(api.get(discover(api, config).path)["metadata"])
        except ClusterRefused as error:
            if error.status != 404:
                raise
            return 0  # what is not there bears no term

    rng = random.Random(unique)  # noqa: S311 - spreads renewals out
    return LeaseElection(api, config.namespace, lease, unique, clock=SystemClock(), rng=rng, floor=floor)


KIND = TargetKind(
    name="kubernetes",
    summary="a Deployment, or any other object with a scale subresource",
    settings=KubernetesTargetConfig,
    open=KubernetesTarget,
    examine=examine,
    template=template,
    find=find,
    elect=elect,
    needs=("kubernetes",),
)
