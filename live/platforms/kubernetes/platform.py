"""Workers as the pods of one Deployment."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator

from autoscaling_env.config.kubernetes import KubernetesConfig
from autoscaling_env.errors import BackendError
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome
from live.platform import Departure, FarmSpec, Roster, WorkerCounts
from live.platforms.kubernetes import objects
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.deaths import Deaths
from live.platforms.kubernetes.errors import ClusterRefused, WorkloadGone
from live.platforms.kubernetes.gates import Gates
from live.platforms.kubernetes.manifests import next_episode
from live.platforms.kubernetes.names import EPISODE, Names
from live.platforms.kubernetes.pods import Pod
from live.platforms.kubernetes.removal import DeletionCosts, by_host, removal_order
from live.platforms.kubernetes.view import View

logger = logging.getLogger(__name__)

LOOK_S = 0.02
FIELDS = ("requested", "ready", "starting", "draining", "busy")


class KubernetesPlatform:
    """Starts, counts and removes worker pods. See ``live.platform.Platform``.

    Two watches keep a local view of the farm; ``counts`` and ``departures`` only look at that. ``scale_to``
    costs no request when nothing changes, one when workers are added, and one more per worker removed.

    Args:
        config: the cluster, and what a pod may use.
        api: the API server; connected to by ``open`` if left out.
    """

    name = "kubernetes"

    def __init__(self, config: KubernetesConfig, api: Api | None = None) -> None:
        self._config = config
        self.api = api or Api(config)
        self._farm: FarmSpec | None = None
        self._names = Names(config.namespace, "farm")
        self._deaths = Deaths()
        self._view: View | None = None
        self._gates: Gates | None = None
        self._gated = False
        self._run, self._episode = uuid.uuid4().hex[:8], ""
        self._overturned = ""
        self._warned = ""
        self._costs: DeletionCosts | None = None
        self._closed = False

    def open(self, farm: FarmSpec) -> None:
        """Create the farm's objects and wait until emitter and collector run."""
        self._farm, self._names = farm, Names(self._config.namespace, farm.functions.farm)
        objects.create(self.api, self._names, self._config, farm.functions, run=self._run, within_s=farm.call_timeout_s)
        self._gates = Gates(self.api, self._names)
        self._costs = DeletionCosts(self.api, self._names.pods) if self._config.deletion_cost else None
        self._view = View(self.api, self._names, self._config.watch_renewal_s, self._pod_changed)
        self._gates.start()
        self._view.start()
        give_up = time.monotonic() + farm.open_timeout_s
        while not objects.services_run(self._view, self._names, farm, give_up - time.monotonic()):
            time.sleep(LOOK_S)

    def begin(self, workers: int, startup_s: Iterator[float] | None) -> None:
        """Replace all pods of workers by ``workers`` new ones."""
        farm, view, gates = self._running()
        self._episode = uuid.uuid4().hex[:8]
        self._gated = startup_s is not None
        self._deaths.begin()
        gates.begin(workers, startup_s)
        patch = next_episode(self._episode, gated=self._gated)
        patch["spec"]["replicas"] = workers
        view.sending(workers)
        view.asked(self.api.patch(self._names.deployment("worker"), patch, within_s=farm.call_timeout_s))
        self._clear_away(farm, view)
        view.take_changed_by()
        self._overturned = ""

    def scale_to(self, workers: int, roster: Roster) -> ScaleOutcome:
        """See ``Platform.scale_to``."""
        farm, view, _ = self._running()
        self._look(view)
        overturned, self._overturned = self._overturned, ""
        if self._config.control == "external":
            return _observed(workers, view.requested)
        before = view.requested
        if workers == before and not view.stale:
            return _outcome(workers, before, overturned)
        until = time.monotonic() + farm.call_timeout_s
        try:
            self._say_who_goes(before - workers, roster, farm.call_timeout_s / 2)
            accepted = self._send(workers, before, until - time.monotonic())
        except WorkloadGone:
            raise
        except BackendError as error:
            return ScaleOutcome(workers, view.requested, ScaleReason.REJECTED, str(error))
        return _outcome(workers, accepted, overturned)

    def counts(self, roster: Roster) -> WorkerCounts:
        """See ``Platform.counts``. Raises ``WorkloadGone`` when somebody has deleted the Deployment."""
        _, view, _ = self._running()
        changed_by = self._look(view)
        self._deaths.look(roster)
        workers = by_host(roster, self._deaths.names)
        alive = [pod for pod in view.workers() if self._counts_as_worker(pod)]
        extra = removal_order(alive, workers)[: max(0, len(alive) - view.requested)]
        ready = {pod.name for pod in alive if pod not in extra and pod.name in workers}
        leaving = {pod.name for pod in view.workers() if pod.leaving} | {pod.name for pod in extra}
        holding = {host for host, record in workers.items() if record.task is not None}
        return WorkerCounts(
            requested=view.requested,
            ready=len(ready),
            starting=view.requested - len(ready),
            draining=len(leaving & holding),
            busy=len(ready & holding),
            stale=FIELDS if view.stale else (),
            changed_by=changed_by,
        )

    def departures(self) -> tuple[Departure, ...]:
        """See ``Platform.departures``."""
        return self._deaths.found()

    def close(self) -> None:
        """Delete everything of this farm, unless another controller has taken it over; waits until it is gone."""
        if self._closed:
            return
        self._closed = True
        for part in (self._view, self._gates, self._costs):
            if part is not None:
                part.close()
        if self._farm is not None and objects.taken_over(self.api, self._names, self._run):
            logger.warning("farm %r is another controller's by now: its objects stay", self._names.farm)
        elif self._farm is not None:
            objects.remove(self.api, self._names, within_s=self._farm.open_timeout_s)
        self.api.close()

    def pods(self) -> tuple[Pod, ...]:
        """Return the running episode's pods of workers, for those who look closer."""
        return tuple(pod for pod in self._running()[1].workers() if pod.episode == self._episode)

    # -- inside

    def _running(self) -> tuple[FarmSpec, View, Gates]:
        if self._farm is None or self._view is None or self._gates is None or self._closed:
            raise BackendError("the platform is not open; call open() first")
        return self._farm, self._view, self._gates

    def _pod_changed(self, kind: str, pod: Pod) -> None:
        """In the watch's thread."""
        if kind == "DELETED":
            self._deaths.gone(pod)
            return
        self._deaths.changed(pod)
        if self._gates is not None and pod.episode == self._episode:
            self._gates.seen(pod.name, gated=pod.gated, running=pod.running)

    def _counts_as_worker(self, pod: Pod) -> bool:
        return pod.episode == self._episode and not pod.leaving and not pod.over

    def _look(self, view: View) -> str:
        """Notice what happened besides; return who else changed the count."""
        if view.deleted:
            raise WorkloadGone(
                f"Deployment {self._names.namespace}/{self._names.of('worker')} was deleted by somebody else; "
                "its workers are gone, the tasks are still on the queue: run the episode again"
            )
        changed_by = view.take_changed_by()
        if changed_by and self._config.control == "own":
            self._overturned = f"{self._overturned}; {changed_by}".removeprefix("; ")
        trouble = view.trouble()
        if trouble and trouble != self._warned:
            logger.warning("workers do not start: %s", trouble)
        self._warned = trouble
        return changed_by

    def _say_who_goes(self, fewer: int, roster: Roster, within_s: float) -> None:
        if fewer <= 0 or self._costs is None or self._view is None:
            return
        alive = [pod for pod in self._view.workers() if self._counts_as_worker(pod)]
        victims = removal_order(alive, by_host(roster, self._deaths.names))[:fewer]
        self._costs.write(alive, victims, within_s=within_s)

    def _send(self, workers: int, before: int, within_s: float) -> int:
        _, view, gates = self._running()
        more = max(0, workers - before)
        if self._gated:
            gates.asked(more)
        view.sending(workers)
        try:
            answer = self.api.patch(self._names.scale, {"spec": {"replicas": workers}}, within_s=max(0.2, within_s))
        except ClusterRefused as error:
            gates.cancelled(more)
            if error.status == 404:
                raise WorkloadGone(str(error)) from error
            raise
        except BackendError:
            gates.cancelled(more)
            raise
        gates.cancelled(max(0, before - workers))
        return view.asked(answer)

    def _clear_away(self, farm: FarmSpec, view: View) -> None:
        """End the pods of earlier episodes now, as soon as Kubernetes no longer wants to replace them."""
        old = f"{self._names.select('worker')},{EPISODE}!={self._episode}"
        give_up = time.monotonic() + farm.open_timeout_s
        while left := [pod for pod in view.workers() if pod.episode != self._episode]:
            if time.monotonic() > give_up:
                raise BackendError(f"{len(left)} pods of the last episode do not go away; see `kubectl get pods`")
            if all(pod.leaving for pod in left):
                self.api.delete(self._names.pods, grace_s=0, labelSelector=old, within_s=farm.call_timeout_s)
            time.sleep(LOOK_S)


def _outcome(asked: int, accepted: int, overturned: str) -> ScaleOutcome:
    """Return the outcome; a request that somebody else has overturned since is told with the next one."""
    if accepted != asked:
        detail = f"Kubernetes gave {accepted}" + (f"; {overturned}" if overturned else "")
        return ScaleOutcome(asked, accepted, ScaleReason.CLAMPED_BY_PLATFORM, detail)
    if overturned:
        return ScaleOutcome(asked, accepted, ScaleReason.CLAMPED_BY_PLATFORM, overturned)
    return ScaleOutcome(asked, accepted, ScaleReason.OK)


def _observed(asked: int, actual: int) -> ScaleOutcome:
    if asked == actual:
        return ScaleOutcome(asked, actual, ScaleReason.OK)
    detail = "only observed (live.kubernetes.control: external)"
    return ScaleOutcome(asked, actual, ScaleReason.CLAMPED_BY_PLATFORM, detail)
