"""Which workers go first, on the local platform; and what a function is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaling_env.errors import InputError
from live.functions.handlers import Task, load, parse_task, sleep, spin
from live.functions.settings import FunctionSettings, from_environment
from live.platform import Platform, WorkerRecord
from live.platforms.local.platform import LocalPlatform, LocalWorker, removal_order
from live.wire.keys import KEYS, all_keys, checked_farm
from live.wire.scripts import NAMES, source


def test_the_local_platform_is_a_platform() -> None:
    assert isinstance(LocalPlatform.__new__(LocalPlatform), Platform)


def test_starting_then_idle_then_free_soonest() -> None:
    workers = [LocalWorker(f"w{i}", i) for i in range(6)]
    roster = (
        WorkerRecord("w0", 0.1, task=1, free_in_s=3.0),
        WorkerRecord("w1", 0.1, task=2, free_in_s=-1.0),
        WorkerRecord("w2", 0.1),
        WorkerRecord("w3", 0.1, task=3, free_in_s=1.0),
    )
    order = [worker.name for worker in removal_order(workers, roster)]
    assert order == ["w5", "w4", "w2", "w1", "w3", "w0"]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(-5, 5)), max_size=20))
def test_no_busy_worker_goes_while_an_idle_or_starting_one_stays(states: list[tuple[bool, bool, float]]) -> None:
    workers = [LocalWorker(f"w{i}", i) for i in range(len(states))]
    roster = tuple(
        WorkerRecord(f"w{i}", 0.0, task=i if busy else None, free_in_s=free)
        for i, (listed, busy, free) in enumerate(states)
        if listed
    )
    ranks = []
    for worker in removal_order(workers, roster):
        listed, busy, free = states[worker.number]
        ranks.append((0, 0.0) if not listed else (2, free) if busy else (1, 0.0))
    assert ranks == sorted(ranks)


def test_settings_survive_the_environment() -> None:
    settings = FunctionSettings(redis_url="unix:///x", lease_s=2.5, http_port=80, handler="a.b:c")
    assert from_environment(settings.environment()) == settings


def test_what_kubernetes_puts_into_the_environment_is_not_for_us() -> None:
    links = {"AUTOSCALE_FN_REDIS_SERVICE_HOST": "10.0.0.1", "AUTOSCALE_FN_REDIS_PORT_6379_TCP": "tcp://10.0.0.1:6379"}
    settings = from_environment({"AUTOSCALE_FN_REDIS_URL": "redis://r", "AUTOSCALE_FN_HTTP_PORT": "8080", **links})
    assert settings.http_port == 8080


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        from_environment({"AUTOSCALE_FN_LEASES_S": "1", "AUTOSCALE_FN_HTTP_PORT": "x"})
    assert "did you mean 'AUTOSCALE_FN_LEASE_S'" in caught.value.problems[0]
    assert "AUTOSCALE_FN_HTTP_PORT=x: must be a number" in caught.value.problems[1]
    assert "AUTOSCALE_FN_REDIS_URL is not set" in caught.value.problems[2]


@pytest.mark.parametrize("name", ["a b", "a|b", "a\n"])
def test_a_name_that_would_break_a_record_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="must hold no blank"):
        from_environment({"AUTOSCALE_FN_REDIS_URL": "redis://r", "AUTOSCALE_FN_NAME": name})


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("sleep", "write module:function"),
        ("no.such.module:f", "No module named"),
        ("live.functions.handlers:nothing", "has no attribute"),
        ("live.functions.handlers:TASKS", "has no attribute"),
        ("live.functions.settings:PREFIX", "is not a function"),
    ],
)
def test_a_handler_that_cannot_be_used_is_named(name: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        load(name)


def test_handlers_take_the_scaled_service_time() -> None:
    task = Task(id=1, service_s=0.2, deadline_s=1.0, time_scale=0.1, progress=lambda: None)
    assert load("live.functions.handlers:sleep") is sleep
    assert sleep(task) is None
    assert spin(task) > 0


def test_a_task_of_somebody_else_needs_only_its_number() -> None:
    task = parse_task('{"id": 5, "url": "x"}', 1.0, lambda: None)
    assert (task.id, task.service_s, task.fields["url"]) == (5, 0.0, "x")


@pytest.mark.parametrize("name", ["", "a b", "{x}", "-x", "x" * 64])
def test_farm_names(name: str) -> None:
    with pytest.raises(InputError, match="farm name"):
        checked_farm(name)


def test_all_keys_of_a_farm_share_a_slot() -> None:
    assert {key.partition("}")[0] for key in all_keys("f")} == {"{f"}


@pytest.mark.parametrize("name", NAMES)
def test_scripts_say_what_they_touch(name: str) -> None:
    assert source(name).keys
    assert set(source(name).keys) <= set(KEYS)
