"""What `operate check` says of the workers of RQ: does a stop cost them their job, is one replica one worker."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from autoscaling_env.errors import AutoscalingError
from autoscaling_env.farm_kind import Finding
from operate.advice import PRE_STOP, grace_finding
from operate.command import flagged, option, program
from operate.sources.redis.server import Command, RedisServer
from operate.sources.rq.settings import Keys, job_of
from operate.template import WorkerTemplate

#: Seconds that a job may take where nobody said otherwise: Queue.DEFAULT_TIMEOUT.
DEFAULT_S = 180.0
#: Jobs of each queue that are asked how long they may take.
ASKED = 20
_SIGNAL = re.compile(r"\b(?:kill|pkill|killall)\b(?!.*-(?:9|KILL|SIGKILL)\b)")
_SUSPENDS = re.compile(r"\brq\s+suspend\b")
_COMMANDS = {"rq": 1, "rq.cli": 1, "rqworker": 0, "rqworker-pool": 0}


def advise(settings: Any, template: WorkerTemplate | None) -> Sequence[Finding]:
    """Look at the workers' command, at the time they have to stop, and at how long jobs may take."""
    if template is None:
        return []
    return [*_time(settings, template), *_before(template), *_command(settings, template)]


def _time(settings: Any, template: WorkerTemplate) -> Iterator[Finding]:
    """Hold the grace period against the timeout of jobs: asked to stop, a worker finishes the job in its hands."""
    remedy = (
        "or give jobs a shorter job_timeout; with retry=Retry(max=...) RQ runs a job again whose worker was killed, "
        "without it the job is failed"
    )
    longest_s, how = _longest_s(settings)
    if longest_s is None:
        yield Finding("job timeout", False, f"{how}: no time to stop is enough", "give each job a job_timeout")
        return
    yield grace_finding(template, longest_s, how, remedy)


def _longest_s(settings: Any) -> tuple[float | None, str]:
    """Return how long a job may take, of some that wait or run now, and whence that is known; None: for ever."""
    keys = Keys(settings.prefix)
    try:
        with closing(RedisServer(settings)) as server:
            timeouts = _timeouts(server, keys, settings.queues)
    except AutoscalingError:
        timeouts = []  # said by whoever examined the source
    if any(each < 0 for each in timeouts):
        return None, "jobs have a job_timeout of -1, so one may take for ever"
    if not timeouts:
        return DEFAULT_S, "RQ's default job_timeout; no job is there now that says another"
    return max(timeouts), f"the job_timeout of {len(timeouts)} jobs that wait or run"


def _timeouts(server: RedisServer, keys: Keys, queues: Sequence[str]) -> list[float]:
    asked: list[Command] = []
    for name in queues:
        asked += [("LRANGE", keys.queue(name), 0, ASKED - 1), ("ZRANGE", keys.started(name), 0, ASKED - 1)]
    ids = {job_of(member) for answer in server.ask(*asked) for member in answer}
    prefix = keys.job("").encode()
    told = server.ask(*(("HGET", prefix + job, "timeout") for job in sorted(ids))) if ids else []
    return [float(each) for each in told if each and re.fullmatch(rb"-?\d+(\.\d+)?", each)]


def _before(template: WorkerTemplate) -> Iterator[Finding]:
    does = template.before_stop
    if _SUSPENDS.search(does):
        detail = f"{template.where}: preStop suspends RQ, and so every worker of this server until somebody resumes it"
        yield Finding(PRE_STOP, False, detail, "leave preStop out: asked to stop, a worker takes no more jobs")
    elif _SIGNAL.search(does):
        detail = f"{template.where}: preStop sends a signal and the platform {template.stop_signal} after it; a second"
        remedy = "leave preStop out: the platform's own signal is enough"
        yield Finding(PRE_STOP, False, f"{detail} one kills the worker with its job (cold shutdown)", remedy)


def _command(settings: Any, template: WorkerTemplate) -> Iterator[Finding]:
    words = program(template.command)
    kind = words[0].rsplit("/", 1)[-1] if words else ""
    if kind == "flask" or kind.startswith(("manage.py", "python")):
        words = next((words[n:] for n, word in enumerate(words) if word in {"rq", *_COMMANDS}), ())
        kind = words[0] if words else ""
    if kind not in _COMMANDS or len(words) <= _COMMANDS[kind]:
        return  # a program of their own
    rest = words[1 + _COMMANDS[kind] :]
    if "worker-pool" in words[:2] or kind == "rqworker-pool":
        yield _pool(template, rest)
    yield from _class(template, rest)
    yield from _ends(template, rest)
    yield from _queues(settings, template, rest)
    if flagged(rest, "--with-scheduler", "-s"):
        detail = f"{template.where}: the workers also enqueue scheduled jobs; with bounds.min: 0 nobody does at times"
        yield Finding("scheduler", True, f"{detail}, and a worker that is needed for them never starts")


def _pool(template: WorkerTemplate, rest: Sequence[str]) -> Finding:
    workers = option(rest, "-n", "--num-workers") or "1"
    detail = f"{template.where}: one replica is a pool of {workers} workers"
    if workers == "1":
        return Finding("one worker each", True, detail)
    remedy = "`rq worker` instead of `rq worker-pool`, so that one replica is one worker and one job"
    return Finding("one worker each", False, f"{detail}: a count of replicas is not one of workers", remedy)


def _class(template: WorkerTemplate, rest: Sequence[str]) -> Iterator[Finding]:
    name = option(rest, "-w", "--worker-class") or ""
    if "HerokuWorker" in name:
        detail = f"{template.where}: HerokuWorker breaks its job off 6 s after it is asked to stop"
        yield Finding("worker class", False, detail, "leave -w out: rq.Worker finishes the job in its hands")
    elif "SimpleWorker" in name:
        detail = (
            f"{template.where}: SimpleWorker finishes its job when it is asked to stop, unless the job is in C code"
        )
        yield Finding("worker class", True, f"{detail} that holds the interpreter; a job that crashes takes it along")


def _ends(template: WorkerTemplate, rest: Sequence[str]) -> Iterator[Finding]:
    found = [each for each in ("--burst", "-b", "--max-idle-time", "--max-jobs") if flagged(rest, each)]
    found += [each for each in ("--max-idle-time", "--max-jobs") if any(word.startswith(f"{each}=") for word in rest)]
    if not found:
        return
    detail = f"{template.where}: {found[0]} ends the worker by itself, and the platform starts another with a back-off"
    yield Finding("ends by itself", False, detail, f"leave {found[0]} out: the number of workers is decided here")


def _queues(settings: Any, template: WorkerTemplate, rest: Sequence[str]) -> Iterator[Finding]:
    missing = [name for name in settings.queues if name not in rest]
    if missing and set(settings.queues) & set(rest):
        detail = f"{template.where}: its command does not name {missing[0]!r} of source.queues"
        yield Finding("queues served", False, detail, f"name all in both: {' '.join(settings.queues)}")
