"""Nobody writes who led before: not by a hair's breadth, on a real API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from autoscaling_env.errors import BackendError
from live.platforms.kubernetes.client import Api
from operate.target import Fenced
from operate.targets.kubernetes.scaler import TERM
from operate.targets.kubernetes.target import KubernetesTarget
from tests.operate.targets.kubernetes.deployments import Workers
from tests.operate.targets.kubernetes.requests import Requests
from tests.waiting import until

pytestmark = pytest.mark.cluster


@contextmanager
def opened(workers: Workers, **values: Any) -> Iterator[KubernetesTarget]:
    target = KubernetesTarget(workers.config(**values))
    try:
        target.look()
        yield target
    finally:
        target.close()


def just_before_the_write(monkeypatch: pytest.MonkeyPatch, by: Api, then: Callable[[], Any]) -> None:
    """Have something happen once, when a write of the number by this client is about to leave the process."""
    raw, left = Api._raw, [then]

    def late(api: Api, method: str, path: str, *more: Any) -> Any:
        if api is by and method == "PATCH" and path.endswith("/scale") and left:
            left.pop()()
        return raw(api, method, path, *more)

    monkeypatch.setattr(Api, "_raw", late)


def test_a_leader_that_was_stopped_between_its_check_and_its_write_writes_nothing(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(workers) as first, opened(workers) as second:
        old, new = first.scaler(), second.scaler()
        old.fence(1)
        just_before_the_write(monkeypatch, first.api, lambda: new.fence(2))
        with pytest.raises(Fenced, match="term 2"):
            old.scale_to(3)
        assert workers.replicas() == 0
        assert workers.read()["metadata"]["annotations"][TERM] == "2"
        assert new.scale_to(1).accepted == 1


def test_a_change_of_something_else_in_between_does_not_stop_the_leader(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(workers) as target:
        scaler = target.scaler()
        scaler.fence(1)
        label = {"metadata": {"labels": {"touched": "yes"}}}
        just_before_the_write(monkeypatch, target.api, lambda: workers.cluster.api.patch(workers.path, label))
        requests = Requests(monkeypatch)
        assert scaler.scale_to(2).accepted == 2
        assert workers.replicas() == 2
        assert requests.writes(target.api) == [f"PATCH {workers.path}/scale"] * 2


def test_a_term_that_was_taken_off_is_put_on_again(workers: Workers) -> None:
    with opened(workers) as target:
        scaler = target.scaler()
        scaler.fence(5)
        workers.cluster.api.patch(workers.path, {"metadata": {"annotations": {TERM: None}}})
        assert scaler.scale_to(1).accepted == 1
        assert workers.read()["metadata"]["annotations"][TERM] == "5"


def test_without_an_election_nothing_but_the_number_is_written(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(workers) as target:
        requests = Requests(monkeypatch)
        assert target.scaler().scale_to(1).accepted == 1
        assert requests.writes(target.api) == [f"PATCH {workers.path}/scale"]
        assert TERM not in (workers.read()["metadata"].get("annotations") or {})


def test_workers_that_were_deleted_are_said_and_not_written(workers: Workers) -> None:
    with opened(workers) as target:
        workers.cluster.api.delete(workers.path)
        until(lambda: "not there" in target.look().trouble, "the deletion is seen")
        with pytest.raises(BackendError, match="404"):
            target.scaler().scale_to(1)
