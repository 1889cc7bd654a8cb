"""How a source or a target announces itself: one object behind one entry point; nothing else lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from autoscaling_env.config.base import Section
from autoscaling_env.farm_kind import Finding
from operate.reading import Fact
from operate.source import Source
from operate.target import Target
from operate.template import WorkerTemplate

SOURCES = "autoscaling_operate.sources"
TARGETS = "autoscaling_operate.targets"


def _nothing(settings: Any) -> Sequence[Finding]:
    return ()


def _no_advice(settings: Any, template: WorkerTemplate | None) -> Sequence[Finding]:
    return ()


def _none_at(url: str) -> Sequence[Mapping[str, Any]]:
    return ()


def _none_found(**hints: Any) -> Sequence[Mapping[str, Any]]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """A kind of queue.

    Attributes:
        name: as ``source.kind`` takes it; the entry point's name.
        summary: what it is, in a few words.
        settings: a section of the configuration with the field ``kind: Literal[name]``.
        open: reads a queue of these settings. It does not need to be there yet.
        knows: what it can know at best, with what has to be configured for it in words.
        examine: what `operate check` reports; changes nothing.
        advise: what `operate check` says of the workers, (settings, what starts one or None): do they lose work when
            they are stopped, do they hold tasks that nobody sees. Changes nothing.
        schemes: how the addresses begin that ``find`` can look at, such as ``redis``.
        find: settings of the queues at an address, for `operate init`; none where another kind of server answers. What
            is no setting stands under ``found``: ``covers``, the keys that a more general kind would suggest too.
        needs: packages that ``open`` imports and that may be missing.
    """

    name: str
    summary: str
    settings: type[Section]
    open: Callable[[Any], Source]
    knows: Mapping[Fact, str]
    examine: Callable[[Any], Sequence[Finding]] = _nothing
    advise: Callable[[Any, WorkerTemplate | None], Sequence[Finding]] = field(default=_no_advice)
    schemes: tuple[str, ...] = ()
    find: Callable[[str], Sequence[Mapping[str, Any]]] = field(default=_none_at)
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetKind:
    """A kind of platform that runs workers.

    Attributes:
        name: as ``target.kind`` takes it; the entry point's name.
        summary: what it is, in a few words.
        settings: a section of the configuration with the field ``kind: Literal[name]``.
        open: looks at the workers of these settings.
        examine: what `operate check` reports, (settings, acting, lease): whether it may be looked at, and changed where
            ``acting``; who else scales it; whether one of several may lead by the ``lease`` ("": one). Changes nothing.
        template: what starts a worker there; None: nobody can tell. Changes nothing.
        find: settings of workers that were found, for `operate init`; takes ``kubeconfig``, ``context``, ``namespace``.
        elect: (settings, name of the lease, identity) -> who leads among several controllers; None: there is only
            ever one.
        needs: packages that ``open`` imports and that may be missing.
    """

    name: str
    summary: str
    settings: type[Section]
    open: Callable[[Any], Target]
    examine: Callable[[Any, bool, str], Sequence[Finding]] = field(default=lambda settings, acting, lease: ())
    template: Callable[[Any], WorkerTemplate | None] = field(default=lambda settings: None)
    find: Callable[..., Sequence[Mapping[str, Any]]] = _none_found
    elect: Callable[[Any, str, str], Any] | None = None
    needs: tuple[str, ...] = ()


@cache
def source_kinds() -> dict[str, SourceKind]:
    """Return the kinds of sources that can be used here, by name; those whose extra is not installed are left out."""
    return _announced(SOURCES)


@cache
def target_kinds() -> dict[str, TargetKind]:
    """Return the kinds of targets that can be used here, by name; those whose extra is not installed are left out."""
    return _announced(TARGETS)


def _announced(group: str) -> dict[str, Any]:
    found = {}
    for entry in sorted(entry_points(group=group), key=lambda each: each.name):
        with suppress(ModuleNotFoundError):
            found[entry.name] = entry.load()
    return found
