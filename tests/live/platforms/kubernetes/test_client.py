"""Requests to an API server that is overloaded, down, slow, or says no. Needs no cluster."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from autoscaling_env.config.kubernetes import KubernetesConfig
from autoscaling_env.errors import InputError
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.errors import REMEDIES, TRANSIENT, ClusterRefused, ClusterUnreachable, WatchExpired
from tests.live.platforms.kubernetes.fake_server import Answer, fake_api, write_kubeconfig

OK = Answer(200, {"spec": {"replicas": 3}})


def failed(status: int, message: str = "no", **headers: str) -> Answer:
    return Answer(status, {"kind": "Status", "message": message}, headers)


@pytest.mark.parametrize("status", sorted(TRANSIENT))
def test_what_may_pass_is_tried_again(tmp_path: Path, status: int) -> None:
    with fake_api(tmp_path, failed(status), failed(status), OK) as (api, server):
        assert api.patch("/scale", {"spec": {"replicas": 3}}) == OK.body
        assert [method for method, _, _ in server.asked] == ["PATCH"] * 3


@pytest.mark.parametrize("status", [400, 403, 404, 405, 422])
def test_a_no_is_not_asked_again_and_tells_what_to_do(tmp_path: Path, status: int) -> None:
    with fake_api(tmp_path, failed(status, "pods are forbidden")) as (api, server):
        with pytest.raises(ClusterRefused, match=r"PATCH /scale: \d+ pods are forbidden: ") as told:
            api.patch("/scale", {})
        assert told.value.status == status
        assert str(told.value).endswith(REMEDIES[status])
        assert len(server.asked) == 1


def test_the_pause_the_server_asks_for_is_kept(tmp_path: Path) -> None:
    with fake_api(tmp_path, failed(429, **{"Retry-After": "1"}), OK) as (api, _):
        began = time.monotonic()
        assert api.get("/scale") == OK.body
        assert time.monotonic() - began >= 1.0


def test_a_pause_longer_than_the_deadline_ends_the_call(tmp_path: Path) -> None:
    with fake_api(tmp_path, failed(429, **{"Retry-After": "60"})) as (api, server):
        with pytest.raises(ClusterUnreachable, match="the server limits requests"):
            api.get("/scale", within_s=1.0)
        assert len(server.asked) == 1


def test_a_server_that_never_answers_ends_with_the_deadline(tmp_path: Path) -> None:
    with fake_api(tmp_path, Answer(200, wait_s=30.0)) as (api, _), pytest.raises(ClusterUnreachable, match="timed out"):
        api.get("/scale", within_s=0.5)


def test_a_connection_that_is_cut_in_the_answer_is_made_again(tmp_path: Path) -> None:
    with fake_api(tmp_path, Answer(200, OK.body, cut=5), OK) as (api, server):
        assert api.patch("/scale", {}) == OK.body
        assert len(server.asked) == 2


def test_something_that_is_no_api_server(tmp_path: Path) -> None:
    with (
        fake_api(tmp_path, Answer(200, "<html>")) as (api, _),
        pytest.raises(ClusterUnreachable, match="is the address right"),
    ):
        api.get("/scale", within_s=0.3)


def test_nobody_there(tmp_path: Path) -> None:
    file = write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:9", "token")
    with pytest.raises(ClusterUnreachable, match="is the API server up"):
        Api(KubernetesConfig(kubeconfig=str(file))).get("/version", within_s=0.3)


def test_expired_credentials_are_read_anew(tmp_path: Path) -> None:
    with fake_api(tmp_path, failed(401, "Unauthorized"), OK) as (api, server):
        write_kubeconfig(tmp_path / "kubeconfig", server.url, "second")
        assert api.get("/scale") == OK.body
        assert [token for _, _, token in server.asked] == ["Bearer first", "Bearer second"]


def test_expired_credentials_that_stay_so(tmp_path: Path) -> None:
    with fake_api(tmp_path, failed(401, "Unauthorized")) as (api, _), pytest.raises(ClusterRefused, match="renew"):
        api.get("/scale")


def test_deleting_what_is_gone_is_fine(tmp_path: Path) -> None:
    with fake_api(tmp_path, failed(404)) as (api, _):
        api.delete("/pods/a")


def test_a_watch_that_is_too_old_says_so(tmp_path: Path) -> None:
    with (
        fake_api(tmp_path, failed(410, "too old")) as (api, _),
        pytest.raises(WatchExpired),
        api.stream("/pods", silence_s=1.0),
    ):
        pass


def test_without_a_cluster_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(InputError, match=r"no cluster .*live\.kubernetes\.kubeconfig"):
        Api(KubernetesConfig(kubeconfig=str(tmp_path / "none")))
