"""Workloads and trace files for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autoscaling_env.config import Config, default_config
from autoscaling_env.config.workload import PhasesConfig, TraceConfig
from workloads import make_workload
from workloads.phased import PhasedWorkload
from workloads.trace import TraceWorkload

REFERENCE = default_config().workload.model_dump(mode="json")


def phased(*phases: dict[str, Any], base_rate_per_min: float = 600, **other: Any) -> PhasedWorkload:
    """A workload of these phases, with the reference deployment's service times."""
    return PhasedWorkload(phases_config(*phases, base_rate_per_min=base_rate_per_min, **other))


def phases_config(*phases: dict[str, Any], base_rate_per_min: float = 600, **other: Any) -> PhasesConfig:
    """The configuration of such a workload."""
    data = REFERENCE | {"phases": phases or REFERENCE["phases"], "base_rate_per_min": base_rate_per_min} | other
    return PhasesConfig.model_validate_json(_json(data))


def config_for(file: Path | str, **options: Any) -> Config:
    """The default configuration with this trace as its workload."""
    wanted = TraceConfig.model_validate_json(_json({"kind": "trace", "file": str(file)} | options))
    return default_config().model_copy(update={"workload": wanted})


def traced(file: Path | str, **options: Any) -> TraceWorkload:
    """The trace fitted to the default farm: 240 s, 32 workers."""
    workload = make_workload(config_for(file, **options))
    assert isinstance(workload, TraceWorkload)
    return workload


def _json(data: dict[str, Any]) -> str:
    import json

    return json.dumps(data)


def azure2021(rows: int = 200) -> str:
    """A look-alike of the Azure 2021 trace: sorted by end, not by start; functions f0, f1, f2."""
    lines = [
        (i * 0.5 + (i * 7 % 13) / 10, f"app,f{i % 3},{i * 0.5 + (i * 7 % 13) / 10!r},{(i * 7 % 13) / 10}")
        for i in range(rows)
    ]
    return "app,func,end_timestamp,duration\n" + "".join(f"{line}\n" for _, line in sorted(lines))


def azure2019(minutes: int = 1440) -> str:
    """A look-alike of the Azure 2019 invocations: function x busy early, y busy late."""
    header = ",".join(["HashOwner", "HashApp", "HashFunction", "Trigger", *map(str, range(1, minutes + 1))])
    early = ",".join(str(5 if m < minutes // 2 else 0) for m in range(minutes))
    late = ",".join(str(3 if m >= minutes // 2 else 0) for m in range(minutes))
    return f"{header}\no,a,x,queue,{early}\no,a,y,http,{late}\n"


def durations2019(*functions: str) -> str:
    """A look-alike of the durations: x around 100 ms, every further one twice as long as the one before."""
    header = "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum," + ",".join(
        f"percentile_Average_{percent}" for percent in (0, 1, 25, 50, 75, 99, 100)
    )
    rows = []
    for index, name in enumerate(functions or ("x", "y")):
        values = ",".join(str(value * 2**index) for value in (50, 60, 90, 100, 110, 190, 400))
        rows.append(f"o,a,{name},{100 * 2**index},10,50,400,{values}")
    return "\n".join([header, *rows]) + "\n"


def counts(hours: int = 48) -> str:
    """A look-alike of an export of counts, every five minutes: ten by night, forty by day."""
    rows = [
        f"2026-03-{1 + m // 1440:02d} {m // 60 % 24:02d}:{m % 60:02d}:00,{40.0 if 8 <= m // 60 % 24 < 20 else 10.0}"
        for m in range(0, hours * 60, 5)
    ]
    return "timestamp,value\n" + "\n".join(rows) + "\n"
