"""The ladder in two minutes, on this machine: first in shadow beside a rule that acts, then acting."""

from __future__ import annotations

import math
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autoscaling_env.run_folder import RunFolder
from experiments.operations.picture import operated_picture
from experiments.operations.report import counterfactual
from experiments.operations.running import Unwatched, Watcher, operate
from live.clients import command_client
from live.server import EmbeddedServer
from operate.config import OperateConfig, operate_model
from operate.demo.load import PERIOD_S, WORK_S, Load
from operate.journal.files import SUBFOLDER
from operate.kinds import source_kinds
from operate.record import Record
from operate.targets.processes.pool import ProcessPool
from operate.targets.processes.settings import ProcessesConfig
from operate.targets.processes.target import ProcessTarget

QUEUE = "orders"
INTERVAL_S = 2.0
#: Watching, and then acting, takes a period each, and some seconds to see what came of it.
TICKS = math.ceil((PERIOD_S + 4 * INTERVAL_S) / INTERVAL_S)
#: From starting a worker to its taking tasks, of which the process itself needs a part.
STARTUP_S = 4.0
MOST = 24
VARIATION = 0.5
#: Whom the report asks about the shadow's minute.
RULES = ("planner", "hpa", "static-best")
#: What a person would have put there: an HPA on waiting tasks per worker, with its usual pause before scaling in.
RULE = {
    "agents.hpa.metric": "queue_per_worker",
    "agents.hpa.target": 4,
    "agents.hpa.sync_period_s": 4,
    "agents.hpa.scrape_interval_s": 2,
    "agents.hpa.downscale_stabilization_s": 30,
}


@dataclass(frozen=True, slots=True)
class OperateDemo:
    """What the demo came to.

    Attributes:
        stages: what happened in each: name -> share in time, worker-hours, tasks done, most that waited.
        files: journal, picture and report.
        verdict: of the report, on whether a minute is enough for the twin to be believed; "": there is none.
        interrupted: it was stopped before its end.
    """

    stages: dict[str, dict[str, float]]
    files: dict[str, Path]
    verdict: str
    interrupted: bool

    @property
    def lines(self) -> list[str]:
        """What to say of it."""
        lines = [
            f"{name}: {100 * told['in_time']:.1f} % of {told['done']:.0f} tasks in time, "
            f"{told['worker_minutes']:.1f} worker-minutes, up to {told['most_waiting']:.0f} waiting"
            for name, told in self.stages.items()
        ]
        return [*lines, f"the report: {self.verdict}"] if self.verdict else lines

    def to_json(self) -> dict[str, Any]:
        """Return it in what JSON holds."""
        files = {name: str(path) for name, path in self.files.items()}
        return {"stages": self.stages, "verdict": self.verdict, "files": files}


