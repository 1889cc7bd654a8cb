"""A function per worker: who leaves is chosen, and the edition's 15 functions are found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from autoscaling_env.config.openfaas import OpenFaasConfig
from autoscaling_env.errors import BackendError, InputError
from autoscaling_env.reasons import ScaleReason
from live.platform import FarmSpec
from live.platforms.openfaas.deployment import function_of
from live.platforms.openfaas.platform import OpenFaaSPlatform
from tests.live.platforms.openfaas.farms import roster
from tests.live.platforms.openfaas.gateway import GatewayServer
from tests.live.platforms.openfaas.wire import Faults
from tests.waiting import until

pytestmark = pytest.mark.live

Opened = tuple[OpenFaaSPlatform, GatewayServer]
Open = Callable[..., Opened]


@pytest.fixture
def opened(
    make_gateway: Callable[..., GatewayServer],
    configured: Callable[..., OpenFaasConfig],
    spec: Callable[..., FarmSpec],
) -> Iterator[Open]:
    """Open a platform with some workers."""
    platforms: list[Opened] = []

    def start(workers: int = 2, mode: str = "functions", max_workers: int = 8, **options: object) -> Opened:
        gateway = make_gateway(**options)
        platform = OpenFaaSPlatform(configured(gateway, mode=mode))
        platforms.append((platform, gateway))
        platform.open(spec(max_workers=max_workers))
        platform.begin(workers, None)
        gateway.calls.clear()
        return platform, gateway

    yield start
    for platform, gateway in platforms:
        gateway.faults = Faults()
        platform.close()
        assert not [name for name in gateway.provider.functions if name.startswith("farm-")]


def workers(gateway: GatewayServer) -> list[str]:
    """Return the last part of the names of the worker functions that stay."""
    functions = gateway.provider.functions.items()
    return sorted(name.rpartition("-")[2] for name, f in functions if "-worker-" in name and not f.deleted_s)


def pods(gateway: GatewayServer, *numbers: int) -> list[str]:
    """Return the names the workers of these functions have in the roster."""
    prefix = next(name for name in gateway.provider.functions if "-worker-" in name).rpartition("-")[0]
    return [f"{prefix}-{number}-7d9c8b6f5-x0001.1.123" for number in numbers]


def sizes(gateway: GatewayServer) -> dict[str, int]:
    """Return worker function number -> its replicas, of those that stay."""
    functions = gateway.provider.functions.items()
    return {name.rpartition("-")[2]: f.replicas for name, f in functions if "-worker-" in name and not f.deleted_s}


def crowd(gateway: GatewayServer, others: int) -> None:
    """Have functions of somebody else in the namespace."""
    for number in range(others):
        gateway.provider.deploy(
            {"service": f"other-{number}", "image": "x/y", "envProcess": "python -m live.functions.collector"}
        )


def test_thirty_two_workers_on_the_community_edition(opened: Open) -> None:
    """13 functions beside emitter and collector, of up to 5 replicas each: every count is reached exactly."""
    platform, gateway = opened(12, "auto", 32)
    assert platform.mode == "functions"
    for count in (13, 14, 32, 31, 20, 13, 0, 6):
        outcome = platform.scale_to(count, ())
        assert (outcome.accepted, outcome.reason) == (count, ScaleReason.OK), outcome.detail
        assert platform.counts(()).requested == count == sum(sizes(gateway).values())
        assert max(sizes(gateway).values(), default=0) <= 5


def test_an_episode_may_begin_with_replicas(opened: Open) -> None:
    platform, gateway = opened(20, "functions", 32)
    assert sorted(sizes(gateway).values()) == [1] * 6 + [2] * 7
    platform.begin(4, None)
    assert sizes(gateway) == {"1": 1, "2": 1, "3": 1, "4": 1}


def test_the_edition_ends_at_fifteen_functions_of_five_replicas(opened: Open) -> None:
    platform, gateway = opened(2)
    crowd(gateway, 11)  # with emitter and collector, no third worker function is allowed
    assert platform.scale_to(10, ()).reason is ScaleReason.OK
    assert sizes(gateway) == {"1": 5, "2": 5}
    gateway.calls.clear()
    outcome = platform.scale_to(11, ())
    assert (outcome.requested, outcome.accepted, outcome.reason) == (11, 10, ScaleReason.CLAMPED_BY_PLATFORM)
    assert "10 of 11 workers: the Community Edition stops at 15 functions of 5 replicas" in outcome.detail
    assert not [call for call in gateway.calls if not call.startswith("GET")], "the limit is remembered"
    assert platform.counts(()).requested == 10


def test_room_that_appears_is_used(opened: Open) -> None:
    platform, gateway = opened(2)
    crowd(gateway, 11)
    platform.scale_to(3, ())
    assert sizes(gateway) == {"1": 2, "2": 1}
    gateway.provider.kubectl_delete("other-0")

    def one_more() -> bool:
        platform.scale_to(3, ())
        platform.scale_to(4, ())
        return len(sizes(gateway)) == 3

    until(one_more)
    assert platform.counts(()).requested == 4 == sum(sizes(gateway).values())


def test_an_episode_cannot_begin_with_more_than_there_can_be(opened: Open) -> None:
    platform, gateway = opened(2)
    crowd(gateway, 11)
    with pytest.raises(BackendError, match=r"runs 10 of 14 workers.*farm.initial_workers"):
        platform.begin(14, None)


def test_where_replicas_share_a_function_it_is_said_who_may_be_hit(opened: Open) -> None:
    """A function with an idle worker shrinks before one whose workers are all busy; a busy one may be leaving."""
    platform, gateway = opened(2)
    crowd(gateway, 11)
    platform.scale_to(4, ())
    assert sizes(gateway) == {"1": 2, "2": 2}
    (one,), (two,) = pods(gateway, 1), pods(gateway, 2)
    other_one, other_two = (each.replace("x0001", "x0009") for each in (one, two))
    now = roster(other_two, busy=(one, other_one, two))
    assert platform.scale_to(3, now).reason is ScaleReason.OK
    assert sizes(gateway) == {"1": 2, "2": 1}
    counts = platform.counts(now)
    assert (counts.requested, counts.ready, counts.starting) == (3, 3, 0)
    assert platform.scale_to(2, now).reason is ScaleReason.OK
    counts = platform.counts(now)
    assert (counts.requested, counts.ready, counts.starting, counts.busy + counts.draining) == (2, 2, 0, 3)


def test_somebody_resizes_a_worker_function(opened: Open) -> None:
    platform, gateway = opened(2)
    gateway.provider.kubectl_scale(next(name for name in gateway.provider.functions if name.endswith("-2")), 3)
    told = []
    until(lambda: told.append(platform.counts(())) or told[-1].changed_by)
    assert "-worker-2 was set to 3 replicas (it had 1) by somebody else" in told[-1].changed_by
    assert told[-1].requested == 4
    outcome = platform.scale_to(4, ())
    assert (outcome.accepted, outcome.reason) == (4, ScaleReason.CLAMPED_BY_PLATFORM)
    assert "by somebody else" in outcome.detail
    assert platform.scale_to(2, ()).reason is ScaleReason.OK
    assert sizes(gateway) == {"1": 1, "2": 1}


def test_a_deletion_that_answered_500_accuses_nobody(opened: Open) -> None:
    platform, gateway = opened(3)
    gateway.faults = Faults("DELETE /system/functions", "after")
    assert platform.scale_to(2, ()).reason is ScaleReason.REJECTED
    until(lambda: platform.counts(()).requested == 2)
    gateway.faults = Faults()
    outcome = platform.scale_to(2, ())
    assert (outcome.reason, outcome.detail) == (ScaleReason.OK, "")


def test_who_goes_is_chosen(opened: Open) -> None:
    platform, gateway = opened(4)
    idle, busy_long, busy_short = pods(gateway, 1, 2, 3)
    now = roster(idle, busy=(busy_short, busy_long))
    for count, left in ((3, ["1", "2", "3"]), (2, ["2", "3"]), (1, ["2"]), (0, [])):
        assert platform.scale_to(count, now).reason is ScaleReason.OK
        assert workers(gateway) == left
    counts = platform.counts(now)
    assert (counts.requested, counts.ready, counts.starting, counts.draining, counts.busy) == (0, 0, 0, 2, 0)


def test_a_replaced_replica_counts_once(opened: Open) -> None:
    platform, gateway = opened(2)
    old, other = pods(gateway, 1, 2)
    new = old.replace("x0001.1.123", "x0009.1.456")
    counts = platform.counts(roster(old, new, busy=(other,)))
    assert (counts.ready, counts.starting, counts.busy) == (2, 0, 1)
    assert function_of(new) == function_of(old)


@pytest.mark.parametrize("kind", ["after", "cut"])
def test_500_after_acting_is_found_out(opened: Open, kind: str) -> None:
    platform, gateway = opened(2)
    gateway.faults = Faults("POST /system/functions", kind)
    assert platform.scale_to(4, ()).reason is ScaleReason.OK
    assert len(workers(gateway)) == 4
    gateway.faults = Faults("DELETE /system/functions", kind)
    platform.scale_to(3, ())
    gateway.faults = Faults()
    assert platform.scale_to(3, ()).reason is ScaleReason.OK
    assert platform.counts(()).requested == 3 == len(workers(gateway))


def test_500_in_the_middle_is_told_with_the_number_there_is(opened: Open) -> None:
    platform, gateway = opened(2)
    gateway.faults = Faults("POST /system/functions", "status")
    outcome = platform.scale_to(5, ())
    assert (outcome.accepted, outcome.reason) == (2, ScaleReason.REJECTED)
    assert "unable to do it the second line says why" in outcome.detail


def test_invalid_is_not_called_a_clamp(opened: Open) -> None:
    platform, gateway = opened(2)
    gateway.faults = Faults("POST /system/functions", "status", 400, body="validation failed")
    outcome = platform.scale_to(3, ())
    assert (outcome.accepted, outcome.reason) == (2, ScaleReason.REJECTED)


def test_a_deployment_that_comes_late_counts(opened: Open) -> None:
    """Nothing was heard of it in time; when it turns up it is one of the workers, and the next request knows."""
    platform, gateway = opened(2)
    gateway.provider.timing.informer_s = 1.0
    gateway.faults = Faults("POST /system/functions", "after")
    outcome = platform.scale_to(3, ())
    assert (outcome.accepted, outcome.reason) == (2, ScaleReason.REJECTED)
    until(lambda: platform.counts(()).requested == 3)
    gateway.faults, gateway.provider.timing.informer_s = Faults(), 0.05
    platform.scale_to(2, ())
    assert len(workers(gateway)) == 2


def test_somebody_deletes_a_worker(opened: Open) -> None:
    platform, gateway = opened(3)
    gateway.provider.kubectl_delete(next(name for name in gateway.provider.functions if name.endswith("-2")))
    told = []
    until(lambda: told.append(platform.counts(())) or told[-1].changed_by)
    assert "-worker-2 was deleted (it had 1) by somebody else" in told[-1].changed_by
    assert told[-1].requested == 2
    platform.scale_to(3, ())
    assert workers(gateway) == ["1", "3", "4"]


def test_configured_start_up_delays_reach_the_workers(opened: Open) -> None:
    platform, gateway = opened(1)
    platform.begin(2, iter([1.5, 2.5]))
    platform.scale_to(4, ())
    delays = {
        name.rpartition("-")[2]: float(f.deployment["envVars"]["AUTOSCALE_FN_STARTUP_DELAY_S"])
        for name, f in gateway.provider.functions.items()
        if "-worker-" in name
    }
    assert delays == {"1": 0.0, "2": 0.0, "3": 1.5, "4": 2.5}


@pytest.mark.parametrize(
    ("options", "max_workers", "mode"),
    [
        ({"community": True}, 8, "functions"),
        ({"community": True}, 5, "replicas"),
        ({"community": False}, 8, "replicas"),
        ({"community": True, "info": {"arch": "x86_64"}}, 8, "functions"),
        ({"community": False, "info": {"arch": "x86_64"}}, 8, "replicas"),
    ],
)
def test_auto_chooses_by_edition_and_need(
    opened: Open, options: dict[str, object], max_workers: int, mode: str
) -> None:
    platform, _ = opened(2, "auto", max_workers, **options)
    assert platform.mode == mode
    assert platform.counts(()).requested == 2


def test_leftovers_of_a_killed_run_go_first_and_others_stay(
    make_gateway: Callable[..., GatewayServer], configured: Callable[..., OpenFaasConfig], spec: Callable[..., FarmSpec]
) -> None:
    gateway, farm, other = make_gateway(), spec(), spec()
    killed = OpenFaaSPlatform(configured(gateway, mode="functions"))
    killed.open(farm)
    killed.begin(3, None)
    killed._watch.close()  # it is killed: nobody looks any more, nothing is removed
    neighbour = OpenFaaSPlatform(configured(gateway, mode="replicas"))
    neighbour.open(other)
    again = OpenFaaSPlatform(configured(gateway, mode="replicas"))
    again.open(farm)
    killed.close()  # it comes back to life, and has lost the farm: nothing of the other's goes
    name = farm.functions.farm
    left = sorted(each for each in gateway.provider.functions if each.startswith(f"{name}-"))
    assert left == [f"{name}-collector", f"{name}-emitter"]
    again.close()
    assert sorted(gateway.provider.functions) == [
        f"{other.functions.farm}-collector",
        f"{other.functions.farm}-emitter",
    ]
    neighbour.close()


def test_services_that_do_not_start_are_named(
    make_gateway: Callable[..., GatewayServer], configured: Callable[..., OpenFaasConfig], spec: Callable[..., FarmSpec]
) -> None:
    gateway, farm = make_gateway(), spec(open_timeout_s=2.0)
    gateway.provider.crash.add(f"{farm.functions.farm}-emitter")
    platform = OpenFaaSPlatform(configured(gateway))
    with pytest.raises(BackendError, match=r"emitter not ready after 2 s; can the cluster pull 'example/farm:1'"):
        platform.open(farm)
    platform.close()
    assert gateway.provider.listing() == []


def test_farms_that_cannot_name_functions(
    make_gateway: Callable[..., GatewayServer], configured: Callable[..., OpenFaasConfig], spec: Callable[..., FarmSpec]
) -> None:
    gateway, farm = make_gateway(), spec()
    with pytest.raises(InputError, match="image is not set"):
        OpenFaaSPlatform(configured(gateway, image="")).open(farm)
    object.__setattr__(farm.functions, "farm", "My_Farm")
    with pytest.raises(InputError, match="'My_Farm' cannot name OpenFaaS functions"):
        OpenFaaSPlatform(configured(gateway)).open(farm)
