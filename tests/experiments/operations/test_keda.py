"""A queue in a real Redis, controllers, the external scaler, KEDA's rules and the golden HPA, and real processes."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager

import grpc
import pytest

import experiments
from agents.autoscalers.keda.rule import KedaRule, KedaSettings
from autoscaling_env.errors import InputError
from experiments.operations.keda import UnwatchedKeda, keda_scaler
from experiments.operations.keda_files import keda_configs
from experiments.operations.running import Unwatched
from live.clients import command_client
from operate.journal.reader import JournalReader
from operate.keda.server import Listening
from operate.targets.processes.pool import ProcessPool
from operate.targets.processes.settings import ProcessesConfig
from operate.targets.processes.target import ProcessTarget
from tests.live.servers import RunningServer, require_server
from tests.operate.keda.asking import asking, hpa, metric, quantity, trigger
from tests.waiting import PATIENCE_S, until

POLICY = "tests.experiments.operations.a_worker_for_five:AWorkerForFive"
LEAST, MOST = 0, 60
#: Real seconds between two syncs of the HPA, and what they are to it.
PAUSE_S, SYNC_S = 0.05, 15.0


@pytest.fixture(scope="module")
def server():
    require_server()
    running = RunningServer()
    yield running
    running.stop()


@pytest.fixture
def configured(tmp_path):
    def make(name, url, **changes):
        file = tmp_path / f"{name}.yml"
        given = {
            "source": {"kind": "redis_list", "url": url, "key": name},
            "target": {"kind": "processes", "command": ["sleep", "600"]},
            "policy": POLICY,
            "objective": {"finish_within": 3600, "share": 0.9},
            "bounds": {"min": LEAST, "max": MOST},
            "guardrails": {
                "decide_within": 0.05,
                "stale_after": 5,
                "scale_in_cooldown": 0,
                "fallback": "static-1",
                **dict.fromkeys(("watchdog", "familiar", "clear_overdue")),
            },
            "mode": "act",
            "interval": 0.1,
            "state": str(tmp_path / f"state-{name}"),
            "page": None,
        }
        file.write_text(json.dumps(given | changes))  # YAML reads it
        return file

    return make


class Cluster:
    """KEDA, its HPA and the workers of one ScaledObject; nothing but KEDA changes their number."""

    def __init__(self, controller):
        self.ref = trigger(controller)
        self.pool = ProcessPool(ProcessesConfig(command=("sleep", "600"), drain_grace=0.1))
        self.path, self.failures = [0], 0
        self._hpa, self._keda = hpa(LEAST, MOST), KedaRule(KedaSettings(cooldown_period_s=0.0), created_s=-1.0)
        self._now_s, self._over = 0.0, threading.Event()
        self._thread = None

    def begin(self, stub):
        self._thread = threading.Thread(target=self._run, args=(stub,), daemon=True)
        self._thread.start()

    def _run(self, stub):
        while not self._over.wait(PAUSE_S):
            self._now_s += SYNC_S
            self._sync(stub)

    def _sync(self, stub):
        try:
            value = metric(stub, self.ref)
            active = stub.IsActive(self.ref, timeout=PATIENCE_S).result
        except grpc.RpcError:
            self.failures += 1  # an HPA without a metric keeps its count
            return
        before = self.path[-1]
        replicas = self._keda.poll(self._now_s, before, active)
        replicas = self._hpa.sync(self._now_s, replicas, self.pool.counts().running or replicas, quantity(value))
        if replicas != before:
            self.pool.scale_to(replicas, "keda-hpa-orders")
            self.path.append(replicas)

    def comes_to(self, workers):
        return until(lambda: self.path[-1] == workers == self.pool.counts().running, lambda: (workers, self.path))

    def close(self):
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self.pool.close()


class Listener(UnwatchedKeda):
    def __init__(self):
        self.address, self.begun = "", threading.Event()

    def listening(self, address, controllers):
        self.address = address
        self.begun.set()


@contextmanager
def scaling(files, clusters):
    """A scaler for these files, and what it left when it is over."""
    stop, listener, found, errors = threading.Event(), Listener(), {}, []

    def run():
        targets = {name: ProcessTarget(each.pool, "looks") for name, each in clusters.items()}
        try:
            found.update(
                keda_scaler(keda_configs(files), Listening(port=0), stop=stop, watcher=listener, targets=targets)
            )
        except Exception as error:
            errors.append(error)
        finally:
            listener.begun.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert listener.begun.wait(PATIENCE_S)
        assert not errors
        with asking(listener.address) as stub:
            for each in clusters.values():
                each.begin(stub)
            yield stub, found
            for each in clusters.values():
                each.close()
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        for each in clusters.values():
            each.close()
    assert not errors


def wait(server, queue, workers):
    """Let the queue hold what so many workers are wanted for."""
    with command_client(server.url) as client:
        pipe = client.pipeline()
        pipe.delete(queue)
        if workers:
            pipe.rpush(queue, *["task"] * (5 * workers))
        pipe.execute()


@pytest.mark.live
def test_what_is_decided_comes_true_exactly_for_two_queues_at_once(server, configured):
    files = [configured(name, server.url) for name in ("orders", "mails")]
    clusters = {name: Cluster(name) for name in ("orders", "mails")}
    wait(server, "mails", 2)
    with scaling(files, clusters) as (_, found):
        for workers in (20, 21, 20, 19, 40, 41, 39, 12, 11, 1, 0, 33, 34, 0):
            wait(server, "orders", workers)
            assert clusters["orders"].comes_to(workers), (workers, clusters["orders"].path)
        assert clusters["mails"].comes_to(2)
        assert clusters["mails"].path in ([0, 1, 2], [0, 2])
    assert max(clusters["orders"].path) <= 46
    assert found["orders"].writes >= 14
    records = [each for each in JournalReader(found["orders"].journal) if each.kind == "tick"]
    assert {each.outcome for each in records if each.written is not None} == {"ok"}
    assert not any("changed the workers" in remark for each in records for remark in each.remarks)


@pytest.mark.live
def test_while_the_queue_is_away_keda_is_told_nothing_and_the_count_stays(configured):
    require_server()
    own = RunningServer()
    try:
        clusters = {"orders": Cluster("orders")}
        with scaling([configured("orders", own.url)], clusters) as (stub, _):
            wait(own, "orders", 3)
            assert clusters["orders"].comes_to(3)
            own.kill()
            before = clusters["orders"].failures
            until(lambda: clusters["orders"].failures >= before + 3)
            with pytest.raises(grpc.RpcError) as caught:
                metric(stub, trigger("orders"))
            assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
            assert "the source cannot be read" in caught.value.details()
            assert clusters["orders"].path[-1] == 3
            own.start()
            wait(own, "orders", 5)
            assert clusters["orders"].comes_to(5)
    finally:
        own.stop()


@pytest.mark.live
def test_in_shadow_nothing_is_changed(server, configured):
    clusters = {"orders": Cluster("orders")}
    clusters["orders"].pool.scale_to(4, "somebody")
    clusters["orders"].path = [4]
    wait(server, "orders", 9)
    with scaling([configured("orders", server.url, mode="shadow")], clusters) as (_, found):
        time.sleep(1.0)
        assert clusters["orders"].path == [4]
    records = [each for each in JournalReader(found["orders"].journal) if each.kind == "tick"]
    assert {each.wanted for each in records if not each.stale} == {9}
    assert found["orders"].writes == 0


class Kinds(Unwatched):
    def __init__(self):
        self.seen = []

    def ticked(self, record):
        self.seen.append(record.kind)


class Ticking(UnwatchedKeda):
    def __init__(self):
        self.ticks = {}

    def of(self, controller):
        return self.ticks.setdefault(controller, Kinds())


@pytest.mark.live
def test_it_ends_after_so_many_decisions_and_tells_of_each(server, configured):
    configs = experiments.keda_configs([configured(name, server.url) for name in ("orders", "mails")])
    watcher = Ticking()
    found = keda_scaler(configs, Listening(port=0), stop=threading.Event(), watcher=watcher, ticks=3)
    assert {name: each.ticks for name, each in found.items()} == {"orders": 3, "mails": 3}
    assert {name: each.seen for name, each in watcher.ticks.items()} == {
        name: ["start", *["tick"] * 3, "end"] for name in ("orders", "mails")
    }


@pytest.mark.live
def test_one_that_cannot_run_ends_all_with_its_line(server, configured):
    files = [configured("orders", server.url), configured("mails", server.url, policy="hindsight")]
    began = time.monotonic()
    with pytest.raises(InputError, match="policy: hindsight cannot decide"):
        keda_scaler(keda_configs(files), Listening(port=0), stop=threading.Event())
    assert time.monotonic() - began < 10


def test_two_of_one_name_and_a_lease_are_refused(configured, tmp_path):
    file = configured("orders", "redis://localhost:1/0")
    with pytest.raises(InputError, match="a controller is called 'orders' already"):
        keda_configs([file, file])
    with pytest.raises(InputError, match=r"orders.yml: lease: KEDA asks one scaler.*leave lease out"):
        keda_configs([file], ["lease=worker"])
    assert list(keda_configs([file], ["mode=shadow"])) == ["orders"]
