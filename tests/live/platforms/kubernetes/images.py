"""Images for the test cluster: each is built once in a run, and gets further names without being built again."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from tests.places import ROOT

#: The image of the functions.
IMAGE = os.environ.get("AUTOSCALE_TEST_IMAGE", "localhost/openfaas-autoscaling:test")
#: A Redis; a cluster of our own has no registry, so it is built from what pip brings.
REDIS = "localhost/redis:test"


def builder() -> str:
    """Return the program that builds an image and gives it to the cluster; "" where nobody says which."""
    folder = os.environ.get("AUTOSCALE_TEST_CLUSTER", "")
    return f"{folder}/image" if folder else ""


def build_image() -> None:
    """Build the image of the functions and give it to the cluster, where the environment says how."""
    if builder():
        _build(IMAGE, ROOT)


def build_redis() -> None:
    """Build the image of a Redis and give it to the cluster."""
    _build(REDIS, ROOT, ROOT / "tests/live/platforms/kubernetes/redis/Dockerfile")


def name_too(name: str, built: str) -> None:
    """Give an image that was built a second name on the cluster."""
    with tempfile.TemporaryDirectory() as folder:
        alias(Path(folder), built)
        _build(name, Path(folder))


def alias(folder: Path, built: str) -> None:
    """Make a folder that builds into the image ``built``."""
    (folder / "Dockerfile").write_text(f"FROM {built}\n", "utf-8")


def _build(*command: str | Path) -> None:
    subprocess.run([builder(), *map(str, command)], check=True, capture_output=True, timeout=280)
