"""Who set the wanted number of workers, by the object's ``managedFields``."""

from __future__ import annotations

from live.platforms.kubernetes.client import MANAGER, Json

#: Names in ``managedFields`` that need a word of explanation.
KNOWN_MANAGERS = {
    "kube-controller-manager": "kube-controller-manager (a HorizontalPodAutoscaler)",
    "keda": "keda (a ScaledObject)",
}


def who_else(item: Json) -> str:
    """Return who else set the wanted number; "" if it was us.

    Nobody owns a 0 that came through the scale subresource.
    """
    entries = item["metadata"].get("managedFields", [])
    owners = [each for each in entries if "f:replicas" in each.get("fieldsV1", {}).get("f:spec", {})]
    owners = owners or [each for each in entries if each.get("subresource") == "scale"]
    if any(entry.get("manager") == MANAGER for entry in owners):
        return ""
    if not owners:
        return "somebody"
    last = max(owners, key=lambda entry: entry.get("time", ""))
    manager = str(last["manager"])
    return KNOWN_MANAGERS.get(manager, manager)
