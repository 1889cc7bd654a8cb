"""The example of docs/operate-celery.md, as it stands there: its application, its worker, its source."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery  # type: ignore[import-untyped]
from ruamel.yaml import YAML

from operate.sources.celery.settings import CelerySettings, celery_url
from operate.sources.celery.source import KIND
from operate.template import WorkerTemplate
from tests.live.servers import RunningServer
from tests.places import ROOT
from tests.waiting import until

pytestmark = pytest.mark.live

PAGE = (ROOT / "docs" / "operate-celery.md").read_text("utf-8")
ADDRESS = "redis://localhost:6379/0"


def block(language: str, begins: str) -> str:
    """Return the block of the page that begins so."""
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    (text,) = (each for each in found if each.startswith(begins))
    return str(text)


def test_the_example_works_as_it_is_written(redis_broker: RunningServer, admin: redis.Redis, tmp_path: Path) -> None:
    broker = celery_url(redis_broker.url)
    (tmp_path / "shop.py").write_text(block("python", "# shop.py").replace(ADDRESS, broker))
    command = shlex.split(block("text", "celery -A shop worker"))
    source = YAML(typ="safe").load(block("yaml", "mode: shadow"))["source"]
    settings = CelerySettings.model_validate(source | {"url": redis_broker.url})
    app: Any = Celery("producer", broker=broker, set_as_current=False)
    app.conf.task_send_sent_event = True
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", *command], cwd=tmp_path, stdout=log, stderr=log,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
        )  # fmt: skip
    try:
        with closing(KIND.open(settings)) as opened, closing(app):
            until(lambda: opened.read().in_flight == 0 and b"_kombu.binding.orders" in admin.keys(), "it runs")  # noqa: SIM118
            for _ in range(4):
                app.send_task("shop.order", [1.0], queue="orders")
            until(lambda: opened.read().in_flight == 1 and opened.read().backlog == 3, "one of four runs")
            findings = KIND.examine(settings)
            assert [each for each in findings if not each.ok] == []
            until(lambda: opened.read().completed_total == 4, "all are done")
            assert opened.read().service_s == pytest.approx(1.0, abs=0.5)
            assert opened.read().arrived_total == 4
    finally:
        worker.kill()
        worker.wait()
        admin.delete("orders")
    advised = KIND.advise(settings, WorkerTemplate("deployment/order-worker", tuple(command)))
    assert [each for each in advised if not each.ok] == []


def test_the_page_names_each_setting() -> None:
    table = PAGE.split("## Settings")[1].split("##")[0]
    missing = [name for name in CelerySettings.model_fields if name != "kind" and f"`{name}`" not in table]
    assert missing == []
