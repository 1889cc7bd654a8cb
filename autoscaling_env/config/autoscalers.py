"""Settings of the industry autoscalers; the defaults in configuration.yml are those of the real ones."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from autoscaling_env.config.base import PositiveSeconds, Seconds, Section

Count = Annotated[int, Field(ge=0, le=100_000)]
Factor = Annotated[float, Field(gt=1, le=1e6)]
Positive = Annotated[float, Field(gt=0, le=1e9)]


class HpaPolicyConfig(Section):
    """One rate limit of an HPA's behavior."""

    type: Literal["Pods", "Percent"]
    """What `value` counts: pods, or per cent of the pods at the start of the period."""
    value: Annotated[int, Field(ge=1, le=100_000)]
    """Largest change within the period."""
    period_s: Annotated[int, Field(ge=1, le=1800)]
    """Length of the period."""


class HpaRulesConfig(Section):
    """One direction of an HPA's behavior; what is left out takes the API server's default."""

    stabilization_window_s: Annotated[int, Field(ge=0, le=3600)] | None = None
    """Seconds of past recommendations to heed; left out: 0 up, `downscale_stabilization_s` down."""
    select_policy: Literal["Max", "Min", "Disabled"] = "Max"
    """Which limit counts: the one that allows most, least, or no scaling at all."""
    policies: Annotated[tuple[HpaPolicyConfig, ...], Field(min_length=1)] | None = None
    """The limits; left out: 4 pods or 100 % in 15 s up, 100 % in 15 s down."""


class HpaBehaviorConfig(Section):
    """`spec.behavior` of an HPA."""

    scale_up: HpaRulesConfig = HpaRulesConfig()
    """Windows and rates of scaling up."""
    scale_down: HpaRulesConfig = HpaRulesConfig()
    """Windows and rates of scaling down."""


class HpaConfig(Section):
    """Kubernetes HorizontalPodAutoscaler, and the flags of its controller (which KEDA's HPA obeys, too)."""

    metric: Literal["utilisation", "queue_per_worker", "queue"]
    """`utilisation`: per cent of ready workers that are busy, like CPU; else waiting tasks, per worker or in all."""
    target: Positive
    """Per cent, or waiting tasks."""
    tolerance: Annotated[float, Field(ge=0, le=10)]
    """Share by which the metric may miss the target without a change."""
    sync_period_s: PositiveSeconds
    """Seconds between decisions."""
    first_sync_s: Seconds | None
    """When the first decision falls; null: one period after the start, as for an HPA made at that instant."""
    downscale_stabilization_s: Seconds
    """Seconds for which the highest recommendation is kept."""
    housekeeping_interval_s: PositiveSeconds
    """`utilisation`: the kubelet reads a pod's CPU every so many seconds, up to twice as many."""
    metric_resolution_s: PositiveSeconds
    """`utilisation`: seconds between metrics-server's scrapes (`--metric-resolution`)."""
    scrape_interval_s: PositiveSeconds
    """The queue's metrics: seconds between Prometheus' scrapes, which the adapter's answer is as old as."""
    behavior: HpaBehaviorConfig | None
    """Windows and rates; null: the rules of an HPA without behavior."""


class KedaConfig(Section):
    """KEDA: a Redis trigger, an HPA from 1 upwards, and KEDA's own step between 0 and 1."""

    trigger: Literal["redis-list", "redis-streams"]
    """`redis-list`: waiting tasks; `redis-streams`: tasks taken and not finished (pendingEntriesCount)."""
    list_length: Positive
    """Tasks per worker to aim at (listLength, pendingEntriesCount)."""
    activation: Annotated[float, Field(ge=0, le=1e9)]
    """More tasks than this make the trigger active."""
    polling_interval_s: PositiveSeconds
    """Seconds between KEDA's own decisions."""
    use_cached_metrics: bool
    """Whether the HPA is told what the last poll read (`useCachedMetrics`) rather than asked anew at each sync."""
    cooldown_period_s: Seconds
    """Seconds after the last activity before the last worker goes."""
    initial_cooldown_period_s: Seconds
    """The same from the start of the episode, while nothing was active yet."""
    idle_replica_count: Count | None
    """Workers while inactive; null: no idle mode."""
    behavior: HpaBehaviorConfig | None
    """`advanced.horizontalPodAutoscalerConfig.behavior`."""


