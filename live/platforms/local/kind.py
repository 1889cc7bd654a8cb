"""The farm on this machine, announced."""

from __future__ import annotations

from autoscaling_env.farm_kind import FarmKind
from live.backend import RANDOMIZES
from live.platforms.local.doctor import examine
from live.platforms.local.farm import make_local
from live.platforms.local.lifecycle import LocalLifecycle
from live.probing import probe
from live.records import records

KIND = FarmKind(
    name="local",
    summary="processes on this machine",
    make=make_local,
    real_time=True,
    needs=("redis",),
    examine=examine,
    lifecycle=LocalLifecycle(),
    records=records,
    probe=probe,
    randomizes=RANDOMIZES,
)
