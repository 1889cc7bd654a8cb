"""Looks at the functions now and then, so that asking for counts never waits for the gateway."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from autoscaling_env.errors import BackendError
from live.platforms.openfaas.gateway import FunctionStatus, Gateway

logger = logging.getLogger(__name__)

#: Is handed what was listed, and when it was asked for.
Listener = Callable[[Sequence[FunctionStatus], float], None]


class GatewayPoller:
    """A thread that lists the namespace every ``period_s`` and tells its listeners."""

    def __init__(self, gateway: Gateway, period_s: float, *listeners: Listener) -> None:
        self._gateway = gateway
        self._period_s = period_s
        self._listeners = listeners
        self._stop = threading.Event()
        self._troubled = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="openfaas-watch")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.wait(self._period_s):
            self.look()

    def look(self) -> None:
        """List once. Trouble is said once, and makes counts stale."""
        asked_s = self._gateway.clock.now()
        try:
            listing = self._gateway.functions(max(self._period_s, 2.0))
            for listener in self._listeners:
                listener(listing, asked_s)
        except BackendError as error:
            self._say(error)
        else:
            if self._troubled:
                logger.warning("the OpenFaaS gateway answers again")
            self._troubled = False

    def _say(self, error: BackendError) -> None:
        if not self._troubled:
            logger.warning("what is known of the functions is stale: %s", error)
        self._troubled = True
