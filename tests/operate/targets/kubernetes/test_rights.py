"""Shadow gets by with rights to read, acting with those of the list, and each right that is missing has a name."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from autoscaling_env.reasons import ScaleReason
from live.platforms.kubernetes.access import Permission
from operate.targets.kubernetes import access
from operate.targets.kubernetes.examine import ELSE, examine
from operate.targets.kubernetes.kind import KIND
from operate.targets.kubernetes.scaled import Scaled
from operate.targets.kubernetes.settings import KubernetesTargetConfig
from operate.targets.kubernetes.target import KubernetesTarget
from tests.live.platforms.kubernetes import accounts as anyone
from tests.operate.targets.kubernetes.accounts import account, rules
from tests.operate.targets.kubernetes.deployments import Workers
from tests.operate.targets.kubernetes.requests import Requests
from tests.waiting import until

pytestmark = pytest.mark.cluster
LEASE = "leads"


def rights(workers: Workers, *, acting: bool) -> tuple[Permission, ...]:
    scaled = Scaled("apps", "v1", "deployments", workers.cluster.namespace, workers.name)
    shadow = access.look(scaled) + access.lead(LEASE) + access.CHECK
    return shadow + access.act(scaled, lease=True, idle=True) if acting else shadow


def test_shadow_sees_everything_with_rights_to_read_and_writes_nothing(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scaled = Scaled("apps", "v1", "deployments", workers.cluster.namespace, workers.name)
    file = account(workers.cluster, access.look(scaled), tmp_path)
    requests = Requests(monkeypatch)
    target = KubernetesTarget(workers.config(kubeconfig=str(file)))
    workers.scale_as("keda", 2)
    until(lambda: target.look().ready == 2, "the workers are seen")
    workers.scale_as("kube-controller-manager", 1)
    told = until(lambda: target.look().changed_by, "who scaled is seen")
    assert told == "kube-controller-manager (a HorizontalPodAutoscaler) changed the workers from 2 to 1"
    until(lambda: target.look().ready == 1 and target.look().draining == 0, "the workers leave")
    assert target.look().trouble == ""
    assert len([1 for api, *_ in requests.sent if api is target.api]) >= 4
    assert requests.writes(target.api) == []
    outcome = target.scaler().scale_to(3)
    assert outcome.reason is ScaleReason.REJECTED
    assert "403" in outcome.detail
    assert workers.replicas() == 1
    target.close()


def test_acting_gets_by_with_its_list(workers: Workers, tmp_path: Path) -> None:
    file = account(workers.cluster, rights(workers, acting=True), tmp_path)
    config = workers.config(kubeconfig=str(file), idle="worker/idle")
    target = KubernetesTarget(config)
    assert KIND.elect is not None
    election = KIND.elect(config, LEASE, "somebody")
    election.start()
    term = until(election.term, "a leader")
    scaler = target.scaler()
    scaler.fence(term)
    for count in (2, 1):
        assert scaler.scale_to(count).reason is ScaleReason.OK
        until(partial(_at_rest, target, count), "the workers are there")
    election.close()
    target.close()


def _at_rest(target: KubernetesTarget, count: int) -> bool:
    return target.look().ready == count


def test_check_misses_each_right_by_its_name(workers: Workers, tmp_path: Path) -> None:
    all_of_them = rights(workers, acting=True)
    file = account(workers.cluster, all_of_them, tmp_path)
    config = workers.config(kubeconfig=str(file), idle="worker/idle")
    assert [each for each in examine(config, True, LEASE) if not each.ok] == []
    for missing in all_of_them:
        if missing.resource == "scaledobjects":  # not looked for where there is no KEDA
            continue
        anyone.set_rules(workers.cluster, file.stem, rules(each for each in all_of_them if each != missing))
        wanted = ELSE if missing.doctor_only else f"may {missing.shown}"
        until(partial(_misses, config, wanted), f"{missing.shown} is missed")


def _misses(config: KubernetesTargetConfig, what: str) -> bool:
    return what in {each.what for each in examine(config, True, LEASE) if not each.ok}


def test_check_without_rights_to_act_is_fine_in_shadow(workers: Workers, tmp_path: Path) -> None:
    file = account(workers.cluster, rights(workers, acting=False), tmp_path)
    config = workers.config(kubeconfig=str(file))
    assert [each for each in examine(config, False, LEASE) if not each.ok] == []
    missed = {each.what for each in examine(config, True, LEASE) if not each.ok}
    assert missed == {
        f"may patch deployments/scale {workers.name}",
        f"may patch deployments {workers.name}",
    }
