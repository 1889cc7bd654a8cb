"""Writes the wanted number of workers, and only for whoever leads now.

A leader's term stands on the scaled object, in an annotation. Whoever writes reads the object first: its term has to
be there still, and the write names the version that was read. So nobody can write who was stopped between the two
while another began to lead: that changed the object.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome
from live.platforms.kubernetes.client import Api, Json
from live.platforms.kubernetes.errors import ClusterConflict, ClusterRefused
from live.platforms.kubernetes.removal import DeletionCosts
from operate.target import Fenced
from operate.targets.kubernetes.pods import Mark, go_first
from operate.targets.kubernetes.scaled import Scaled
from operate.targets.kubernetes.view import ScaledView

#: The annotation on the scaled object that holds the term of whoever leads.
TERM = "autoscale.operate/term"
#: All tries of one call; the object's status changes its version, too, so a few may be needed.
WITHIN_S = 5.0
#: Of it, what saying who goes may take at most.
COSTS_S = 2.0
PAUSE_S = 0.05


class KubernetesScaler:
    """Changes the number of workers of one object.

    Args:
        seen: returns the object and what is seen of it; raises BackendError where nothing was ever seen.
        mark: by which a pod says that it is idle; None: Kubernetes chooses who goes.
    """

    def __init__(self, api: Api, seen: Callable[[], tuple[Scaled, ScaledView]], mark: Mark | None) -> None:
        self._api, self._seen = api, seen
        self._mark = mark
        self._term: int | None = None

    def fence(self, term: int) -> None:
        """See ``Scaler.fence``: the term is written on the object, unless a later one stands there."""
        self._again(lambda within_s: self._fence(term, within_s))
        self._term = term

    def scale_to(self, workers: int) -> ScaleOutcome:
        """See ``Scaler.scale_to``. Without a ``fence`` before there is no term to hold against."""
        _, view = self._seen()
        self._say_who_goes(workers)
        view.sending(workers)
        try:
            answer = self._again(lambda within_s: self._write(workers, within_s))
        except ClusterRefused as error:
            view.sending(-1)
            if error.status == 404:
                raise
            return ScaleOutcome(workers, view.requested, ScaleReason.REJECTED, str(error))
        except Fenced:
            view.sending(-1)
            raise
        accepted = view.asked(answer)
        if accepted == workers:
            return ScaleOutcome(workers, accepted, ScaleReason.OK)
        return ScaleOutcome(workers, accepted, ScaleReason.CLAMPED_BY_PLATFORM, f"Kubernetes gave {accepted}")

    # -- inside

    def _again(self, attempt: Callable[[float], Json]) -> Json:
        """Try until nobody else is first, within the time of one call."""
        until = time.monotonic() + WITHIN_S
        while True:
            try:
                return attempt(max(0.2, until - time.monotonic()))
            except ClusterConflict:
                if time.monotonic() + PAUSE_S > until:
                    raise
                time.sleep(PAUSE_S)

    def _fence(self, term: int, within_s: float) -> Json:
        scaled, _ = self._seen()
        metadata = self._api.get(scaled.path, within_s=within_s)["metadata"]
        if term_of(metadata) > term:
            raise Fenced(_later(scaled, metadata, term))
        if term_of(metadata) == term:
            return {}
        body = {"resourceVersion": metadata["resourceVersion"], "annotations": {TERM: str(term)}}
        return self._api.patch(scaled.path, {"metadata": body}, within_s=within_s, claim=True)

    def _write(self, workers: int, within_s: float) -> Json:
        scaled, _ = self._seen()
        body: Json = {"spec": {"replicas": workers}}
        if self._term is None:
            return self._api.patch(scaled.scale, body, within_s=within_s)
        metadata = self._api.get(scaled.path, within_s=within_s)["metadata"]
        if term_of(metadata) > self._term:
            raise Fenced(_later(scaled, metadata, self._term))
        if term_of(metadata) < self._term:  # somebody took it off, or made the object anew: nobody led since
            self._fence(self._term, within_s)
            raise ClusterConflict(f"{scaled.plural}/{scaled.name} had lost our term")
        body["metadata"] = {"resourceVersion": metadata["resourceVersion"]}
        return self._api.patch(scaled.scale, body, within_s=within_s, claim=True)

    def _say_who_goes(self, workers: int) -> None:
        """Give idle pods, and those that are not ready, the lowest deletion costs before a scale-in."""
        scaled, view = self._seen()
        there = [each for each in view.workers() if each.there]
        if self._mark is None or workers >= view.requested:
            return
        costs = DeletionCosts(self._api, scaled.pods)
        try:
            costs.write([each.pod for each in there], go_first(there, len(there) - workers), within_s=COSTS_S)
        finally:
            costs.close()


def term_of(metadata: Json) -> int:
    """Return the term that stands on an object; 0: none does, or something that is no number."""
    text = (metadata.get("annotations") or {}).get(TERM, "")
    return int(text) if text.isascii() and text.isdecimal() else 0


def _later(scaled: Scaled, metadata: Json, term: int) -> str:
    return (
        f"somebody leads in term {term_of(metadata)} of {scaled.plural}/{scaled.name}, and we led in term {term}; "
        f"nothing was changed"
    )
