"""The parts that need no cluster: what settings mean, who goes first, who else scales, whose term stands."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from autoscaling_env.errors import BackendError, InputError
from operate.kinds import TargetKind
from operate.targets.kubernetes.kind import KIND
from operate.targets.kubernetes.pods import Mark, go_first, read_worker
from operate.targets.kubernetes.rivals import rivals
from operate.targets.kubernetes.scaled import Scaled, discover
from operate.targets.kubernetes.scaler import TERM, term_of
from operate.targets.kubernetes.settings import KubernetesTargetConfig
from operate.targets.kubernetes.target import KubernetesTarget
from tests.live.platforms.kubernetes.fake_server import write_kubeconfig


def config(resource: str = "deployment/worker", **values: Any) -> KubernetesTargetConfig:
    return KubernetesTargetConfig.model_validate({"resource": resource, **values})


@pytest.mark.parametrize(
    ("resource", "meant"),
    [
        ("deployment/worker", ("apps/v1", "Deployment", "worker")),
        ("statefulset/worker-1.x", ("apps/v1", "StatefulSet", "worker-1.x")),
        ("argoproj.io/v1alpha1/Rollout/worker", ("argoproj.io/v1alpha1", "Rollout", "worker")),
        ("v1/ReplicationController/old", ("v1", "ReplicationController", "old")),
    ],
)
def test_a_resource_is_a_kind_and_a_name(resource: str, meant: tuple[str, str, str]) -> None:
    read = config(resource)
    assert (read.api_version, read.object_kind, read.name) == meant


@pytest.mark.parametrize(
    "values",
    [
        {"resource": "worker"},
        {"resource": "Deployment/worker"},
        {"resource": "pod/worker"},
        {"resource": "deployment/"},
        {"resource": "deployment/worker/scale"},
        {"resource": "deployment/../secrets"},
        {"resource": "apps/v1/deployments/worker"},
        {"idle": "two words"},
        {"idle": ""},
        {"resource": "statefulset/worker", "idle": "worker/idle"},
        {"watch_renewal": 0.0},
        {"replicas": 3},
    ],
)
def test_what_cannot_be_scaled_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**values)


def test_paths_follow_from_group_and_plural() -> None:
    own = Scaled("example.org", "v2", "crawlers", "jobs", "c")
    assert own.scale == "/apis/example.org/v2/namespaces/jobs/crawlers/c/scale"
    assert (
        Scaled("", "v1", "replicationcontrollers", "jobs", "r").all == "/api/v1/namespaces/jobs/replicationcontrollers"
    )


def pod(name: str, *, ready: bool = True, leaving: bool = False, **metadata: Any) -> dict[str, Any]:
    gone = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if leaving else {}
    condition = {"type": "Ready", "status": str(ready)}
    return {"metadata": {"name": name} | gone | metadata, "status": {"phase": "Running", "conditions": [condition]}}


def test_not_ready_ones_go_first_then_idle_ones_and_busy_ones_are_not_named() -> None:
    mark = Mark.parse("worker/idle")
    idle = {"worker/idle": "true"}
    items = [
        pod("busy", annotations={"worker/idle": "false"}), pod("idle-b", labels=idle), pod("idle-a", annotations=idle),
        pod("loading", ready=False),
    ]  # fmt: skip
    workers = [read_worker(item, mark) for item in items]
    assert [each.name for each in go_first(workers, 4)] == ["loading", "idle-a", "idle-b"]
    assert [each.name for each in go_first(workers, 2)] == ["loading", "idle-a"]
    assert go_first(workers, -1) == []


def test_a_mark_may_have_a_value_of_its_own() -> None:
    assert Mark.parse("state=free").on(pod("a", labels={"state": "free"}))
    assert not Mark.parse("state=free").on(pod("a", labels={"state": "true"}))
    assert not read_worker(pod("a", labels={"state": "free"}), None).idle


def test_what_keeps_a_container_from_running_is_said_in_the_words_of_whose_it_is() -> None:
    item = pod("a", ready=False)
    item["spec"] = {"containers": [{"name": "worker", "image": "w:1"}, {"name": "side", "image": "side:2"}]}
    item["status"]["containerStatuses"] = [
        {"name": "worker", "state": {"running": {}}},
        {"name": "side", "state": {"waiting": {"reason": "ErrImagePull"}}},
    ]
    trouble = read_worker(item, None).pod.trouble
    assert "image side:2" in trouble
    assert "live." not in trouble


@pytest.mark.parametrize(("text", "term"), [("7", 7), ("", 0), ("seven", 0), ("-1", 0), ("٣", 0)])
def test_a_term_is_a_number_or_none(text: str, term: int) -> None:
    assert term_of({"annotations": {TERM: text}}) == term
    assert term_of({"annotations": None}) == term_of({}) == 0


class Answers:
    """Stands for an API server's answers to `get`."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    def get(self, path: str) -> Any:
        return self._answers[path]


def test_the_hpa_that_keda_makes_is_told_as_its_scaled_object() -> None:
    metadata = {"name": "keda-hpa-x", "namespace": "jobs", "labels": {"scaledobject.keda.sh/name": "x"}}
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "worker"}, "maxReplicas": 9}
    scaled = {"metadata": {"name": "x", "namespace": "jobs"}, "spec": {"scaleTargetRef": {"name": "worker"}}}
    answers = {
        "/apis/autoscaling/v2/namespaces/jobs/horizontalpodautoscalers": {
            "items": [{"metadata": metadata, "spec": spec}]
        },
        "/apis/keda.sh/v1alpha1": {},
        "/apis/keda.sh/v1alpha1/namespaces/jobs/scaledobjects": {"items": [scaled]},
    }
    (found,) = rivals(Answers(answers), "jobs")  # type: ignore[arg-type]
    assert (found.kind, found.name, found.target) == ("ScaledObject", "x", ("Deployment", "worker"))
    assert 'annotate scaledobject x autoscaling.keda.sh/paused="true"' in found.remedy


def test_kinds_are_found_by_discovery_and_what_has_no_scale_is_said() -> None:
    listed = [{"name": "crons", "kind": "Cron"}, {"name": "crawlers", "kind": "Crawler"}]
    scale = {"name": "crawlers/scale", "kind": "Scale"}
    api: Any = Answers({"/apis/example.org/v1": {"resources": [*listed, scale]}})
    assert discover(api, config("example.org/v1/Crawler/c")).plural == "crawlers"
    with pytest.raises(InputError, match="no scale subresource"):
        discover(api, config("example.org/v1/Cron/c"))
    with pytest.raises(InputError, match="knows no kind Worker"):
        discover(api, config("example.org/v1/Worker/c"))


def test_a_cluster_that_is_not_there_is_said_and_no_look_hangs(tmp_path: Any) -> None:
    file = write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:9", "token")
    target = KubernetesTarget(config(kubeconfig=str(file)))
    with pytest.raises(BackendError, match=r"127\.0\.0\.1|API server"):
        target.look()
    with pytest.raises(BackendError):
        target.scaler().scale_to(1)
    target.close()


def test_a_kubeconfig_that_is_not_there_is_an_input_error() -> None:
    with pytest.raises(InputError, match="no-such-file"):
        KubernetesTarget(config(kubeconfig="no-such-file"))
    assert isinstance(KIND, TargetKind)
