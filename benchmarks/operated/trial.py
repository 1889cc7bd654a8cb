"""A trial: KEDA scales while a controller watches, then the controller acts on the same load."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import redis
from ruamel.yaml import YAML

from benchmarks.operated import journaled, load, place, truth
from benchmarks.operated.queues import Queue
from experiments import Limits, check_operate, counterfactual, operate_config

SHARE, INTERVAL_S = 0.95, 4.0
LOOK = ("autoscale-operate-look", "autoscale-operate-check")
ACT = ("autoscale-operate-lead", "autoscale-operate-act")
#: Tasks that still wait at the end of an episode are served within this time; where none is left, no more is to come
#: after ``QUIET_S``.
DRAIN_S, QUIET_S = 240.0, 15.0


@dataclass(frozen=True, slots=True)
class Given:
    """What is tried.

    Attributes:
        periods: of the load, in each episode.
        most: workers.
        length: waiting tasks per worker that KEDA aims at.
        within_s: seconds in which a task is to be finished.
        work: how long tasks are, as a share of those of ``load``.
        seed: of the load.
        folder: where everything is kept.
    """

    periods: int
    most: int
    length: int
    within_s: float
    work: float
    seed: int
    folder: Path

    @property
    def seconds(self) -> float:
        """Of an episode."""
        return self.periods * load.PERIOD_S


@dataclass(frozen=True, slots=True)
class Trial:
    """One queue, its place in the cluster, and where its workers log.

    Args:
        queue: somebody's.
        place: of its workers.
        log: a Redis.
        given: what is tried.
    """

    queue: Queue
    place: place.Place
    log: redis.Redis
    given: Given

    def run(self) -> dict[str, Any]:
        """Return what came of both episodes, and what the first one's journal predicts of the second."""
        found: dict[str, Any] = {}
        tasks = load.drawn(self.given.seconds, self.given.seed, self.given.work)
        config = self.written("shadow", self.place.grant(*LOOK))
        self.queue.clear()
        self.place.begin_with(1)
        self.place.keda(self.queue.trigger(self.given.length), self.given.most)
        found["check"] = {mode: checked(config, f"mode={mode}") for mode in ("shadow", "act")}
        found["shadow"] = self.episode(config, tasks)
        begin = datetime.fromtimestamp(found["shadow"]["begin_s"], UTC)
        found["prediction"] = predicted(self.given.folder, begin, begin + timedelta(seconds=self.given.seconds))
        self.place.no_keda()
        self.place.begin_with(1)
        config = self.written("act", self.place.grant(*ACT))
        found["check"]["act, KEDA away"] = checked(config, "mode=act")
        found["act"] = self.episode(config, tasks)
        return found

    def episode(self, config: Path, tasks: load.Tasks) -> dict[str, Any]:
        """Let the load pass, beginning with a period; return what was recorded by whom."""
        self.queue.clear()
        seconds, within_s = self.given.seconds, self.given.within_s
        before = self.place.managers()
        begin_s = (time.time() // load.PERIOD_S + 1) * load.PERIOD_S
        if begin_s - time.time() < 30:  # the controller needs some seconds to begin
            begin_s += load.PERIOD_S
        watch = truth.Watch(self.place.cluster.api, self.place.path, self.place.cluster.path("pods"))
        producer = load.Producer(self.queue.put, tasks, begin_s)
        watch.start()
        time.sleep(max(0.0, begin_s - 24 - time.time()))
        with controller(config):
            producer.start()
            producer.join()
            time.sleep(max(0.0, begin_s + seconds + INTERVAL_S / 2 - time.time()))
        truth.until_served(self.log, self.queue.left, len(tasks.at_s), DRAIN_S, QUIET_S)
        watch.stop()
        done, books = truth.served(self.log, len(tasks.at_s))
        name = config.stem
        (self.given.folder / f"{name}-tasks.json").write_text(json.dumps(done), "utf-8")
        looks = [asdict(each) for each in watch.looks]
        (self.given.folder / f"{name}-workers.json").write_text(json.dumps(looks), "utf-8")
        ticks = journaled.records(self.given.folder / "state", begin_s, time.time())
        return {
            "begin_s": begin_s,
            "true": truth.summary(done, watch, begin_s, begin_s + seconds, within_s),
            "books": books | self.queue.left(),
            "producer_late_s": producer.late_s,
            "journal": journaled.told(ticks, done, begin_s, begin_s + seconds, within_s),
            "managers": {"before": before, "after": self.place.managers()},
        }

    def written(self, mode: str, account: Path) -> Path:
        """Write a controller's configuration; both share their state, so acting begins with what was seen before."""
        namespace = self.place.cluster.namespace
        target = {"kind": "kubernetes", "namespace": namespace, "kubeconfig": str(account.absolute())}
        config = {
            "source": self.queue.source,
            "target": target | {"resource": f"deployment/{place.WORKER}"},
            "policy": "planner",
            "objective": {"finish_within": f"{self.given.within_s:g}s", "share": SHARE, "window": "10m"},
            "bounds": {"min": 1, "max": self.given.most},
            "tasks": {"service_time": f"{self.given.work * load.WORK_S:g}s", "variation": 0.5},
            "workers": {"startup_time": f"{self.queue.workers.startup_s:g}s"},
            "guardrails": {"scale_in_cooldown": "20s"},
            "mode": mode,
            "interval": f"{INTERVAL_S:g}s",
            "observation_window": "20s",
            "period": f"{load.PERIOD_S:g}s",
            "lease": "autoscale-operate",
            "state": str((self.given.folder / "state").absolute()),
            "page": {"port": 0},
        }
        file = self.given.folder / f"{mode}.yaml"
        with file.open("w", encoding="utf-8") as out:
            YAML(typ="safe", pure=True).dump(config, out)
        return file


@contextmanager
def controller(config: Path) -> Iterator[None]:
    """Run a controller beside us."""
    with config.with_suffix(".log").open("w") as log:
        command = [sys.executable, "-m", "cli", "operate", "run", str(config)]
        running = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - ours
        try:
            yield
        finally:
            running.terminate()  # as a kubelet does
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def checked(config: Path, assignment: str) -> list[str]:
    """Return what `operate check` says, a line each; what is fine begins with ok."""
    findings = check_operate(operate_config(config, [assignment]))
    return [f"{'ok' if each.ok else 'NO'}  {each.what}: {each.detail}" for each in findings if each.what != "state"]


def predicted(folder: Path, since: datetime, until: datetime) -> dict[str, Any]:
    """Return what the report says of the journal between two moments; where it refuses to, also what it would say."""
    options: dict[str, Any] = {"since": since, "until": until, "block_s": load.PERIOD_S}
    found = counterfactual(folder / "state", output=folder / "report.html", **options)
    said = {name: value for name, value in found.to_json().items() if name != "files"}
    if found.trusted:
        return said
    anyway = counterfactual(folder / "state", limits=Limits(*[1e9] * len(fields(Limits))), **options)
    return said | {"were_it_trusted": anyway.to_json()["policies"]}
