"""One of several controllers leads: the one that holds a Lease of coordination.k8s.io.

Nobody reads another machine's clock. A candidate notes when *it* saw the Lease change; only where that was longer ago
than the Lease lasts it takes over. A leader counts its time from before it *asked* for a renewal, and believes in it
for less than the Lease lasts. So there is a pause between two leaders, wherever one is stopped; also where somebody
deletes the Lease, for who led may not have noticed yet.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from autoscaling_env.errors import AutoscalingError, BackendError
from live.clock import Clock
from live.platforms.kubernetes.client import Api, Json
from live.platforms.kubernetes.errors import ClusterConflict, ClusterRefused

logger = logging.getLogger(__name__)

#: Stands for the version of a Lease that somebody deleted.
GONE = "gone"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """Seconds of an election.

    Attributes:
        lasts_s: others wait so long after the last change that they saw.
        believed_s: a leader believes in its last renewal so long; less than ``lasts_s``.
        renewal_s: between renewals, and between looks of the others; spread by up to a fifth.
    """

    lasts_s: float = 12.0
    believed_s: float = 8.0
    renewal_s: float = 2.0


class LeaseElection:
    """A candidate. ``operate.leader.Election`` says what it answers.

    The number of a term is the Lease's ``leaseTransitions``, which every new holder raises, the first one to 1.

    Args:
        api: the API server; closed with the election.
        namespace: where the Lease is.
        name: of the Lease.
        identity: of this candidate; no other may have it, not even an earlier run of the same program.
        clock: ours; it may not stand still while this process is stopped.
        rng: spreads the renewals.
        floor: returns the highest term that anybody is known to have led in, for where the Lease was deleted.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        name: str,
        identity: str,
        *,
        clock: Clock,
        rng: random.Random,
        floor: Callable[[], int] = lambda: 0,
        times: LeaseTimes = LeaseTimes(),
    ) -> None:
        self._api, self._all, self._name = api, LEASES.format(namespace), name
        self._identity, self._clock, self._rng, self._floor, self._times = identity, clock, rng, floor, times
        self._lock = threading.Lock()
        self._term, self._until = 0, float("-inf")
        self._seen: tuple[str, float] = ("", float("-inf"))
        self._leader, self._trouble = "", ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"lease {name}")

    def start(self) -> None:
        """See ``Election.start``."""
        self._thread.start()

    def term(self) -> int | None:
        """See ``Election.term``."""
        with self._lock:
            return self._term if self._clock.now() < self._until else None

    @property
    def leader(self) -> str:
        """See ``Election.leader``."""
        return self._leader

    @property
    def trouble(self) -> str:
        """Why the Lease cannot be read or written; "": it can."""
        return self._trouble

    def close(self) -> None:
        """See ``Election.close``."""
        if self._stop.is_set():
            return
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._times.lasts_s)
        led = self.term()
        self._believe(0, float("-inf"))
        if led is not None:
            with contextlib.suppress(BackendError):  # then the others wait until it runs out
                self._release()
        self._api.close()

    # -- in the thread

    def _run(self) -> None:
        while not self._stop.is_set():
            pause_s = self._times.renewal_s
            try:
                self._step()
                self._trouble = ""
            except ClusterConflict:
                pass  # somebody else was first: the next look says who
            except AutoscalingError as error:
                if not self._trouble:
                    logger.warning("the Lease %s is out of reach: %s", self._name, error)
                self._trouble = str(error)
                pause_s /= 4
            self._stop.wait(pause_s * self._rng.uniform(0.8, 1.2))

    def _step(self) -> None:
        """Look at the Lease once; renew it, take it, or leave it."""
        try:
            lease = self._api.get(self._path, within_s=self._times.renewal_s)
        except ClusterRefused as error:
            if error.status != 404:
                raise
            self._make_anew()
            return
        spec = lease.get("spec") or {}
        holder = spec.get("holderIdentity") or ""
        self._leader = holder
        version = lease["metadata"]["resourceVersion"]
        if version != self._seen[0]:
            self._seen = version, self._clock.now()
        if holder == self._identity:
            self._renew(lease)
            return
        self._believe(0, float("-inf"))
        lasts_s = max(self._times.lasts_s, float(spec.get("leaseDurationSeconds") or 0))
        if not holder or self._clock.now() - self._seen[1] > lasts_s:
            self._take(lease)

    def _make_anew(self) -> None:
        """Make the Lease: at once where we lead or nobody ever did, else when nobody can believe in the old one."""
        ever_led = self._seen[0] != "" or self._floor() > 0
        if ever_led and self._seen[0] != GONE:
            self._seen = GONE, self._clock.now()
        if not ever_led or self.term() is not None or self._clock.now() - self._seen[1] > self._times.lasts_s:
            self._take(None)

    def _renew(self, lease: Json) -> None:
        """Say that we still lead. Nobody else has led since, for the Lease says that it is ours."""
        asked_at = self._clock.now()
        term = int(lease["spec"].get("leaseTransitions") or 0)
        self._write(lease, {"renewTime": _now()})
        self._believe(term, asked_at + self._times.believed_s)

    def _take(self, lease: Json | None) -> None:
        spec = (lease or {}).get("spec") or {}
        term = max(int(spec.get("leaseTransitions") or 0), self._floor()) + 1
        asked_at = self._clock.now()
        lasts_s = max(1, round(self._times.lasts_s))
        now = _now()
        fresh = {
            "holderIdentity": self._identity, "leaseDurationSeconds": lasts_s, "acquireTime": now, "renewTime": now,
            "leaseTransitions": term,
        }  # fmt: skip
        self._write(lease, fresh)
        self._leader = self._identity
        self._believe(term, asked_at + self._times.believed_s)

    def _write(self, lease: Json | None, spec: Json) -> None:
        """Write into the Lease as it was read, or make it; raises ``ClusterConflict`` where somebody was first."""
        if lease is None:
            body = {"metadata": {"name": self._name}, "spec": spec}
            self._api.post(self._all, body, within_s=self._times.renewal_s, claim=True)
            return
        body = {"metadata": {"resourceVersion": lease["metadata"]["resourceVersion"]}, "spec": spec}
        self._api.patch(self._path, body, within_s=self._times.renewal_s, claim=True)

    def _release(self) -> None:
        lease = self._api.get(self._path, within_s=self._times.renewal_s)
        if (lease.get("spec") or {}).get("holderIdentity") == self._identity:
            self._write(lease, {"holderIdentity": "", "renewTime": _now()})

    def _believe(self, term: int, until: float) -> None:
        with self._lock:
            self._term, self._until = term, until

    @property
    def _path(self) -> str:
        return f"{self._all}/{self._name}"


def _now() -> str:
    """For people who look at the Lease; no controller reads it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
