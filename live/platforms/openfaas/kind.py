"""The farm of functions behind a gateway, announced."""

from __future__ import annotations

from autoscaling_env.farm_kind import FarmKind, FarmOption
from live.platforms.openfaas.doctor import examine
from live.platforms.openfaas.farm import make_openfaas
from live.platforms.openfaas.lifecycle import OpenFaaSLifecycle
from live.probing import probe
from live.records import records

KIND = FarmKind(
    name="openfaas",
    summary="functions behind a gateway",
    make=make_openfaas,
    real_time=True,
    needs=("redis", "urllib3"),
    examine=examine,
    options=(
        FarmOption("namespace", "live.openfaas.namespace"),
        FarmOption("image", "live.openfaas.image"),
    ),
    lifecycle=OpenFaaSLifecycle(),
    records=records,
    probe=probe,
)
