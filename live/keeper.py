"""Between the steps: takes back the tasks of workers that the platform knows to be dead, and keeps the farm ours."""

from __future__ import annotations

import logging
import threading
import time

from autoscaling_env.errors import BackendError
from live.control import Controller
from live.platform import Departure, Platform
from live.queues import StaleEpisode

logger = logging.getLogger(__name__)

#: Real seconds between two looks.
PERIOD_S = 0.1
#: Real seconds between two words that the controller is still there; a step may take longer than its claim lasts.
RENEW_S = 15.0


class Keeper:
    """A thread that asks the platform for departures and reports them to the queues, and renews the claim."""

    def __init__(self, controller: Controller, platform: Platform, *, renew_s: float = RENEW_S) -> None:
        self._controller = controller
        self._queues = controller.queues
        self._renew_s = renew_s
        self._renewed = time.monotonic()
        self._platform = platform
        self._episode = ""
        self._left: list[Departure] = []
        self._complained = False
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="keeper")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def follow(self, episode: str) -> None:
        """Report departures to ``episode`` from now on; "" to none."""
        with self._lock:
            self._left, self._episode = [], episode

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.wait(PERIOD_S):
            with self._lock:
                self._left += self._platform.departures()
                self._bury(self._episode)
            if self._episode and time.monotonic() - self._renewed > self._renew_s:
                self._renew()

    def _renew(self) -> None:
        self._renewed = time.monotonic()
        try:
            self._controller.renew()
        except BackendError as error:
            logger.info("claim on the farm not renewed: %s", error)  # the next step says it louder

    def _bury(self, episode: str) -> None:
        while self._left:
            dead = self._left[0]
            try:
                held = self._queues.bury_worker(episode, dead.worker, dead.how)
            except BackendError as error:
                self._complain(dead, error)
                return
            except StaleEpisode:
                held = False
            if held:
                logger.warning("%s died (%s); its task goes to another worker", dead.worker, dead.how)
            self._complained = False
            self._left = self._left[1:]

    def _complain(self, dead: Departure, error: BackendError) -> None:
        if not self._complained:
            logger.warning("cannot report the death of %s yet: %s", dead.worker, error)
        self._complained = True
