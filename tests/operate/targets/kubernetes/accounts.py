"""Service accounts with the rights that lists of permissions name, and with the manifests' own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from live.platforms.kubernetes.access import Permission
from tests.live.platforms.kubernetes import accounts
from tests.live.platforms.kubernetes.clusters import Cluster
from tests.places import ROOT

MANIFESTS = ROOT / "deploy/operate"


def documents(path: str) -> list[dict[str, Any]]:
    """Read the objects of a manifest below deploy/operate."""
    return [each for each in YAML(typ="safe", pure=True).load_all((MANIFESTS / path).read_text("utf-8")) if each]


def rules(permissions: Iterable[Permission]) -> list[dict[str, Any]]:
    """Return a rule for each."""
    return [
        {"apiGroups": [each.group], "resources": [each.resource], "verbs": [each.verb]}
        | ({"resourceNames": [each.name]} if each.name else {})
        for each in permissions
    ]


def account(cluster: Cluster, permissions: Iterable[Permission], folder: Path) -> Path:
    """Create a service account with these rights and no more; return a kubeconfig with its token."""
    return accounts.account(cluster, rules(permissions), folder)
