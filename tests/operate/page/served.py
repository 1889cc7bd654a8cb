"""A page that is served, and what one asks of it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any
from urllib.error import HTTPError

from prometheus_client.parser import text_string_to_metric_families

from operate.config import PageConfig
from operate.page import Facts, PageServer
from operate.record import Record
from tests.operate.page.records import facts
from tests.waiting import PATIENCE_S

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Time:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


def served(records: Iterable[Record] = (), of: Facts | None = None, clock: Time | None = None) -> PageServer:
    """A server, not started yet, to which records were published."""
    page = PageServer(PageConfig(port=0), of or facts(), clock or Time())
    for record in records:
        page.publish(record)
    return page


def ask(page: PageServer, path: str, method: str = "GET", accept: str = "*/*") -> Answer:
    request = urllib.request.Request(page.url + path, method=method, headers={"Accept": accept})  # noqa: S310 - ours
    try:
        with _OPENER.open(request, timeout=PATIENCE_S) as answer:
            return _answer(answer)
    except HTTPError as error:
        with error:
            return _answer(error)


def _answer(answer: HTTPResponse | HTTPError) -> Answer:
    return Answer(answer.status or 0, dict(answer.headers), answer.read().decode())


def state(page: PageServer) -> Any:
    return json.loads(ask(page, "/state.json").text)


def samples(page: PageServer) -> dict[tuple[str, tuple[str, ...]], float]:
    """Values by name and the labels' values, without the process's."""
    families = text_string_to_metric_families(ask(page, "/metrics").text)
    return {
        (sample.name.removeprefix("autoscale_operate_"), tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith("autoscale_operate_")
    }
