"""Replays of recorded decisions of the real HPA, KPA and KEDA (``tests/data/golden``, one JSON case a line)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from agents.autoscalers.hpa.rule import HpaRule
from agents.autoscalers.hpa.settings import (
    DEFAULT_SCALE_DOWN,
    DEFAULT_SCALE_UP,
    Behavior,
    HpaSettings,
    ScalingPolicy,
    ScalingRules,
    filled,
)
from agents.autoscalers.keda.rule import KedaRule, KedaSettings
from agents.autoscalers.kpa.buckets import KpaMetrics
from agents.autoscalers.kpa.rule import KpaRule, KpaSettings
from tests.places import DATA

Case = dict[str, Any]
Settings = TypeVar("Settings", HpaSettings, KpaSettings, KedaSettings)

FOLDER = DATA / "golden"


def golden_cases(rule: str) -> list[Case]:
    """Return every recorded case of ``hpa``, ``kpa`` or ``keda``: the sample, and settings wider than its own."""
    cases = []
    for name in (rule, f"{rule}_wider"):
        with gzip.open(FOLDER / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            cases += [json.loads(line) for line in lines]
    return cases


#: The column of a case that :func:`golden_decisions` reproduces.
EXPECTED = {"hpa": "expected_replicas", "kpa": "expected_desired", "keda": "expected_replicas"}


def golden_decisions(case: Case) -> list[int | None]:
    """Return our rule's decision at every sync (hpa), tick (kpa) or poll (keda) of ``case``.

    ``case`` is one line of the recordings, as it was parsed. Settings left out or null take the original's defaults;
    recorded answers and keys not known here are not looked at. One entry for each of ``case["time_s"]``, equal to
    the recorded column ``EXPECTED[case["rule"]]``:

    * hpa: ``spec.replicas`` right after each sync, replayed open loop (each sync starts from the recorded
      ``spec_replicas``; without them the loop is closed); :func:`hpa_decisions` can close the loop.
    * kpa: the desired pod count of each tick; None, as in the recording, where there is no valid decision
      (no data: the last one is kept). Family ``samples`` is fed the samples, ``averages`` the recorded averages.
    * keda: ``spec.replicas`` right after each poll.
    """
    replay: dict[str, Callable[[Case], Sequence[int | None]]]
    replay = {"hpa": hpa_decisions, "kpa": kpa_decisions, "keda": keda_decisions}
    return list(replay[case.get("rule") or _rule_of(case)](case))


def _rule_of(case: Case) -> str:
    """Tell the rule by the inputs only it has."""
    return next(rule for key, rule in (("metric", "hpa"), ("ready_pods", "kpa"), ("active", "keda")) if key in case)


def hpa_decisions(case: Case, closed_loop: bool = False) -> list[int]:
    """Replay an HPA case; closed loop starts each sync from our own last answer or the external change."""
    rule = HpaRule(hpa_settings(case["settings"]))
    changes = {change["before_sync"]: change["replicas"] for change in case.get("external_scale") or []}
    closed_loop = closed_loop or "spec_replicas" not in case
    replicas: Any = case["initial_replicas"] if closed_loop else 0
    decisions: list[int] = []
    for i, time_s in enumerate(case["time_s"]):
        replicas = changes.get(i, replicas) if closed_loop else case["spec_replicas"][i]
        replicas = rule.sync(time_s, replicas, case["status_replicas"][i], case["metric"][i])
        decisions.append(replicas)
    return decisions


def hpa_metric_reads(case: Case) -> list[int]:
    """Return 1 for every sync in which our rule asks for the metric."""
    rule = HpaRule(hpa_settings(case["settings"]))
    return [int(rule.reads_metric(replicas)) for replicas in case["spec_replicas"]]


def kpa_decisions(case: Case) -> list[int | None]:
    """Replay a KPA case; see :func:`golden_decisions`."""
    return [row["desired"] for row in kpa_rows(case)]


def kpa_rows(case: Case) -> list[dict[str, Any]]:
    """Replay a KPA case; each row holds ``stable, panic, desired, excess_burst_capacity, panic_mode``."""
    settings, rows = kpa_settings(case["settings"]), []
    built_s = min(case["time_s"], default=0.0) - settings.tick_s
    rule = KpaRule(settings, case["initial_ready_pods"], built_s)
    for time_s, ready, averages in zip(case["time_s"], case["ready_pods"], kpa_averages(case), strict=True):
        decision = rule.tick(time_s, ready, averages)
        rows.append(
            {
                "stable": averages and averages[0],
                "panic": averages and averages[1],
                "desired": decision and decision.desired,
                "excess_burst_capacity": decision and decision.excess_burst_capacity,
                "panic_mode": int(rule.in_panic),
            }
        )
    return rows


def kpa_averages(case: Case) -> Iterator[tuple[float, float] | None]:
    """Yield (stable, panic) at each tick: recorded ones, or made from the samples by our buckets."""
    if case.get("family", "samples" if "sample" in case else "averages") == "averages":
        for stable, panic in zip(case["stable"], case["panic"], strict=True):
            yield None if stable is None else (stable, panic)
        return
    settings = case["settings"]
    stable_s = kpa_settings(settings).stable_window_s
    panic_s = settings.get("panic_window_s") or max(1, stable_s // 10)
    metrics = KpaMetrics(stable_s, panic_s, settings.get("aggregation") or "linear")
    samples = list(zip(case["sample_time_s"], case["sample"], strict=True))
    for time_s in case["time_s"]:
        while samples and samples[0][0] <= time_s:
            sample_s, value = samples.pop(0)
            if value is not None:
                metrics.record(sample_s, value)
        yield metrics.averages(time_s)


def keda_decisions(case: Case) -> list[int]:
    """Replay a KEDA case."""
    return [replicas for replicas, _ in keda_rows(case)]


def keda_rows(case: Case) -> list[tuple[int, float | None]]:
    """Replay a KEDA case; each row is (replicas, last active time)."""
    rule = KedaRule(keda_settings(case["settings"]))
    rows = []
    columns = (case["time_s"], case["replicas_before"], case["active"], case["error"])
    for time_s, replicas, active, error in zip(*columns, strict=True):
        rows.append((rule.poll(time_s, replicas, bool(active), bool(error)), rule.last_active_s))
    return rows


def hpa_settings(settings: Case) -> HpaSettings:
    """Make our settings of the recorded ones."""
    written = settings["behavior"] if "behavior" in settings else settings.get("behavior_as_written")
    return _made(HpaSettings, {**settings, "behavior": behavior_of(written)})


def kpa_settings(settings: Case) -> KpaSettings:
    """Make our settings of the recorded ones."""
    return _made(KpaSettings, settings)


def keda_settings(settings: Case) -> KedaSettings:
    """Make our settings of the recorded ones."""
    return _made(KedaSettings, settings)


def _made(kind: type[Settings], settings: Case) -> Settings:
    """Fill the fields by name; what was left out takes our defaults, which are the original's."""
    names = kind.__dataclass_fields__
    return kind(**{name: settings[name] for name in names if settings.get(name) is not None})


def behavior_of(behavior: Case | None) -> Behavior | None:
    """Make our behavior of a recorded one, written out or not; what is left out takes the API server's defaults."""
    if behavior is None:
        return None
    up, down = behavior.get("scale_up"), behavior.get("scale_down")
    return Behavior(_rules(up, DEFAULT_SCALE_UP), _rules(down, DEFAULT_SCALE_DOWN))


def _rules(rules: Case | None, default: ScalingRules) -> ScalingRules:
    if rules is None:
        return default
    policies = rules.get("policies")
    if policies is not None:
        policies = tuple(ScalingPolicy(policy["type"], policy["value"], policy["period_s"]) for policy in policies)
    return filled(default, rules.get("stabilization_window_s"), rules.get("select_policy"), policies)
