"""Which workers are known to be dead: what pods' statuses say, matched with the names on the roster.

A worker's name begins with its pod's and ends with when its process began (``live.functions.program.own_name``).
A container that is started again in the same pod is another worker; the time tells the two apart.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from live.platform import Departure, Roster
from live.platforms.kubernetes.pods import Ended, Pod

#: Own names repeat their time of birth after so many milliseconds.
MODULO_MS = 10**9
#: A death whose worker never shows up on the roster is forgotten after this.
KEEP_S = 60.0


@dataclass(frozen=True, slots=True)
class _Death:
    host: str
    how: str
    container: Ended | None
    noticed: float


def host_of(worker: str) -> str:
    """Return the pod of a worker."""
    return worker.partition(".")[0]


class Deaths:
    """Collects deaths, and names the dead as soon as the roster shows who they were."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._open: list[_Death] = []
        self._roster: Roster = ()
        self.names: set[str] = set()

    def begin(self) -> None:
        """Begin an episode: nobody has died."""
        self._open.clear()
        self.names.clear()
        self._roster = ()

    def changed(self, pod: Pod) -> None:
        """Note containers of a changed pod that ended and are not known to have.

        One that was told to leave and did so is no death: it has signed off.
        """
        for ended in pod.ended:
            if ended.container in self._seen:
                continue
            self._seen.add(ended.container)
            if not (pod.leaving and ended.exit_code == 0):
                self._open.append(_Death(pod.name, ended.how, ended, time.monotonic()))
        if pod.over:
            self._add(pod, pod.why or "its pod failed")

    def gone(self, pod: Pod) -> None:
        """Note that a pod is no longer there: whoever ran in it is dead or has signed off."""
        self._add(pod, pod.why or "its pod was deleted")

    def look(self, roster: Roster) -> None:
        """Take in the roster as last read."""
        self._roster = roster

    def found(self) -> tuple[Departure, ...]:
        """Return the dead whose names are known by now, each once."""
        found, left = [], []
        for death in self._open:
            name = self._name_of(death)
            if name:
                self.names.add(name)
                found.append(Departure(name, death.how))
            elif time.monotonic() - death.noticed < KEEP_S:
                left.append(death)
        self._open = left
        return tuple(found)

    def _add(self, pod: Pod, how: str) -> None:
        self._open.append(_Death(pod.name, how, None, time.monotonic()))

    def _name_of(self, death: _Death) -> str:
        names = [r.name for r in self._roster if host_of(r.name) == death.host and r.name not in self.names]
        fitting = [name for name in names if death.container is None or _born_in(name, death.container)]
        return min(fitting, key=_born_ms, default="")


def _born_ms(name: str) -> int:
    text = name.rpartition(".")[2]
    return int(text) if text.isdigit() else 0


def _born_in(name: str, container: Ended) -> bool:
    """Return whether the process began while the container ran; both ends are known to the second."""
    since_start_ms = (_born_ms(name) - int(container.started_s * 1000)) % MODULO_MS
    return since_start_ms <= (container.finished_s - container.started_s + 1) * 1000
