"""Manifests with which KEDA brings a controller's decisions about, made of its configuration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autoscaling_env.config.yaml import dumped
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.files import atomic_write
from autoscaling_env.secrets import without_passwords
from experiments.operations.keda_files import keda_configs
from experiments.policies import RECALLING
from operate.config import OperateConfig
from operate.keda.exported import KedaExport, written
from operate.keda.manifests import rights, scaled_object, scaler
from operate.keda.pod import CONFIG, PAGE_PORT, STATE
from operate.keda.reach import REACHES, Reach
from operate.targets.kubernetes.settings import KubernetesTargetConfig

#: More does not fit into a ConfigMap.
MOST_BYTES = 1_000_000
#: The image that `docker build --target controller .` makes.
IMAGE = "openfaas-autoscaling:controller"
PREFIX = "autoscale-keda-"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class KedaManifests:
    """What was written.

    Attributes:
        files: in the order in which they are applied, by what is in them.
        notes: what to know, a sentence each.
        commands: that bring it to the cluster.
    """

    files: dict[str, Path]
    notes: list[str]
    commands: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KedaChoices:
    """What a configuration does not say.

    Attributes:
        reach: what the HPA is like.
        fallback: replicas while there is no decision; None: the count stays.
        failures: after so many failures in a row.
        image: with the command line and the extra ``keda``.
        tls_secret: Secret with ``tls.crt``, ``tls.key`` and ``ca.crt``; "": no TLS.
    """

    reach: str = Reach.DETOUR
    fallback: int | None = None
    failures: int = 3
    image: str = IMAGE
    tls_secret: str = ""


def list_reaches() -> list[str]:
    """Return how an HPA may be brought to a count."""
    return list(REACHES)


def export_keda(
    file: Path, folder: Path, choices: KedaChoices, *, assignments: Sequence[str] = (), force: bool = False
) -> KedaManifests:
    """Write rights, scaler and ScaledObject of one controller.

    Args:
        file: the controller's configuration.
        folder: where they are written.
        choices: what it does not say.
        assignments: ``KEY=VALUE``, over it.
        force: replace files that are there.

    Raises:
        InputError: it cannot be exported, or a file is there. Nothing is written.
    """
    (controller, config), *_ = keda_configs([file], assignments).items()
    if not _NAME.fullmatch(controller):
        raise InputError(
            f"{file}: its name is the ScaledObject's: at most 42 of a-z, 0-9 and -, then the ending, as worker.yml"
        )
    export = _export(controller, config, choices)
    files = {
        "rights": (folder / "1-rights.yaml", rights(export)),
        "scaler": (folder / "2-scaler.yaml", scaler(export)),
        "ScaledObject": (folder / "3-scaledobject.yaml", scaled_object(export)),
    }
    for path, _ in files.values():
        if path.exists() and not force:
            raise InputError(f"{path}: is there already; name another --output, or replace it with --force")
    for path, manifests in files.values():
        with atomic_write(path) as out:
            out.write(written(manifests))
    rights_file, scaler_file, object_file = (path for path, _ in files.values())
    commands = [
        f"kubectl apply -f {rights_file} -f {scaler_file}",
        f"kubectl -n {export.target.namespace} rollout status deployment/{export.name}",
        f"kubectl apply -f {object_file}",
    ]
    return KedaManifests({what: path for what, (path, _) in files.items()}, _notes(config, export), commands)


def _export(controller: str, config: OperateConfig, choices: KedaChoices) -> KedaExport:
    target = config.target
    if choices.reach not in list_reaches():
        raise InputError(f"--reach: {unknown_name('reach', choices.reach, list_reaches())}")
    if not isinstance(target, KubernetesTargetConfig):
        raise InputError(f"target.kind {target.kind}: KEDA scales what is in Kubernetes; choose kubernetes")
    if choices.fallback is not None and not config.bounds.min <= choices.fallback <= config.bounds.max:
        raise InputError(
            f"--fallback {choices.fallback}: must lie within bounds, {config.bounds.min} to {config.bounds.max}"
        )
    policy, files = _carried(config.policy.strip())
    text = dumped(_in_pod(config, policy))
    return KedaExport(
        name=f"{PREFIX}{controller}",
        controller=controller,
        target=target,
        bounds=config.bounds,
        interval_s=config.interval,
        config=text,
        image=choices.image,
        secret=without_passwords(text) != text,
        files=files,
        reach=Reach(choices.reach),
        fallback=choices.fallback,
        failures=choices.failures,
        tls_secret=choices.tls_secret,
    )


def _carried(policy: str) -> tuple[str, dict[str, bytes]]:
    """Return the policy's name in the pod, and the file that it names, if any."""
    history = RECALLING.fullmatch(policy)
    file = Path(history[1] if history else policy)
    if file.is_dir():
        raise InputError(f"policy {policy}: is a folder; name the model's file in it")
    if not file.is_file():
        return policy, {}
    content = file.read_bytes()
    if len(content) > MOST_BYTES:
        raise InputError(
            f"policy {policy}: {len(content)} bytes do not fit into a ConfigMap of {MOST_BYTES}; put the file into the "
            "image and name its place there"
        )
    return (f"planner:{CONFIG}/{file.name}" if history else f"{CONFIG}/{file.name}"), {file.name: content}


def _in_pod(config: OperateConfig, policy: str) -> dict[str, Any]:
    """Return the configuration as the pod reads it: its own account, its own folders, its page within reach."""
    told = config.model_dump(mode="json", exclude_defaults=True)
    told["source"] = {"kind": config.source.kind} | told["source"]
    target = {key: value for key, value in told["target"].items() if key not in {"kubeconfig", "context"}}
    told["target"] = {"kind": config.target.kind} | target
    page = {"host": "0.0.0.0", "port": PAGE_PORT}  # noqa: S104 - in a pod
    return told | {"policy": policy, "state": STATE, "page": page, "mode": config.mode}


def _notes(config: OperateConfig, export: KedaExport) -> list[str]:
    notes = []
    if config.mode == "shadow":
        notes.append("mode is shadow: KEDA is told the count that is there; export with --set mode=act to scale")
    if export.fallback is None:
        notes.append("without --fallback the count stays as it is while there is no decision")
    if ":" in config.policy and not export.files:
        notes.append(f"policy {config.policy}: the image must have it")
    if export.secret:
        notes.append("the configuration holds a password: it became a Secret; keep the file to yourself")
    if export.target.api_version != "apps/v1":
        notes.append(f"{export.target.object_kind}: look whether its plural is right in 1-rights.yaml")
    return notes
