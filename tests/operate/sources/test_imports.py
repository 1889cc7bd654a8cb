"""What real servers keep of a queue's past, imported by ``autoscale history``."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import redis

from autoscaling_env.errors import BackendError, InputError
from experiments import Setup, queue_history
from live.clients import command_client
from live.queues import Queues
from operate.kinds import source_kinds
from operate.sources.farm import FarmSource
from tests.live.servers import RunningServer
from tests.operate.sources.benches import SECRET, watched
from tests.operate.sources.prometheis import Exporter, PrometheusBench, RunningPrometheus
from tests.operate.sources.test_farm import FarmBench, settings

pytestmark = pytest.mark.live
CAME = (3, 0, 8, 1)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def farm(watched_server: RunningServer, admin: redis.Redis) -> Iterator[FarmBench]:
    with closing(FarmSource(settings(watched_server))) as source, command_client(watched_server.url) as client:
        yield FarmBench(watched_server, admin, source, Queues(client, "theirs", watched_server.url))


def given(**values: Any) -> list[str]:
    return [f"{key}={value}" for key, value in values.items()]


def test_counts_of_a_farm(watched_server: RunningServer, farm: FarmBench) -> None:
    for tasks in CAME:
        farm.put(tasks)
        time.sleep(0.5)
    asked = given(kind="farm", url=watched(watched_server.url), farm="theirs")
    with pytest.raises(InputError, match="pace"):
        queue_history(None, [*asked, "pace=3"], output=Path("farm.csv"))
    found = queue_history(None, asked, _steps(0.5), since="60s", output=Path("farm.csv"))
    assert found.imported.tasks == pd.read_csv("farm.csv")["count"].sum() == sum(CAME)
    assert SECRET not in str(found.tables())


def test_a_server_that_is_gone_is_one_line(watched_server: RunningServer, farm: FarmBench) -> None:
    farm.cut()
    try:
        with pytest.raises(BackendError) as refused:
            queue_history(None, given(kind="farm", url=watched(watched_server.url)), output=Path("farm.csv"))
    finally:
        farm.mend()
    assert len(str(refused.value).splitlines()) == 1
    assert SECRET not in str(refused.value)
    assert not Path("farm.csv").exists()


def test_counts_of_a_range_of_prometheus(prometheus: RunningPrometheus, exporter: Exporter) -> None:
    bench = PrometheusBench(prometheus, exporter)
    with closing(bench.source):
        for tasks in CAME:
            bench.put(tasks)
            time.sleep(0.6)
        time.sleep(0.6)
        query = bench.metrics.queries()["arrived_total"]
        asked = [*given(kind="prometheus", url=prometheus.url), f"queries.arrived_total='{query}'"]
        found = queue_history(None, asked, _steps(0.5), since="60s", output=Path("shop.csv"))
        # The first task of a counter that nobody saw before is where it begins.
        assert found.imported.tasks == pd.read_csv("shop.csv")["count"].sum()
        assert found.imported.tasks in {sum(CAME), sum(CAME[1:])}
        asked = [*given(kind="prometheus", url=prometheus.url), "queries.backlog=up"]
        with pytest.raises(BackendError, match="arrived_total is empty, so nobody knows the past"):
            queue_history(None, asked, output=Path("other.csv"))


def _steps(step_s: float) -> Setup:
    return Setup(settings={"environment.step_duration_s": step_s})


def test_jobs_of_rq(watched_server: RunningServer, admin: redis.Redis) -> None:
    """Real jobs, run by a real worker: each is there once, with its function's name and the time it took."""
    rq = pytest.importorskip("rq")
    if "rq" not in source_kinds():
        pytest.skip("no source of RQ")
    queue = rq.Queue("jobs", connection=admin)
    for _ in range(6):
        queue.enqueue(time.sleep, 0.05)
        queue.enqueue(math.sqrt, 2.0)
    rq.SimpleWorker([queue], connection=admin).work(burst=True, logging_level="ERROR")
    waiting = queue.enqueue(math.sqrt, 3.0)
    asked = given(kind="rq", url=watched(watched_server.url), queues="[jobs]")
    found = queue_history(None, asked, since="1h", output=Path("rq.csv"))
    work = found.imported.work
    assert work is not None
    assert {each.name: (each.tasks, each.known) for each in work.by_name()} == {
        "time.sleep": (6, 6),
        "math.sqrt": (7, 6),
    }
    slept = next(each for each in work.by_name() if each.name == "time.sleep")
    assert 0.05 <= (slept.p50_s or 0) < 0.5
    assert len(pd.read_csv("rq.csv")) == found.imported.tasks == 13
    assert waiting.id in queue.job_ids
    assert any("result_ttl" in remark for remark in found.imported.remarks)
