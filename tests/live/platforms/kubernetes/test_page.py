"""The commands of docs/kubernetes.md, typed for real: images built, Redis in the cluster, farm up, compared, down."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.test_blocks import blocks, run
from tests.live.platforms.kubernetes import images
from tests.live.platforms.kubernetes.clusters import kubeconfig
from tests.places import ROOT

pytestmark = pytest.mark.cluster

NAMESPACE = "autoscaling"
#: Stands for docker where images are given to the node directly: there is no registry to push to.
#: The Dockerfile of the checkout was built for the other tests already: here it gets the page's name.
DOCKER = """#!/bin/sh
case "$1" in
  build) exec "$AUTOSCALE_TEST_CLUSTER/image" "$3" "$AUTOSCALE_TEST_BUILT" ;;
  push) ;;
  *) echo "docker $1: not in this test" >&2; exit 1 ;;
esac
"""
VOLUME = """
apiVersion: v1
kind: PersistentVolume
metadata: {name: redis-of-the-page}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  hostPath: {path: FOLDER}
  claimRef: {namespace: autoscaling, name: data-redis-0}
"""


@pytest.fixture
def environment(_image: None, redis_image: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A shell with our commands, a docker, and a cluster that has the manifests' Redis image and a volume for it."""
    if not _applies_kustomizations():
        pytest.skip("needs kubectl 1.21 or newer")
    images.name_too("docker.io/library/redis:8-bookworm", redis_image)
    built = tmp_path / "built"
    built.mkdir()
    images.alias(built, images.IMAGE)
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    paths = [str(docker.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    shell = os.environ | {
        "KUBECONFIG": kubeconfig(),
        "PATH": os.pathsep.join(paths),
        "AUTOSCALE_TEST_BUILT": str(built),
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        _kubectl(shell, "apply", "-f", "-", text=VOLUME.replace("FOLDER", folder))
        try:
            yield shell
        finally:
            _kubectl(shell, "delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=60s")
            _kubectl(shell, "delete", "persistentvolume", "redis-of-the-page", "--timeout=60s")


def _applies_kustomizations() -> bool:
    """Older ones have a kustomize that knows no folders among the resources."""
    if not shutil.which("kubectl"):
        return False
    told = subprocess.run(["kubectl", "version", "--client", "-o", "json"], capture_output=True, check=True)
    return int(json.loads(told.stdout)["clientVersion"]["minor"].rstrip("+")) >= 21


def _kubectl(environment: dict[str, str], *arguments: str, text: str = "") -> None:
    subprocess.run(
        ["kubectl", *arguments], env=environment, input=text, text=True, check=True, capture_output=True, timeout=150
    )


def _has_keda(environment: dict[str, str]) -> bool:
    found = subprocess.run(
        ["kubectl", "get", "crd", "scaledobjects.keda.sh"], env=environment, capture_output=True, check=False
    )
    return found.returncode == 0


@pytest.mark.docs
@pytest.mark.timeout(900)
def test_the_page_runs(environment: dict[str, str], tmp_path: Path) -> None:
    """In one shell, since the port stays forwarded; what needs KEDA runs where it is installed."""
    page = ROOT / "docs/kubernetes.md"
    shell = [block for block in blocks(page) if block.language == "bash"]
    wanted = [block.text for block in shell if "keda" not in block.text or _has_keda(environment)]
    assert len(wanted) >= 2
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "deploy").symlink_to(ROOT / "deploy")
    script = "\n".join(["trap 'jobs -p | xargs -r kill' EXIT", *wanted])
    run(["bash", "-euo", "pipefail", "-c", script], folder, environment, "kubernetes.md", timeout_s=850)
