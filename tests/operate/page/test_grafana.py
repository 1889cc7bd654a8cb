"""The dashboard asks for what is exported, and a real Prometheus answers every question of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from operate.page import PageServer
from operate.page.catalogue import CATALOGUE, PREFIX
from tests.operate.page.records import records
from tests.operate.page.served import served
from tests.places import ROOT
from tests.waiting import PATIENCE_S

DASHBOARD = json.loads((ROOT / "deploy" / "operate" / "grafana.json").read_text("utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
QUERIES = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]

ALERTS = re.findall(
    r"\| `(.+)` \|$", (ROOT / "docs" / "operate-metrics.md").read_text("utf-8").partition("an alert")[2], re.M
)


def exported() -> set[str]:
    """Names that a query may use."""
    suffixes = {"histogram": ("_bucket", "_sum", "_count")}
    return {PREFIX + metric.name + suffix for metric in CATALOGUE for suffix in suffixes.get(metric.kind, ("",))}


def test_every_metric_of_the_dashboard_is_exported() -> None:
    used = set(re.findall(rf"{PREFIX}\w+", json.dumps(DASHBOARD)))
    assert used <= exported()
    assert len(ALERTS) == 6
    assert set(re.findall(rf"{PREFIX}\w+", " ".join(ALERTS))) <= exported()


def test_every_metric_that_is_exported_is_on_the_dashboard() -> None:
    text = json.dumps(DASHBOARD)
    assert [metric.name for metric in CATALOGUE if PREFIX + metric.name not in text] == []


def test_every_panel_takes_the_data_source_that_is_chosen() -> None:
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert all(target["datasource"] == panel["datasource"] == chosen for panel in PANELS for target in panel["targets"])


def test_panels_have_numbers_of_their_own_and_do_not_overlap() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in PANELS)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23


def test_what_is_coloured_by_name_is_there() -> None:
    for panel in PANELS:
        legends = {target["legendFormat"] for target in panel["targets"]}
        named = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
        assert named <= legends, panel["title"]


@contextmanager
def prometheus(page: PageServer, folder: Path) -> Iterator[str]:
    """A Prometheus that scrapes the page four times a second; without one the test is skipped at home, fails in CI."""
    program = shutil.which("prometheus")
    if program is None:
        message = "no prometheus (Debian: apt-get install prometheus)"
        raise pytest.fail.Exception(message) if os.environ.get("CI") == "true" else pytest.skip.Exception(message)
    target = page.url.removeprefix("http://")
    job = {"job_name": "operate", "static_configs": [{"targets": [target]}]}
    config = {"global": {"scrape_interval": "250ms", "scrape_timeout": "250ms"}, "scrape_configs": [job]}
    (folder / "prometheus.yml").write_text(json.dumps(config))  # which is YAML, too
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = {"config.file": "prometheus.yml", "storage.tsdb.path": "data", "web.listen-address": address}
    command = [program, *(f"--{name}={value}" for name, value in options.items())]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def query(url: str, expression: str) -> list[Any]:
    """Ask an instant query; [] also while Prometheus does not listen yet."""
    asked = f"{url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=PATIENCE_S) as answer:
            found: list[Any] = json.load(answer)["data"]["result"]
            return found
    except ConnectionError:
        return []
    except urllib.error.HTTPError as error:
        if error.code == 503:  # it listens, and still reads what it has
            error.close()
            return []
        with error:
            pytest.fail(f"{expression}: {error.read().decode()}")
    except urllib.error.URLError:
        return []


def filled(expression: str) -> str:
    """Return it with its variables as Grafana fills them in."""
    return expression.replace("$__rate_interval", "10s").replace("$job", "operate").replace("$instance", ".*")


@pytest.mark.slow
def test_a_real_prometheus_answers_every_query_of_the_dashboard(tmp_path: Path) -> None:
    hour = list(records(450))
    with served(hour[:290]) as page, prometheus(page, tmp_path) as url:
        until = time.monotonic() + PATIENCE_S
        for record in hour[290:]:
            page.publish(replace(record, at=datetime.now(UTC).isoformat()))
            unanswered = [each for each in QUERIES if not query(url, filled(each[1]))]
            if not unanswered or time.monotonic() > until:
                break
            time.sleep(0.25)
        assert not unanswered
        for expression in ALERTS:
            query(url, expression)  # fails where it is no expression; that nothing comes of it is well
        ticks = query(url, "max(autoscale_operate_ticks_total)")
        assert 290 < float(ticks[0]["value"][1]) <= 450