class _Keeping:
    """Passes every record on, and keeps those of ticks."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher, self.records = watcher, list[Record]()

    def ticked(self, record: Record) -> None:
        """Keep a tick."""
        if record.kind == "tick":
            self.records.append(record)
        self._watcher.ticked(record)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._watcher, name)


def demo_operate(output_dir: Path, *, stop: threading.Event, watcher: Watcher | None = None) -> OperateDemo:
    """Watch a rule at work for a minute, then do its work for one, and compare.

    Args:
        output_dir: where the run folder is made.
        stop: ends it early.
        watcher: is told of every tick.
    """
    folder = RunFolder.create(output_dir, "operate_demo", datetime.now(UTC)).path
    watcher = watcher or Unwatched()
    shadow, acting = _Keeping(watcher), _Keeping(watcher)
    with _queue() as url, _pool(url) as pool:
        config = _config(url, folder)
        source = source_kinds()["redis_list"].open(config.source)
        with _old_autoscaler(url, folder, pool):
            watcher.note("a minute in shadow: an HPA on waiting tasks acts, the planner watches")
            operate(config, stop=stop, watcher=shadow, ticks=TICKS, source=source, target=ProcessTarget(pool))
        if not stop.is_set():
            watcher.note("a minute acting: the rule is switched off, the planner acts on what it saw")
            act = config.model_copy(update={"mode": "act"})
            operate(act, stop=stop, watcher=acting, ticks=TICKS, source=source, target=ProcessTarget(pool))
        source.close()
    stages = {"the HPA acted": shadow.records, "the planner acted": acting.records}
    told = {name: _summed(records) for name, records in stages.items() if len(records) > 1}
    files = {"journal": folder / "state" / SUBFOLDER}
    verdict = ""
    if told:
        files["picture"] = operated_picture({name: stages[name] for name in told}, folder / "operated.png", PERIOD_S)
    if len(told) == len(stages):
        files["report"] = folder / "report.html"
        found = counterfactual(
            folder / "state", policies=RULES, variation=VARIATION, block_s=PERIOD_S / 4, output=files["report"]
        )
        verdict = (
            found.verdict if found.trusted else f"{found.verdict} Two minutes are short; the page says what is off."
        )
    return OperateDemo(told, files, verdict, stop.is_set())


def _summed(records: list[Record]) -> dict[str, float]:
    """Return what happened between the first and the last of these ticks."""
    seen = [record.seen for record in records[1:] if record.seen]
    done, missed = (sum(each[name] or 0.0 for each in seen) for name in ("done", "missed"))
    hours = records[-1].hours_today - records[0].hours_today
    most = max((each["backlog"] or 0.0 for each in seen), default=0.0)
    return {
        "in_time": 1 - missed / done if done else 1.0,
        "done": done,
        "worker_minutes": 60 * hours,
        "most_waiting": most,
    }


def _config(url: str, folder: Path, **changes: Any) -> OperateConfig:
    return operate_model().model_validate(
        {
            "source": {
                "kind": "redis_list",
                "url": url,
                "key": QUEUE,
                "processing_keys": (f"{QUEUE}:held",),
                "arrived_key": f"{QUEUE}:came",
                "completed_key": f"{QUEUE}:done",
            },
            "target": {"kind": "processes", "command": ("demo",)},
            "policy": "planner",
            "objective": {"finish_within": "5s", "share": 0.95, "window": "60s"},
            "bounds": {"min": 1, "max": MOST},
            "tasks": {"service_time": WORK_S, "variation": VARIATION},
            "workers": {"startup_time": STARTUP_S},
            "interval": INTERVAL_S,
            "observation_window": 10.0,
            "period": PERIOD_S,
            "guardrails": {"decide_within": 0.9, "scale_in_cooldown": 0.0, "stale_after": 10.0, "hands_off": 10.0},
            "state": folder / "state",
            "page": {"port": 0},
            **changes,
        }
    )


@contextmanager
def _queue() -> Iterator[str]:
    """Keep a private server up, and its load."""
    with tempfile.TemporaryDirectory(prefix="autoscale-") as name:
        server = EmbeddedServer(Path(name))
        pool = ProcessPool(ProcessesConfig(command=tuple(server.command()), workers=1))
        try:
            client = command_client(server.url, retries=20)
            client.ping()
            load = Load(server.url, QUEUE)
            load.start()
            yield server.url
            load.stop()
        finally:
            pool.close()


@contextmanager
def _pool(url: str) -> Iterator[ProcessPool]:
    command = (sys.executable, "-m", "operate.demo.consumer", url, QUEUE)
    pool = ProcessPool(ProcessesConfig(command=command, workers=4, startup_time=STARTUP_S, drain_grace=10.0))
    try:
        time.sleep(STARTUP_S)
        yield pool
    finally:
        pool.close()


@contextmanager
def _old_autoscaler(url: str, folder: Path, pool: ProcessPool) -> Iterator[None]:
    """Let a rule act, as it did before we came."""
    over = threading.Event()
    rails = {"watchdog": None, "familiar": None, "scale_in_cooldown": 0.0, "hands_off": 0.0, "decide_within": 0.9}
    config = _config(
        url, folder, policy="hpa", settings=RULE, mode="act", state=folder / "rule", page=None, guardrails=rails,
        workers={"startup_time": STARTUP_S},
    )  # fmt: skip
    rule = threading.Thread(
        target=operate,
        args=(config,),
        kwargs={"stop": over, "target": ProcessTarget(pool, "the rule")},
        daemon=True,
        name="rule",
    )
    rule.start()
    try:
        yield
    finally:
        over.set()
        rule.join()
