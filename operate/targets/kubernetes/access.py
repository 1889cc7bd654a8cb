"""What an account must be allowed to do to look at workers, to scale them, and to lead; each verb with its reason."""

from __future__ import annotations

from live.platforms.kubernetes.access import Permission
from operate.targets.kubernetes.scaled import Scaled

LEASES = "coordination.k8s.io"


def look(scaled: Scaled) -> tuple[Permission, ...]:
    """Return what shadow needs: nothing but reading."""
    group, plural, name = scaled.group, scaled.plural, scaled.name
    return (
        Permission("get", group, plural, "how workers stop, and the term of whoever led before, is read", name=name),
        Permission("list", group, plural, "the wanted number of workers is read", name=name),
        Permission("watch", group, plural, "who else changes the number is noticed", name=name),
        Permission("get", group, f"{plural}/scale", "the number, and which pods are workers, is read", name=name),
        Permission("list", "", "pods", "workers are counted"),
        Permission("watch", "", "pods", "workers that start, leave and die are noticed"),
    )


def lead(lease: str) -> tuple[Permission, ...]:
    """Return what one of several controllers needs to lead: its Lease, and nothing of the workers."""
    return (
        Permission("create", LEASES, "leases", "the first leader makes the Lease"),
        Permission("get", LEASES, "leases", "who leads is read", name=lease),
        Permission("patch", LEASES, "leases", "the leader says that it still leads", name=lease),
    )


def act(scaled: Scaled, *, lease: bool, idle: bool) -> tuple[Permission, ...]:
    """Return what acting needs beyond ``look``.

    Args:
        lease: there are several controllers, so each leader's term is written on the object.
        idle: pods say whether they have nothing to do.
    """
    group, plural, name = scaled.group, scaled.plural, scaled.name
    needed = [Permission("patch", group, f"{plural}/scale", "workers are added and removed", name=name)]
    if lease:
        needed.append(Permission("patch", group, plural, "a leader's term keeps earlier ones from writing", name=name))
    if idle:
        needed.append(Permission("patch", "", "pods", "idle workers are removed first (deletion costs)"))
    return tuple(needed)


#: `autoscale operate check` looks for who else scales, and `init` for what there is; leaving them out breaks nothing.
CHECK: tuple[Permission, ...] = (
    Permission("list", "autoscaling", "horizontalpodautoscalers", "who else scales is found", doctor_only=True),
    Permission("list", "keda.sh", "scaledobjects", "who else scales is found", doctor_only=True),
)
