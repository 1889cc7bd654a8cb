"""What holds for the workers of any queue: does one have the time to finish its task when it is asked to stop.

A source's ``advise`` says what holds for its own system. `operate check` says ``of_workers`` for every source, so that
a source repeats none of it; it uses ``grace_finding`` where it knows better than `tasks.service_time` how long a task
may take, and its finding then stands in the place of the general one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from autoscaling_env.farm_kind import Finding
from operate.command import becomes, program, shell_line
from operate.template import WorkerTemplate

#: What is looked at, as findings call it.
GRACE, TERM, PRE_STOP, STOPPING = "time to stop", "who gets the signal", "before the stop", "how workers stop"
#: Seconds that a worker needs beside its task: to notice the signal, to tell its broker, to leave.
LEAVING_S = 2.0
#: So many standard deviations above the mean is what is believed of the longest task, where nobody saw one.
DEVIATIONS = 3.0
_SLEEP = re.compile(r"\bsleep[ \"',]+(\d+(?:\.\d+)?)")
_KILLS = re.compile(r"\b(?:kill|pkill|killall)\b.*-(?:9|KILL|SIGKILL)\b")
#: More work than this asks for another way than a longer grace period.
LONG_S = 3600.0


def of_workers(
    template: WorkerTemplate | None, longest_s: float, how: str, said: Sequence[Finding] = ()
) -> list[Finding]:
    """Return what to say of the workers of any queue, and what their own system says, in the order of a stop.

    Args:
        template: what starts a worker; None: nobody can tell.
        longest_s: seconds that a task takes at most, as far as is known.
        how: whence that is known, such as "tasks.service_time".
        said: what the source says of them; what it says of the same thing takes the place of ours.
    """
    if template is None:
        detail = "the platform does not tell how a worker is started, so nobody knows whether one may finish its task"
        return [Finding(STOPPING, True, f"{detail}; see docs/operate-scale-in.md"), *said]
    own = [shell_finding(template), before_stop_finding(template), grace_finding(template, longest_s, how)]
    named = {each.what for each in said}
    found = [*(each for each in own if each is not None and each.what not in named), *said]
    order = [TERM, PRE_STOP, GRACE]
    return sorted(found, key=lambda each: order.index(each.what) if each.what in order else len(order))


def grace_finding(template: WorkerTemplate, longest_s: float, how: str = "", remedy: str = "") -> Finding:
    """Return whether a worker may finish the task in its hands before it is killed.

    Args:
        longest_s: seconds that a task takes at most, as far as is known.
        how: whence that is known.
        remedy: what else may be done in this system where the time is short; the longer time itself is named anyhow.
    """
    waits_s = paused_s(template.before_stop)
    needed_s = longest_s + waits_s + LEAVING_S
    known = f" ({how})" if how else ""
    of_it = f", {waits_s:g} s of them in preStop" if waits_s else ""
    detail = f"{template.where}: {template.grace_s:g} s until a worker is killed{of_it}; a task takes up to"
    detail = f"{detail} {longest_s:.3g} s{known}"
    if template.grace_s >= needed_s:
        return Finding(GRACE, True, detail)
    change = f"set {template.grace_setting}: {math.ceil(needed_s)} in {template.where}"
    if longest_s > LONG_S:
        change += ", or cut such tasks into parts that can be repeated"
    lost = "a worker is killed with its task in hand when the count goes down"
    return Finding(GRACE, False, f"{detail}: {lost}", f"{change}; {remedy}" if remedy else change)


def shell_finding(template: WorkerTemplate) -> Finding | None:
    """Return whether the worker itself is told to stop; None: no command is known, nothing can be said.

    A shell that stays in front of the worker gets the signal and does not hand it on. As process 1 of a container it
    does not even die of it: the worker knows nothing until it is killed.
    """
    if not template.command:
        return None
    line = shell_line(template.command)
    if line is None or becomes(line):
        return Finding(TERM, True, f"{template.where}: the worker, {' '.join(program(template.command)[:4])}")
    shown = line if len(line) <= 60 else f"{line[:57]}..."
    detail = (
        f"{template.where}: a shell runs the worker ({shown!r}); it gets {template.stop_signal}, the worker does not"
    )
    own = " ".join(program(template.command))
    return Finding(TERM, False, detail, f"write exec before the worker's command, as its last: `exec {own}`")


def before_stop_finding(template: WorkerTemplate) -> Finding | None:
    """Return whether what runs before the stop leaves the worker alone and time to stop; None: nothing runs."""
    does = template.before_stop
    if not does:
        return None
    shown = does if len(does) <= 60 else f"{does[:57]}..."
    if _KILLS.search(does):
        detail = f"{template.where}: preStop kills the worker at once ({shown!r}), with the task in its hands"
        return Finding(PRE_STOP, False, detail, f"send {template.stop_signal} instead, or leave preStop out")
    waits_s = paused_s(does)
    if waits_s >= template.grace_s:
        detail = f"{template.where}: preStop waits {waits_s:g} s ({shown!r}), and all that ends after"
        remedy = f"wait for less, or set {template.grace_setting} to more than the wait and the longest task together"
        return Finding(PRE_STOP, False, f"{detail} {template.grace_s:g} s", remedy)
    return Finding(PRE_STOP, True, f"{template.where}: {shown}")


def paused_s(before_stop: str) -> float:
    """Return the seconds that it sleeps, which come off the time that the worker has."""
    return sum(float(each) for each in _SLEEP.findall(before_stop))


def longest_of(mean_s: float, variation: float) -> float:
    """Return what is believed of the longest task: so many standard deviations above the mean."""
    return mean_s * (1 + DEVIATIONS * variation)


def failing_first(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield what is wrong before what is right, each in its order."""
    yield from (each for each in findings if not each.ok)
    yield from (each for each in findings if each.ok)
