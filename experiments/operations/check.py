"""The doctor of a controller: can everything be read, may it do what it has to, can the policy decide."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial

from autoscaling_env.errors import AutoscalingError, BackendError
from autoscaling_env.farm_kind import Finding
from experiments.listening import Silent
from experiments.operations.policies import Decider, fallback_of, policy_of, tried
from experiments.operations.stopping import stopping
from operate.config import OperateConfig
from operate.controller.alone import is_taken
from operate.kinds import SourceKind, source_kinds, target_kinds
from operate.reading import Fact
from operate.source import Source


def check_operate(config: OperateConfig) -> list[Finding]:
    """Look at everything that a controller needs; each finding comes with its remedy. Changes nothing."""
    acting = config.mode == "act"
    kind, target = source_kinds()[config.source.kind], target_kinds()[config.target.kind]
    found = list(kind.examine(config.source))
    with ExitStack() as stack:
        source = None
        try:
            source = stack.enter_context(closing(kind.open(config.source)))
        except AutoscalingError as error:
            found.append(Finding("a reading", False, str(error), "correct source"))
        return [
            *found,
            *(_known(kind, source) if source is not None else ()),
            *target.examine(config.target, acting, config.lease if acting else ""),
            *stopping(config, source),
            _promise(config),
            *_policies(config, source),
            *_places(config),
        ]


def _known(kind: SourceKind, source: Source) -> Iterator[Finding]:
    """Read once, and tell what is known of the queue and what is estimated."""
    try:
        reading = source.read()
    except BackendError:
        return  # said already by whoever examined the source
    told = [fact for fact in Fact if fact in source.knows and getattr(reading, fact) is not None]
    yield Finding("a reading", bool(told), ", ".join(f"{fact} {getattr(reading, fact):g}" for fact in told))
    if missing := [fact.value for fact in Fact if fact not in source.knows]:
        how = [f"{fact.value} {kind.knows[fact]}" for fact in Fact if fact not in source.knows and fact in kind.knows]
        more = f"; more is known: {'; '.join(how)}" if how else ""
        if not source.knows & {Fact.ARRIVED, Fact.COMPLETED}:
            more = f"; a quiet queue looks like a busy one that is kept up with{more}"
        yield Finding("what is estimated", True, f"{', '.join(missing)}{more}")


def _promise(config: OperateConfig) -> Finding:
    """Whether a task that never waits can keep what is promised."""
    work_s, objective = config.tasks.service_time, config.objective
    until = "finished" if objective.finish_within is not None else "started"
    promised = f"a share of {objective.share:.4g} {until} within {objective.within_s:g} s"
    detail = f"{promised}; the work of a task is {work_s:g} s (tasks.service_time)"
    if objective.finish_within is not None and work_s >= objective.within_s:
        remedy = "correct tasks.service_time, or promise more: objective.finish_within"
        return Finding("promise", False, detail, remedy)
    return Finding("promise", True, detail)


def _policies(config: OperateConfig, source: Source | None) -> Iterator[Finding]:
    """Try policy and fallback on a queue in which nothing happens yet; a policy may ask a source for its past."""
    if source is not None:
        yield _tried(config, f"policy {config.policy}", partial(policy_of, config, source, time.time, Silent()))
    yield _tried(config, f"fallback {config.guardrails.fallback}", partial(fallback_of, config))


def _tried(config: OperateConfig, what: str, make: Callable[[], Decider]) -> Finding:
    try:
        tried(make(), config)
    except AutoscalingError as error:
        return Finding(what, False, str(error), "choose another, or correct it")
    return Finding(what, True, "decides")


def _places(config: OperateConfig) -> Iterator[Finding]:
    """Look at where state is kept and where the page is; a controller that runs there has both."""
    folder = config.state
    place = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not (place.is_dir() and os.access(place, os.W_OK)):
        yield Finding("state", False, f"{folder}: {place} cannot be written to", "state: a folder to be written to")
    elif place == folder.absolute() and is_taken(folder):
        yield Finding("state", True, f"{folder}, of a controller that runs now; stop it before you start another one")
        return
    else:
        yield Finding("state", True, str(folder))
    if config.page is not None and config.page.port:
        yield _page(config.page.host, config.page.port)


def _page(host: str, port: int) -> Finding:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind((host, port))
    except OSError as error:
        remedy = "another page.port, 0 for any that is free, or `page: null` for none"
        return Finding("page", False, f"at {host}:{port}: {error.strerror}", remedy)
    return Finding("page", True, f"http://{host}:{port}")