class KpaConfig(Section):
    """Knative's pod autoscaler on concurrency; a worker holds `container_concurrency` tasks."""

    container_concurrency: Positive
    """Tasks a worker can hold at a time."""
    target_utilisation: Annotated[float, Field(gt=0, le=1)]
    """Share of it to aim at."""
    panic_threshold: Positive
    """Panic from this factor of the ready workers on."""
    panic_window_s: PositiveSeconds
    """Averaging window of panic mode."""
    stable_window_s: PositiveSeconds
    """Averaging window of stable mode; also how long panic lasts."""
    max_scale_up_rate: Factor
    """Largest factor on the ready workers in one tick."""
    max_scale_down_rate: Factor
    """Largest divisor of the ready workers in one tick."""
    scale_down_delay_s: Seconds
    """Seconds for which the highest decision is kept."""
    activation_scale: Count
    """At least so many workers as soon as there is demand; 0 or 1: not set."""
    aggregation: Literal["linear", "weighted-exponential"]
    """How samples are averaged."""
    tick_s: Annotated[int, Field(ge=1, le=60)]
    """Seconds between decisions."""


class OpenFaasCeConfig(Section):
    """The alert that scales functions in OpenFaaS Community Edition, as its Helm chart installs it."""

    threshold_per_s: Positive
    """Finished tasks a second above which the alert is due."""
    window_s: PositiveSeconds
    """Window of that rate."""
    for_s: Seconds
    """How long it must last."""
    scrape_interval_s: PositiveSeconds
    """Seconds between readings of the counter."""
    evaluation_interval_s: PositiveSeconds
    """Seconds between evaluations of the alert."""
    group_wait_s: Seconds
    """Alertmanager: seconds before the first notification."""
    group_interval_s: PositiveSeconds
    """Alertmanager: seconds between looks at a group that has been notified."""
    repeat_interval_s: PositiveSeconds
    """Alertmanager: seconds before the same alert is notified again."""
    scale_factor: Annotated[int, Field(ge=0, le=100)]
    """`com.openfaas.scale.factor`: per cent of the maximum each notification adds."""
    scale_max: Annotated[int, Field(ge=1, le=100_000)] | None
    """`com.openfaas.scale.max`, 5 at most in the Community Edition; null: the farm's max_workers."""


class BacklogConfig(Section):
    """AWS target tracking on the backlog per instance."""

    acceptable_latency_s: PositiveSeconds
    """The longest wait that is acceptable; acceptable backlog = this / service time."""
    service_s: PositiveSeconds | None
    """Mean service time; null: the workload's."""
    period_s: PositiveSeconds
    """Seconds between data points of the metric."""
    datapoints_out: Annotated[int, Field(ge=1, le=1000)]
    """Data points above the target before scaling out."""
    datapoints_in: Annotated[int, Field(ge=1, le=1000)]
    """Data points below the scale-in threshold before scaling in."""
    scale_in_share: Annotated[float, Field(gt=0, le=1)]
    """Scale-in threshold as a share of the target."""


class StaffingConfig(Section):
    """Little's law and square-root staffing on the arrival rate the agent sees."""

    service_s: PositiveSeconds | None
    """Mean service time; null: estimated from busy workers and finished tasks."""
    utilisation: Annotated[float, Field(gt=0, le=1)]
    """Little's law: share of its time a worker is to be busy."""
    beta: Annotated[float, Field(gt=0, le=100)]
    """Square-root staffing: workers = load + beta * sqrt(load)."""
