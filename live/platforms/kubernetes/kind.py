"""The farm of pods in a cluster, announced."""

from __future__ import annotations

from autoscaling_env.farm_kind import FarmKind, FarmOption
from live.backend import RANDOMIZES
from live.platforms.kubernetes.doctor import examine
from live.platforms.kubernetes.farm import make_kubernetes
from live.platforms.kubernetes.lifecycle import KubernetesLifecycle
from live.probing import probe
from live.records import records

KIND = FarmKind(
    name="kubernetes",
    summary="pods in a cluster",
    make=make_kubernetes,
    real_time=True,
    needs=("redis", "kubernetes"),
    examine=examine,
    options=(
        FarmOption("namespace", "live.kubernetes.namespace"),
        FarmOption("context", "live.kubernetes.context"),
        FarmOption("image", "live.kubernetes.image"),
    ),
    lifecycle=KubernetesLifecycle(),
    records=records,
    probe=probe,
    randomizes=RANDOMIZES,
    observing={"live.kubernetes.control": "external"},
)
