"""The parts of the Kubernetes platform that need no cluster: who goes, who died, when gates open, what names mean."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaling_env.config import default_config
from autoscaling_env.config.kubernetes import KubernetesConfig
from autoscaling_env.errors import InputError
from autoscaling_env.settings import with_overrides
from live.functions.settings import FunctionSettings
from live.platform import WorkerRecord
from live.platforms.kubernetes.deaths import Deaths, host_of
from live.platforms.kubernetes.farm import addresses, make_kubernetes
from live.platforms.kubernetes.gates import FIRST_GUESS_S, PROGRAM_S, Gates
from live.platforms.kubernetes.manifests import deployment, grace_s
from live.platforms.kubernetes.names import DELETION_COST, GATE, Names
from live.platforms.kubernetes.pods import Ended, Pod, read_pod
from live.platforms.kubernetes.removal import by_host, costs, removal_order
from live.probing import PlatformTimes

BORN_MS = 1_700_000_000_000


def pod(name: str, **values: Any) -> Pod:
    given: dict[str, Any] = {
        "episode": "e", "gated": False, "leaving": False, "over": False, "running": True, "started": True,
        "trouble": "", "ended": (), "cost": 0,
    }  # fmt: skip
    return Pod(name, **(given | values))


def worker(host: str, *, born_ms: int = BORN_MS, task: int | None = None, free_in_s: float = 0.0) -> WorkerRecord:
    return WorkerRecord(f"{host}.7.{born_ms % 10**9}", 0.1, task, free_in_s)


def ended(container: str, started_s: float, finished_s: float, code: int = 137, reason: str = "Error") -> Ended:
    return Ended(container, reason, code, started_s, finished_s)


# -- who goes


def test_starting_then_idle_then_free_soonest() -> None:
    pods = [pod("late"), pod("soon"), pod("idle"), pod("loading"), pod("gated", gated=True, running=False)]
    roster = (worker("late", task=1, free_in_s=9.0), worker("soon", task=2, free_in_s=1.0), worker("idle"))
    order = removal_order(pods, by_host(roster))
    assert [each.name for each in order] == ["gated", "loading", "idle", "soon", "late"]


@given(st.permutations(["a", "b", "c", "d"]), st.integers(0, 4))
def test_costs_say_the_order_and_nothing_of_the_rest(names: list[str], removed: int) -> None:
    pods = [pod(name) for name in names]
    wanted = costs(pods, pods[:removed])
    assert list(wanted) == names[:removed]
    assert all(cost is not None and cost < 0 for cost in wanted.values())
    assert list(wanted.values()) == sorted(wanted.values(), key=lambda cost: cost or 0)


def test_costs_that_stand_already_are_not_written_again() -> None:
    pods = [pod("a", cost=-1), pod("b", cost=-7), pod("c")]
    assert costs(pods, pods[:1]) == {"b": None}


def test_of_two_workers_in_one_pod_the_busy_one_counts() -> None:
    idle, busy = worker("a"), worker("a", born_ms=BORN_MS + 5000, task=3)
    assert by_host((idle, busy))["a"] is busy
    assert by_host((idle, busy), dead={busy.name})["a"] is idle


# -- who died


def test_the_worker_of_a_container_that_ended_is_named_and_the_next_one_is_not() -> None:
    deaths = Deaths()
    began_s = BORN_MS // 1000
    old, new = worker("a", born_ms=BORN_MS + 400), worker("a", born_ms=BORN_MS + 9000)
    deaths.look((old, new, worker("b")))
    deaths.changed(pod("a", ended=(ended("c1", began_s, began_s + 6, reason="OOMKilled"),)))
    assert [(each.worker, each.how) for each in deaths.found()] == [(old.name, "OOMKilled, exit code 137")]
    deaths.changed(pod("a", ended=(ended("c1", began_s, began_s + 6),)))
    assert deaths.found() == ()


def test_a_death_waits_until_the_roster_shows_who_it_was() -> None:
    deaths = Deaths()
    deaths.changed(pod("a", ended=(ended("c1", BORN_MS // 1000, BORN_MS // 1000 + 2),)))
    assert deaths.found() == ()
    deaths.look((worker("a", born_ms=BORN_MS + 300),))
    assert len(deaths.found()) == 1


def test_a_worker_that_signed_off_is_no_death() -> None:
    deaths = Deaths()
    deaths.look((worker("a"),))
    deaths.changed(pod("a", leaving=True, ended=(ended("c1", 0, 2, code=0, reason="Completed"),)))
    assert deaths.found() == ()


def test_a_pod_that_is_gone_takes_its_worker_along() -> None:
    deaths = Deaths()
    deaths.look((worker("a"),))
    deaths.gone(pod("a", why="Evicted"))
    assert [each.how for each in deaths.found()] == ["Evicted"]
    assert host_of(worker("a").name) in {host_of(name) for name in deaths.names}


# -- start-up delays


class Recorder:
    """Stands in for the API: notes which gates were lifted, and when."""

    def __init__(self) -> None:
        self.lifted: list[tuple[str, float]] = []

    def patch(self, path: str, body: dict[str, Any]) -> None:
        assert body == {"spec": {"schedulingGates": None}}
        self.lifted.append((path.rpartition("/")[2], time.monotonic()))


def test_the_first_start_at_once_and_the_others_after_their_own_delay() -> None:
    recorder = Recorder()
    gates = Gates(recorder, Names("ns", "farm"))  # type: ignore[arg-type]
    gates.start()
    gates.begin(2, iter([1.6, 1.2]))
    began = time.monotonic()
    gates.asked(2)
    for name in ("first", "second", "third", "fourth"):
        gates.seen(name, gated=True, running=False)
    while len(recorder.lifted) < 4:
        assert time.monotonic() - began < 10
        time.sleep(0.01)
    gates.close()
    order = [name for name, _ in recorder.lifted]
    assert set(order[:2]) == {"first", "second"}
    assert order[2:] == ["fourth", "third"]
    lead_s = FIRST_GUESS_S + PROGRAM_S
    assert recorder.lifted[3][1] - began >= 1.6 - lead_s


# -- what a pod says


def test_reading_a_pod_of_the_api() -> None:
    item = {
        "metadata": {
            "name": "w", "labels": {"autoscaling/episode": "7"}, "annotations": {DELETION_COST: "-3"},
            "deletionTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"schedulingGates": [{"name": GATE}], "containers": [{"image": "i:1"}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {
                    "started": False,
                    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                    "lastState": {"terminated": {"containerID": "c", "reason": "OOMKilled", "exitCode": 137}},
                }
            ],
        },
    }  # fmt: skip
    read = read_pod(item)
    assert (read.episode, read.gated, read.leaving, read.cost, read.running) == ("7", True, True, -3, False)
    assert read.trouble == "CrashLoopBackOff (last ended with OOMKilled, exit code 137): see `kubectl logs --previous`"


def test_what_a_container_said_last_is_told() -> None:
    ended = {"exitCode": 2, "reason": "Error", "message": "starting\nerror: this image speaks another protocol\n"}
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": ended}}
    trouble = read_pod({"metadata": {"name": "w"}, "status": {"containerStatuses": [waiting]}}).trouble
    assert "exit code 2, saying 'error: this image speaks another protocol'" in trouble


def test_an_empty_pod_is_read_too() -> None:
    assert read_pod({"metadata": {"name": "w"}}) == pod("w", episode="", running=False, started=False)


# -- names and manifests


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", fullmatch=True))
def test_every_farm_name_becomes_a_name_kubernetes_takes(farm: str) -> None:
    name = Names("ns", farm).of("collector")
    assert len(name) <= 63
    assert name.replace("-", "").isalnum()
    assert name == name.lower()


def test_farms_that_differ_only_in_case_or_dots_are_told_apart() -> None:
    assert len({Names("ns", farm).base for farm in ("a-b", "A-b", "a.b", "a_b", "a.B")}) == 5


@pytest.mark.parametrize("role", ["emitter", "collector", "worker"])
def test_deployments_hold_no_password_and_give_workers_time_to_leave(role: str) -> None:
    settings = FunctionSettings(redis_url="redis://r:6379/0", drain_grace_s=7.5, password_file="/home/me/secret")  # noqa: S106 - a place
    made = deployment(Names("ns", "farm"), role, KubernetesConfig(redis_secret="redis"), settings, "uid")  # noqa: S106 - its name
    pod_spec = made["spec"]["template"]["spec"]
    assert "/home/me" not in json.dumps(made)
    assert pod_spec["terminationGracePeriodSeconds"] == grace_s(settings) == 13
    assert pod_spec["volumes"][0]["secret"]["secretName"] == "redis"
    assert made["metadata"]["ownerReferences"][0]["uid"] == "uid"


# -- configuration


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "live.redis_url is not set"),
        ({"live.redis_url": "unix:///tmp/r.sock"}, "pods cannot use a socket file"),
    ],
)
def test_an_address_pods_cannot_reach_is_refused(values: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        addresses(with_overrides(default_config(), values).live)


def test_a_grace_shorter_than_the_longest_task_is_refused() -> None:
    config = with_overrides(default_config(), {"live.drain_grace_s": 2.0, "live.redis_url": "redis://r:6379"})
    with pytest.raises(InputError, match=r"live\.drain_grace_s 2 is shorter than the longest task \(2\.8704"):
        make_kubernetes(config)


def test_times_of_a_platform_are_stored_with_its_name() -> None:
    times = PlatformTimes("kubernetes", np.array([1.0, 2.0, 3.0]), np.array([0.5]))
    stored = json.loads(times.to_json())
    assert (stored["platform"], stored["quantiles"]["startup_s"]["p50"]) == ("kubernetes", 2.0)
    assert "kubernetes, 3 workers" in times.to_yaml(1.0)
