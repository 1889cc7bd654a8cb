"""The page about RabbitMQ: its settings, its worker and its orders, on a real server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from autoscaling_env.config.yaml import parse
from operate.sources.rabbitmq.kind import KIND
from operate.template import WorkerTemplate
from tests.docs.test_blocks import blocks
from tests.operate.brokers import SECRET, RunningRabbit
from tests.operate.sources.readings import read_until
from tests.places import ROOT
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.live
PAGE = ROOT / "docs/operate-rabbitmq.md"


def program(name: str, folder: Path) -> Path:
    """Return a block of Python as the file that its first line names."""
    (text,) = [block.text for block in blocks(PAGE) if block.text.startswith(f"# {name}\n")]
    (folder / name).write_text(text)
    return folder / name


def test_workers_that_are_stopped_amid_their_tasks_lose_none(rabbit: RunningRabbit, tmp_path: Path) -> None:
    (given,) = [block.text for block in blocks(PAGE) if block.language == "yaml"]
    section = parse(given, PAGE.name)[0]["source"]
    (tmp_path / "rabbit-password").write_text(f"{SECRET}\n")
    section["password_file"] = str(tmp_path / section["password_file"])
    section["url"] = section["url"].replace("localhost:15672", f"127.0.0.1:{rabbit.management_port}")
    section["sampled_every"] = 1.0
    settings = KIND.settings.model_validate(section)
    environment = os.environ | {"RABBIT": rabbit.url}
    subprocess.run([sys.executable, program("orders.py", tmp_path)], env=environment, check=True, timeout=PATIENCE_S)
    command = [sys.executable, str(program("worker.py", tmp_path))]
    workers = [subprocess.Popen(command, env=environment) for _ in range(3)]
    try:
        with closing(KIND.open(settings)) as source:
            busy = read_until(source, lambda reading: reading.in_flight == 3 and (reading.completed_total or 0) > 0)
            assert busy.arrived_total == 12
            found = KIND.examine(settings)
            assert [each for each in found if not each.ok] == []
            assert "3 consumers take one task at a time" in " ".join(each.detail for each in found)
            assert all(each.ok for each in KIND.advise(settings, WorkerTemplate("deployment/order-worker")))
            for worker in workers[:2]:
                worker.send_signal(signal.SIGTERM)
            assert [worker.wait(PATIENCE_S) for worker in workers[:2]] == [0, 0]
            done = read_until(
                source, lambda reading: (reading.backlog, reading.in_flight, reading.completed_total) == (0, 0, 12)
            )
            assert not [remark for remark in done.remarks if "once more" in remark]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
