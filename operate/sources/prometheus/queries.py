"""Tasks as a Prometheus knows them: a query for each fact, all at one instant, and how old the samples behind are.

Prometheus goes on telling the last sample of a series for five minutes where nobody told it that the series has ended.
So each reading also asks when the samples were taken, by the server's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from autoscaling_env.config.base import Section
from autoscaling_env.errors import BackendError
from live.clock import Clock, SystemClock
from operate.kinds import SourceKind
from operate.reading import Fact, Reading
from operate.sources.prometheus.api import PrometheusApi, PrometheusSection, finite, first
from operate.sources.prometheus.doctor import examine, find
from operate.sources.prometheus.past import arrivals
from operate.sources.prometheus.promql import age_query, is_plain, selectors
from operate.sources.promptly import WITHIN_S, Promptly

#: Seconds for all questions of a reading, a little less than it is waited for.
READ_S = WITHIN_S - 0.3
#: Seconds for the past: a long one is many samples.
PAST_S = 60.0
#: Points that are asked for at a time; a Prometheus gives 11,000.
MOST_POINTS = 10_000
#: Facts of tasks that are there: where there are none, nothing need be told.
TIMES = (Fact.SERVICE, Fact.OLDEST)
Query = Annotated[str, Field(max_length=4000)]


class QueriesConfig(Section):
    """PromQL that gives one number each; empty: nobody knows."""

    backlog: Query = ""
    """Tasks that wait for a worker, such as `sum(rabbitmq_queue_messages_ready{queue="jobs"})`."""
    in_flight: Query = ""
    """Tasks that workers hold."""
    arrived_total: Query = ""
    """Tasks that ever came: the counter itself, not its rate."""
    completed_total: Query = ""
    """Tasks that were ever finished: the counter itself."""
    service_s: Query = ""
    """Mean seconds of work, such as `rate(task_seconds_sum[1m]) / rate(task_seconds_count[1m])`."""
    oldest_s: Query = ""
    """Seconds that the oldest waiting task has waited."""

    @model_validator(mode="after")
    def _enough(self) -> QueriesConfig:
        if not (self.backlog.strip() or self.arrived_total.strip()):
            raise ValueError("needs a query for backlog or arrived_total")
        return self

    def given(self) -> dict[Fact, str]:
        """Return the queries that are there, by what they tell."""
        return {fact: query for fact in Fact if (query := getattr(self, fact.value).strip())}


class PrometheusSettings(PrometheusSection):
    """A queue whose numbers are in a Prometheus."""

    kind: Literal["prometheus"] = "prometheus"
    """Queries to a Prometheus, or to what speaks its language."""
    queries: QueriesConfig
    """A query for each fact."""
    freshness: Query = ""
    """PromQL that gives the Unix time of the samples, as for a push gateway; empty: of the series in the queries."""


class Prometheus:
    """Asks one Prometheus about one queue."""

    def __init__(self, settings: PrometheusSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._api = PrometheusApi(settings, self._clock)
        self._queries = settings.queries.given()
        self._selectors = selectors(*self._queries.values())
        self._promptly = Promptly(self._api.where, self._api.hang_up)
        self._recalling = Promptly(self._api.where, self._api.hang_up, PAST_S)
        self.knows = frozenset(self._queries)

    @property
    def described(self) -> str:
        """The server, and what it is asked for."""
        return f"{self._api.where} ({', '.join(self._queries)})"

    def read(self) -> Reading:
        """Return what is true now: all queries at one instant, the last of which tells how old that is."""
        return self._promptly(lambda: self._read(self._clock.now() + READ_S))

    def past(self, step_s: float, since_s: float) -> NDArray[np.int64]:
        """Return int64[t], the tasks that came in each step, oldest first; fewer where no more is known.

        Raises:
            BackendError: it cannot be asked, or counts no arrivals.
        """
        if Fact.ARRIVED not in self._queries:
            raise BackendError(f"{self._api.where}: source.queries.arrived_total is empty, so nobody knows the past")
        steps = int(since_s / step_s + 1e-9)
        counter = self._recalling(lambda: self._counter(step_s, steps))
        if not np.isfinite(counter[-1]):
            raise BackendError(f"{self._api.where}: query {Fact.ARRIVED} gives no number now")
        return arrivals(counter, whole=is_plain(self._queries[Fact.ARRIVED]))

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    # -- inside

    def _read(self, until: float) -> Reading:
        now, remarks = self._ask("time", "time()", "", until)
        at = f"{now:.3f}"
        values: dict[str, float | None] = {}
        for fact, query in self._queries.items():
            value, warned = self._ask(fact, query, at, until)
            remarks += warned
            values[fact.value] = self._checked(fact, value, values, remarks)
        age_s = self._age(now or 0.0, at, until, remarks)
        return Reading(**values, age_s=age_s, remarks=tuple(dict.fromkeys(remarks)))

    def _ask(self, what: str, query: str, at: str, until: float) -> tuple[float | None, list[str]]:
        value, warnings = self._api.number(what, query, at, until - self._clock.now())
        return value, [f"query {what}: {first(warnings)}"] if warnings else []

    def _checked(
        self, fact: Fact, value: float | None, others: Mapping[str, float | None], remarks: list[str]
    ) -> float | None:
        """Return what may be believed: a count must be a number, a time need not be there where no task is."""
        if value is not None and finite(value):
            if value < 0:
                remarks.append(f"query {fact} gives {value:g}, less than nothing: it is read as 0")
            return max(value, 0.0)
        if fact not in TIMES:
            what = "no series: is its exporter up, and its name right?" if value is None else f"{value}, not a number"
            raise BackendError(f"{self._api.where}: query {fact} gives {what}")
        if fact is Fact.OLDEST and others.get(Fact.BACKLOG.value) == 0:
            return 0.0
        remarks.append(f"query {fact} gives no number now")
        return None

    def _age(self, now: float, at: str, until: float, remarks: list[str]) -> float:
        if self._settings.freshness:
            taken, _ = self._ask("freshness", self._settings.freshness, at, until)
            if taken is None or not finite(taken):
                raise BackendError(f"{self._api.where}: query freshness gives no number: it may be any age")
            return max(now - taken, 0.0)
        try:
            data, _ = self._api.get("query", until - self._clock.now(), query=age_query(self._selectors), time=at)
            taken_at = {int(each["metric"]["selector"]): float(each["value"][1]) for each in data["result"]}
        except (BackendError, KeyError, TypeError, ValueError) as error:
            remarks.append(f"how old the samples are cannot be told, set source.freshness: {error}")
            return 0.0
        if self._selectors and not taken_at:
            raise BackendError(f"{self._api.where}: no series stands behind the queries: is their exporter up?")
        nothing = [selector for n, selector in enumerate(self._selectors) if n not in taken_at]
        remarks += [f"no series stands behind {selector}" for selector in nothing]
        return max(now - min(taken_at.values(), default=now), 0.0)

    def _counter(self, step_s: float, steps: int) -> NDArray[np.float64]:
        """Return the counter of arrivals at the edges of the last steps, NaN where there is none."""
        until = self._clock.now() + PAST_S
        now, _ = self._ask("time", "time()", "", until)
        start = (now or 0.0) - steps * step_s
        counter = np.full(steps + 1, np.nan)
        for begin in range(0, steps + 1, MOST_POINTS):
            end = min(begin + MOST_POINTS - 1, steps)
            data, _ = self._api.get(
                "query_range", until - self._clock.now(), query=self._queries[Fact.ARRIVED], step=f"{step_s:.3f}",
                start=f"{start + begin * step_s:.3f}", end=f"{start + end * step_s + 1e-3:.3f}",
            )  # fmt: skip
            if len(data["result"]) > 1:
                raise BackendError(f"{self._api.where}: query {Fact.ARRIVED} gives several series; make it one")
            for at_s, value in data["result"][0]["values"] if data["result"] else ():
                counter[min(max(round((float(at_s) - start) / step_s), 0), steps)] = float(value)
        return counter


KIND = SourceKind(
    name="prometheus",
    summary="queries to a Prometheus",
    settings=PrometheusSettings,
    open=Prometheus,
    knows={fact: f"with queries.{fact.value}" for fact in Fact},
    examine=examine,
    schemes=("http", "https"),
    find=find,
    needs=("urllib3",),
)
