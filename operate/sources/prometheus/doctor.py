"""What `operate check` says of the queries to a Prometheus, and which metrics of queues `operate init` finds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from autoscaling_env.errors import AutoscalingError, BackendError
from autoscaling_env.farm_kind import Finding
from operate.reading import Fact
from operate.sources.ages import LONGEST_S
from operate.sources.prometheus.api import NoPrometheusError, PrometheusApi, PrometheusSection, finite
from operate.sources.prometheus.promql import age_query, selectors
from operate.sources.promptly import Promptly

#: Seconds that a question may take.
WITHIN_S = 2.0
#: Most queues that are suggested.
MOST = 20
#: What metrics of a backlog are called, and what is none though it is called so.
BACKLOG = re.compile(r"(?i)(queue|backlog|pending|messages_ready|waiting|_lag$)")
OTHERS = re.compile(
    r"^(prometheus|go|process|net|python|promhttp|node|scrape)_|_(bucket|total|sum|count|created|info)$"
)


def examine(settings: Any) -> Sequence[Finding]:
    """Ask each query once, and how old the samples behind it are."""
    try:
        with closing(PrometheusApi(settings)) as api:
            return list(_look(settings, api))
    except AutoscalingError as error:
        return [Finding("Prometheus", False, str(error), "correct source.url, or start the server")]


def _look(settings: Any, api: PrometheusApi) -> Iterator[Finding]:
    promptly = Promptly(api.where, api.hang_up)
    promptly(lambda: api.number("time", "time()", "", WITHIN_S))
    yield Finding("Prometheus", True, api.where)
    for fact, query in settings.queries.given().items():
        yield promptly(lambda fact=fact, query=query: _query(api, fact, query))  # type: ignore[misc]
    yield promptly(lambda: _freshness(settings, api))


def _query(api: PrometheusApi, fact: Fact, query: str) -> Finding:
    what, key = f"query {fact}", f"source.queries.{fact}"
    try:
        value, _ = api.number(fact, query, "", WITHIN_S)
    except BackendError as error:
        return Finding(what, False, str(error), f"correct {key}")
    if value is None:
        return Finding(what, False, "it gives no series", f"is the exporter scraped, and the name in {key} right?")
    if not finite(value):
        fine = fact is Fact.SERVICE  # nothing was finished lately
        return Finding(what, fine, f"it gives {value}", "" if fine else f"correct {key}")
    if value > LONGEST_S.get(fact, float("inf")):
        remedy = f"{key} is in seconds: divide milliseconds by 1000, take a Unix time from time()"
        return Finding(what, False, f"it gives {value:g} s, which is no such time", remedy)
    if fact in {Fact.ARRIVED, Fact.COMPLETED} and (strange := _no_counter(api, query, value)):
        return Finding(what, False, strange, f"{key} is the counter itself, which only grows: not its rate, no gauge")
    return Finding(what, True, f"it gives {value:g}")


def _no_counter(api: PrometheusApi, query: str, value: float) -> str:
    if value != int(value):
        return f"it gives {value:g}, and tasks are whole"
    try:
        falls, _ = api.number("resets", f"resets(({query})[10m:15s])", "", WITHIN_S)
    except BackendError:
        return ""  # what cannot be asked so is asked no more
    return f"it fell {falls:.0f} times in ten minutes" if falls is not None and falls > 2 else ""


def _freshness(settings: Any, api: PrometheusApi) -> Finding:
    what = "freshness"
    remedy = "set source.freshness to PromQL that gives the Unix time of the samples"
    query = settings.freshness or f"min({age_query(selectors(*settings.queries.given().values()))})"
    try:
        age_s, _ = api.number(what, f"time() - ({query})", "", WITHIN_S)
    except BackendError as error:
        return Finding(what, False, str(error), remedy)
    if age_s is None or not finite(age_s):
        return Finding(what, False, "nobody knows how old the samples are", remedy)
    if age_s > 300 and settings.freshness:
        return Finding(what, False, f"the samples are {age_s:.0f} s old", "is whoever makes them up?")
    return Finding(what, True, f"the oldest samples are {age_s:.1f} s old")


def find(url: str) -> Sequence[Mapping[str, Any]]:
    """Return settings for the metrics that are called like a backlog, one for each queue that is told apart.

    There are none where a server of another kind answers.

    Raises:
        BackendError: it cannot be asked.
    """
    with closing(PrometheusApi(PrometheusSection(url=url))) as api:
        promptly = Promptly(api.where, api.hang_up)
        try:
            names, _warnings = promptly(lambda: api.get("label/__name__/values", WITHIN_S))
        except NoPrometheusError:
            return ()
        likely = [name for name in names if BACKLOG.search(name) and not OTHERS.search(name)]
        queries: list[str] = []
        for name in likely[:MOST]:
            data, _warnings = promptly(lambda name=name: api.get("query", WITHIN_S, query=name))  # type: ignore[misc]
            queries += _told_apart(name, [each["metric"] for each in data["result"]])
    return [{"kind": "prometheus", "url": url, "queries": {"backlog": each}} for each in queries[:MOST]]


def _told_apart(name: str, series: Sequence[Mapping[str, str]]) -> list[str]:
    """Return a query for each series of a metric, with the labels that tell it from the others."""
    labels = sorted({label for each in series for label in each} - {"__name__"})
    differ = [label for label in labels if len({each.get(label, "") for each in series}) > 1]
    if not differ:
        return [name] if series else []
    return [f"{name}{{{', '.join(_matcher(label, each) for label in differ)}}}" for each in series]


def _matcher(label: str, labels: Mapping[str, str]) -> str:
    return f"{label}={json.dumps(labels.get(label, ''), ensure_ascii=False)}"
