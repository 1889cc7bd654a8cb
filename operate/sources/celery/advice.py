"""What `operate check` says of the command that starts Celery's workers: does a stop cost tasks, is a replica a worker.

How they are set up inside (``acks_late``, the multiplier of their configuration) a command does not show; running ones
are asked for that (``asked_doctor``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from autoscaling_env.farm_kind import Finding
from operate.advice import PRE_STOP
from operate.command import flagged, name_of, option, program
from operate.sources.celery.settings import CelerySettings
from operate.template import WorkerTemplate

#: Signals by which a worker stops at once and gives up what it works on.
COLD = frozenset({"SIGQUIT", "QUIT", "3"})
_QUITS = re.compile(r"\b(?:kill|pkill|killall)\b.*-(?:QUIT|SIGQUIT|3)\b")
_SHUTS_ALL = re.compile(r"\bcelery\b.*\bcontrol\b.*\bshutdown\b")
_DESTINATION = re.compile(r"(?:\s-d\b|--destination\b)")
#: What makes names of workers differ from replica to replica.
_OWN_NAME = re.compile(r"%[hn]|\$")


def advise(settings: Any, template: WorkerTemplate | None) -> Sequence[Finding]:
    """Look at the workers' command, at their environment and at what runs before they are stopped."""
    if template is None:
        return []
    return [*_stop(template), *_before(template), *_command(settings, template)]


def _stop(template: WorkerTemplate) -> Iterator[Finding]:
    what = "warm shutdown"
    remapped = template.environment.get("REMAP_SIGTERM", "")
    asked = f"{template.where}: asked to stop, a worker"
    if template.stop_signal in COLD or (remapped and template.stop_signal in {"SIGTERM", "TERM", "15"}):
        by = f"REMAP_SIGTERM={remapped}" if remapped else f"the stop signal {template.stop_signal}"
        remedy = "leave REMAP_SIGTERM out" if remapped else "stop it by SIGTERM"
        detail = f"{asked} breaks off its tasks at once ({by}): those without acks_late are lost"
        yield Finding(what, False, detail, f"{remedy}; or worker_soft_shutdown_timeout=SECONDS (from Celery 5.5 on)")
        return
    yield Finding(what, True, f"{asked} takes no more, gives back what it has not begun, and ends what it has")


def _before(template: WorkerTemplate) -> Iterator[Finding]:
    does = template.before_stop
    if _QUITS.search(does):
        detail = f"{template.where}: preStop sends QUIT, by which a worker breaks off its tasks"
        yield Finding(PRE_STOP, False, detail, "leave preStop out: the platform's SIGTERM is enough")
    elif _SHUTS_ALL.search(does) and not _DESTINATION.search(does):
        detail = f"{template.where}: preStop shuts down every worker of this broker, not this one"
        yield Finding(PRE_STOP, False, detail, "leave preStop out, or name the worker: --destination=NAME")


def _command(settings: CelerySettings, template: WorkerTemplate) -> Iterator[Finding]:
    words = program(template.command)
    if not words or name_of(words[0]) != "celery" or "worker" not in words:
        return  # a program of their own
    where = template.where
    yield from _slots(where, words)
    yield from _prefetch(where, words, settings)
    yield from _harm(where, words)
    yield from _name(where, words)
    yield from _events(where, words, settings)
    yield from _queues(where, words, settings)


def _slots(where: str, words: Sequence[str]) -> Iterator[Finding]:
    what, given = "one worker each", option(words, "--concurrency", "-c")
    remedy = "--concurrency=1, with bounds as many times higher: then one replica is one worker with one task"
    if autoscale := option(words, "--autoscale"):
        yield Finding(what, False, f"{where}: Celery's own --autoscale={autoscale} changes the number, too", remedy)
    elif given is None:
        detail = f"{where}: no --concurrency, so a replica works on as many tasks at once as its node has CPUs"
        yield Finding(what, False, detail, remedy)
    elif given != "1":
        yield Finding(what, False, f"{where}: a replica works on {given} tasks at once", remedy)
    else:
        yield Finding(what, True, f"{where}: a replica works on one task at a time")


def _prefetch(where: str, words: Sequence[str], settings: CelerySettings) -> Iterator[Finding]:
    what, given = "prefetch", option(words, "--prefetch-multiplier")
    if flagged(words, "--disable-prefetch"):
        works = settings.on_redis
        detail = f"{where}: --disable-prefetch{'' if works else ', which Celery ignores on a broker that is not Redis'}"
        yield Finding(what, works, detail, "" if works else "--prefetch-multiplier=1, and task_acks_late=True")
    elif given is None:
        detail = f"{where}: no --prefetch-multiplier, so it is the configuration's; 4 messages for each task at once"
        yield Finding(what, True, f"{detail} by default. --prefetch-multiplier=1 leaves tasks to workers that are idle")
    else:
        fine = given == "1"
        detail = f"{where}: a replica takes {given} messages for each task at once"
        yield Finding(what, fine, detail, "" if fine else "--prefetch-multiplier=1, and task_acks_late=True")


def _harm(where: str, words: Sequence[str]) -> Iterator[Finding]:
    if flagged(words, "--purge", "--discard"):
        detail = f"{where}: --purge throws away all that waits whenever a replica starts"
        yield Finding("what is lost", False, detail, "leave --purge out")
    if flagged(words, "-B", "--beat"):
        detail = f"{where}: -B sends every periodic task once from each replica"
        yield Finding("beat", False, detail, "one replica of its own with `celery beat`, and no -B here")
    if flagged(words, "-D", "--detach"):
        detail = f"{where}: --detach puts the worker into the background: nobody tells it to stop"
        yield Finding("who is asked to stop", False, detail, "leave --detach out")


def _name(where: str, words: Sequence[str]) -> Iterator[Finding]:
    name = option(words, "--hostname", "-n")
    if name and not _OWN_NAME.search(name):
        own = f"{name.partition('@')[0]}@%h"
        detail = f"{where}: every replica is called {name!r}, and what they say of themselves is mixed up"
        yield Finding("names of workers", False, detail, f"-n {own}")


def _events(where: str, words: Sequence[str], settings: CelerySettings) -> Iterator[Finding]:
    if not settings.events:
        return
    if flagged(words, "--without-heartbeat"):
        detail = f"{where}: --without-heartbeat, so nobody sees a worker that is gone, nor corrects what was missed"
        yield Finding("events", False, detail, "leave --without-heartbeat out")
    if option(words, "--pool", "-P") == "solo":
        detail = f"{where}: --pool=solo says nothing while it works: its task is seen only when it is done"
        remedy = "--pool=prefork --concurrency=1; or source.silent_after: longer than the longest task"
        yield Finding("pool", False, detail, remedy)
    if not flagged(words, "-E", "--task-events", "--events"):
        detail = f"{where}: no -E: what is prefetched and how long tasks take is known only where the configuration has"
        yield Finding("events of tasks", True, f"{detail} worker_send_task_events=True; heartbeats tell the rest")


def _queues(where: str, words: Sequence[str], settings: CelerySettings) -> Iterator[Finding]:
    named = (option(words, "--queues", "-Q") or "").split(",") if option(words, "--queues", "-Q") else ["celery"]
    missing = [queue for queue in settings.queues if queue not in named]
    if missing:
        detail = f"{where}: its command takes from {', '.join(named)}, and not from {missing[0]!r} of source.queues"
        yield Finding("queues served", False, detail, f"-Q {','.join(settings.queues)}, or correct source.queues")
