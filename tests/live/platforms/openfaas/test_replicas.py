"""One function with replicas: clamps found out by reading back, and nothing else taken for one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from autoscaling_env.config.openfaas import OpenFaasConfig
from autoscaling_env.errors import BackendError
from autoscaling_env.reasons import ScaleReason
from live.platform import FarmSpec, Roster, WorkerCounts
from live.platforms.openfaas.platform import OpenFaaSPlatform
from tests.live.platforms.openfaas.farms import roster
from tests.live.platforms.openfaas.gateway import GatewayServer
from tests.live.platforms.openfaas.wire import Faults
from tests.waiting import until

pytestmark = pytest.mark.live

Make = Callable[..., GatewayServer]
Open = Callable[..., tuple[OpenFaaSPlatform, GatewayServer]]
SCALE = "POST /system/scale-function"


@pytest.fixture
def opened(
    make_gateway: Make, configured: Callable[..., OpenFaasConfig], spec: Callable[..., FarmSpec]
) -> Iterator[Open]:
    """Open a platform in replicas mode with some workers."""
    platforms = []

    def start(workers: int = 2, *, settle_s: float = 0.2, **options: object) -> tuple[OpenFaaSPlatform, GatewayServer]:
        gateway = make_gateway(**options)
        platform = OpenFaaSPlatform(configured(gateway, mode="replicas", settle_s=settle_s))
        platforms.append((platform, gateway))
        platform.open(spec(call_timeout_s=3.0))
        platform.begin(workers, None)
        gateway.calls.clear()
        return platform, gateway

    yield start
    for platform, gateway in platforms:
        gateway.faults = Faults()
        platform.close()
        assert gateway.provider.listing() == []


def worker_function(gateway: GatewayServer) -> str:
    return next(name for name in gateway.provider.functions if name.endswith("-worker"))


def fresh(platform: OpenFaaSPlatform, roster: Roster) -> WorkerCounts:
    """Return the counts, whether or not a loaded machine has let the watch look lately."""
    return replace(platform.counts(roster), stale=())


def requested(platform: OpenFaaSPlatform) -> int:
    return platform.counts(()).requested


def test_the_community_edition_stops_at_five_and_the_first_step_says_so(opened: Open) -> None:
    platform, gateway = opened(5)
    outcome = platform.scale_to(6, ())
    assert (outcome.requested, outcome.accepted, outcome.reason) == (6, 5, ScaleReason.CLAMPED_BY_PLATFORM)
    assert "gave 5 of 6 replicas" in outcome.detail
    assert "Community Edition" in outcome.detail
    assert requested(platform) == 5
    asked = len([call for call in gateway.calls if call.startswith("POST")])
    assert platform.scale_to(8, ()).accepted == 5
    assert len([call for call in gateway.calls if call.startswith("POST")]) == asked, "the limit is known by now"


def test_from_below_the_limit(opened: Open) -> None:
    platform, _ = opened(3)
    assert platform.scale_to(8, ()).accepted == 5
    assert platform.scale_to(4, ()).reason is ScaleReason.OK
    assert platform.scale_to(7, ()).reason is ScaleReason.CLAMPED_BY_PLATFORM
    assert platform.scale_to(5, ()).reason is ScaleReason.OK


@pytest.mark.parametrize("refused", [False, True])
def test_there_is_no_scale_to_zero(opened: Open, refused: bool) -> None:
    platform, gateway = opened(3)
    gateway.provider.zero_refused = refused
    outcome = platform.scale_to(0, ())
    assert (outcome.accepted, outcome.reason) == (1, ScaleReason.CLAMPED_BY_PLATFORM)


def test_an_episode_cannot_begin_with_more_than_there_can_be(opened: Open) -> None:
    platform, _ = opened(2)
    with pytest.raises(BackendError, match=r"runs 5 of 7 workers.*farm.initial_workers"):
        platform.begin(7, None)


def test_the_standard_edition_gives_what_is_asked_for(opened: Open) -> None:
    platform, _ = opened(2, community=False)
    for workers in (8, 3, 0, 6):
        assert platform.scale_to(workers, ()).reason is ScaleReason.OK


def test_old_values_are_not_taken_for_a_clamp(opened: Open) -> None:
    platform, gateway = opened(2, community=False, settle_s=0.6)
    gateway.provider.timing.informer_s, gateway.cache_s = 0.3, 0.1
    for workers in (6, 2, 7, 3, 5):
        assert platform.scale_to(workers, ()).reason is ScaleReason.OK
        assert platform.counts(()).changed_by == ""


def test_a_value_older_than_that_is_found_out_later(opened: Open) -> None:
    """The informer is later than we are patient: first said to be a clamp, then put right, and nobody is accused."""
    platform, gateway = opened(2, community=False)
    time.sleep(0.8)  # the informer has seen all there is
    gateway.provider.timing.informer_s = 0.7
    assert platform.scale_to(6, ()).accepted == 2
    until(lambda: requested(platform) == 6)
    assert platform.counts(()).changed_by == ""
    gateway.provider.timing.informer_s = 0.05
    assert platform.scale_to(7, ()).reason is ScaleReason.OK


def test_keeping_costs_no_call(opened: Open) -> None:
    platform, gateway = opened(3)
    gateway.calls.clear()
    assert platform.scale_to(3, ()).reason is ScaleReason.OK
    assert not [call for call in gateway.calls if "GET /system/functions" not in call]


@pytest.mark.parametrize("kind", ["after", "cut"])
def test_500_after_acting_is_found_out(opened: Open, kind: str) -> None:
    platform, gateway = opened(2)
    gateway.faults = Faults(SCALE, kind)
    outcome = platform.scale_to(4, ())
    assert (outcome.accepted, outcome.reason) == (4, ScaleReason.OK)
    assert gateway.provider.functions[worker_function(gateway)].replicas == 4


def test_500_without_acting_is_rejected_with_its_words(opened: Open) -> None:
    platform, gateway = opened(2)
    gateway.faults = Faults(SCALE, "status")
    outcome = platform.scale_to(4, ())
    assert (outcome.accepted, outcome.reason) == (2, ScaleReason.REJECTED)
    assert "500 unable to do it the second line says why" in outcome.detail
    gateway.faults = Faults()
    assert platform.scale_to(4, ()).reason is ScaleReason.OK


def test_a_conflict_is_asked_again(opened: Open) -> None:
    platform, gateway = opened(2)
    gateway.faults = Faults(SCALE, "status", 500, count=2)
    assert platform.scale_to(4, ()).reason is ScaleReason.OK


def test_gateway_down_makes_counts_stale_and_requests_rejected(opened: Open) -> None:
    platform, gateway = opened(2)
    gateway.down()
    outcome = platform.scale_to(4, ())
    assert (outcome.accepted, outcome.reason) == (2, ScaleReason.REJECTED)
    assert "is the gateway running" in outcome.detail
    until(lambda: platform.counts(()).stale == ("requested", "starting"))
    assert requested(platform) == 2
    gateway.up()
    until(lambda: platform.counts(()).stale == ())
    assert platform.scale_to(4, ()).reason is ScaleReason.OK


def test_password_changed(opened: Open) -> None:
    platform, gateway = opened(2)
    gateway.password = "other"  # noqa: S105
    outcome = platform.scale_to(4, ())
    assert (outcome.accepted, outcome.reason) == (2, ScaleReason.REJECTED)
    assert "401" in outcome.detail
    with pytest.raises(BackendError, match=r"401 invalid credentials; check live.openfaas.user"):
        platform.begin(3, None)
    gateway.password = "secret"  # noqa: S105


def test_a_slow_gateway_is_waited_for_no_longer_than_a_call_may_take(opened: Open) -> None:
    platform, gateway = opened(2)
    gateway.faults = Faults("scale-function|function/", "slow", seconds=1.5)
    clock = platform.gateway.clock
    began = clock.now()
    outcome = platform.scale_to(4, ())
    assert clock.now() - began < 4.5
    assert outcome.reason is ScaleReason.REJECTED
    assert "slow" in outcome.detail
    gateway.faults = Faults()
    until(lambda: requested(platform) == 4)  # it was done all the same


def test_somebody_else_scales(opened: Open) -> None:
    platform, gateway = opened(2)
    gateway.provider.kubectl_scale(worker_function(gateway), 4)
    told: list[WorkerCounts] = []
    until(lambda: told.append(platform.counts(())) or told[-1].changed_by)
    assert told[-1].requested == 4
    assert "set to 4 replicas (it had 2) by somebody else" in told[-1].changed_by
    assert platform.counts(()).changed_by == "", "said once"
    outcome = platform.scale_to(3, ())
    assert (outcome.accepted, outcome.reason) == (3, ScaleReason.CLAMPED_BY_PLATFORM)
    assert "by somebody else" in outcome.detail, "and with the next outcome, for the records"
    assert platform.scale_to(3, ()).reason is ScaleReason.OK


@pytest.mark.parametrize("status", ["firing", "resolved"])
def test_the_gateways_own_autoscaler_is_noticed(opened: Open, status: str) -> None:
    platform, gateway = opened(3)
    alerts = [{"status": status, "labels": {"function_name": f"{worker_function(gateway)}.openfaas-fn"}}]
    assert gateway.answer("POST", "/system/alert", json.dumps({"alerts": alerts}).encode()) == (200, "")
    told: list[WorkerCounts] = []
    until(lambda: told.append(platform.counts(())) or told[-1].changed_by)
    assert told[-1].requested == {"firing": 4, "resolved": 1}[status]
    assert "(it had 3) by somebody else" in told[-1].changed_by
    platform.scale_to(3, ())
    assert requested(platform) == 3


def test_the_informer_sets_a_foreign_count_back(opened: Open) -> None:
    platform, gateway = opened(2)
    gateway.provider.kubectl_scale(worker_function(gateway), 8)
    until(lambda: requested(platform) == 5)
    assert gateway.provider.functions[worker_function(gateway)].replicas == 5


def test_worker_function_deleted_by_hand(opened: Open) -> None:
    platform, gateway = opened(3)
    gateway.provider.kubectl_delete(worker_function(gateway))
    told: list[WorkerCounts] = []
    until(lambda: told.append(platform.counts(())) or told[-1].changed_by)
    assert "was deleted" in told[-1].changed_by
    assert told[-1].requested == 0
    assert platform.scale_to(3, ()).accepted == 3
    assert requested(platform) == 3


def test_emitter_deleted_by_hand_is_brought_back(opened: Open) -> None:
    _, gateway = opened(1)
    emitter = next(name for name in gateway.provider.functions if name.endswith("-emitter"))
    gateway.provider.kubectl_delete(emitter)
    until(lambda: emitter not in gateway.provider.functions)
    until(lambda: emitter in gateway.provider.functions)


def test_leaving_workers_are_told_from_starting_ones(opened: Open) -> None:
    platform, _ = opened(4, community=False)
    before = roster("a", "b", busy=("c", "d"))
    platform.scale_to(3, before)
    assert fresh(platform, before) == WorkerCounts(3, 3, 0, 1, 1)
    platform.scale_to(5, before)
    assert fresh(platform, before) == WorkerCounts(5, 3, 2, 1, 1)
    assert fresh(platform, roster("a", "b", busy=("d",))) == WorkerCounts(5, 3, 2, 0, 1)


def test_silent_workers_do_not_count(opened: Open) -> None:
    platform, _ = opened(2)
    silent = list(roster("a", "b"))
    dead = type(silent[0])("c", heartbeat_age_s=60.0, task=3)
    assert platform.counts((*silent, dead)).busy == 0
    assert fresh(platform, (silent[0], dead)) == WorkerCounts(2, 1, 1, 0, 0)
