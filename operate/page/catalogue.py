"""Every metric: its name, what it counts in, and what it means. ``docs/operate-metrics.md`` is this table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Of every name.
PREFIX = "autoscale_operate_"


class Side(StrEnum):
    """Where something went wrong; label ``side`` of ``errors_total``."""

    SOURCE = "source"
    TARGET = "target"
    POLICY = "policy"
    SCALER = "scaler"
    ELECTION = "election"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Metric:
    """One family of the exposition.

    Attributes:
        name: without the prefix.
        kind: ``gauge``, ``counter`` or ``histogram``.
        unit: what a value counts.
        meaning: its help.
        labels: names of labels, in order.
    """

    name: str
    kind: str
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()


CATALOGUE = (
    Metric("info", "gauge", "-", "Always 1; the labels say what runs.", ("mode", "operator", "policy", "version")),
    Metric("leader", "gauge", "0 or 1", "Whether this controller leads."),
    Metric("acting", "gauge", "0 or 1", "Whether it writes what it wants."),
    Metric("last_tick_timestamp_seconds", "gauge", "seconds", "When the last tick began, since 1970-01-01 UTC."),
    Metric("backlog_tasks", "gauge", "tasks", "Tasks that wait for a worker."),
    Metric("in_flight_tasks", "gauge", "tasks", "Tasks that workers hold."),
    Metric("oldest_task_age_seconds", "gauge", "seconds", "How long the oldest waiting task has waited."),
    Metric("service_time_seconds", "gauge", "seconds", "Mean work of the tasks finished lately."),
    Metric("reading_age_seconds", "gauge", "seconds", "How old the readings were when the last tick used them."),
    Metric("reading_stale", "gauge", "0 or 1", "Whether the readings were not to be relied on."),
    Metric(
        "workers",
        "gauge",
        "workers",
        "Workers: requested (in force), applied (made by the platform), ready (can take tasks), draining (leaving).",
        ("state",),
    ),
    Metric(
        "wanted_workers", "gauge", "workers", "Workers wanted, after all guardrails; in shadow nobody asks for them."
    ),
    Metric("proposed_workers", "gauge", "workers", "Workers that the policy wanted, before any guardrail."),
    Metric("limit_workers", "gauge", "workers", "The least and most workers, as configured.", ("bound",)),
    Metric(
        "forecast_tasks", "gauge", "tasks", "Tasks foreseen to arrive in the next step, by quantile level.", ("level",)
    ),
    Metric("step_seconds", "gauge", "seconds", "Seconds between two ticks."),
    Metric("slo_met_ratio", "gauge", "share", "Of the tasks completed in the SLO's window, the share in time."),
    Metric("slo_objective_ratio", "gauge", "share", "The share that is promised."),
    Metric(
        "slo_burn_rate",
        "gauge",
        "1",
        "Missed share over the share that may be missed, in the SLO's window; 1 is as promised.",
    ),
    Metric(
        "slo_error_budget_ratio",
        "gauge",
        "share",
        "What is left of the misses allowed in the SLO's window; below 0: overdrawn.",
    ),
    Metric("worker_seconds_today", "gauge", "worker-seconds", "Paid for since midnight UTC."),
    Metric("ticks_total", "counter", "ticks", "Ticks made."),
    Metric("ticks_skipped_total", "counter", "ticks", "Ticks skipped, because the one before took too long."),
    Metric(
        "decisions_total", "counter", "decisions", "Decisions, by who made them: policy, fallback or hold.", ("by",)
    ),
    Metric("guardrail_bends_total", "counter", "decisions", "Decisions that a guardrail changed.", ("guardrail",)),
    Metric("writes_total", "counter", "writes", "Worker counts asked of the platform, by its answer.", ("outcome",)),
    Metric("foreign_changes_total", "counter", "changes", "Changes of the wanted count that somebody else made."),
    Metric("errors_total", "counter", "errors", "What went wrong, by where.", ("side",)),
    Metric("tasks_arrived_total", "counter", "tasks", "Tasks that came; an estimate where the source cannot tell."),
    Metric("tasks_completed_total", "counter", "tasks", "Tasks that were finished; likewise."),
    Metric("tasks_missed_total", "counter", "tasks", "Of those finished, the late ones; likewise."),
    Metric("worker_seconds_total", "counter", "worker-seconds", "Paid for since the controller's start."),
    Metric("tick_duration_seconds", "histogram", "seconds", "What a tick took besides the policy."),
    Metric("policy_duration_seconds", "histogram", "seconds", "What the policy took to decide."),
)
