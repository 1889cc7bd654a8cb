"""What is exported for KEDA: its settings, and objects of Kubernetes in YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import indent
from typing import Any

from autoscaling_env.config.yaml import dumped
from operate.config import BoundsConfig
from operate.keda.reach import Reach
from operate.targets.kubernetes.settings import KubernetesTargetConfig

Manifest = dict[str, Any]

#: Stands in YAML where text of several lines will.
_PLACE = "as-it-is"


@dataclass(frozen=True, slots=True, kw_only=True)
class KedaExport:
    """What is written.

    Attributes:
        name: of everything that is the scaler's.
        controller: name of the controller, and of the ScaledObject.
        target: whose count it is.
        bounds: of the count.
        interval_s: between decisions.
        config: the controller's YAML as its pod reads it.
        secret: it holds a password.
        files: what it names besides, by name.
        image: with the command line and the extra ``keda``.
        reach: what the HPA is like.
        fallback: replicas while the scaler tells that there is no decision; None: the count stays.
        failures: after so many failures in a row.
        tls_secret: Secret with ``tls.crt``, ``tls.key`` and ``ca.crt``, for both sides; "": no TLS.
    """

    name: str
    controller: str
    target: KubernetesTargetConfig
    bounds: BoundsConfig
    interval_s: float
    config: str
    image: str
    secret: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)
    reach: Reach = Reach.DETOUR
    fallback: int | None = None
    failures: int = 3
    tls_secret: str = ""


def labels(export: KedaExport) -> dict[str, str]:
    """Return the labels of everything that is the scaler's, by which its pod is found, too."""
    return {"app.kubernetes.io/name": export.name, "app.kubernetes.io/part-of": "openfaas-autoscaling"}


def made(version: str, kind: str, export: KedaExport) -> Manifest:
    """Return the beginning of an object of the scaler's."""
    metadata = {"name": export.name, "namespace": export.target.namespace, "labels": labels(export)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def written(manifests: Sequence[Manifest]) -> str:
    """Return manifests as YAML; text of several lines stands there as it is, to be read and changed."""
    return "---\n".join(map(_written, manifests))


def _written(manifest: Manifest) -> str:
    kept: dict[str, str] = {}
    shown = dict(manifest)
    for section in {"data", "stringData"} & manifest.keys():
        shown[section] = {
            name: kept.setdefault(name, text) and _PLACE if "\n" in text else text
            for name, text in manifest[section].items()
        }
    text = dumped(shown)
    for name, content in kept.items():
        text = text.replace(f"  {name}: {_PLACE}\n", f"  {name}: |\n{indent(content, '    ')}")
    return text
